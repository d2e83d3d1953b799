// SPDX-License-Identifier: GPL-2.0
/*
 * Talking to the kernel: generic netlink on libmnl.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

/* More than the kernel ever puts into one message, and than a request needs. */
#define BUF_SIZE	(128 * 1024)

/* Events that may wait for us, in bytes. */
#define EVENTS_BUF	(1024 * 1024)

static struct mnl_socket *sock;
static __u16 family;
static __u32 events_group;
static unsigned int seq;
static char small_buf[BUF_SIZE];
static char *request_buf = small_buf;
static char kernel_text[256];
static __u32 bad_offset;

struct answer {
	const struct nlattr **attrs;
	int max_attr;
	reply_fn reply;
	bool interrupted;
};

static void *must(void *p, const char *what)
{
	if (p)
		return p;
	fprintf(stderr, "mqttkctl: %s: %s\n", what, strerror(errno));
	exit(FAILED);
}

static int on_attr(const struct nlattr *attr, void *data)
{
	struct answer *a = data;

	/* A newer kernel may tell more than is known here. */
	if (mnl_attr_get_type(attr) <= a->max_attr)
		a->attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct answer *a = data;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	if (!a->reply)
		return MNL_CB_OK;
	memset(a->attrs, 0, (a->max_attr + 1) * sizeof(*a->attrs));
	mnl_attr_parse(nlh, GENL_HDRLEN, on_attr, a);
	a->reply(a->attrs);
	return MNL_CB_OK;
}

static int on_ack_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(kernel_text, sizeof(kernel_text), "%.*s",
			 (int)mnl_attr_get_payload_len(attr),
			 mnl_attr_get_str(attr));
	else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
		bad_offset = nl_uint(attr);
	return MNL_CB_OK;
}

/* The end of an answer: an error or an "ack", and what it says. */
static int on_ack(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);

	if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*err))) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	/* The request follows, unless the kernel says that it left it out. */
	if (err->error && !(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS &&
	    mnl_nlmsg_get_payload_len(nlh) > skip)
		mnl_attr_parse(nlh, skip, on_ack_attr, NULL);
	errno = -err->error;
	return err->error ? MNL_CB_ERROR : MNL_CB_STOP;
}

/* A dump ends in DONE, which carries an error and its text likewise. */
static int on_done(const struct nlmsghdr *nlh, void *data)
{
	const int *err = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err) || *err >= 0)
		return MNL_CB_STOP;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, sizeof(*err), on_ack_attr, NULL);
	errno = -*err;
	return MNL_CB_ERROR;
}

static int talk(struct nlmsghdr *request, struct answer *a)
{
	static mnl_cb_t control[] = {
		[NLMSG_ERROR] = on_ack,
		[NLMSG_DONE] = on_done,
	};
	static char buf[BUF_SIZE];
	unsigned int portid = mnl_socket_get_portid(sock);
	ssize_t len;
	int ret;

	*kernel_text = '\0';
	bad_offset = 0;
	if (mnl_socket_sendto(sock, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run2(buf, len, request->nlmsg_seq, portid,
				  on_message, a, control, ARRAY_SIZE(control));
	} while (ret == MNL_CB_OK);
	return ret == MNL_CB_ERROR ? -errno : 0;
}

static struct nlmsghdr *start_request(__u16 type, int cmd, int version,
				      __u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request_buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

/* One group of the family: a nest with its name and its number. */
static int on_group(const struct nlattr *attr, void *data)
{
	const struct nlattr *group[CTRL_ATTR_MCAST_GRP_MAX + 1];

	nl_parse_nest(attr, group, CTRL_ATTR_MCAST_GRP_MAX);
	if (!strcmp(nl_str(group[CTRL_ATTR_MCAST_GRP_NAME]),
		    MQTTK_MCGRP_EVENTS))
		events_group = nl_uint(group[CTRL_ATTR_MCAST_GRP_ID]);
	return MNL_CB_OK;
}

static void on_family(const struct nlattr **attrs)
{
	if (attrs[CTRL_ATTR_FAMILY_ID])
		family = nl_uint(attrs[CTRL_ATTR_FAMILY_ID]);
	if (attrs[CTRL_ATTR_MCAST_GROUPS])
		mnl_attr_parse_nested(attrs[CTRL_ATTR_MCAST_GROUPS], on_group,
				      NULL);
}

static void open_socket(void)
{
	struct nlmsghdr *nlh;
	int one = 1, err;

	sock = must(mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC),
		    "netlink socket");
	must(mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) ? NULL : sock,
	     "netlink socket");
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &one, sizeof(one));

	nlh = start_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, MQTTK_FAMILY_NAME);
	err = nl_talk(nlh, CTRL_ATTR_MAX, on_family);
	if (err == -ENOENT) {
		fprintf(stderr,
			"mqttkctl: the kernel has no broker: the module is not loaded\n"
			"hint: modprobe mqttk\n");
		exit(FAILED);
	}
	errno = -err;
	must(err ? NULL : sock, "netlink family " MQTTK_FAMILY_NAME);
}

