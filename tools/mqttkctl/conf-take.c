// SPDX-License-Identifier: GPL-2.0
/*
 * What the keys of mosquitto.conf do.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/mqttk_netlink.h>

#include "conf.h"

static struct conf_listener *current(struct conf *c)
{
	return &c->listeners[c->listener];
}

/**
 * conf_security - what security settings are about at this place
 * @c: the configuration
 *
 * Return: the listener's, or those for all
 */
struct conf_security *conf_security(struct conf *c)
{
	return c->per_listener ? &current(c)->security : &c->general;
}

/* Adds a name to those that make no difference, once. */
static void makes_no_difference(struct conf *c, const struct conf_key *key)
{
	const char *old = c->no_difference, *found;
	size_t len = strlen(key->name);
	char *list;

	found = old;
	while (found) {
		if (!strncmp(found, key->name, len) &&
		    (!found[len] || found[len] == ','))
			return;
		found = strchr(found, ' ');
		if (found)
			found++;
	}
	if (asprintf(&list, "%s%s%s", old ? old : "", old ? ", " : "",
		     key->name) < 0)
		abort();
	c->no_difference = conf_copy(c, list, strlen(list));
	free(list);
}

static const char *instead(enum conf_fate fate, bool ignored)
{
	switch (fate) {
	case CONF_CLOSES:
		return ignored ? "nobody is let in" :
		       "--ignore-unsupported lets in nobody instead";
	case CONF_LEAVES_OUT:
		return ignored ? "the listener is left out" :
		       "--ignore-unsupported leaves this listener out";
	default:
		return ignored ? "ignored" :
		       "--ignore-unsupported goes on without it";
	}
}

/*
 * The first key of a listener that has the same reason speaks for the others:
 * who wants TLS has several, and needs to read of it once.
 */
static bool told(struct conf *c, const struct conf_key *key)
{
	static const char *reasons[8 * sizeof(unsigned long)];
	unsigned int i;
	bool before;

	if (key->fate == CONF_LOSES)
		return false;
	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (!reasons[i])
			reasons[i] = key->why;
		if (!strcmp(reasons[i], key->why))
			break;
	}
	before = current(c)->said >> i & 1;
	current(c)->said |= 1UL << i;
	return before;
}

static void unsupported(struct conf *c, const struct conf_at *at,
			const struct conf_key *key)
{
	if (key->fate == CONF_LEAVES_OUT)
		current(c)->left_out = true;
	if (key->fate == CONF_CLOSES && key->scope == CONF_GENERAL) {
		size_t i;

		c->general.closed = true;
		for (i = 0; i <= CONF_LISTENERS_MAX; i++)
			c->listeners[i].security.closed = true;
	} else if (key->fate == CONF_CLOSES) {
		conf_security(c)->closed = true;
		/* Such a key is reason enough to open the default listener. */
		current(c)->given |= c->per_listener;
	}
	if (!told(c, key))
		conf_say(c, !c->ignore, at, key->name, "%s: %s", key->why,
			 instead(key->fate, c->ignore));
}

/**
 * conf_take - do what a line says
 * @c: the configuration
 * @at: where it stands
 * @name: its key
 * @text: its value
 */
void conf_take(struct conf *c, const struct conf_at *at, const char *name,
	       const char *text)
{
	const struct conf_key *key = conf_find(name);
	struct conf_value value;
	bool harmless;

	if (!key) {
		conf_say(c, true, at, name, "there is no such key");
		return;
	}
	if (key->scope == CONF_BRIDGE) {
		if (!c->bridge)
			conf_say(c, true, at, name,
				 "this is about a bridge, and must follow \"connection\"");
		return;
	}
	if (!conf_value(c, at, key, text, &value))
		return;
	harmless = conf_is_harmless(key, text);
	if (key->scope == CONF_SECURITY)
		conf_security(c)->given = true;
	if (key->take)
		key->take(c, at, key, &value);
	if (harmless)
		return;
	if (key->opens && !current(c)->given) {
		current(c)->given = true;
		current(c)->at = *at;
	}
	if (key->fate == CONF_NO_DIFFERENCE)
		makes_no_difference(c, key);
	else if (key->fate == CONF_DIFFERS)
		conf_say(c, false, at, key->name, "has no such effect: %s",
			 key->why);
	else if (key->fate != CONF_SET)
		unsupported(c, at, key);
}

/* Strings may be set once for each listener; a second one is a mistake. */
static void set_text(struct conf *c, const struct conf_at *at,
		     const struct conf_key *key, const char **to,
		     const char *text, size_t max)
{
	if (*to)
		conf_say(c, true, at, key->name, "%s: it was set to %s before",
			 text, *to);
	else if (strlen(text) > max)
		conf_say(c, true, at, key->name, "longer than %zu bytes", max);
	else
		*to = conf_copy(c, text, strlen(text));
}

