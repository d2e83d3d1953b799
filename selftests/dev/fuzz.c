// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz COUNT [SEED]: so many random and hostile ioctls, writes, reads and polls
 * on files of /dev/mqtt, by three processes that share what they publish and
 * which clients they are; again and again one is killed in the middle and
 * another begins. Arguments are nearly right, wrong in one place, or anything.
 * Prints how often each request was granted and refused. Fails if the device
 * does not work afterwards, or if some request was never granted: then this
 * would not test much.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mqttk.h>

#define FILES		6
#define WORKERS		3
#define KILL_EVERY	3000
#define AREA		0x100000

enum kind {
	SUBSCRIBE,
	UNSUBSCRIBE,
	OPTIONS,
	CLIENT,
	ACK,
	INFO,
	OTHER,
	WRITE,
	READ,
	POLL,
	OPEN,
	KINDS,
};

static const char *const names[KINDS] = {
	"subscribe", "unsubscribe", "options", "client", "ack", "info", "other",
	"write", "read", "poll", "open",
};

/**
 * struct tally - what all workers did
 * @done: requests
 * @granted: by kind
 * @refused: by kind
 */
struct tally {
	unsigned long done;
	unsigned long granted[KINDS];
	unsigned long refused[KINDS];
};

static struct tally *tally;
static uint64_t state;
static int files[FILES];
static unsigned char *area;	/* ends where no memory is */

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static bool one_in(uint32_t n)
{
	return !rnd(n);
}

static void count(int kind, bool granted)
{
	__atomic_add_fetch(granted ? &tally->granted[kind] :
			   &tally->refused[kind], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&tally->done, 1, __ATOMIC_RELAXED);
}

/* Memory for @len bytes, sometimes too little of it, or none. */
static void *place(size_t len)
{
	if (len > AREA)
		len = AREA;
	if (one_in(40))
		return (void *)(uintptr_t)(rnd(2) ? 0 : 8);
	if (one_in(40))
		return area + AREA - len + rnd(len + 1);
	return area + rnd(AREA - len + 1) / 8 * 8;
}

static void scribble(unsigned char *p, size_t len)
{
	while (len--)
		*p++ = rnd(256);
}

static const char *const strings[] = {
	"a", "a/b", "#", "a/#", "+/b", "a/+/c", "$share/g/a/#", "$share/g",
	"$SYS/#", "$SYS/broker/uptime", "c1", "c2", "", "a//", "+a", "\xff",
	"\xc3\xa4/\xe2\x82\xac", "/",
};

/* A string at @p that may be anything; returns its length. */
static unsigned int string_at(unsigned char *p, const char *usual)
{
	unsigned int len;

	if (usual && !one_in(4)) {
		memcpy(p, usual, strlen(usual));
		return strlen(usual);
	}
	if (one_in(30)) {
		len = rnd(70000);
		memset(p, one_in(2) ? 'x' : '/', len);
		return len;
	}
	usual = strings[rnd(sizeof(strings) / sizeof(*strings))];
	memcpy(p, usual, strlen(usual));
	return strlen(usual);
}

static uint32_t number(void)
{
	static const uint32_t some[] = {
		0, 0, 0, 1, 2, 3, 4, 7, 8, 16, 20, 32, 255, 65535, 65536,
		0x7fffffff, 0x80000000, 0xffffffff,
	};

	return some[rnd(sizeof(some) / sizeof(*some))];
}