/**
 * nl_large_request - begin a request that is larger than others
 * @cmd: MQTTK_CMD_*
 * @more: bytes that it may be larger
 *
 * As nl_request(). What the socket takes at once is bounded; to pass the bound
 * takes CAP_NET_ADMIN in the initial user namespace, otherwise sending fails.
 *
 * Return: as nl_request()
 */
struct nlmsghdr *nl_large_request(int cmd, size_t more)
{
	size_t size = BUF_SIZE + more;
	int bytes = size > INT_MAX / 2 ? INT_MAX / 2 : size;

	if (!sock)
		open_socket();
	if (more) {
		if (request_buf != small_buf)
			free(request_buf);
		request_buf = must(malloc(size), "memory");
		if (setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET,
			       SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
			setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET,
				   SO_SNDBUF, &bytes, sizeof(bytes));
	}
	return nl_request(cmd, false);
}

/**
 * nl_request - begin a request
 * @cmd: MQTTK_CMD_*
 * @dump: of all there is
 *
 * Ends the program if there is no broker to talk to.
 *
 * Return: the request, to put attributes into; one at a time
 */
struct nlmsghdr *nl_request(int cmd, bool dump)
{
	if (!sock)
		open_socket();
	return start_request(family, cmd, MQTTK_FAMILY_VERSION,
			     dump ? NLM_F_DUMP : NLM_F_ACK);
}

/**
 * nl_talk - send a request and hand out the answer
 * @request: of nl_request()
 * @max_attr: the highest attribute type the caller knows
 * @reply: called for each message, or NULL if none is expected
 *
 * Return: 0 or a negative error; then nl_failed() says what the kernel said
 */
int nl_talk(struct nlmsghdr *request, int max_attr, reply_fn reply)
{
	struct answer a = { .max_attr = max_attr, .reply = reply };
	int err;

	a.attrs = must(calloc(max_attr + 1, sizeof(*a.attrs)), "memory");
	err = talk(request, &a);
	free(a.attrs);
	if (a.interrupted)
		fprintf(stderr,
			"mqttkctl: something changed meanwhile: what is shown may not be all\n");
	return err;
}

/**
 * nl_parse_nest - take a nest of attributes apart
 * @nest: the nest
 * @attrs: by type, filled in
 * @max_attr: highest type in @attrs
 */
void nl_parse_nest(const struct nlattr *nest, const struct nlattr **attrs,
		   int max_attr)
{
	struct answer a = { .attrs = attrs, .max_attr = max_attr };

	memset(attrs, 0, (max_attr + 1) * sizeof(*attrs));
	mnl_attr_parse_nested(nest, on_attr, &a);
}

/**
 * nl_uint - an unsigned integer of whatever size it came in
 * @attr: the attribute, or NULL
 *
 * Return: its value, 0 if there is none
 */
