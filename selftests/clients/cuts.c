// SPDX-License-Identifier: GPL-2.0
/*
 * cuts: publishers and subscribers with sessions that outlive their links, which
 * are cut at random: before, within and after any packet, by close, by reset, by
 * another link taking over, by DISCONNECT, by closing one direction. Each client
 * follows the protocol and checks that the broker does (see cuts-model.c): at
 * QoS 2 every message comes exactly once, at QoS 1 at least once, all in order.
 *
 * All decisions follow from a seed, which is printed; when they are taken
 * depends on the broker's pace, so a seed repeats a run only nearly.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cuts.h"

struct options opt = {
	.host = "127.0.0.1",
	.port = "1883",
	.cuts = 1000,
	.publishers = 4,
	.subscribers = 6,
	.topics = 3,
	.window = 20,
	.seconds = 240,
	.patience = 20,
};

struct client clients[MAX_CLIENTS];
unsigned int nr_clients;
struct message *messages;
unsigned int nr_messages, slowest;
struct figures figures;
uint64_t now;
bool calm, ending;

static struct addrinfo *address;
static int epfd;
static struct link *dead_links;
static uint64_t deadline, last_event;

/* How the run goes: cut; settle; publish undisturbed; come back once more. */
static enum phase { STORM, SETTLE, PLAIN, RETURN, LEAVE, OVER } phase;

static const char *const where_names[NR_WHERE] = {
	"before", "within", "after", "reading",
};

static const char *const way_names[NR_WAY] = {
	"close", "reset", "takeover", "disconnect", "shutdown",
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void moved(struct client *c)
{
	last_event = now_ms();
	c->moved_ms = last_event;
}

/* Each client has random numbers of its own. */
uint32_t rnd(struct client *c, uint32_t below)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return (uint32_t)((c->random * 2685821657736338717ULL) >> 32) % below;
}

bool chance(struct client *c, unsigned int percent)
{
	return percent && rnd(c, 100) < percent;
}

void note(struct client *c, const char *fmt, ...)
{
	char *line = c->log[c->logged++ % LOG_LINES];
	va_list ap;
	int n;

	n = snprintf(line, LOG_LINE, "%u: ", c->link ? c->link->nr : c->links);
	va_start(ap, fmt);
	vsnprintf(line + n, LOG_LINE - n, fmt, ap);
	va_end(ap);
}

static void tell(void)
{
	unsigned int i;

	printf("# cuts=%u", figures.cuts);
	for (i = 0; i < NR_WHERE; i++)
		printf(" %s=%u", where_names[i], figures.where[i]);
	for (i = 0; i < NR_WAY; i++)
		printf(" %s=%u", way_names[i], figures.way[i]);
	printf("\n#");
	for (i = 1; i < 16; i++)
		if (figures.half[i])
			printf(" within_%s=%u", type_name(i), figures.half[i]);
	printf("\n# resumed=%u taken_over=%u ended_by_old_connect=%u subscribed=%u\n",
	       figures.resumed, figures.taken_over, figures.by_loose,
	       figures.subscribed);
	printf("# messages=%u sent=%u,%u,%u sent_again=%u\n", nr_messages,
	       figures.sent[0], figures.sent[1], figures.sent[2],
	       figures.again_sent);
	printf("# delivered=%u,%u,%u delivered_again=%u released_again=%u refused=%u\n",
	       figures.delivered[0], figures.delivered[1], figures.delivered[2],
	       figures.again_got, figures.rel_again, figures.refused);
	printf("# lost_at_qos_0=%u by_alias=%u most_in_flight=%u\n", figures.lost0,
	       figures.aliased, figures.peak);
}

static void history(const struct client *c)
{
	unsigned int i = c->logged > 60 ? c->logged - 60 : 0;

	printf("# the last of %s (MQTT level %u), by link:\n", c->id, c->version);
	for (; i < c->logged; i++)
		printf("#   %s\n", c->log[i % LOG_LINES]);
}

/* The broker has done something it must not. */
void wrong(struct client *c, const char *fmt, ...)
{
	va_list ap;

	history(c);
	tell();
	printf("not ok - %s: ", c->id);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" (seed %llu)\n", (unsigned long long)opt.seed);
	exit(1);
}

void topic_name(char *name, unsigned int topic)
{
	snprintf(name, 64, "cuts/%llx/%u", (unsigned long long)opt.seed, topic);
}