/* Fills an argument in a way that may be granted. */
static size_t good_argument(int kind, unsigned char *arg, unsigned char *text)
{
	union {
		struct mqttk_subscription sub;
		struct mqttk_options options;
		struct mqttk_client client;
		struct mqttk_acknowledge ack;
	} u;
	size_t size = 0;

	memset(&u, 0, sizeof(u));
	switch (kind) {
	case SUBSCRIBE:
	case UNSUBSCRIBE:
		u.sub.filter = (uintptr_t)text;
		u.sub.filter_len = string_at(text, one_in(2) ? "a/#" : "a");
		if (kind == SUBSCRIBE) {
			u.sub.qos = rnd(3);
			u.sub.flags = one_in(3) ? rnd(16) * 4 : 0;
			u.sub.id = one_in(3) ? number() : 0;
		}
		size = sizeof(u.sub);
		break;
	case OPTIONS:
		u.options.flags = rnd(8) | (one_in(3) ? 0 : 3);
		u.options.receive_max = one_in(3) ? number() : 0;
		u.options.queued_messages = one_in(3) ? number() : 0;
		u.options.queued_bytes = one_in(3) ? number() : 0;
		size = sizeof(u.options);
		break;
	case CLIENT:
		u.client.id = (uintptr_t)text;
		u.client.id_len = string_at(text, one_in(2) ? "c1" : "c2");
		u.client.flags = one_in(4);
		u.client.expiry = one_in(2) ? 60 : number();
		size = sizeof(u.client);
		break;
	case ACK:
		u.ack.token = rnd(24);
		u.ack.flags = one_in(3);
		size = sizeof(u.ack);
		break;
	case INFO:
		return sizeof(struct mqttk_info);
	}
	memcpy(arg, &u, size);
	return size;
}

static void random_ioctl(int fd)
{
	static const unsigned char nr[] = { 1, 2, 3, 4, 5, 6 };
	unsigned char arg[16384], *text = area + rnd(AREA - 70000);
	int kind = rnd(OTHER + 1), dir = kind == INFO ? _IOC_READ : _IOC_WRITE;
	size_t size, want;
	unsigned int cmd;
	void *at;

	memset(arg, 0, sizeof(arg));
	size = good_argument(kind, arg, text);
	want = size;
	if (one_in(6))
		arg[rnd(size + 1)] ^= 1 << rnd(8);
	if (one_in(12))
		want = rnd(16384);
	if (one_in(30))
		scribble(arg, sizeof(arg));
	at = place(want);
	if ((unsigned char *)at >= area &&
	    (unsigned char *)at + want <= area + AREA)
		memcpy(at, arg, want);
	if (one_in(60))
		dir = rnd(4);
	if (kind == OTHER)
		cmd = one_in(2) ? FIONREAD :
		      one_in(2) ? _IOC(rnd(4), 0xbc, rnd(256), rnd(16384)) :
				  number();
	else
		cmd = _IOC(dir, 0xbc, nr[kind], want);
	count(kind, ioctl(fd, cmd, at) >= 0);
}

/* A record at @p; returns its bytes. */
static size_t put_record(unsigned char *p)
{
	static const unsigned char props[] = "\x03\0\1t\x26\0\1k\0\1v\x02\0\0\0\5";
	struct mqttk_record r = { .header_len = sizeof(r) };
	unsigned char *at = p + sizeof(r);

	r.topic_len = string_at(at, one_in(2) ? "a" : "a/b");
	at += r.topic_len;
	if (one_in(4)) {
		r.props_len = one_in(2) ? sizeof(props) - 1 : 5 * rnd(4);
		memcpy(at, props, r.props_len > sizeof(props) ?
		       sizeof(props) : r.props_len);
		at += r.props_len;
	}
	r.payload_len = one_in(50) ? rnd(200000) : one_in(4) ? rnd(5000) :
			rnd(100);
	at += r.payload_len;
	r.qos = rnd(3);
	r.flags = one_in(4) ? rnd(4) : 0;
	if (one_in(10)) {
		r.flags |= MQTTK_RECORD_EXPIRES;
		r.expiry = rnd(3);
	}
	r.len = ((at - p) + 7) / 8 * 8;
	memcpy(p, &r, sizeof(r));
	if (one_in(10))
		p[rnd(sizeof(r))] ^= 1 << rnd(8);
	if (one_in(40))
		scribble(p, sizeof(r));
	return r.len;
}

