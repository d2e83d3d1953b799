// SPDX-License-Identifier: GPL-2.0
/*
 * paho.mqtt.c with sessions (MQTTAsync), 3.1.1 and 5.0: its own store of
 * messages in flight, its own way to come back when a link is cut. A relay
 * between it and the broker does the cutting.
 */
#include <MQTTAsync.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "paho.h"

#define MESSAGES	300
#define CUTS		4	/* paho waits two seconds after each */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/**
 * struct client - one of paho's
 * @handle: paho's
 * @version: MQTTVERSION_*
 * @connected: CONNACKs that came
 * @present: session present, of the last
 * @subscribed: SUBACKs
 * @sent: messages completely sent
 * @closed: DISCONNECTs done
 * @got: messages that came
 * @times: how often each came
 * @misplaced: first copies that were not in order
 * @next: number of the message due, in order
 */
struct client {
	MQTTAsync handle;
	int version;
	int connected, present, subscribed, sent, closed, got;
	int times[MESSAGES];
	int misplaced, next;
};

/* Whether *what reaches n in time. */
static bool reaches(const int *what, int n, int seconds)
{
	struct timespec end;
	bool good = true;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += seconds;
	pthread_mutex_lock(&lock);
	while (*what < n && good)
		good = !pthread_cond_timedwait(&changed, &lock, &end);
	good = *what >= n;
	pthread_mutex_unlock(&lock);
	return good;
}

static bool wait_for(const int *what, int n, int seconds)
{
	bool good = reaches(what, n, seconds);

	if (!good)
		printf("# %d of %d\n", *what, n);
	return good;
}

static void count(int *what)
{
	pthread_mutex_lock(&lock);
	++*what;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* -- the relay ---------------------------------------------------------- */

/**
 * struct relay - takes connections and passes them on to the broker
 * @port: where it listens
 * @every: a connection is cut after about so many bytes; 0: never
 * @cuts: how many were cut
 * @most: no more than so many are
 * @random: decides when
 */
struct relay {
	int listener;
	int port;
	unsigned int every;
	int cuts;
	int most;
	uint32_t random;
};

static uint32_t some(struct relay *r, uint32_t below)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 17;
	r->random ^= r->random << 5;
	return r->random % below;
}

static int to_broker(void)
{
	const char *host = getenv("HOST"), *port = getenv("PORT");
	struct addrinfo *a;
	int fd;

	if (getaddrinfo(host ? host : "127.0.0.1", port ? port : "1883", NULL, &a))
		return -1;
	fd = socket(a->ai_family, SOCK_STREAM, 0);
	if (connect(fd, a->ai_addr, a->ai_addrlen)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	return fd;
}

/*
 * Cuts: what the client sends from now on is lost. It is to learn that by reading
 * the end: paho (1.3.14) mixes up its messages when writing fails.
 */
static void swallow(struct relay *r, int client, int broker)
{
	char buf[512];

	shutdown(broker, some(r, 2) ? SHUT_WR : SHUT_RDWR);
	shutdown(client, SHUT_WR);
	while (recv(client, buf, sizeof(buf), 0) > 0)
		;
}

/* Passes bytes both ways until either side ends or enough have passed. */
static void pass(struct relay *r, int client, int broker)
{
	struct pollfd fds[2] = {
		{ .fd = client, .events = POLLIN }, { .fd = broker, .events = POLLIN },
	};
	/* CONNECT and CONNACK get through; then at any byte. */
	long left = r->every && r->cuts < r->most ? 100 + (long)some(r, r->every) : -1;
	char buf[512];
	ssize_t n;
	int i;

	while (poll(fds, 2, -1) > 0) {
		for (i = 0; i < 2; i++) {
			if (!fds[i].revents)
				continue;
			n = recv(fds[i].fd, buf, sizeof(buf), 0);
			if (n <= 0)
				return;
			if (left >= 0 && n >= left) {
				send(fds[!i].fd, buf, left, MSG_NOSIGNAL);
				r->cuts++;
				swallow(r, client, broker);
				return;
			}
			if (left >= 0)
				left -= n;
			if (send(fds[!i].fd, buf, n, MSG_NOSIGNAL) != n)
				return;
		}
	}
}

static void *relaying(void *arg)
{
	struct relay *r = arg;
	int client, broker;

	for (;;) {
		client = accept(r->listener, NULL, NULL);
		if (client < 0)
			return NULL;
		broker = to_broker();
		if (broker >= 0) {
			pass(r, client, broker);
			close(broker);
		}
		close(client);
	}
}

static void relay_start(struct relay *r)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	pthread_t thread;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(r->listener, (struct sockaddr *)&a, len) || listen(r->listener, 8) ||
	    getsockname(r->listener, (struct sockaddr *)&a, &len) ||
	    pthread_create(&thread, NULL, relaying, r)) {
		printf("# no relay: %s\n", strerror(errno));
		exit(1);
	}
	pthread_detach(thread);
	r->port = ntohs(a.sin_port);
}

