// SPDX-License-Identifier: GPL-2.0
/*
 * fan tcp|device RECEIVERS MESSAGES BYTES [BURST]: what a message costs that one
 * publisher sends to so many receivers, one burst in flight, which is one message
 * unless BURST says otherwise. Receivers are subscribers by TCP on loopback, or
 * readers of records from /dev/mqtt; the publisher is the same for both, a TCP
 * client that writes a burst at a time, its last message with QoS 1 and those
 * before with QoS 0, and waits for its PUBACK and for all receivers. Prints
 * nanoseconds for all messages, which are instructions in a guest that counts
 * them. Without receivers it tells what the publisher costs.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/mqttk.h>

#define TOPIC		"fan/out/64"
#define WARM_UP		160

static bool tcp;
static size_t bytes;
static int epfd;
static unsigned int got, acked;
static char buf[1 << 17];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void need(int fd, const void *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		die("write");
}

/* Reads an answer of a broker that just began to talk to us. */
static void answer(int fd, unsigned int type, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = read(fd, buf + have, len - have);
		if (n <= 0)
			die("read");
		have += n;
	}
	if ((unsigned char)buf[0] >> 4 != type) {
		fprintf(stderr, "fan: not a packet of type %u\n", type);
		exit(1);
	}
}

static int connect_as(char kind, unsigned int nr)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(1883),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	char packet[64], id[16];
	int len;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	len = snprintf(id, sizeof(id), "fan-%c%05u", kind, nr);
	memcpy(packet, "\x10\0\0\4MQTT\4\2\0\0\0", 13);
	packet[1] = 12 + len;
	packet[13] = len;
	memcpy(packet + 14, id, len);
	need(fd, packet, 14 + len);
	answer(fd, 2, 4);
	return fd;
}

static int tcp_receiver(unsigned int nr)
{
	static const char subscribe[] = "\x82\x0f\0\1\0\x0a" TOPIC "\0";
	int fd = connect_as('r', nr);

	need(fd, subscribe, sizeof(subscribe) - 1);
	answer(fd, 9, 5);
	return fd;
}

static int device_receiver(void)
{
	struct mqttk_options options = { .flags = MQTTK_OPT_BINARY_READ };
	struct mqttk_subscription sub = {
		.filter = (uintptr_t)TOPIC,
		.filter_len = sizeof(TOPIC) - 1,
	};
	int fd = open(MQTTK_DEVICE_PATH, O_RDONLY | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, MQTTK_IOC_OPTIONS, &options) ||
	    ioctl(fd, MQTTK_IOC_SUBSCRIBE, &sub))
		die(MQTTK_DEVICE_PATH);
	return fd;
}

static void watch(int fd, uint32_t what)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	ev.data.u32 = what;
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl");
}

/*
 * A burst is small: what comes are whole packets. So there is nothing left either,
 * and events for what is new are enough.
 */
static void take_packets(const char *at, ssize_t len)
{
	size_t size = 2, packet;

	for (; at[size - 1] & 0x80; size++)
		;
	packet = size + 2 + sizeof(TOPIC) - 1 + bytes;
	if (len % packet) {
		fprintf(stderr, "fan: not whole messages\n");
		exit(1);
	}
	for (; len; at += packet, len -= packet) {
		if (at[0] >> 4 != 3) {
			fprintf(stderr, "fan: not the message\n");
			exit(1);
		}
		got++;
	}
}

static void take_records(const char *at, ssize_t len)
{
	const struct mqttk_record *r;
	const char *end = at + len;

	for (; at < end; at += r->len) {
		r = (const struct mqttk_record *)at;
		if (r->payload_len != bytes || r->lost) {
			fprintf(stderr, "fan: not the message\n");
			exit(1);
		}
		got++;
	}
}

static void take(int fd)
{
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0)
		die("read");
	if (tcp)
		take_packets(buf, n);
	else
		take_records(buf, n);
}

/* Appends a PUBLISH; returns its length. */
static size_t put_publish(char *to, bool qos1)
{
	size_t remaining = 2 + sizeof(TOPIC) - 1 + 2 * qos1 + bytes, len = 0;

	to[len++] = qos1 ? 0x32 : 0x30;
	do {
		to[len++] = (remaining & 0x7f) | (remaining > 0x7f) << 7;
		remaining >>= 7;
	} while (remaining);
	memcpy(to + len, "\0\x0a" TOPIC "\0\1", sizeof(TOPIC) - 1 + 4);
	return len + sizeof(TOPIC) - 1 + 2 + 2 * qos1 + bytes;
}

/* Publishes @n bursts, each of which makes @copies of messages. */
static void publish(int publisher, unsigned int copies, unsigned int n,
		    const char *burst, size_t len)
{
	struct epoll_event ev[256];
	int i, nr;

	while (n--) {
		got = 0;
		acked = 0;
		need(publisher, burst, len);
		while (got < copies || !acked) {
			nr = epoll_wait(epfd, ev, 256, 20000);
			if (nr <= 0)
				die("epoll_wait");
			for (i = 0; i < nr; i++) {
				if (ev[i].data.u32) {
					take(ev[i].data.u32);
					continue;
				}
				answer(publisher, 4, 4);
				acked++;
			}
		}
	}
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 20000, 20000 };
	unsigned int receivers, messages, burst = 1, i;
	uint64_t began;
	size_t len = 0;
	char *packets;
	int publisher;

	if (argc == 6)
		burst = atoi(argv[5]);
	if (argc < 5 || argc > 6 || !burst) {
		fprintf(stderr, "Usage: fan tcp|device RECEIVERS MESSAGES BYTES [BURST]\n");
		return 2;
	}
	tcp = !strcmp(argv[1], "tcp");
	receivers = atoi(argv[2]);
	messages = atoi(argv[3]);
	bytes = atoi(argv[4]);
	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	epfd = epoll_create1(0);
	for (i = 0; i < receivers; i++) {
		int fd = tcp ? tcp_receiver(i) : device_receiver();

		watch(fd, fd);
	}
	publisher = connect_as('p', 0);
	watch(publisher, 0);
	packets = calloc(burst, bytes + 64);
	if (!packets)
		die("calloc");
	for (i = 1; i <= burst; i++)
		len += put_publish(packets + len, i == burst);

	publish(publisher, receivers * burst, WARM_UP / burst, packets, len);
	began = now();
	publish(publisher, receivers * burst, messages / burst, packets, len);
	printf("%llu\n", (unsigned long long)(now() - began));
	return 0;
}
