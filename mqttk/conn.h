/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection: a TCP socket with an MQTT peer behind it.
 */
#ifndef MQTTK_CONN_H
#define MQTTK_CONN_H

#include <linux/ktime.h>
#include <linux/sizes.h>
#include <linux/socket.h>
#include <linux/types.h>

#include "terms.h"

/* sk_sndbuf and sk_rcvbuf to begin with; they grow when the peer needs it. */
#define MQTTK_BUFFER_BASE	SZ_16K

struct mqttk_endpoint;
struct mqttk_listener;
struct mqttk_net;
struct net;
struct socket;

/**
 * struct mqttk_conn_info - what dumps show of a connection
 * @addr: the peer's address
 * @version: protocol level of its CONNECT: 3, 4, 5
 * @keepalive: seconds
 * @since: CLOCK_BOOTTIME of the CONNECT
 * @bytes_received: as TCP counts
 * @bytes_sent: likewise
 * @listener: name of the listener it came by
 */
struct mqttk_conn_info {
	struct sockaddr_storage addr;
	u8 version;
	u16 keepalive;
	ktime_t since;
	u64 bytes_received;
	u64 bytes_sent;
	char listener[MQTTK_LISTENER_NAME_MAX + 1];
};

/* Runs connections' works, listeners' and senders'. */
extern struct workqueue_struct *mqttk_conn_wq;

int mqttk_conn_module_init(void);
void mqttk_conn_module_exit(void);

int mqttk_conn_create(struct mqttk_listener *ln, struct socket *sock);
bool mqttk_conn_info(const struct mqttk_endpoint *ep,
		     struct mqttk_conn_info *info);
void mqttk_conns_end(struct mqttk_net *mn, const struct mqttk_listener *ln);
void mqttk_conns_end_strays(struct mqttk_net *mn,
			    const struct mqttk_listener *ln);
void mqttk_conns_review(struct mqttk_net *mn, const struct mqttk_listener *ln);
void mqttk_conns_abort(struct mqttk_net *mn);

#endif /* MQTTK_CONN_H */