static void watch(struct link *l, int op)
{
	struct epoll_event ev = { .data.ptr = l, .events = EPOLLIN };

	if (!l->stale && !l->draining && l->owner->tx.len && !l->broken)
		ev.events |= EPOLLOUT;
	if (epoll_ctl(epfd, op, l->fd, &ev))
		wrong(l->owner, "epoll_ctl: %s", strerror(errno));
}

static void free_link(struct link *l)
{
	close(l->fd);
	l->fd = -1;
	/* Its events may be among those being looked at: freed afterwards. */
	l->next = dead_links;
	dead_links = l;
}

/* When the client is to come back. */
static void come_back(struct client *c, bool at_once)
{
	c->link = NULL;
	c->tx.len = 0;
	c->fuse = rnd(c, chance(c, 20) ? 4 : 45);
	c->back_ms = 0;
	c->back_at = 0;
	if (!at_once && !calm && chance(c, 60)) {
		c->back_ms = now_ms() + rnd(c, 30);
		c->back_at = nr_messages + rnd(c, 40);
	}
}

/* The client's link is over, whoever ended it. */
static void end_link(struct client *c)
{
	struct link *l = c->link;

	if (l->greeted && !l->up)
		c->loose++;
	link_lost(c);
	free_link(l);
	come_back(c, false);
}

/* Sends what there is to send of tx, at most up to where it is to stop. */
static void push(struct client *c)
{
	struct packet *p = &c->tx;
	ssize_t n;

	if (c->link->broken || p->sent >= p->stop)
		return;
	n = send(c->link->fd, p->b + p->sent, p->stop - p->sent,
		 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0) {
		/* Reading tells the same, after what came before it. */
		c->link->broken = errno != EAGAIN;
		return;
	}
	if (!p->sent && n)
		packet_begun(c);
	p->sent += n;
	moved(c);
}

static enum way choose_way(struct client *c, enum where where)
{
	enum way way;

	for (;;) {
		way = rnd(c, NR_WAY);
		switch (way) {
		case TAKEOVER:
			/* Half a CONNECT would never be taken over. */
			if (c->stale < MAX_STALE && c->link->greeted)
				return way;
			break;
		case GOODBYE:
			if (c->link->up && where != HALF && !c->tx.sent)
				return way;
			break;
		default:
			return way;
		}
	}
}

/* Cuts the link. A client that only listens on hears the broker's end of it. */
static void cut(struct client *c, enum where where)
{
	struct linger linger = { .l_onoff = 1 };
	struct link *l = c->link;
	enum way way = choose_way(c, where);

	note(c, "cut  %s a packet, by %s", where_names[where], way_names[way]);
	figures.cuts++;
	figures.where[where]++;
	figures.way[way]++;
	if (where == HALF)
		figures.half[c->tx.type]++;
	switch (way) {
	case RESET:
		setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		break;
	case TAKEOVER:
		if (!l->up)
			c->loose++;
		l->stale = true;
		l->whole = where != HALF;
		c->stale++;
		watch(l, EPOLL_CTL_MOD);
		link_lost(c);
		come_back(c, true);
		return;
	case GOODBYE:
		put_disconnect(c);
		c->tx.stop = c->tx.len;
		push(c);
		c->tx.len = 0;
		if (chance(c, 50))
			break;
		l->draining = true;
		watch(l, EPOLL_CTL_MOD);
		return;
	case SHUT:
		shutdown(l->fd, SHUT_WR);
		c->tx.len = 0;
		l->draining = true;
		watch(l, EPOLL_CTL_MOD);
		return;
	default:
		break;
	}
	end_link(c);
}

/* Counts steps of a client; true when the next cut is due. */
static bool burnt(struct client *c)
{
	if (calm || !c->known || c->fuse--)
		return false;
	return true;
}

/* A packet is in tx: is it to be sent, and how? False: the link was cut. */
static bool begin(struct client *c)
{
	struct packet *p = &c->tx;

	p->cut = false;
	p->stop = p->len;
	if (burnt(c)) {
		switch (rnd(c, 3)) {
		case 0:
			cut(c, BEFORE);
			return false;
		case 1:
			p->stop = 1 + rnd(c, p->len - 1);
			break;
		}
		p->cut = true;
	} else if (chance(c, 10)) {
		p->stop = 1 + rnd(c, p->len - 1);
	}
	return true;
}

