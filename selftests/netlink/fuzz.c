// SPDX-License-Identifier: GPL-2.0
/*
 * nl-fuzz: sends requests to mqttk by generic netlink that no client would send,
 * to every operation that the specification has, several in one message, by
 * several sockets, of which some are closed while a dump is under way. What it
 * finds is for the kernel's own checks to say, but for this: every operation
 * was granted and refused; every refusal says why; who is no administrator is
 * told nothing at all, -u, in the same words whatever the broker holds; and
 * where the broker lets nobody in, in a user namespace, nothing is granted, -x.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "fuzz.h"

#define SOCKETS		4
#define WINDOW		65536	/* requests whose answers may still come */
#define ERRORS		150

static int socks[SOCKETS];
static uint16_t family;
static uint32_t group;
/* Like nothing that is in an attribute: a length that lies makes it a header. */
static uint32_t seq = 0x5a3c0000;
static struct request window[WINDOW];
static bool unprivileged, stranger;
static unsigned int port;
static int failed;

/* By operation; the second half is for dumps. */
static struct figures {
	unsigned int asked, granted, refused, mute, answers;
	unsigned int errors[ERRORS];
} figures[2 * 256];

static unsigned int lost, others;
static uint64_t digest = 14695981039346656037ULL;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(bool plain)
{
	struct timeval tv = { .tv_sec = 60 };
	bool root = !unprivileged && !stranger;
	int one = 1, size = 1 << 22, fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, root ? SO_SNDBUFFORCE : SO_SNDBUF, &size,
		   sizeof(size));
	setsockopt(fd, SOL_SOCKET, root ? SO_RCVBUFFORCE : SO_RCVBUF, &size,
		   sizeof(size));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	/* An answer that repeats a request is as long as the request. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (!plain && chance(50))
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
			   sizeof(one));
	if (group && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				sizeof(group)) == 0 && unprivileged) {
		printf("not ok - who is no administrator hears of no events\n");
		failed = 1;
	}
	return fd;
}

/* An attribute of @len bytes of them at @b, or NULL. */
static const struct nlattr *find(const void *b, size_t n, unsigned int type)
{
	const struct nlattr *nla = b;
	size_t size;

	while (n >= sizeof(*nla)) {
		if (nla->nla_len < sizeof(*nla) || nla->nla_len > n)
			break;
		if ((nla->nla_type & NLA_TYPE_MASK) == type)
			return nla;
		size = (nla->nla_len + 3) & ~3u;
		if (size > n)
			break;
		n -= size;
		nla = (const void *)((const char *)nla + size);
	}
	return NULL;
}

/* The family's number, and that of its first group. */
static void find_family(void)
{
	struct {
		struct nlmsghdr n;
		struct genlmsghdr g;
		struct nlattr a;
		char name[8];
	} ask = {
		.n = { sizeof(ask), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0 },
		.g = { CTRL_CMD_GETFAMILY, 1, 0 },
		.a = { 4 + sizeof(MQTTK_FAMILY_NAME), CTRL_ATTR_FAMILY_NAME },
		.name = MQTTK_FAMILY_NAME,
	};
	static unsigned char b[65536] __attribute__((aligned(8)));
	const struct nlattr *nla;
	int fd = open_socket(true);
	ssize_t n;

	ask.n.nlmsg_len = 20 + ((ask.a.nla_len + 3) & ~3);
	if (send(fd, &ask, ask.n.nlmsg_len, 0) < 0)
		die("send");
	n = recv(fd, b, sizeof(b), 0);
	nla = n > 20 ? find(b + 20, n - 20, CTRL_ATTR_FAMILY_ID) : NULL;
	if (!nla)
		die("no such family");
	memcpy(&family, nla + 1, 2);
	nla = find(b + 20, n - 20, CTRL_ATTR_MCAST_GROUPS);
	nla = nla ? find(nla + 1, nla->nla_len - 4, 1) : NULL;
	nla = nla ? find(nla + 1, nla->nla_len - 4, CTRL_ATTR_MCAST_GRP_ID) : NULL;
	if (!nla)
		die("no events");
	memcpy(&group, nla + 1, 4);
	close(fd);
}

static void add_to_digest(const void *b, size_t n)
{
	const unsigned char *p = b;

	while (n--)
		digest = (digest ^ *p++) * 1099511628211ULL;
}

