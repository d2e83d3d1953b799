/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QoS 2 from end to end: HOPS senders and receivers in a row (a publisher and
 * the broker; the broker and a subscriber), each pair over a link that is cut
 * again and again, whereby any suffix of what was under way is lost. Sessions
 * outlive links. What the roles do is not said here: `generate` makes it, as
 * sender() and receiver(), from qos2.table.
 *
 * Always: no message is delivered twice, none after one that was sent later, none
 * that its sender was told is refused; no packet arrives that its reader's table
 * calls an error. And once links are no longer cut, every message is delivered or
 * refused, every identifier is free again and nothing is left on the way, in
 * whatever order processes run.
 *
 * (One that was refused may come after a later one, if the link is cut before its
 * sender knows: it is sent again then, and there may be space for it.)
 */
#ifndef HOPS
#define HOPS	1	/* pairs of a sender and a receiver */
#endif
#ifndef MSGS
#define MSGS	3	/* messages, numbered in the order they are sent */
#endif
#ifndef IDS
#define IDS	2	/* packet identifiers, which is also the window */
#endif
/* Packets on the way in one direction, at most: resuming sends IDS at once. */
#define ROOM	(IDS + 1)
#define NONE	255

mtype = { PUBLISH, PUBREC, REFUSED, PUBREL, PUBCOMP, SEND, RESUME, NOSPACE };
mtype = { FREE, PUBLISHED, RELEASED, UNKNOWN, KNOWN };

/* A pair's data are at [hop * IDS + id]. */
mtype sender_state[HOPS * IDS] = FREE;
mtype receiver_state[HOPS * IDS] = UNKNOWN;
byte message[HOPS * IDS] = NONE;	/* the sender's, by identifier */

chan waiting[HOPS] = [MSGS] of { byte };		/* to be sent */
chan down[HOPS] = [ROOM] of { mtype, byte, byte };	/* to the receiver */
chan up[HOPS] = [ROOM] of { mtype, byte };		/* to the sender */
bool storm[HOPS] = true;				/* links are cut */

/* What the properties are about. */
byte expected[HOPS];	/* all that is not below comes in order */
byte over;			/* messages delivered at the end, or refused */
/* Sets of messages; given up is what the sender has been told is refused. */
byte delivered[HOPS];
byte refused;	/* by any receiver, at some time */
byte given_up[HOPS];

#define at(id)		(hop * IDS + (id))
#define bit(m)		(1 << (m))

/* Actions, by their names in the table; hop, id and m are their caller's. */
#define ignore
#define protocol_error	assert(false)
#define publish	\
	waiting[hop]?m; message[at(id)] = m; down[hop]!PUBLISH(id, m)
#define publish_dup	down[hop]!PUBLISH(id, message[at(id)])
#define pubrel		down[hop]!PUBREL(id, NONE)
#define pubrel_unknown	down[hop]!PUBREL(id, NONE)
#define complete	message[at(id)] = NONE
#define give_up	\
	assert(!(delivered[hop] & bit(message[at(id)])));	\
	given_up[hop] = given_up[hop] | bit(message[at(id)]);	\
	over++;							\
	message[at(id)] = NONE
#define deliver_pubrec	\
	assert(!((delivered[hop] | given_up[hop]) & bit(m)));	\
	assert(m >= expected[hop] || (refused & bit(m)));	\
	if							\
	:: m >= expected[hop] -> expected[hop] = m + 1		\
	:: else							\
	fi;							\
	delivered[hop] = delivered[hop] | bit(m);		\
	if							\
	:: hop + 1 < HOPS -> waiting[hop + 1]!m			\
	:: else -> over++					\
	fi;							\
	up[hop]!PUBREC(id)
#define refuse	\
	refused = refused | bit(m);				\
	up[hop]!REFUSED(id)
#define pubrec		up[hop]!PUBREC(id)
#define pubcomp		up[hop]!PUBCOMP(id)
#define pubcomp_unknown	up[hop]!PUBCOMP(id)

#include "qos2-table.pml"

#if IDS != 2
#error "which identifiers come first is written for two of them"
#endif

proctype Sender(byte hop)
{
	byte id, m;
	mtype what;

end:	do
	:: atomic {
		nempty(waiting[hop]) && nfull(down[hop]) &&
		(sender_state[at(0)] == FREE || sender_state[at(1)] == FREE) ->
		if
		:: sender_state[at(0)] == FREE -> id = 0
		:: sender_state[at(1)] == FREE -> id = 1
		fi;
		what = SEND;
		sender();
		what = 0; id = 0; m = 0
	}
	:: atomic {
		nempty(up[hop]) && nfull(down[hop]) ->
		up[hop]?what(id);
		sender();
		what = 0; id = 0; m = 0
	}
	od
}

proctype Receiver(byte hop)
{
	byte id, m;
	mtype what;

end:	do
	:: atomic {
		nempty(down[hop]) && nfull(up[hop]) ->
		down[hop]?what(id, m);
		if
		:: what == PUBLISH -> what = NOSPACE
		:: true
		fi;
		receiver();
		what = 0; id = 0; m = 0
	}
	od
}

/* The link is cut, and the session goes on over a new one. */
proctype Link(byte hop)
{
	byte id, m;
	mtype what;
	bool swap;

	do
	:: atomic {
		do
		:: nempty(down[hop]) -> down[hop]?what(id, m)
		:: nempty(up[hop]) -> up[hop]?what(id)
		:: empty(down[hop]) && empty(up[hop]) -> break
		od;
		what = RESUME;
		id = 0;
		receiver();
		id = 1;
		receiver();
		/* In the order in which the messages were sent first. */
		swap = message[at(0)] > message[at(1)];
		id = swap;
		sender();
		id = !swap;
		sender();
		what = 0; id = 0; m = 0; swap = false
	}
	:: storm[hop] = false -> break
	od
}

init
{
	byte i;

	atomic {
		for (i : 0 .. MSGS - 1) {
			waiting[0]!i
		}
		for (i : 0 .. HOPS - 1) {
			run Sender(i);
			run Receiver(i);
			run Link(i)
		}
		i = 0
	}
}

#define idle(h)	(sender_state[(h) * IDS] == FREE &&			\
		 sender_state[(h) * IDS + 1] == FREE &&			\
		 receiver_state[(h) * IDS] == UNKNOWN &&		\
		 receiver_state[(h) * IDS + 1] == UNKNOWN &&		\
		 len(waiting[h]) + len(down[h]) + len(up[h]) == 0)
#if HOPS == 1
#define calm	(!storm[0])
#define done	(over == MSGS && idle(0))
#else
#define calm	(!storm[0] && !storm[1])
#define done	(over == MSGS && idle(0) && idle(1))
#endif

ltl all_over { <>[] calm -> <>[] done }