/* Goes on sending. Returns false when it cannot, for now. */
static bool go_on(struct client *c)
{
	struct packet *p = &c->tx;

	push(c);
	if (p->sent < p->stop)
		return false;
	if (p->sent == p->len) {
		note(c, "sent %s %u%s%s", type_name(p->type), p->pid,
		     p->b[0] & 8 && p->type == PUBLISH ? " DUP" : "",
		     p->refuses ? " that refuses" : "");
		packet_sent(c);
		p->len = 0;
		if (p->cut)
			cut(c, AFTER);
		return true;
	}
	if (p->cut) {
		note(c, "sent %u bytes of %s %u", p->sent, type_name(p->type),
		     p->pid);
		cut(c, HALF);
		return true;
	}
	/* The rest in another segment. */
	p->stop = p->len;
	return false;
}

static void open_link(struct client *c)
{
	struct link *l = calloc(1, sizeof(*l));
	int one = 1;

	if (!l)
		wrong(c, "no memory");
	l->owner = c;
	l->nr = ++c->links;
	l->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || connect(l->fd, address->ai_addr, address->ai_addrlen))
		wrong(c, "connect: %s", strerror(errno));
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(l->fd, F_SETFL, O_NONBLOCK);
	c->link = l;
	/* Before 5.0 a session that begins clean ends with the link. */
	put_connect(c, phase == LEAVE || (!c->known && c->version == 5),
		    phase == LEAVE);
	note(c, "open");
	watch(l, EPOLL_CTL_ADD);
	begin(c);
}

/* CONNACK has come. */
void welcome(struct client *c)
{
	static const unsigned int lazy[] = { 0, 0, 30, 60, 90, 97 };

	c->known = true;
	c->lazy = calm ? 0 : lazy[rnd(c, 6)];
}

static void turn(struct client *c)
{
	struct link *l = c->link;
	unsigned int i;

	if (!l) {
		if (now_ms() >= c->back_ms || nr_messages >= c->back_at)
			open_link(c);
		return;
	}
	for (i = 0; i < 8 && c->link == l && !l->draining && !l->broken; i++) {
		if (!c->tx.len && (!next_packet(c) || !begin(c)))
			break;
		if (!go_on(c))
			break;
	}
	if (c->link == l)
		watch(l, EPOLL_CTL_MOD);
}

/* Bytes of the first packet in @l, and of its header; 0 if it is not complete. */
static unsigned int whole(const struct link *l, unsigned int *header)
{
	unsigned int i, n = 0;

	for (i = 1; i < l->have && i < 5; i++) {
		n |= (l->in[i] & 0x7f) << (7 * (i - 1));
		if (!(l->in[i] & 0x80)) {
			*header = i + 1;
			if (n + i + 1 > MAX_PACKET)
				wrong(l->owner, "a packet of %u bytes", n);
			return l->have >= n + i + 1 ? n + i + 1 : 0;
		}
	}
	if (i == 5)
		wrong(l->owner, "a length of more than four bytes");
	return 0;
}

static void take_packets(struct link *l)
{
	unsigned int len, header, at;

	while (l->fd >= 0 && (len = whole(l, &header))) {
		moved(l->owner);
		at = header;
		if (!l->stale)
			packet_came(l->owner, l->in, len, header);
		else if (l->in[0] >> 4 == DISCONNECT)
			l->goodbye = 1 + (len > at ? l->in[at] : 0);
		else if (l->in[0] >> 4 == CONNACK)
			l->up = true;
		l->have -= len;
		memmove(l->in, l->in + len, l->have);
	}
}

/* The broker has closed @l. */
static void link_closed(struct link *l, int error)
{
	struct client *c = l->owner;

	moved(c);
	if (l->stale) {
		/*
		 * A link that was taken over is told so, unless what came last
		 * was half a packet, or bytes that nobody read crossed its end.
		 */
		if (c->version == 5 && l->up && !error && !opt.lax &&
		    l->goodbye != 1 + 0x8e)
			wrong(c, "link %u was taken over, but its DISCONNECT says 0x%02x",
			      l->nr, l->goodbye - 1);
		note(c, "end  of link %u, taken over", l->nr);
		c->stale--;
		figures.taken_over++;
		free_link(l);
		return;
	}
	if (l->draining) {
		note(c, "end");
		end_link(c);
		return;
	}
	if (!c->loose || (c->version == 5 && l->up && !error && !opt.lax &&
			  l->goodbye != 1 + 0x8e))
		wrong(c, "the broker closed the link (%s), DISCONNECT 0x%02x",
		      error ? strerror(error) : "end of file", l->goodbye - 1);
	note(c, "end  by a CONNECT that was under way");
	c->loose--;
	figures.by_loose++;
	if (phase >= PLAIN)
		phase = SETTLE;
	ending = false;
	end_link(c);
}