/* An answer to who may not ask: an error, and always the same. */
static void check_denied(const struct request *r, const struct nlmsghdr *n,
			 int error)
{
	static unsigned int told;
	bool known = r->op && (r->dump ? r->op->has_dump : r->op->has_do);
	bool good = n->nlmsg_type == NLMSG_ERROR;

	if (r->op && !r->op->admin && !stranger)
		return;
	/* Attributes are looked at before the namespace is. */
	if (r->plain && stranger)
		good = good && error < 0;
	else if (r->plain)
		good = good && error == (known ? -EPERM : -EOPNOTSUPP);
	add_to_digest(&n->nlmsg_type, sizeof(n->nlmsg_type));
	add_to_digest(n + 1, n->nlmsg_len - sizeof(*n));
	if (good || told++ > 5)
		return;
	printf("not ok - %s%s, who may not ask: message type %u, error %d\n",
	       r->op ? r->op->name : "no operation", r->dump ? " (dump)" : "",
	       n->nlmsg_type, error);
	failed = 1;
}

static void count_error(const struct request *r, const struct nlmsghdr *n,
			int error)
{
	struct figures *f = &figures[r->op->cmd + 256 * r->dump];
	const unsigned char *tlvs = (const unsigned char *)n + NLMSG_HDRLEN +
				    sizeof(struct nlmsgerr);
	size_t left = n->nlmsg_len - NLMSG_HDRLEN;

	if (!error) {
		f->granted++;
		return;
	}
	f->refused++;
	if (error < 0 && error > -ERRORS)
		f->errors[-error]++;
	/* What the netlink core says about any family has no words. */
	if (error == -EOPNOTSUPP || error == -EBUSY || error == -ENOBUFS)
		return;
	if (n->nlmsg_type == NLMSG_DONE) {
		tlvs = (const unsigned char *)n + NLMSG_HDRLEN + sizeof(int);
		left -= sizeof(int);
	} else {
		left -= sizeof(struct nlmsgerr);
	}
	if ((n->nlmsg_flags & NLM_F_ACK_TLVS) && find(tlvs, left, NLMSGERR_ATTR_MSG))
		return;
	if (!f->mute++)
		printf("# %s%s does not say why: %s\n", r->op->name,
		       r->dump ? " (dump)" : "", strerrorname_np(-error));
}

static void answer(const struct nlmsghdr *n)
{
	const struct request *r = &window[n->nlmsg_seq % WINDOW];
	int error = 0;

	/* An event, or for what was taken for a header. */
	if (!n->nlmsg_seq || n->nlmsg_seq != r->seq)
		return;
	if (n->nlmsg_type == NLMSG_ERROR || n->nlmsg_type == NLMSG_DONE)
		memcpy(&error, n + 1, sizeof(error));
	if (unprivileged || stranger) {
		check_denied(r, n, error);
	} else if (!r->op || !r->plain) {
		others++;
	} else if (n->nlmsg_type == NLMSG_ERROR || n->nlmsg_type == NLMSG_DONE) {
		count_error(r, n, error);
	} else if (n->nlmsg_len >= 20) {
		figures[r->op->cmd + 256 * r->dump].answers++;
		learn(r->op, (const unsigned char *)n + 20, n->nlmsg_len - 20);
	}
}

/* Reads what there is, or only @most messages: a dump then waits. */
static void drain(int fd, unsigned int most)
{
	static unsigned char b[1 << 18] __attribute__((aligned(8)));
	unsigned int i, size;
	ssize_t n;

	for (i = 0; i < most; i++) {
		const struct nlmsghdr *h = (const void *)b;

		n = recv(fd, b, sizeof(b), MSG_DONTWAIT);
		if (n < 0 && errno == ENOBUFS) {
			lost++;
			continue;
		}
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("recv");
		while (n >= (ssize_t)sizeof(*h) && h->nlmsg_len <= n) {
			answer(h);
			size = (h->nlmsg_len + 3) & ~3;
			n -= size;
			h = (const void *)((const char *)h + size);
		}
	}
	if (most > 100000) {
		printf("not ok - a dump that does not end\n");
		exit(1);
	}
}

/*
 * One more client, in the place of an old one, with a session that stays when
 * it goes: whom the requests find are these.
 */
static void come_in(void)
{
	static int clients[24];
	static unsigned int nr;
	int *fd = &clients[nr++ % 24];
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(0x7f000001),
	};
	unsigned char hello[] =
		"\x10\x10\0\4MQTT\4\0\0\0\0\4fz00\x82\x0b\0\1\0\6fuzz/#\1";

	hello[16] += nr / 10 % 6;
	hello[17] += nr % 10;
	if (*fd > 0)
		close(*fd);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		die("socket");
	if (!connect(*fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    errno == EINPROGRESS)
		send(*fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL);
}