__u64 nl_uint(const struct nlattr *attr)
{
	__u64 u64;

	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		/* Aligned to 4 only. */
		memcpy(&u64, mnl_attr_get_payload(attr), sizeof(u64));
		return u64;
	}
	return 0;
}

/**
 * nl_str - a string
 * @attr: the attribute, or NULL
 *
 * Return: the string, empty if there is none
 */
const char *nl_str(const struct nlattr *attr)
{
	return attr && !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) ?
	       mnl_attr_get_str(attr) : "";
}

/**
 * nl_fits - whether a string can be an attribute
 * @str: the string
 *
 * Return: whether it can
 */
bool nl_fits(const char *str)
{
	return strlen(str) < UINT16_MAX - MNL_ATTR_HDRLEN;
}

/**
 * nl_put_uint - add an attribute that the specification calls uint
 * @request: to add to
 * @type: of the attribute
 * @value: its value
 */
void nl_put_uint(struct nlmsghdr *request, int type, __u64 value)
{
	if (value == (__u32)value)
		mnl_attr_put_u32(request, type, value);
	else
		mnl_attr_put_u64(request, type, value);
}

/**
 * nl_listen - hear of events from now on
 *
 * Ends the program if there is no broker to talk to.
 *
 * Return: the socket, to poll, or a negative error
 */
int nl_listen(void)
{
	/* The group by which families come and go has its family's number. */
	int families = GENL_ID_CTRL, size = EVENTS_BUF;
	int fd;

	if (!sock)
		open_socket();
	fd = mnl_socket_get_fd(sock);
	/* As much as may be: the kernel drops what does not fit. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &events_group,
				  sizeof(events_group)) ||
	    mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &families,
				  sizeof(families)))
		return -errno;
	return fd;
}

/* Is it the family that goes, with everything? */
static int on_goodbye(const struct nlattr *attr, void *data)
{
	bool *gone = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    nl_uint(attr) == family)
		*gone = true;
	return MNL_CB_OK;
}

struct hearing {
	struct answer a;
	event_fn event;
	bool gone;
};

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct hearing *h = data;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return MNL_CB_OK;
	if (nlh->nlmsg_type == GENL_ID_CTRL && genl->cmd == CTRL_CMD_DELFAMILY)
		mnl_attr_parse(nlh, GENL_HDRLEN, on_goodbye, &h->gone);
	if (nlh->nlmsg_type != family)
		return MNL_CB_OK;
	memset(h->a.attrs, 0, (h->a.max_attr + 1) * sizeof(*h->a.attrs));
	mnl_attr_parse(nlh, GENL_HDRLEN, on_attr, &h->a);
	h->event(genl->cmd, h->a.attrs);
	return MNL_CB_OK;
}

/**
 * nl_hear - take the next events
 * @attrs: for their attributes, by type; room for @max_attr + 1
 * @max_attr: the highest attribute type the caller knows
 * @event: called for each
 *
 * Return: 0; -ENOBUFS if some were lost; -ENODEV if there will be no more,
 *	because the module is gone; another negative error
 */
int nl_hear(const struct nlattr **attrs, int max_attr, event_fn event)
{
	struct hearing h = {
		.a = { .attrs = attrs, .max_attr = max_attr },
		.event = event,
	};
	static char buf[BUF_SIZE];
	ssize_t len;

	len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
	if (len < 0)
		return -errno;
	if (mnl_cb_run(buf, len, 0, 0, on_event, &h) == MNL_CB_ERROR)
		return -errno;
	return h.gone ? -ENODEV : 0;
}

