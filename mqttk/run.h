/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run: messages of QoS 0 as they were sent to a receiver last, ready for
 * the next one that is to have the same. In a fan-out that is almost everybody.
 */
#ifndef MQTTK_RUN_H
#define MQTTK_RUN_H

#include <linux/bvec.h>
#include <linux/mm_types_task.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/uio.h>

#include "queue.h"

struct mqttk_msg;
struct mqttk_net;

/* Messages of a run at most. */
#define MQTTK_RUN_MAX		32

/*
 * A packet of at most so many bytes is copied together with its neighbours: one
 * piece more for the socket costs as much as copying that.
 */
#define MQTTK_RUN_COPY		256

/* Bytes of a run at most if it lies in pages; and their pieces. */
#define MQTTK_RUN_PAGED		SZ_64K
#define MQTTK_RUN_BVECS		(2 * MQTTK_RUN_MAX + MQTTK_RUN_PAGED / SZ_4K)

/**
 * struct mqttk_run - what was sent last; its owner locks
 * @msgs: its messages, in order
 * @nr: how many; 0: nothing is known
 * @nr_vec: pieces in @vec, or @bvec
 * @credit: references to each of @msgs that are the run's: one of every receiver
 *	that has it, so that they are dropped all at once
 * @max_size: bytes of the largest packet
 * @mn: whose messages they are
 * @version: protocol level it is written for
 * @bytes: of all packets
 * @payload: bytes of all payloads
 * @share: mqttk_msg_share() of all
 * @page: where the headers are if the payloads are in pages, too; a reference.
 *	NULL: nothing is
 * @at: where the next header goes
 * @vec: what goes into the socket
 * @bvec: instead of @vec, if there is a @page
 * @image: headers and small packets, unless there is a @page
 */
struct mqttk_run {
	struct mqttk_msg *msgs[MQTTK_RUN_MAX];
	unsigned int nr;
	unsigned int nr_vec;
	unsigned int credit;
	u32 max_size;
	u8 version;
	struct mqttk_net *mn;
	size_t bytes;
	size_t payload;
	u64 share;
	struct page *page;
	u8 *at;
	union {
		struct kvec vec[2 * MQTTK_RUN_MAX];
		struct bio_vec bvec[MQTTK_RUN_BVECS];
	};
	u8 image[MQTTK_RUN_MAX * MQTTK_RUN_COPY];
};

bool mqttk_run_begin(struct mqttk_run *run, u8 version,
		     const struct mqttk_qent *ents, unsigned int nr,
		     struct page_frag *frag, struct mqttk_net *mn);
void mqttk_run_drop(struct mqttk_run *run);

/* What is written for one receiver alone is no part of a run. */
static inline bool mqttk_run_is_common(const struct mqttk_qent *e)
{
	return !e->via && !e->qos && !e->retain && !e->dup && !e->resend &&
	       !e->skip;
}

/* Is this, for a receiver of that protocol level, what was sent last? */
static inline bool mqttk_run_is(const struct mqttk_run *run, u8 version,
				const struct mqttk_qent *ents, unsigned int nr)
{
	unsigned int i;

	if (run->nr != nr || run->version != version)
		return false;
	for (i = 0; i < nr; i++)
		if (ents[i].msg != run->msgs[i] ||
		    !mqttk_run_is_common(&ents[i]))
			return false;
	return true;
}

/* A receiver has all of it: its references are the run's now. */
static inline void mqttk_run_keep(struct mqttk_run *run)
{
	run->credit++;
}

/* It did not get all of it. Nothing keeps the messages of a new run alive. */
static inline void mqttk_run_miss(struct mqttk_run *run)
{
	if (!run->credit)
		run->nr = 0;
}

#endif /* MQTTK_RUN_H */