/* Something to be hostile to, and somewhere for clients to come back to. */
static void tend(void)
{
	struct {
		struct nlmsghdr n;
		struct genlmsghdr g;
		struct nlattr ip;
		uint32_t addr;
		struct nlattr p;
		uint16_t port, pad1;
		struct nlattr any;
		uint8_t yes, pad2[3];
	} ask = {
		.n = { sizeof(ask), family, NLM_F_REQUEST, 0, 0 },
		.g = { MQTTK_CMD_LISTENER_NEW, 1, 0 },
		.ip = { 8, MQTTK_A_LISTENER_IPV4 },
		.addr = htonl(0x7f000001),
		.p = { 6, MQTTK_A_LISTENER_PORT },
		.port = htons(port),
		.any = { 5, MQTTK_A_LISTENER_ANONYMOUS },
		.yes = 1,
	};

	if (!port)
		return;
	/* Is there already, or is not: either is well. */
	if (send(socks[0], &ask, sizeof(ask), 0) < 0 && errno != ENOBUFS)
		die("send");
	come_in();
}

static void one_batch(unsigned int *todo)
{
	static unsigned char b[MAX_REQUEST * 2] __attribute__((aligned(8)));
	unsigned int i, nr = 1 + rnd(12), at = rnd(SOCKETS);
	size_t n = 0;

	for (i = 0; i < nr && *todo && n < 60000; i++, --*todo) {
		struct request *r = &window[++seq % WINDOW];

		n += make_request(b + n, family, seq, r);
		if (r->op && r->plain)
			figures[r->op->cmd + 256 * r->dump].asked++;
		/* The kernel reads no further. */
		if (!r->plain)
			break;
	}
	if (send(socks[at], b, n, 0) < 0 && errno != ENOBUFS && errno != EMSGSIZE)
		die("send");
	drain(socks[at], chance(15) ? 2 : 1000000);
	if (chance(1)) {
		close(socks[at]);
		socks[at] = open_socket(false);
	}
}

static void tell(void)
{
	unsigned int i, dump, e;

	printf("# seed=%llu lost=%u others=%u\n", (unsigned long long)seed, lost,
	       others);
	for (i = 0; i < nr_ops; i++) {
		for (dump = 0; dump < 2; dump++) {
			const struct figures *f = &figures[ops[i].cmd + 256 * dump];

			if (!f->asked)
				continue;
			printf("# %s%s: asked=%u granted=%u refused=%u answers=%u mute=%u:",
			       ops[i].name, dump ? " (dump)" : "", f->asked,
			       f->granted, f->refused, f->answers, f->mute);
			for (e = 0; e < ERRORS; e++)
				if (f->errors[e])
					printf(" %s=%u", strerrorname_np(e),
					       f->errors[e]);
			printf("\n");
		}
	}
}

/* Has the broker been reached behind its first checks, everywhere? */
static void check_figures(void)
{
	unsigned int i, dump;

	for (i = 0; i < nr_ops; i++) {
		for (dump = 0; dump < 2; dump++) {
			const struct figures *f = &figures[ops[i].cmd + 256 * dump];
			bool has = dump ? ops[i].has_dump : ops[i].has_do;
			bool may = dump ? ops[i].nr_dump : ops[i].nr_do;
			const char *what = dump ? " (dump)" : "";

			/* One that comes seldom. */
			has = has && (may || f->asked);
			if (!has)
				continue;
			if (!f->granted || (may && !f->refused))
				printf("not ok - %s%s was granted and refused\n",
				       ops[i].name, what);
			if (f->mute)
				printf("not ok - %s%s says why it refuses\n",
				       ops[i].name, what);
			failed |= !f->granted || (may && !f->refused) || f->mute;
		}
	}
	if (!failed)
		printf("ok - every operation was granted and refused, and said why\n");
}

static void usage(void)
{
	fputs("Usage: nl-fuzz [-n REQUESTS] [-s SEED] [-l PORT] [-u | -x]\n"
	      "-l: keep a listener there; -u: as nobody, who is to learn nothing;\n"
	      "prints a digest of all that was answered; -x: nothing is granted\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned int todo = 10000, i;
	int c;

	seed = 1;
	while ((c = getopt(argc, argv, "n:s:l:ux")) != -1) {
		switch (c) {
		case 'n':
			todo = atoi(optarg);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'l':
			port = atoi(optarg);
			break;
		case 'u':
			unprivileged = true;
			break;
		case 'x':
			stranger = true;
			break;
		default:
			usage();
		}
	}
	printf("# seed=%llu requests=%u\n", (unsigned long long)seed, todo);
	seed = seed * 0x9e3779b97f4a7c15ULL | 1;
	if (unprivileged && (setgid(65534) || setuid(65534)))
		die("setuid");
	find_family();
	for (i = 0; i < SOCKETS; i++)
		socks[i] = open_socket(false);
	for (i = 0; todo; i++) {
		if (i % 8 == 0)
			tend();
		one_batch(&todo);
	}
	if (unprivileged || stranger) {
		if (!failed)
			printf("ok - who may not ask learns nothing\n");
		printf("digest=%016llx\n", (unsigned long long)digest);
	} else {
		tell();
		check_figures();
	}
	return failed;
}
