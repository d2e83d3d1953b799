// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for `mqttkctl apply`: whatever is in a file, reading it goes
 * beyond nothing, and never comes to a configuration that lets in more than
 * the file allows, or that the kernel could not be asked for.
 *
 * Input: a byte whose bit 0 is --ignore-unsupported, then the file.
 */
#include <string.h>

#include <linux/mqttk_netlink.h>

#include "fuzz.h"
#include "conf.h"

const struct fuzz_seed fuzz_seeds[] = {
	SEED("0"),
	SEED("0# nothing\n\n  # at all\r\n"),
	SEED("0\xef\xbb\xbfport 1883\nbind_address localhost\nmax_qos 1"),
	SEED("0listener 1883\nallow_anonymous true\nmount_point a/ b/\n"),
	SEED("1listener 1884 ::1 # loop\nmax_connections -1\nmax_topic_alias 0\n"),
	SEED("0per_listener_settings true\nlistener 1\nallow_anonymous true\n"
	     "auto_id_prefix x-\nlistener 2 127.0.0.1\nallow_anonymous false\n"),
	SEED("0clientid_prefixes a\nallow_anonymous true\n"
	     "per_listener_settings true\n"),
	SEED("1listener 8883\ncafile /a\ncertfile /b\nrequire_certificate true\n"),
	SEED("0listener 0 /run/socket\nprotocol websockets\n"),
	SEED("1password_file /a\nacl_file /b\nallow_anonymous true\nplugin c\n"),
	SEED("1per_listener_settings true\nlistener 1\nacl_file /b\n"
	     "per_listener_settings false\nallow_anonymous true\n"),
	SEED("1connection b\naddress x:1\ntopic # both 2\nlistener 5\n"),
	SEED("0max_packet_size 20\nmax_queued_bytes 1\nmax_queued_messages 0\n"
	     "max_inflight_messages 65535\nmax_keepalive 10\n"),
	SEED("0persistent_client_expiration 2m\nclient_memory 12M\n"
	     "shared_strategy same-topic\nretain_available 0\n"),
	SEED("1persistence true\nlog_type all\nlog_dest none\nuser a\n"
	     "auth_opt_x y\nmax_inflight_bytes 7\nlocal_only false\n"),
	SEED("0listener 7\nlistener_name n\nlistener_allow_anonymous true\n"
	     "listener_auto_id_prefix p\nsocket_domain ipv6\n"
	     "bind_interface eth0\naccept_protocol_versions 3, 4, 5\n"),
};

const size_t fuzz_nr_seeds = sizeof(fuzz_seeds) / sizeof(*fuzz_seeds);

/* Shorter than a bound of the kernel's interface, if it is there. */
static void check_text(const char *text, size_t max)
{
	CHECK(!text || (*text && strlen(text) <= max));
}

static void check_listener(const struct conf *c, const struct conf_listener *l)
{
	const struct conf_security *s = c->per_listener ? &l->security :
							  &c->general;
	bool closed;

	if (!c->errors && l->given && !l->left_out)
		CHECK(l->port >= 1 && l->port <= 65535);
	CHECK(l->max_qos <= 2);
	CHECK(l->aliases >= -1 && l->aliases <= 65535);
	CHECK(l->max_connections <= INT32_MAX);
	check_text(l->host, CONF_LINE_MAX);
	check_text(l->device, 15);
	check_text(l->name, MQTTK_LISTENER_NAME_MAX);
	check_text(l->mount_point, MQTTK_MOUNT_POINT_MAX);
	check_text(l->auto_id_prefix, MQTTK_ID_PREFIX_MAX);
	check_text(l->security.auto_id_prefix, MQTTK_ID_PREFIX_MAX);
	check_text(l->id_prefix, MQTTK_ID_PREFIX_MAX);
	/* What is not supported stops all, or somebody. */
	closed = l->security.closed || c->general.closed;
	if (!c->ignore)
		CHECK(c->errors || (!l->left_out && !closed));
	if (closed)
		CHECK(!conf_anonymous(c, l));
	/* Open to everybody only if the file says so. */
	if (conf_is_opened(c, l) && l->given && conf_anonymous(c, l))
		CHECK(l->anonymous == 1 || s->anonymous == 1);
}

static void check_said(const struct conf *c)
{
	const struct conf_said *s;
	unsigned int errors = 0;
	const char *p;

	CHECK(c->nr_said <= CONF_SAID_MAX);
	for (s = c->said; s < &c->said[c->nr_said]; s++) {
		errors += s->error;
		for (p = s->text; *p; p++)
			CHECK((unsigned char)*p >= ' ');
	}
	CHECK(errors <= c->errors);
	CHECK(errors == c->errors || c->nr_said == CONF_SAID_MAX);
}

int fuzz_one(const u8 *data, size_t size)
{
	static struct conf c;
	size_t i;

	if (!size)
		return 0;
	conf_init(&c, data[0] & 1);
	conf_parse(&c, "file", (const char *)data + 1, size - 1);
	conf_finish(&c);

	CHECK(c.nr_listeners >= 1 && c.nr_listeners <= 1 + CONF_LISTENERS_MAX);
	for (i = 0; i < c.nr_listeners; i++)
		check_listener(&c, &c.listeners[i]);
	check_text(c.id_prefix, MQTTK_ID_PREFIX_MAX);
	check_text(c.general.auto_id_prefix, MQTTK_ID_PREFIX_MAX);
	CHECK(c.nr_limits <= CONF_LIMITS_MAX);
	for (i = 0; i < c.nr_limits; i++)
		CHECK(conf_find_limit(c.limits[i].name));
	check_said(&c);
	conf_free(&c);
	return 0;
}
