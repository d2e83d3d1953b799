/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mqttkctl: what its objects share. One object is one file; each has a
 * function that gets its words, argv[0] being the object, and returns an exit
 * status.
 */
#ifndef MQTTKCTL_H
#define MQTTKCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/types.h>

#define VERSION		"0.1.0"	/* as in dkms.conf */
#define DEFAULT_PORT	1883
#define EXPIRY_NEVER	0xffffffff
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit statuses. */
enum {
	OK,		/* done */
	FAILED,		/* the kernel said no, or could not be asked */
	USAGE,		/* the words make no sense */
};

/* Says what makes no sense; its value is the exit status. */
#define usage_error(fmt, ...) \
	(fprintf(stderr, "mqttkctl: " fmt "\n", ##__VA_ARGS__), USAGE)

/* Must be typed in full, because it destroys. */
#define COMMAND_WHOLE	1
/* Has options of its own; --help is one of them. */
#define COMMAND_OPTIONS	2

/**
 * struct command - an object, or a verb of one
 * @name: as people type it; may be shortened unless COMMAND_WHOLE
 * @run: does it; argv[0] is the word that chose it
 * @how: 0, or of COMMAND_*
 * @help: its further words, or what it is
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	unsigned int how;
	const char *help;
};

/* main.c */
extern bool opt_json;
extern bool opt_pretty;
extern bool opt_statistics;

bool is_short_for(const char *word, const char *name);
int run_verb(const char *object, const struct command *verbs, int argc,
	     char **argv);

/* One function an object. */
int cmd_acl(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_client(int argc, char **argv);
int cmd_limit(int argc, char **argv);
int cmd_listener(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_pub(int argc, char **argv);
int cmd_reset(int argc, char **argv);
int cmd_retained(int argc, char **argv);
int cmd_session(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_sub(int argc, char **argv);
int cmd_subscription(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* nl.c */
struct nlattr;
struct nlmsghdr;

/* Gets each message of an answer, its attributes by their type. */
typedef void (*reply_fn)(const struct nlattr **attrs);

struct nlmsghdr *nl_request(int cmd, bool dump);
struct nlmsghdr *nl_large_request(int cmd, size_t more);
int nl_talk(struct nlmsghdr *request, int max_attr, reply_fn reply);

/* Gets each event: MQTTK_CMD_*_NTF, and its attributes by their type. */
typedef void (*event_fn)(int cmd, const struct nlattr **attrs);

int nl_listen(void);
int nl_hear(const struct nlattr **attrs, int max_attr, event_fn event);
void nl_parse_nest(const struct nlattr *nest, const struct nlattr **attrs,
		   int max_attr);
__u64 nl_uint(const struct nlattr *attr);
const char *nl_str(const struct nlattr *attr);
bool nl_fits(const char *str);
void nl_put_uint(struct nlmsghdr *request, int type, __u64 value);
const char *nl_error_text(int err);
__u32 nl_bad_offset(void);
void nl_print_hint(const char *verb, int err);
int nl_failed(const char *verb, const char *what, int err);

/* out.c */
void out_list_begin(void);
void out_list_key(const char *key);
void out_list_end(void);
void out_begin(const char *key);
void out_end(void);
void out_str(const char *key, const char *label, const char *value);
void out_payload(const unsigned char *data, size_t length);
void out_uint(const char *key, const char *label, __u64 value);
void out_real(const char *key, double value);
void out_bool(const char *key, const char *label, bool value);
void out_word(const char *text);
int out_finish(int status);

/* addr.c */
struct sockaddr_storage;

#define ADDR_STRLEN	80	/* "[" IPv6 "%" interface "]:" port */

const char *addr_parse(const char *word, struct sockaddr_storage *addr);
void addr_get(struct sockaddr_storage *addr, const struct nlattr *ipv4,
	      const struct nlattr *ipv6, const struct nlattr *scope,
	      const struct nlattr *port);
const char *host_str(const struct sockaddr_storage *addr);
const char *addr_str(const struct sockaddr_storage *addr);
void out_addr(const struct sockaddr_storage *addr);
const char *ifname_str(unsigned int ifindex);

/* acl.c */
struct conf;
size_t acl_room(const struct conf *c);
void acl_put_rule(struct nlmsghdr *nlh, int type, const struct conf *c, size_t i);

/* limit.c */
const char *limit_str(const char *unit, __u64 value);

/* listener.c */
void listener_put_addr(struct nlmsghdr *nlh,
		       const struct sockaddr_storage *addr);

/* number.c */
bool parse_number(const char *word, __u64 *value);
bool parse_interval(const char *word, __u64 *seconds);
const char *interval_str(__u64 seconds);
bool parse_code(const char *word, __u8 *code);
const char *duration_str(__u64 msec);

/* which.c */

/**
 * struct which_attrs - the attributes by which a request names somebody
 * @id: client identifier
 * @index: index
 */
struct which_attrs {
	int id;
	int index;
};

int put_which(struct nlmsghdr *request, const struct which_attrs *attrs,
	      const char *verb, int *argc, char ***argv);
void out_which(const struct nlattr *id, const struct nlattr *id_length,
	       const struct nlattr *index);
void out_expiry(const struct nlattr *attr);

#endif /* MQTTKCTL_H */
