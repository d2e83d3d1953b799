/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A configuration in mosquitto.conf's syntax, and what it asks of the kernel.
 *
 * Reading is in four steps, each a file, and only the last one leaves memory:
 * conf.c takes lines apart, conf-keys.c knows every key there is, conf-take.c
 * does what a key says, conf-addr.c looks up addresses.
 */
#ifndef MQTTKCTL_CONF_H
#define MQTTKCTL_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <linux/types.h>

/* Of one file. Nobody writes so much: it is a file of another kind. */
#define CONF_FILE_MAX		(1024 * 1024)
#define CONF_ACL_MAX		(16 * 1024 * 1024)
#define CONF_LINE_MAX		4096
#define CONF_INCLUDES_MAX	256
#define CONF_LISTENERS_MAX	64
#define CONF_LIMITS_MAX		64
#define CONF_ADDRS_MAX		128
/* What is said about a configuration; the rest is only counted. */
#define CONF_SAID_MAX		200

/**
 * struct conf_at - where something was said
 * @file: name of the file; NULL: nowhere, it is a default
 * @line: counted from 1
 */
struct conf_at {
	const char *file;
	unsigned int line;
};

/**
 * struct conf_said - something to say about a configuration
 * @at: about which line
 * @key: about which key, or NULL
 * @text: the message
 * @error: it cannot be applied so
 */
struct conf_said {
	struct conf_at at;
	const char *key;
	const char *text;
	bool error;
};

/**
 * struct conf_security - who is let in, for all listeners or for one
 * @given: some of this was set
 * @anonymous: clients without a user name are let in; -1: not said
 * @zero_length_id: clients may leave their identifier to the broker
 * @auto_id_prefix: begin of the identifiers so given, or NULL
 * @closed: nobody is, because what decides about it is not there
 */
struct conf_security {
	bool given;
	int anonymous;
	bool zero_length_id;
	const char *auto_id_prefix;
	bool closed;
};

/**
 * struct conf_listener - a listener, perhaps on several addresses
 * @at: where it begins
 * @given: it is to be opened
 * @anywhere: for others than this machine, too
 * @port: TCP port
 * @host: address or host name; NULL: every address
 * @family: AF_INET or AF_INET6 if only that, or AF_UNSPEC
 * @device: interface to bind to, or NULL
 * @name: or NULL
 * @max_connections: 0: any number
 * @max_qos: highest QoS
 * @coalesce_usecs: microseconds that output may wait for more
 * @aliases: max_topic_alias; -1: not said
 * @mount_point: or NULL
 * @anonymous: overrides @security; -1: not said
 * @auto_id_prefix: overrides @security's; NULL: not said
 * @id_prefix: what identifiers must begin with, of this listener alone; or NULL
 * @security: if settings go by listener
 * @left_out: it is not opened, because it could not do what it should
 * @said: reasons told already, see conf_unsupported()
 */
struct conf_listener {
	struct conf_at at;
	bool given;
	bool anywhere;
	unsigned int port;
	const char *host;
	sa_family_t family;
	const char *device;
	const char *name;
	unsigned int max_connections;
	unsigned int max_qos;
	unsigned int coalesce_usecs;
	long long aliases;
	const char *mount_point;
	int anonymous;
	const char *auto_id_prefix;
	const char *id_prefix;
	struct conf_security security;
	bool left_out;
	unsigned long said;
};

/**
 * struct conf_limit - a limit that was set
 * @name: the kernel's name of it
 * @value: the value
 * @at: where
 */
struct conf_limit {
	const char *name;
	__u64 value;
	struct conf_at at;
};

/**
 * struct conf_addr - an address that is to be listened on
 * @listener: what for
 * @addr: the address, with its port
 */
struct conf_addr {
	const struct conf_listener *listener;
	struct sockaddr_storage addr;
};

/**
 * struct conf_rule - a rule of the access control list
 * @whom: MQTTK_ACL_ANONYMOUS, MQTTK_ACL_USER or MQTTK_ACL_EVERYBODY
 * @access: MQTTK_ACL_READ and so on
 * @user: of MQTTK_ACL_USER; otherwise NULL
 * @filter: of topics
 * @at: where it stands
 */