/* -- a client of paho's ------------------------------------------------- */

static int on_message(void *context, char *topic, int len, MQTTAsync_message *m)
{
	struct client *c = context;
	int nr = atoi(m->payload);

	(void)len;
	pthread_mutex_lock(&lock);
	if (nr >= 0 && nr < MESSAGES && !c->times[nr]++) {
		if (nr != c->next)
			c->misplaced++;
		c->next = nr + 1;
	}
	c->got++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return 1;
}

static void on_connected(void *context, char *cause)
{
	struct client *c = context;

	(void)cause;
	count(&c->connected);
}

static void on_connect(void *context, MQTTAsync_successData *data)
{
	struct client *c = context;

	c->present = data->alt.connect.sessionPresent;
}

static void on_connect5(void *context, MQTTAsync_successData5 *data)
{
	struct client *c = context;

	c->present = data->alt.connect.sessionPresent;
}

/* Every other success: @context is what it counts. */
static void on_success(void *context, MQTTAsync_successData *data)
{
	(void)data;
	count(context);
}

static void on_success5(void *context, MQTTAsync_successData5 *data)
{
	(void)data;
	count(context);
}

static MQTTAsync_responseOptions response(struct client *c, int *what)
{
	MQTTAsync_responseOptions how = MQTTAsync_responseOptions_initializer;

	how.context = what;
	if (c->version == MQTTVERSION_5)
		how.onSuccess5 = on_success5;
	else
		how.onSuccess = on_success;
	return how;
}

/*
 * Opens a session at @port, keeping what is in flight in the directory @store;
 * it comes back by itself, if it is to.
 */
static bool enter(struct client *c, const char *id, int port, const char *store,
		  bool again)
{
	MQTTAsync_createOptions made = MQTTAsync_createOptions_initializer5;
	MQTTAsync_connectOptions how = MQTTAsync_connectOptions_initializer;
	MQTTAsync_connectOptions how5 = MQTTAsync_connectOptions_initializer5;
	MQTTProperties properties = MQTTProperties_initializer;
	MQTTProperty expiry = {
		.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
		.value.integer4 = 600,
	};
	char uri[64];
	int rc;

	snprintf(uri, sizeof(uri), "tcp://127.0.0.1:%d", port);
	made.MQTTVersion = c->version;
	made.sendWhileDisconnected = 1;
	made.maxBufferedMessages = 2 * MESSAGES;
	rc = MQTTAsync_createWithOptions(&c->handle, uri, id,
					 MQTTCLIENT_PERSISTENCE_DEFAULT,
					 (void *)store, &made);
	if (rc) {
		printf("# create: %d\n", rc);
		return false;
	}
	MQTTAsync_setCallbacks(c->handle, c, NULL, on_message, NULL);
	MQTTAsync_setConnected(c->handle, c, on_connected);
	if (c->version == MQTTVERSION_5) {
		how = how5;
		how.cleanstart = 0;
		MQTTProperties_add(&properties, &expiry);
		how.connectProperties = &properties;
		how.onSuccess5 = on_connect5;
	} else {
		how.cleansession = 0;
		how.MQTTVersion = c->version;
		how.onSuccess = on_connect;
	}
	how.keepAliveInterval = 60;
	how.maxInflight = 20;
	how.automaticReconnect = again;
	how.minRetryInterval = 1;
	how.maxRetryInterval = 1;
	how.connectTimeout = PATIENCE;
	how.context = c;
	rc = MQTTAsync_connect(c->handle, &how);
	MQTTProperties_free(&properties);
	if (rc)
		printf("# connect: %d\n", rc);
	return !rc && wait_for(&c->connected, 1, PATIENCE);
}