CONF_TAKE(listener)
{
	struct conf_listener *l;
	const char *host;
	char *end;
	unsigned long port = strtoul(value->text, &end, 10);

	host = end + strspn(end, " \t");
	c->bridge = false;
	if (*value->text < '0' || *value->text > '9' || port > 65535 ||
	    (*end && host == end)) {
		conf_say(c, true, at, key->name,
			 "%s: must be PORT or PORT ADDRESS", value->text);
		return;
	}
	if (!port && *host != '/') {
		conf_say(c, true, at, key->name,
			 "the port must be a number from 1 to 65535");
		return;
	}
	if (c->nr_listeners > CONF_LISTENERS_MAX) {
		conf_say(c, true, at, key->name, "there are more than %d",
			 CONF_LISTENERS_MAX);
		return;
	}
	c->listener = c->nr_listeners++;
	l = current(c);
	l->given = true;
	l->anywhere = true;
	l->at = *at;
	l->port = port;
	if (*host && *host != '#')
		l->host = conf_copy(c, host, strcspn(host, " \t"));
	if (!port) {
		l->left_out = true;
		conf_say(c, !c->ignore, at, key->name,
			 "%s: Unix sockets are not supported: %s", l->host,
			 instead(CONF_LEAVES_OUT, c->ignore));
	}
}

CONF_TAKE(port)
{
	struct conf_listener *l = &c->listeners[0];

	if (l->at.file && l->port != value->number)
		conf_say(c, false, at, key->name,
			 "the default listener has one port: the last one counts");
	l->given = true;
	l->anywhere = true;
	l->at = *at;
	l->port = value->number;
}

CONF_TAKE(bind_address)
{
	struct conf_listener *l = &c->listeners[0];

	set_text(c, at, key, &l->host, value->text, CONF_LINE_MAX);
	if (!l->given)
		l->at = *at;
	l->given = true;
	l->anywhere = true;
}

CONF_TAKE(bind_interface)
{
	set_text(c, at, key, &current(c)->device, value->text, 15);
}

CONF_TAKE(max_connections)
{
	current(c)->max_connections = value->number < 0 ? 0 : value->number;
}

CONF_TAKE(max_qos)
{
	current(c)->max_qos = value->number;
}

CONF_TAKE(coalesce_usecs)
{
	current(c)->coalesce_usecs = value->number;
}

CONF_TAKE(max_topic_alias)
{
	current(c)->aliases = value->number;
}

CONF_TAKE(mount_point)
{
	if (!c->listener)
		conf_say(c, true, at, key->name, "must follow \"listener\"");
	else if (strpbrk(value->text, "+#"))
		conf_say(c, true, at, key->name,
			 "%s: must be without + and #", value->text);
	else
		set_text(c, at, key, &current(c)->mount_point, value->text,
			 MQTTK_MOUNT_POINT_MAX);
}

CONF_TAKE(socket_domain)
{
	current(c)->family = value->number ? AF_INET6 : AF_INET;
}

CONF_TAKE(listener_allow_anonymous)
{
	current(c)->anonymous = value->number;
}

CONF_TAKE(listener_auto_id_prefix)
{
	set_text(c, at, key, &current(c)->auto_id_prefix, value->text,
		 MQTTK_ID_PREFIX_MAX);
}

CONF_TAKE(listener_clientid_prefix)
{
	set_text(c, at, key, &current(c)->id_prefix, value->text,
		 MQTTK_ID_PREFIX_MAX);
}

CONF_TAKE(listener_name)
{
	if (!c->listener)
		conf_say(c, true, at, key->name, "must follow \"listener\"");
	else
		set_text(c, at, key, &current(c)->name, value->text,
			 MQTTK_LISTENER_NAME_MAX);
}

CONF_TAKE(acl_file)
{
	if (c->per_listener) {
		conf_security(c)->closed = true;
		conf_say(c, !c->ignore, at, key->name,
			 "one list is for all listeners: set it before per_listener_settings%s",
			 c->ignore ? ": nobody is let in" : "");
	} else if (c->acl_source) {
		conf_say(c, true, at, key->name, "%s: it was set to %s before",
			 value->text, c->acl_source);
	} else {
		c->acl_source = conf_copy(c, value->text, strlen(value->text));
		if (c->read_acl)
			c->read_acl(c, at, value->text);
	}
}

CONF_TAKE(allow_anonymous)
{
	conf_security(c)->anonymous = value->number;
}

CONF_TAKE(zero_length_id)
{
	conf_security(c)->zero_length_id = value->number;
}

CONF_TAKE(auto_id_prefix)
{
	set_text(c, at, key, &conf_security(c)->auto_id_prefix, value->text,
		 MQTTK_ID_PREFIX_MAX);
}

CONF_TAKE(clientid_prefixes)
{
	set_text(c, at, key, &c->id_prefix, value->text, MQTTK_ID_PREFIX_MAX);
}

CONF_TAKE(per_listener_settings)
{
	if (value->number && !c->per_listener && c->general.given)
		conf_say(c, true, at, key->name,
			 "must stand before all settings of who is let in");
	else
		c->per_listener = value->number;
}