static void random_write(int fd)
{
	unsigned char *p = area + rnd(AREA - 600000) / 8 * 8;
	unsigned int n = one_in(4) ? 1 + rnd(5) : 1;
	size_t len = 0;

	if (one_in(5))
		len = sprintf((char *)p, "qos=%u,retain;a/b text\na x%s\n",
			      rnd(4), one_in(2) ? "\na\\x" : "");
	else
		while (n-- && len < 300000)
			len += put_record(p + len);
	if (one_in(12))
		len = rnd(len + 200);
	if (one_in(40)) {
		/* The memory ends before the record does. */
		p = area + AREA - rnd(len + 1);
	}
	count(WRITE, write(fd, p, len) > 0);
}

static void reopen(unsigned int i)
{
	int flags = O_NONBLOCK | (one_in(6) ? O_RDONLY : one_in(6) ? O_WRONLY :
				  O_RDWR);

	if (files[i] >= 0)
		close(files[i]);
	if (one_in(3))
		files[i] = open(MQTTK_DEVICE_PATH, flags);
	else
		files[i] = mqttk_open(flags, one_in(2) ? MQTTK_OPT_ACK : 0);
	count(OPEN, files[i] >= 0);
}

static void step(void)
{
	unsigned int i = rnd(FILES);
	struct pollfd p = { .fd = files[i], .events = POLLIN | POLLOUT };
	size_t len;

	switch (rnd(16)) {
	case 0:
		if (one_in(2) || files[i] < 0)
			reopen(i);
		break;
	case 1:
		count(POLL, poll(&p, 1, 0) > 0);
		break;
	case 2 ... 4:
		len = one_in(3) ? rnd(300) : rnd(AREA / 2);
		count(READ, read(files[i], place(len), len) > 0);
		break;
	case 5 ... 8:
		random_write(files[i]);
		break;
	default:
		random_ioctl(files[i]);
	}
}

static pid_t spawn(uint64_t seed)
{
	pid_t pid = fork();
	unsigned int i;

	if (pid)
		return pid;
	state = seed * 0x9e3779b97f4a7c15 + 1;
	for (i = 0; i < 10; i++)
		rnd(2);
	for (i = 0; i < FILES; i++) {
		files[i] = -1;
		reopen(i);
	}
	for (;;)
		step();
}

/* What everybody may rely on whatever others do. */
static bool works(void)
{
	struct mqttk_reader reader = { 0 };
	const struct mqttk_record *r;
	int fd = mqttk_open(O_RDWR | O_NONBLOCK, 0);

	if (fd < 0 || mqttk_subscribe(fd, "works", 2, 0) ||
	    mqttk_publish(fd, "works", "yes", 3, 2, 0))
		return false;
	r = mqttk_next(fd, &reader);
	return r && r->payload_len == 3 && !memcmp(mqttk_payload(r), "yes", 3);
}

int main(int argc, char **argv)
{
	unsigned long wanted = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned long next = KILL_EVERY;
	pid_t workers[WORKERS];
	unsigned int i;
	int ret = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	area = mmap(NULL, AREA + 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED || area == MAP_FAILED ||
	    munmap(area + AREA, 4096)) {
		perror("fuzz");
		return 1;
	}
	for (i = 0; i < WORKERS; i++)
		workers[i] = spawn(seed++);
	while (__atomic_load_n(&tally->done, __ATOMIC_RELAXED) < wanted) {
		usleep(10000);
		if (__atomic_load_n(&tally->done, __ATOMIC_RELAXED) < next)
			continue;
		next += KILL_EVERY;
		i = seed % WORKERS;
		kill(workers[i], SIGKILL);
		waitpid(workers[i], NULL, 0);
		workers[i] = spawn(seed++);
	}
	for (i = 0; i < WORKERS; i++)
		kill(workers[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	printf("requests=%lu\n", tally->done);
	for (i = 0; i < KINDS; i++) {
		printf("%s granted=%lu refused=%lu\n", names[i],
		       tally->granted[i], tally->refused[i]);
		ret |= !tally->granted[i];
	}
	if (!works()) {
		printf("the device does not work any more: %s\n",
		       strerror(errno));
		ret = 1;
	}
	return ret;
}