static bool subscribe(struct client *c, const char *topic, int qos)
{
	MQTTAsync_responseOptions how = response(c, &c->subscribed);

	return !MQTTAsync_subscribe(c->handle, topic, qos, &how) &&
	       wait_for(&c->subscribed, 1, PATIENCE);
}

static bool publish(struct client *c, const char *topic, int nr, int qos)
{
	MQTTAsync_responseOptions how = response(c, &c->sent);
	char payload[80];

	/* Longer than a number, so that a cut is likely to be within. */
	memset(payload, '.', sizeof(payload));
	payload[snprintf(payload, 12, "%d", nr)] = ' ';
	payload[sizeof(payload) - 1] = 0;
	return !MQTTAsync_send(c->handle, topic, sizeof(payload), payload, qos, 0,
			       &how);
}

/* Whether paho has nothing in flight, or to be sent, any more. */
static bool all_sent(struct client *c)
{
	MQTTAsync_token *tokens = NULL;
	int i, pending = 1;

	for (i = 0; i < PATIENCE * 10 && pending; i++) {
		usleep(i ? 100000 : 0);
		MQTTAsync_getPendingTokens(c->handle, &tokens);
		for (pending = 0; tokens && tokens[pending] != -1; pending++)
			;
		MQTTAsync_free(tokens);
	}
	if (pending)
		printf("# %d are not\n", pending);
	/* When its link is cut it forgets to tell of some. */
	printf("# %d of %d reported\n", c->sent, MESSAGES);
	return !pending;
}

static void leave(struct client *c)
{
	MQTTAsync_disconnectOptions how = MQTTAsync_disconnectOptions_initializer;
	MQTTAsync_disconnectOptions how5 = MQTTAsync_disconnectOptions_initializer5;

	if (c->version == MQTTVERSION_5) {
		how = how5;
		how.onSuccess5 = on_success5;
	} else {
		how.onSuccess = on_success;
	}
	how.context = &c->closed;
	how.timeout = 1000;
	if (!MQTTAsync_disconnect(c->handle, &how))
		wait_for(&c->closed, 1, PATIENCE);
	MQTTAsync_destroy(&c->handle);
}

static bool each_came(const struct client *c, int from, int to, int qos)
{
	int i, wrong = 0;

	for (i = from; i < to; i++) {
		if (c->times[i] == 1 || (qos == 1 && c->times[i] > 1))
			continue;
		if (!wrong++)
			printf("# message %d came %d times\n", i, c->times[i]);
	}
	if (wrong)
		printf("# as did %d others, or like it\n", wrong - 1);
	if (c->misplaced)
		printf("# %d out of order\n", c->misplaced);
	return !wrong && !c->misplaced;
}

/* Waits until all have come; then a moment for what comes twice. */
static void settle(struct client *c, int messages)
{
	struct timespec end;
	int i, missing;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 2 * PATIENCE;
	pthread_mutex_lock(&lock);
	do {
		for (i = 0, missing = 0; i < messages; i++)
			missing += !c->times[i];
	} while (missing && !pthread_cond_timedwait(&changed, &lock, &end));
	pthread_mutex_unlock(&lock);
	usleep(300000);
}

/* -- what is tested ----------------------------------------------------- */

static char store[64];

static const char *name(int version)
{
	return version == MQTTVERSION_5 ? "5.0" : "3.1.1";
}

static int broker_port(void)
{
	const char *port = getenv("PORT");

	return port ? atoi(port) : 1883;
}