static void readable(struct link *l)
{
	unsigned int most = sizeof(l->in) - l->have;
	struct client *c = l->owner;
	bool cutting = false;
	ssize_t n;

	if (!l->stale && !l->draining && l->up)
		cutting = burnt(c);
	if (cutting)
		most = 1 + rnd(c, 200);
	else if (chance(c, 20))
		most = 1 + rnd(c, 100);
	if (most > sizeof(l->in) - l->have)
		most = sizeof(l->in) - l->have;
	n = recv(l->fd, l->in + l->have, most, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		link_closed(l, n ? errno : 0);
		return;
	}
	l->have += n;
	take_packets(l);
	/* What a broker says last may still be on its way to be read. */
	if (cutting && c->link == l && !l->goodbye && !c->tx.len)
		cut(c, READING);
	else if (cutting)
		c->fuse = 1;
}

static void poll_links(int timeout)
{
	struct epoll_event ev[64];
	struct link *l;
	int i, n;

	n = epoll_wait(epfd, ev, 64, timeout);
	for (i = 0; i < n; i++) {
		l = ev[i].data.ptr;
		if (l->fd >= 0 && ev[i].events & ~(uint32_t)EPOLLOUT)
			readable(l);
	}
	while (dead_links) {
		l = dead_links;
		dead_links = l->next;
		free(l);
	}
}

/* Whether all clients are there and nothing is under way. */
static bool quiet(void)
{
	unsigned int i;

	for (i = 0; i < nr_clients; i++) {
		struct client *c = &clients[i];

		if (!c->link || !c->link->up || c->link->draining || c->stale ||
		    c->tx.len || c->ping_due || c->pinging || !owes_nothing(c))
			return false;
	}
	return true;
}

static void ping_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_clients; i++)
		clients[i].ping_due = true;
}

/* All say DISCONNECT and come back. */
static void leave_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_clients; i++) {
		put_disconnect(&clients[i]);
		clients[i].tx.stop = clients[i].tx.len;
		push(&clients[i]);
		note(&clients[i], "leave");
		end_link(&clients[i]);
	}
}

static void enter(enum phase next)
{
	unsigned int i;

	phase = next;
	switch (phase) {
	case SETTLE:
		calm = true;
		for (i = 0; i < nr_messages; i++)
			messages[i].calm = false;
		for (i = 0; i < nr_clients; i++)
			clients[i].lazy = 0;
		ping_all();
		break;
	case PLAIN:
		for (i = 0; i < nr_clients; i++)
			if (!clients[i].subscriber)
				clients[i].to_publish = 40;
		break;
	case RETURN:
		ending = true;
		leave_all();
		ping_all();
		break;
	case LEAVE:
		leave_all();
		for (i = 0; i < nr_clients; i++)
			clients[i].known = false;
		break;
	default:
		break;
	}
}

static bool everything_came(void)
{
	unsigned int i;

	for (i = 0; i < nr_clients; i++)
		if (missing0(&clients[i]))
			return false;
	return true;
}

static bool all_up(void)
{
	unsigned int i;

	for (i = 0; i < nr_clients; i++)
		if (!clients[i].link || !clients[i].link->up)
			return false;
	return true;
}

/*
 * What has not been tried often enough to say something about it; NULL: every
 * kind of cut has.
 */
static const char *lacking(void)
{
	static const unsigned int halves[] = {
		CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP,
	};
	unsigned int i, least = opt.cuts / 100;

	for (i = 0; i < NR_WHERE; i++)
		if (figures.where[i] < least)
			return where_names[i];
	for (i = 0; i < NR_WAY; i++)
		if (figures.way[i] < least)
			return way_names[i];
	for (i = 0; i < sizeof(halves) / sizeof(*halves); i++)
		if (figures.half[halves[i]] < least / 4)
			return type_name(halves[i]);
	return !figures.again_sent ? "sending again" :
	       !figures.again_got ? "getting again" :
	       !figures.rel_again ? "releasing again" :
	       !figures.taken_over ? "taking over" :
	       !figures.subscribed ? "subscribing" : NULL;
}

