// SPDX-License-Identifier: GPL-2.0
/*
 * Every key of mosquitto.conf, and what becomes of it here: the keys of
 * mosquitto 2.1, those that older versions had and people still have in their
 * files, and a few of mqttk's own. `mqttkctl apply --keys` shows this table.
 *
 * What mqttk cannot do yet must never let in more than the file allows: such
 * keys are errors, and with --ignore-unsupported their listener is left out or
 * lets in nobody.
 */
#include <limits.h>
#include <string.h>

#include "conf.h"

#define NO_PLUGINS	"plugins are not loaded"
#define NO_TLS		"TLS is not supported"
#define NO_USERS	"there are no users"
#define NO_WEBSOCKETS	"only plain MQTT is served"

#define KEY(_name, _scope, _type, _fate, ...)	\
	{ .name = _name, .scope = CONF_##_scope, .type = CONF_##_type,	\
	  .fate = CONF_##_fate, ##__VA_ARGS__ }

const struct conf_key conf_keys[] = {
	/* Structure. */
	KEY("listener", GENERAL, TEXT, SET, .take = conf_take_listener),
	KEY("port", GENERAL, INT, SET, .min = 1, .max = 65535,
	    .take = conf_take_port),
	KEY("bind_address", GENERAL, TEXT, SET, .take = conf_take_bind_address),
	KEY("include_dir", GENERAL, TEXT, SET, .take = conf_take_include_dir),
	KEY("per_listener_settings", GENERAL, BOOL, SET,
	    .take = conf_take_per_listener_settings),

	/* Listeners. */
	KEY("bind_interface", LISTENER, TEXT, SET,
	    .take = conf_take_bind_interface, .opens = true),
	KEY("max_connections", LISTENER, INT, SET, .min = INT_MIN,
	    .max = INT_MAX, .harmless = "-1", .take = conf_take_max_connections,
	    .opens = true),
	KEY("max_qos", LISTENER, INT, SET, .max = 2, .harmless = "2",
	    .take = conf_take_max_qos, .opens = true),
	KEY("max_topic_alias", LISTENER, INT, SET, .max = 65535,
	    .limit = "max_topic_alias", .take = conf_take_max_topic_alias),
	KEY("mount_point", LISTENER, TEXT, SET, .take = conf_take_mount_point),
	KEY("socket_domain", LISTENER, WORD, SET, .words = "ipv4 ipv6",
	    .take = conf_take_socket_domain, .opens = true),
	KEY("listener_allow_anonymous", LISTENER, BOOL, SET,
	    .take = conf_take_listener_allow_anonymous),
	KEY("listener_auto_id_prefix", LISTENER, TEXT, SET,
	    .take = conf_take_listener_auto_id_prefix),
	KEY("protocol", LISTENER, WORD, LEAVES_OUT,
	    .words = "mqtt websockets http_api", .harmless = "mqtt",
	    .why = NO_WEBSOCKETS, .opens = true),
	KEY("accept_protocol_versions", LISTENER, ANY, LEAVES_OUT,
	    .harmless = "3,4,5", .why = "every version of MQTT is served"),
	KEY("enable_proxy_protocol", LISTENER, ANY, LEAVES_OUT,
	    .why = "the PROXY protocol is not understood"),
	KEY("proxy_protocol_v2_require_tls", LISTENER, BOOL, LEAVES_OUT,
	    .harmless = "false 0",
	    .why = "the PROXY protocol is not understood"),
	KEY("use_username_as_clientid", LISTENER, BOOL, LEAVES_OUT,
	    .harmless = "false 0", .why = NO_USERS, .opens = true),
	KEY("cafile", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS, .opens = true),
	KEY("capath", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS, .opens = true),
	KEY("certfile", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("keyfile", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("crlfile", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("require_certificate", LISTENER, BOOL, LEAVES_OUT,
	    .harmless = "false 0", .why = NO_TLS, .opens = true),
	KEY("use_identity_as_username", LISTENER, BOOL, LEAVES_OUT,
	    .harmless = "false 0", .why = NO_TLS, .opens = true),
	KEY("use_subject_as_username", LISTENER, BOOL, LEAVES_OUT,
	    .harmless = "false 0", .why = NO_TLS, .opens = true),
	KEY("psk_hint", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("ciphers", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("ciphers_tls1.3", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("dhparamfile", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("tls_engine", LISTENER, TEXT, LEAVES_OUT, .why = NO_TLS,
	    .opens = true),
	KEY("tls_version", LISTENER, ANY, NO_DIFFERENCE),
	KEY("tls_keyform", LISTENER, ANY, NO_DIFFERENCE),
	KEY("tls_engine_kpass_sha1", LISTENER, ANY, NO_DIFFERENCE),
	KEY("disable_client_cert_date_checks", LISTENER, ANY, NO_DIFFERENCE),
	KEY("http_dir", LISTENER, ANY, NO_DIFFERENCE),
	KEY("websockets_origin", LISTENER, ANY, NO_DIFFERENCE),
	KEY("mptcp", LISTENER, ANY, NO_DIFFERENCE),
	KEY("max_topic_alias_broker", LISTENER, INT, DIFFERS, .max = 65535,
	    .harmless = "64",
	    .why = "up to 64 are used towards each client that allows them"),

	/* Who is let in. */
	KEY("allow_anonymous", SECURITY, BOOL, SET,
	    .take = conf_take_allow_anonymous),
	KEY("allow_zero_length_clientid", SECURITY, BOOL, SET,
	    .take = conf_take_zero_length_id),
	KEY("auto_id_prefix", SECURITY, TEXT, SET,
	    .take = conf_take_auto_id_prefix),
	KEY("password_file", SECURITY, TEXT, CLOSES, .why = NO_USERS),
	KEY("acl_file", SECURITY, TEXT, SET, .take = conf_take_acl_file),
	KEY("plugin", SECURITY, TEXT, CLOSES, .why = NO_PLUGINS),
	KEY("auth_plugin", SECURITY, TEXT, CLOSES, .why = NO_PLUGINS),
	KEY("plugin_use", SECURITY, TEXT, CLOSES, .why = NO_PLUGINS),
	KEY("global_plugin", GENERAL, TEXT, CLOSES, .why = NO_PLUGINS),
	KEY("plugin_load", SECURITY, ANY, NO_DIFFERENCE),
	KEY("plugin_opt_*", SECURITY, ANY, NO_DIFFERENCE),
	KEY("auth_opt_*", SECURITY, ANY, NO_DIFFERENCE),
	KEY("auth_plugin_deny_special_chars", SECURITY, ANY, NO_DIFFERENCE),
	KEY("psk_file", SECURITY, TEXT, NO_DIFFERENCE),
	KEY("clientid_prefixes", GENERAL, TEXT, SET,
	    .take = conf_take_clientid_prefixes),

	/* Limits. */
	KEY("global_max_connections", GENERAL, INT, SET, .min = INT_MIN,
	    .max = INT_MAX, .limit = "max_connections",
	    .take = conf_take_limit),
	KEY("global_max_clients", GENERAL, INT, DIFFERS, .min = INT_MIN,
	    .max = INT_MAX, .harmless = "-1",
	    .why = "sessions are bounded by client_memory"),
	KEY("max_inflight_messages", GENERAL, INT, SET, .max = 65535,
	    .limit = "max_inflight_messages", .take = conf_take_limit),
	KEY("max_inflight_bytes", GENERAL, SIZE, DIFFERS, .harmless = "0",
	    .why = "what is in flight is bounded by number"),
	KEY("max_keepalive", GENERAL, INT, SET, .max = 65535,
	    .limit = "max_keepalive", .take = conf_take_limit),
	KEY("max_packet_size", GENERAL, SIZE, SET, .min = 20,
	    .limit = "max_packet_size", .take = conf_take_max_packet_size),
	KEY("max_queued_bytes", GENERAL, SIZE, SET, .limit = "max_queued_bytes",
	    .take = conf_take_max_queued_bytes),
	KEY("max_queued_messages", GENERAL, INT, SET, .min = INT_MIN,
	    .max = INT_MAX, .limit = "max_queued_messages",
	    .take = conf_take_max_queued_messages),
	KEY("memory_limit", GENERAL, SIZE, DIFFERS, .harmless = "0",
	    .why = "budgets bound memory: see mqttkctl limit show"),
	KEY("message_size_limit", GENERAL, SIZE, LOSES, .harmless = "0",
	    .why = "larger messages would be let in: max_packet_size bounds whole packets"),
	KEY("persistent_client_expiration", GENERAL, DURATION, SET,
	    .limit = "persistent_client_expiration", .take = conf_take_limit),
	KEY("queue_qos0_messages", GENERAL, BOOL, SET,
	    .limit = "queue_qos0_messages", .take = conf_take_limit),
	KEY("retain_available", GENERAL, BOOL, SET, .limit = "retain_available",
	    .take = conf_take_limit),
	KEY("sys_interval", GENERAL, INT, SET, .max = 65535,
	    .limit = "sys_interval", .take = conf_take_limit),
	KEY("upgrade_outgoing_qos", GENERAL, BOOL, SET,
	    .limit = "upgrade_outgoing_qos", .take = conf_take_limit),

	/* What a process has and a kernel has not, or what mqttk always does. */
	KEY("persistence", GENERAL, BOOL, LOSES, .harmless = "false 0",
	    .why = "nothing is kept across a restart"),
	KEY("retained_persistence", GENERAL, BOOL, LOSES, .harmless = "false 0",
	    .why = "nothing is kept across a restart"),
	KEY("enable_control_api", GENERAL, BOOL, LOSES, .harmless = "false 0",
	    .why = "there is no $CONTROL/broker"),
	KEY("allow_duplicate_messages", GENERAL, ANY, NO_DIFFERENCE),
	KEY("autosave_interval", GENERAL, ANY, NO_DIFFERENCE),
	KEY("autosave_on_changes", GENERAL, ANY, NO_DIFFERENCE),
	KEY("check_retain_source", GENERAL, BOOL, DIFFERS, .harmless = "false 0",
	    .why = "who retained a message is not remembered"),
	KEY("connection_messages", GENERAL, ANY, NO_DIFFERENCE),
	KEY("log_dest", GENERAL, ANY, NO_DIFFERENCE),
	KEY("log_facility", GENERAL, ANY, NO_DIFFERENCE),
	KEY("log_timestamp", GENERAL, ANY, NO_DIFFERENCE),
	KEY("log_timestamp_format", GENERAL, ANY, NO_DIFFERENCE),
	KEY("log_type", GENERAL, ANY, NO_DIFFERENCE),
	KEY("packet_buffer_size", GENERAL, ANY, NO_DIFFERENCE),
	KEY("persistence_file", GENERAL, ANY, NO_DIFFERENCE),
	KEY("persistence_location", GENERAL, ANY, NO_DIFFERENCE),
	KEY("pid_file", GENERAL, ANY, NO_DIFFERENCE),
	KEY("retain_expiry_interval", GENERAL, ANY, NO_DIFFERENCE),
	KEY("retry_interval", GENERAL, ANY, NO_DIFFERENCE),
	KEY("set_tcp_nodelay", GENERAL, ANY, NO_DIFFERENCE),
	KEY("store_clean_interval", GENERAL, ANY, NO_DIFFERENCE),
	KEY("user", GENERAL, ANY, NO_DIFFERENCE),
	KEY("websockets_headers_size", GENERAL, ANY, NO_DIFFERENCE),
	KEY("websockets_log_level", GENERAL, ANY, NO_DIFFERENCE),

	/* Bridges: what "connection" begins. */
	KEY("connection", GENERAL, TEXT, LOSES,
	    .why = "bridges are not supported", .take = conf_take_connection),
	KEY("address", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("addresses", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_alpn", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_attempt_unsubscribe", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_bind_address", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_cafile", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_capath", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_certfile", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_ciphers", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_ciphers_tls1.3", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_identity", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_insecure", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_keyfile", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_max_packet_size", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_max_topic_alias", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_mptcp", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_outgoing_retain", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_protocol_version", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_psk", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_receive_maximum", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_reload_type", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_require_ocsp", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_session_expiry_interval", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_tcp_keepalive", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_tcp_user_timeout", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_tls_use_os_certs", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("bridge_tls_version", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("cleansession", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("clientid", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("idle_timeout", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("keepalive_interval", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("local_cleansession", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("local_clientid", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("local_password", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("local_username", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("notification_topic", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("notifications", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("notifications_local_only", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("password", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("remote_clientid", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("remote_password", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("remote_username", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("restart_timeout", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("round_robin", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("start_type", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("threshold", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("topic", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("try_private", BRIDGE, ANY, NO_DIFFERENCE),
	KEY("username", BRIDGE, ANY, NO_DIFFERENCE),

	/* Not known to mosquitto. */
	KEY("check_payload_format", GENERAL, BOOL, SET,
	    .limit = "check_payload_format", .take = conf_take_limit,
	    .own = true),
	KEY("client_memory", GENERAL, SIZE, SET, .limit = "client_memory",
	    .take = conf_take_limit, .own = true),
	KEY("coalesce_usecs", LISTENER, INT, SET, .max = 10000,
	    .take = conf_take_coalesce_usecs, .own = true),
	KEY("connect_timeout", GENERAL, INT, SET, .max = 65535,
	    .limit = "connect_timeout", .take = conf_take_limit, .own = true),
	KEY("handshake_memory", GENERAL, SIZE, SET, .limit = "handshake_memory",
	    .take = conf_take_limit, .own = true),
	KEY("listener_clientid_prefix", LISTENER, TEXT, SET,
	    .take = conf_take_listener_clientid_prefix, .own = true),
	KEY("listener_name", LISTENER, TEXT, SET,
	    .take = conf_take_listener_name, .own = true),
	KEY("local_only", GENERAL, BOOL, SET, .take = conf_take_local_only,
	    .own = true),
	KEY("max_subscriptions", GENERAL, SIZE, SET,
	    .limit = "max_subscriptions", .take = conf_take_limit, .own = true),
	KEY("message_memory", GENERAL, SIZE, SET, .limit = "message_memory",
	    .take = conf_take_limit, .own = true),
	KEY("queue_drop_qos0", GENERAL, BOOL, SET, .limit = "queue_drop_qos0",
	    .take = conf_take_limit, .own = true),
	KEY("retained_memory", GENERAL, SIZE, SET, .limit = "retained_memory",
	    .take = conf_take_limit, .own = true),
	KEY("shared_strategy", GENERAL, WORD, SET,
	    .words = "round-robin least-inflight same-topic",
	    .limit = "shared_strategy", .take = conf_take_limit, .own = true),
	KEY("socket_buffer", GENERAL, SIZE, SET, .limit = "socket_buffer",
	    .take = conf_take_limit, .own = true),
	{ }
};

static bool is_called(const struct conf_key *key, const char *name)
{
	size_t len = strlen(key->name);

	if (key->name[len - 1] == '*')
		return !strncmp(key->name, name, len - 1);
	return !strcmp(key->name, name);
}

/**
 * conf_find - the key of a name
 * @name: as it stands in a file
 *
 * Return: the key, or NULL
 */
const struct conf_key *conf_find(const char *name)
{
	const struct conf_key *key;

	for (key = conf_keys; key->name; key++)
		if (is_called(key, name))
			return key;
	return NULL;
}

/**
 * conf_find_limit - the key of a limit
 * @limit: the kernel's name of it
 *
 * Return: the key, or NULL
 */
const struct conf_key *conf_find_limit(const char *limit)
{
	const struct conf_key *key;

	for (key = conf_keys; key->name; key++)
		if (key->limit && !strcmp(key->limit, limit))
			return key;
	return NULL;
}

/**
 * conf_scope_str - where a key may stand, in a word
 * @key: the key
 *
 * Return: a word
 */
const char *conf_scope_str(const struct conf_key *key)
{
	static const char * const words[] = {
		[CONF_GENERAL] = "general",
		[CONF_LISTENER] = "listener",
		[CONF_SECURITY] = "security",
		[CONF_BRIDGE] = "bridge",
	};

	return words[key->scope];
}

/**
 * conf_fate_str - what becomes of a key, in a word
 * @key: the key
 *
 * Return: a word
 */
const char *conf_fate_str(const struct conf_key *key)
{
	static const char * const words[] = {
		[CONF_SET] = "applied",
		[CONF_NO_DIFFERENCE] = "no-difference",
		[CONF_DIFFERS] = "differs",
		[CONF_LOSES] = "unsupported",
		[CONF_CLOSES] = "unsupported-closes",
		[CONF_LEAVES_OUT] = "unsupported-leaves-out",
	};

	return key->own ? "own" : words[key->fate];
}