/* What can be done about it, by verb and error; "" goes for every verb. */
static const struct {
	const char *verb;
	int err;
	const char *hint;
} hints[] = {
	{ "listener add", EADDRNOTAVAIL,
	  "a link-local address needs its interface: [ADDR%IFACE]:PORT" },
	{ "listener add", EACCES,
	  "ports below 1024 need CAP_NET_BIND_SERVICE" },
	{ "listener add", EEXIST,
	  "give it another name (name NAME), or delete the other one first" },
	{ "listener add", ENODEV,
	  "ip link lists the interfaces of this network namespace" },
	{ "listener del", ENOENT,
	  "mqttkctl listener show lists them; give the name, not the address" },
	{ "listener show", ENOENT, "mqttkctl listener show lists them" },
	{ "client show", ENOENT, "mqttkctl client show lists them" },
	{ "client disconnect", ENOENT, "mqttkctl client show lists them" },
	{ "client disconnect", EINVAL,
	  "man mqttkctl-client lists the reasons there are" },
	{ "session show", ENOENT, "mqttkctl session show lists them" },
	{ "session del", ENOENT, "mqttkctl session show lists them" },
	{ "subscription show", ENOENT, "mqttkctl client show lists them" },
	{ "retained show", EINVAL,
	  "a filter has + for one level and # for all that follow, as in a/+/b/#" },
	{ "retained get", ENOENT, "mqttkctl retained show lists them" },
	{ "retained get", EAGAIN,
	  "the message changes faster than it can be read" },
	{ "retained set", ENOBUFS,
	  "mqttkctl limit show tells what is used; limit set gives more" },
	{ "retained set", EINVAL, "a topic has no + and no #" },
	{ "retained del", EPERM,
	  "mqttkctl limit set sys_interval 0 turns them off" },
	{ "limit show", ENOENT, "mqttkctl limit show lists them" },
	{ "limit set", ENOENT, "mqttkctl limit show lists them" },
	{ "acl load", EMSGSIZE,
	  "a list of that many rules takes CAP_NET_ADMIN in the initial user namespace" },
	{ "acl load", ENOBUFS,
	  "mqttkctl limit show client_memory tells what is used" },
	{ "apply", EADDRINUSE,
	  "another program (ss -ltnp) has the port: is mosquitto still running?" },
	{ "apply", EADDRNOTAVAIL,
	  "a link-local address needs its interface: listener PORT ADDR%IFACE" },
	{ "apply", EACCES, "ports below 1024 need CAP_NET_BIND_SERVICE" },
	{ "", EPROTONOSUPPORT, "the module is not loaded any more: modprobe mqttk" },
	{ "", EOPNOTSUPP,
	  "the loaded module is older than mqttkctl: reload it" },
};

/**
 * nl_error_text - what the kernel said when nl_talk() failed
 * @err: negative error
 *
 * Return: until the next request
 */
const char *nl_error_text(int err)
{
	return *kernel_text ? kernel_text : strerror(-err);
}

/**
 * nl_bad_offset - which attribute the kernel did not like
 *
 * Return: where in the last request it was, or 0 if it did not say
 */
__u32 nl_bad_offset(void)
{
	return bad_offset;
}

/**
 * nl_print_hint - say what can be done about an error, if there is something
 * @verb: what was tried: object and verb
 * @err: positive error
 */
void nl_print_hint(const char *verb, int err)
{
	size_t i;

	/* Refused for another reason than capabilities: the text says it. */
	if (err == EPERM && !*kernel_text) {
		fprintf(stderr,
			"hint: this needs CAP_NET_ADMIN in the network namespace: try as root\n");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(hints); i++) {
		if (hints[i].err == err &&
		    (!*hints[i].verb || !strcmp(hints[i].verb, verb))) {
			fprintf(stderr, "hint: %s\n", hints[i].hint);
			return;
		}
	}
}

/**
 * nl_failed - say what nl_talk() came back with
 * @verb: what was tried: object and verb
 * @what: on what, or NULL
 * @err: negative error, or 0
 *
 * Return: exit status
 */
int nl_failed(const char *verb, const char *what, int err)
{
	if (!err)
		return OK;
	fprintf(stderr, "%s: %s%s%s\n", verb, what ? what : "",
		what ? ": " : "", nl_error_text(err));
	nl_print_hint(verb, -err);
	return FAILED;
}