CONF_TAKE(local_only)
{
	c->local_only = value->number;
}

CONF_TAKE(connection)
{
	c->bridge = true;
}

CONF_TAKE(include_dir)
{
	if (c->included)
		conf_say(c, false, at, key->name,
			 "only the main file may include others: left out");
	else if (c->include)
		c->include(c, at, value->text);
}

/**
 * conf_set_limit - set a limit of the kernel; the last one counts
 * @c: the configuration
 * @at: where that was said
 * @name: the kernel's name of it
 * @value: the value
 */
void conf_set_limit(struct conf *c, const struct conf_at *at,
		    const char *name, __u64 value)
{
	struct conf_limit *l;

	for (l = c->limits; l < &c->limits[c->nr_limits]; l++)
		if (!strcmp(l->name, name))
			break;
	if (l == &c->limits[CONF_LIMITS_MAX])
		abort();	/* there are not so many keys */
	c->nr_limits += l == &c->limits[c->nr_limits];
	l->name = name;
	l->value = value;
	l->at = *at;
}

/* Takes back what was set: the kernel's default holds. */
static void unset_limit(struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nr_limits; i++)
		if (!strcmp(c->limits[i].name, name))
			c->limits[i] = c->limits[--c->nr_limits];
}

CONF_TAKE(limit)
{
	/* -1 is how mosquitto says: no limit but what there is anyway. */
	if (value->number < 0)
		unset_limit(c, key->limit);
	else
		conf_set_limit(c, at, key->limit, value->number);
}

CONF_TAKE(max_packet_size)
{
	/* More than MQTT can say is no limit. */
	conf_set_limit(c, at, key->name,
		       value->number > 268435460 ? 268435460 : value->number);
}

CONF_TAKE(max_queued_bytes)
{
	/* 0 is no limit but a share of memory, which the default is. */
	if (!value->number) {
		unset_limit(c, key->name);
		return;
	}
	if (value->number < 4096)
		conf_say(c, false, at, key->name, "%lld: raised to 4096",
			 value->number);
	conf_set_limit(c, at, key->name,
		       value->number < 4096 ? 4096 : value->number);
}

CONF_TAKE(max_queued_messages)
{
	/* 0 is no limit; max_queued_bytes still is one. */
	conf_set_limit(c, at, key->name,
		       value->number <= 0 || value->number > 100000000 ?
		       100000000 : value->number);
}

/**
 * conf_anonymous - whether a listener lets in clients without a user name
 * @c: the configuration
 * @l: one of its listeners
 *
 * Return: whether it does
 */
bool conf_anonymous(const struct conf *c, const struct conf_listener *l)
{
	const struct conf_security *s = c->per_listener ? &l->security :
							  &c->general;

	/* Whatever the last per_listener_settings was when it was said. */
	if (l->security.closed || c->general.closed)
		return false;
	if (l->anonymous >= 0)
		return l->anonymous;
	if (s->anonymous >= 0)
		return s->anonymous;
	/* As good as nothing was said about listeners: local clients only. */
	return l == c->listeners && !l->given;
}

/**
 * conf_is_opened - whether a listener is to be opened
 * @c: the configuration, after conf_finish()
 * @l: one of its listeners
 *
 * Return: whether it is, if only for this machine
 */
bool conf_is_opened(const struct conf *c, const struct conf_listener *l)
{
	if (l->left_out)
		return false;
	return l->given || (c->nr_listeners == 1 && c->local_only);
}

/* More aliases than a listener wants do no harm; fewer may. */
static void finish_aliases(struct conf *c)
{
	const struct conf_listener *l, *most = NULL;
	long long aliases, max = -1;
	bool differ = false;

	for (l = c->listeners; l < &c->listeners[c->nr_listeners]; l++) {
		/* Without listeners, what is said is about the default one. */
		if (!l->given && c->nr_listeners > 1)
			continue;
		aliases = l->aliases < 0 ? 10 : l->aliases;
		differ |= max >= 0 && max != aliases;
		if (aliases > max) {
			max = aliases;
			most = l;
		}
	}
	if (!most)
		return;
	if (max != 10)
		conf_set_limit(c, &most->at, "max_topic_alias", max);
	if (differ)
		conf_say(c, false, &most->at, "max_topic_alias",
			 "one number for all listeners: %lld", max);
}

/**
 * conf_finish - when all is taken in: what can be said only now
 * @c: the configuration
 */
void conf_finish(struct conf *c)
{
	static const struct conf_at nowhere;

	/*
	 * Options of the default listener open it beside others. By itself it
	 * is for this machine until it is told where to listen.
	 */
	if (c->nr_listeners == 1)
		c->listeners[0].given &= c->listeners[0].anywhere;
	finish_aliases(c);
	if (c->no_difference)
		conf_say(c, false, &nowhere, NULL,
			 "these make no difference here: %s", c->no_difference);
}