/* What is due next; the last thing is to leave no session behind. */
static void advance(void)
{
	static enum phase was;

	/* A link ended by an old CONNECT: once more from there. */
	if (was > phase)
		enter(phase);
	was = phase;
	/* Chance decides what is tried when: it goes on until all has been. */
	if (phase == STORM && figures.cuts >= opt.cuts &&
	    (!lacking() || figures.cuts >= 10 * opt.cuts)) {
		enter(SETTLE);
	} else if (phase == SETTLE && quiet()) {
		enter(PLAIN);
	} else if (phase == PLAIN && quiet() && everything_came()) {
		enter(RETURN);
	} else if (phase == RETURN && quiet()) {
		enter(LEAVE);
	} else if (phase == LEAVE && all_up()) {
		leave_all();
		phase = OVER;
	}
	if (phase > was)
		was = phase;
}

static void measure(void)
{
	unsigned int i, n;

	slowest = 0;
	for (i = 0; i < nr_clients; i++) {
		/* Nothing is published before all can get it. */
		n = clients[i].subscriber && !clients[i].subscribed ? ~0u :
			behind(&clients[i]);
		if (n > slowest)
			slowest = n;
	}
}

static const char *link_state(const struct client *c)
{
	if (!c->link)
		return "none";
	if (!c->link->up)
		return "greeting";
	return c->link->draining ? "draining" : "up";
}

static void stuck(const char *why)
{
	char promise[160];
	unsigned int i;

	for (i = 0; i < nr_clients; i++) {
		struct client *c = &clients[i];

		printf("# %s: link %s, %u flights, %u acks due, %u behind, ",
		       c->id, link_state(c), c->nr_flights, c->nr_acks,
		       behind(c));
		printf("%u to take over%s%s\n", c->stale,
		       owes_nothing(c) ? "" : ", owes",
		       c->tx.len ? ", sending" : "");
	}
	for (i = 0; i < nr_clients; i++)
		if (broken_promise(&clients[i], promise, sizeof(promise)))
			wrong(&clients[i], "%s, in phase %u: %s", why, phase,
			      promise);
	for (i = 0; i < nr_clients; i++)
		if (missing0(&clients[i]))
			wrong(&clients[i], "%s, in phase %u: %u of QoS 0 lack, and no link was cut",
			      why, phase, missing0(&clients[i]));
	wrong(&clients[0], "%s, in phase %u, but it is not the broker's turn",
	      why, phase);
}

/* One client may be forgotten while the others have enough to do. */
static void find_stalled(void)
{
	uint64_t ms = now_ms();
	static uint64_t next;
	char promise[160];
	unsigned int i;

	if (ms < next)
		return;
	next = ms + 1000;
	for (i = 0; i < nr_clients; i++) {
		struct client *c = &clients[i];

		if (c->moved_ms + opt.patience * 1000ULL < ms &&
		    broken_promise(c, promise, sizeof(promise)))
			wrong(c, "for %u seconds, in phase %u: %s", opt.patience,
			      phase, promise);
	}
}

static void run(void)
{
	unsigned int i;

	while (phase != OVER) {
		measure();
		for (i = 0; i < nr_clients && phase != OVER; i++)
			turn(&clients[i]);
		poll_links(1);
		advance();
		find_stalled();
		if (now_ms() > last_event + opt.patience * 1000ULL)
			stuck("nothing happens any more");
		if (now_ms() > deadline)
			stuck("out of time");
	}
}

static void make_client(unsigned int nr, bool subscriber)
{
	static const uint8_t versions[] = { 5, 4, 5, 4, 3 };
	static const uint8_t granted[] = { 2, 1, 2, 2, 1, 0 };
	struct client *c = &clients[nr];
	unsigned int i = subscriber ? nr - opt.publishers : nr;
	char name[64];

	c->nr = nr;
	c->subscriber = subscriber;
	c->version = versions[i % 5];
	c->random = (opt.seed + nr + 1) * 0x9e3779b97f4a7c15ULL;
	c->window = 20;
	c->fuse = 20;
	snprintf(c->id, sizeof(c->id), "cuts%llx-%c%u",
		 (unsigned long long)opt.seed & 0xffffffffff,
		 subscriber ? 's' : 'p', i);
	c->log = calloc(LOG_LINES, LOG_LINE);
	if (!c->log)
		wrong(c, "no memory");
	for (i = 0; i < 10; i++)
		rnd(c, 2);
	if (!subscriber)
		return;
	i = nr - opt.publishers;
	c->entries = calloc(65536, sizeof(*c->entries));
	if (!c->entries)
		wrong(c, "no memory");
	c->subscribe_due = true;
	c->sub_id = 1 + i;
	c->subs[0].qos = granted[i % 6];
	snprintf(c->subs[0].filter, sizeof(c->subs[0].filter), "cuts/%llx/%c",
		 (unsigned long long)opt.seed, i & 1 ? '+' : '#');
	c->nr_subs = 1;
	if (opt.overlap && i % 3 == 1) {
		topic_name(name, 0);
		snprintf(c->subs[1].filter, sizeof(c->subs[1].filter), "%s", name);
		c->subs[1].qos = 2;
		c->nr_subs = 2;
	}
}