struct conf_rule {
	unsigned int whom;
	unsigned int access;
	const char *user;
	const char *filter;
	struct conf_at at;
};

/**
 * struct conf - a configuration
 * @ignore: go on without what is not supported
 * @include: reads the files of a directory; NULL: there is no include_dir
 * @read_acl: reads an access control list; NULL: files are not looked at
 * @listeners: the first one is the default listener: what stands before any
 *	"listener", and it is only there if something was set for it
 * @nr_listeners: how many
 * @listener: index of the one that is being described
 * @general: for all listeners, unless @per_listener
 * @per_listener: each has its own
 * @bridge: a bridge is being described
 * @included: it is an included file that is being read
 * @local_only: listen for the local host if there is no listener at all
 * @id_prefix: what client identifiers must begin with, or NULL
 * @limits: those set
 * @nr_limits: how many
 * @acl: there is an access control list
 * @acl_source: where it was read from; NULL: it was not
 * @rules: of the list
 * @nr_rules: how many
 * @addrs: of all listeners, see conf_look_up()
 * @nr_addrs: how many
 * @said: messages
 * @nr_said: how many
 * @errors: how many of them, and of those not kept, are errors
 * @no_difference: names of keys that make no difference, for one message
 * @memory: strings that are freed with it
 */
struct conf {
	bool ignore;
	void (*include)(struct conf *c, const struct conf_at *at,
			const char *dir);
	void (*read_acl)(struct conf *c, const struct conf_at *at,
			 const char *path);

	struct conf_listener listeners[1 + CONF_LISTENERS_MAX];
	size_t nr_listeners;
	size_t listener;
	struct conf_security general;
	bool per_listener;
	bool bridge;
	bool included;
	bool local_only;
	const char *id_prefix;

	struct conf_limit limits[CONF_LIMITS_MAX];
	size_t nr_limits;
	bool acl;
	const char *acl_source;
	struct conf_rule *rules;
	size_t nr_rules;
	struct conf_addr addrs[CONF_ADDRS_MAX];
	size_t nr_addrs;

	struct conf_said said[CONF_SAID_MAX];
	size_t nr_said;
	unsigned int errors;
	const char *no_difference;
	struct conf_string *memory;
};

/* Where a key may stand. */
enum conf_scope {
	CONF_GENERAL,	/* anywhere; it is about all */
	CONF_LISTENER,	/* it is about the listener it follows */
	CONF_SECURITY,	/* one of these two, as per_listener_settings says */
	CONF_BRIDGE,	/* behind "connection" */
};

/* What its value looks like. */
enum conf_type {
	CONF_ANY,	/* not looked at */
	CONF_TEXT,	/* all up to the end of the line */
	CONF_WORD,	/* one of the words of the key */
	CONF_BOOL,
	CONF_INT,
	CONF_SIZE,	/* a number, perhaps with K, M or G */
	CONF_DURATION,
};

/* What becomes of it. */
enum conf_fate {
	CONF_SET,		/* what it says is done */
	CONF_NO_DIFFERENCE,	/* named in one warning */
	CONF_DIFFERS,		/* a warning that says what is done instead */
	CONF_LOSES,		/* an error: something would be missing */
	CONF_CLOSES,		/* an error: too many would be let in */
	CONF_LEAVES_OUT,	/* an error: the listener could not do it */
};

/**
 * struct conf_value - a value, in the form that its type has
 * @text: as it stands there
 * @number: of numbers and truth values; of words, which one
 */
struct conf_value {
	const char *text;
	long long number;
};

/**
 * struct conf_key - a key of mosquitto.conf
 * @name: its name; with a * at its end, all that begin so
 * @scope: where it may stand
 * @type: what its value looks like
 * @fate: what becomes of it
 * @min: of numbers, the smallest one
 * @max: of numbers, the largest one; 0: there is no bound
 * @words: of words, those there are, with spaces between
 * @harmless: values for which @fate and @opens do not matter, with spaces between
 * @why: for people: why it has that fate
 * @limit: the kernel's name of it, if it is a limit
 * @opens: set for the default listener, it opens that one
 * @own: mosquitto does not know it
 * @take: does what it says
 */