/* Publisher and subscriber both lose their links all the time. */
static void cut_links(int version, int qos)
{
	struct client p = { .version = version }, s = { .version = version };
	struct relay pr = { .every = 9000, .most = CUTS, .random = 7 + qos };
	struct relay sr = { .every = 9000, .most = CUTS, .random = 77 + qos };
	char topic[64], pid[64], sid[64], what[128];
	int i, before;

	snprintf(topic, sizeof(topic), "paho/cut/%d/%d", version, qos);
	snprintf(pid, sizeof(pid), "paho-cut-p%d%d", version, qos);
	snprintf(sid, sizeof(sid), "paho-cut-s%d%d", version, qos);
	relay_start(&pr);
	relay_start(&sr);
	snprintf(what, sizeof(what), "paho session %s: in by way of a relay, QoS %d",
		 name(version), qos);
	tap(enter(&s, sid, sr.port, store, true) && subscribe(&s, topic, qos) &&
	    enter(&p, pid, pr.port, store, true), what);
	for (i = 0; i < MESSAGES; i++) {
		if (!publish(&p, topic, i, qos))
			printf("# message %d was not taken\n", i);
		/* Some at each of its links. */
		before = p.connected;
		if (i % (MESSAGES / CUTS) == MESSAGES / CUTS - 1 && pr.cuts < CUTS)
			reaches(&p.connected, before + 1, 2);
	}
	snprintf(what, sizeof(what),
		 "paho session %s: all are sent at QoS %d, over links that are cut",
		 name(version), qos);
	settle(&s, MESSAGES);
	tap(all_sent(&p), what);
	snprintf(what, sizeof(what), "paho session %s: each of %d comes %s at QoS %d, in order",
		 name(version), MESSAGES, qos == 2 ? "once" : "at least once", qos);
	tap(each_came(&s, 0, MESSAGES, qos), what);
	printf("# cut: %d times here, %d times there\n", pr.cuts, sr.cuts);
	snprintf(what, sizeof(what), "paho session %s: links were cut on both sides",
		 name(version));
	tap(pr.cuts && sr.cuts, what);
	leave(&p);
	leave(&s);
	close(pr.listener);
	close(sr.listener);
}

/* The subscriber is away while all is published. */
static void away(int version, int qos)
{
	struct client s = { .version = version }, p = { .version = version };
	struct client back = { .version = version };
	char topic[64], id[64], pid[64], what[128];
	int i;

	snprintf(topic, sizeof(topic), "paho/away/%d/%d", version, qos);
	snprintf(id, sizeof(id), "paho-away-%d%d", version, qos);
	snprintf(pid, sizeof(pid), "paho-sender-%d%d", version, qos);
	snprintf(what, sizeof(what), "paho session %s: a new session is not present",
		 name(version));
	tap(enter(&s, id, broker_port(), store, false) && !s.present &&
	    subscribe(&s, topic, qos), what);
	leave(&s);
	enter(&p, pid, broker_port(), store, false);
	for (i = 0; i < MESSAGES; i++)
		publish(&p, topic, i, 2);
	wait_for(&p.sent, MESSAGES, PATIENCE);
	leave(&p);
	snprintf(what, sizeof(what),
		 "paho session %s: back, session present, all %d of QoS %d in order",
		 name(version), MESSAGES, qos);
	if (enter(&back, id, broker_port(), store, false)) {
		settle(&back, MESSAGES);
		tap(back.present && back.got == MESSAGES &&
		    each_came(&back, 0, MESSAGES, 2), what);
		leave(&back);
	} else {
		tap(false, what);
	}
}

int main(void)
{
	static const int versions[] = { MQTTVERSION_3_1_1, MQTTVERSION_5 };
	unsigned int i;
	int qos;

	signal(SIGPIPE, SIG_IGN);
	snprintf(store, sizeof(store), "/tmp/paho-session.XXXXXX");
	if (!mkdtemp(store))
		return 1;
	for (i = 0; i < 2; i++) {
		for (qos = 1; qos < 3; qos++) {
			away(versions[i], qos);
			cut_links(versions[i], qos);
		}
	}
	return failed > 0;
}
