/* SPDX-License-Identifier: GPL-2.0 */
/* Unaligned access for user space; the sanitizers see each as it is. */
#ifndef _SHIM_LINUX_UNALIGNED_H
#define _SHIM_LINUX_UNALIGNED_H

#include <linux/types.h>
#include <string.h>

/* A macro of any type in the kernel; layer 0 reads whole words with it. */
static inline unsigned long get_unaligned(const void *p)
{
	unsigned long v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline u16 get_unaligned_be16(const void *p)
{
	const u8 *b = p;

	return b[0] << 8 | b[1];
}

static inline void put_unaligned_be16(u16 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 8;
	b[1] = v & 0xff;
}

static inline u32 get_unaligned_be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static inline void put_unaligned_be32(u32 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 24;
	b[1] = v >> 16;
	b[2] = v >> 8;
	b[3] = v;
}

#endif /* _SHIM_LINUX_UNALIGNED_H */