struct conf_key {
	const char *name;
	enum conf_scope scope;
	enum conf_type type;
	enum conf_fate fate;
	long long min;
	long long max;
	const char *words;
	const char *harmless;
	const char *why;
	const char *limit;
	bool opens;
	bool own;
	void (*take)(struct conf *c, const struct conf_at *at,
		     const struct conf_key *key,
		     const struct conf_value *value);
};

/* conf.c */
void conf_init(struct conf *c, bool ignore);
void conf_free(struct conf *c);
const char *conf_copy(struct conf *c, const char *text, size_t len);
__attribute__((format(printf, 5, 6)))
void conf_say(struct conf *c, bool error, const struct conf_at *at,
	      const char *key, const char *fmt, ...);
void conf_parse(struct conf *c, const char *file, const char *text, size_t len);

/* conf-acl.c */
const char *conf_access_str(unsigned int *access);
void conf_parse_acl(struct conf *c, const char *file, const char *text,
		    size_t len);

/* conf-file.c */
void conf_read(struct conf *c, const char *path);
void conf_read_acl(struct conf *c, const struct conf_at *at, const char *path);
void conf_read_dir(struct conf *c, const struct conf_at *at, const char *dir);

/* conf-keys.c */
extern const struct conf_key conf_keys[];
const struct conf_key *conf_find(const char *name);
const struct conf_key *conf_find_limit(const char *limit);
const char *conf_scope_str(const struct conf_key *key);
const char *conf_fate_str(const struct conf_key *key);

/* conf-value.c */
bool conf_is_writable(const char *text);
bool conf_is_harmless(const struct conf_key *key, const char *text);
bool conf_value(struct conf *c, const struct conf_at *at,
		const struct conf_key *key, const char *text,
		struct conf_value *value);

/* conf-take.c */
struct conf_security *conf_security(struct conf *c);
bool conf_anonymous(const struct conf *c, const struct conf_listener *l);
void conf_take(struct conf *c, const struct conf_at *at, const char *name,
	       const char *value);
bool conf_is_opened(const struct conf *c, const struct conf_listener *l);
void conf_finish(struct conf *c);
void conf_set_limit(struct conf *c, const struct conf_at *at,
		    const char *name, __u64 value);

/* Those of conf-keys.c's table. */
#define CONF_TAKE(name)						\
	void conf_take_##name(struct conf *c, const struct conf_at *at,	\
			      const struct conf_key *key,		\
			      const struct conf_value *value)
CONF_TAKE(acl_file);
CONF_TAKE(allow_anonymous);
CONF_TAKE(auto_id_prefix);
CONF_TAKE(bind_address);
CONF_TAKE(bind_interface);
CONF_TAKE(clientid_prefixes);
CONF_TAKE(coalesce_usecs);
CONF_TAKE(connection);
CONF_TAKE(include_dir);
CONF_TAKE(limit);
CONF_TAKE(listener);
CONF_TAKE(listener_allow_anonymous);
CONF_TAKE(listener_auto_id_prefix);
CONF_TAKE(listener_clientid_prefix);
CONF_TAKE(listener_name);
CONF_TAKE(local_only);
CONF_TAKE(max_connections);
CONF_TAKE(max_packet_size);
CONF_TAKE(max_qos);
CONF_TAKE(max_queued_bytes);
CONF_TAKE(max_queued_messages);
CONF_TAKE(max_topic_alias);
CONF_TAKE(mount_point);
CONF_TAKE(per_listener_settings);
CONF_TAKE(port);
CONF_TAKE(socket_domain);
CONF_TAKE(zero_length_id);

/* conf-addr.c */
void conf_look_up(struct conf *c);

#endif /* MQTTKCTL_CONF_H */
