/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel_bind() takes a struct sockaddr_unsized since 6.19, a struct sockaddr
 * before: the compiler knows which.
 */
#ifndef MQTTK_COMPAT_LINUX_NET_H
#define MQTTK_COMPAT_LINUX_NET_H

#include_next <linux/net.h>

struct sockaddr_unsized;

#define MQTTK_OLD_BIND							\
	__builtin_types_compatible_p(typeof(kernel_bind),		\
				     int(struct socket *, struct sockaddr *, \
					 int))
#define mqttk_sockaddr_ptr						\
	typeof(__builtin_choose_expr(MQTTK_OLD_BIND,			\
				     (struct sockaddr *)NULL,		\
				     (struct sockaddr_unsized *)NULL))

/* The address of a struct sockaddr_storage as kernel_bind() wants it. */
static inline mqttk_sockaddr_ptr mqttk_sockaddr(void *addr)
{
	return addr;
}

#endif