static void report(void)
{
	const char *what = lacking();

	tell();
	printf("ok - %u links cut: every session was resumed, as the broker said\n",
	       figures.cuts);
	printf("ok - QoS 2: each of %u deliveries once, none missing, in order\n",
	       figures.delivered[2]);
	printf("ok - QoS 1: none of %u missing or out of order, none repeated in vain\n",
	       figures.delivered[1]);
	printf("ok - QoS 0: none repeated or out of order; none missing while links hold\n");
	if (!opt.lax) {
		printf("ok - DUP on all that is sent again only, identifiers unchanged\n");
		printf("ok - never more in flight than the client allows\n");
	}
	if (what)
		printf("not ok - every kind of cut was tried: too little %s, seed %llu\n",
		       what, (unsigned long long)opt.seed);
	else
		printf("ok - every kind of cut was tried\n");
	exit(!!what);
}

static void usage(void)
{
	fputs("Usage: cuts [-H ADDRESS] [-P PORT] [-S SEED] [-c CUTS] [-p PUBLISHERS]\n"
	      "            [-s SUBSCRIBERS] [-n TOPICS] [-w WINDOW] [-t SECONDS]\n"
	      "            [-T PATIENCE] [-o] [-l]\n"
	      "-w: most messages in flight to a client; -o: filters that overlap;\n"
	      "-l: forgive what mosquitto is known to do\n", stderr);
	exit(2);
}

static void parse(int argc, char **argv)
{
	int c;

	if (getenv("HOST"))
		opt.host = getenv("HOST");
	if (getenv("PORT"))
		opt.port = getenv("PORT");
	if (getenv("MQTTK_PATIENCE"))
		opt.patience *= atoi(getenv("MQTTK_PATIENCE"));
	opt.seed = ((uint64_t)time(NULL) << 16 ^ getpid()) & 0xffffffff;
	while ((c = getopt(argc, argv, "H:P:S:c:p:s:n:w:t:T:ol")) != -1) {
		switch (c) {
		case 'H':
			opt.host = optarg;
			break;
		case 'P':
			opt.port = optarg;
			break;
		case 'S':
			opt.seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			opt.cuts = atoi(optarg);
			break;
		case 'p':
			opt.publishers = atoi(optarg);
			break;
		case 's':
			opt.subscribers = atoi(optarg);
			break;
		case 'n':
			opt.topics = atoi(optarg);
			break;
		case 'w':
			opt.window = atoi(optarg);
			break;
		case 't':
			opt.seconds = atoi(optarg);
			break;
		case 'T':
			opt.patience = atoi(optarg);
			break;
		case 'o':
			opt.overlap = true;
			break;
		case 'l':
			opt.lax = true;
			break;
		default:
			usage();
		}
	}
	if (!opt.publishers || !opt.subscribers || !opt.topics ||
	    opt.topics > MAX_TOPICS ||
	    opt.publishers + opt.subscribers > MAX_CLIENTS)
		usage();
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	unsigned int i;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# seed=%llu\n", (unsigned long long)opt.seed);
	if (getaddrinfo(opt.host, opt.port, &hints, &address))
		usage();
	epfd = epoll_create1(EPOLL_CLOEXEC);
	nr_clients = opt.publishers + opt.subscribers;
	for (i = 0; i < nr_clients; i++)
		make_client(i, i >= opt.publishers);
	for (i = 0; i < nr_clients; i++)
		moved(&clients[i]);
	deadline = last_event + opt.seconds * 1000ULL;
	run();
	report();
	return 0;
}
