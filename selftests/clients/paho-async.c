// SPDX-License-Identifier: GPL-2.0
/*
 * Clients on paho.mqtt.c's asynchronous interface (MQTTAsync): many messages
 * in flight at every QoS, takeover, the will of a killed client and none of
 * one that says DISCONNECT.
 */
#include <MQTTAsync.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "paho.h"

/* What callbacks count and main() waits for. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int connected, subscribed, completed, arrived, lost, closed, wrong;
static const char *expected;	/* payload of what arrives, or NULL for any */

static void count(int *what)
{
	pthread_mutex_lock(&lock);
	++*what;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* Whether *what reaches n in time. */
static bool wait_for(const int *what, int n, int seconds)
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
	if (!good)
		printf("# %d of %d\n", *what, n);
	return good;
}

static void on_lost(void *context, char *cause)
{
	(void)context;
	(void)cause;
	count(&lost);
}

static int on_message(void *context, char *topic, int len, MQTTAsync_message *m)
{
	(void)context;
	(void)len;
	if (expected && ((size_t)m->payloadlen != strlen(expected) ||
			 memcmp(m->payload, expected, m->payloadlen)))
		count(&wrong);
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	count(&arrived);
	return 1;
}

/* Every operation's success: @context is what it counts. */
static void on_success(void *context, MQTTAsync_successData *data)
{
	(void)data;
	count(context);
}

static void on_failure(void *context, MQTTAsync_failureData *data)
{
	(void)context;
	printf("# failed with code %d\n", data ? data->code : 0);
}

static MQTTAsync new_client(const char *id, const char *will)
{
	MQTTAsync_connectOptions how = MQTTAsync_connectOptions_initializer;
	MQTTAsync_willOptions last = MQTTAsync_willOptions_initializer;
	char uri[128];
	MQTTAsync c;
	int before = connected;

	MQTTAsync_create(&c, broker(uri, sizeof(uri)), id,
			 MQTTCLIENT_PERSISTENCE_NONE, NULL);
	MQTTAsync_setCallbacks(c, NULL, on_lost, on_message, NULL);
	how.keepAliveInterval = 60;
	how.cleansession = 1;
	how.maxInflight = 20;
	how.MQTTVersion = MQTTVERSION_3_1_1;
	how.connectTimeout = PATIENCE;
	how.onSuccess = on_success;
	how.onFailure = on_failure;
	how.context = &connected;
	if (will) {
		last.topicName = will;
		last.message = "last words";
		how.will = &last;
	}
	if (MQTTAsync_connect(c, &how) != MQTTASYNC_SUCCESS ||
	    !wait_for(&connected, before + 1, PATIENCE)) {
		tap(false, "paho async: connect");
		exit(1);
	}
	return c;
}

static void subscribe(MQTTAsync c, const char *filter, int qos)
{
	MQTTAsync_responseOptions how = MQTTAsync_responseOptions_initializer;
	int before = subscribed;

	how.onSuccess = on_success;
	how.onFailure = on_failure;
	how.context = &subscribed;
	MQTTAsync_subscribe(c, filter, qos, &how);
	wait_for(&subscribed, before + 1, PATIENCE);
}

static void disconnect(MQTTAsync *c)
{
	MQTTAsync_disconnectOptions how = MQTTAsync_disconnectOptions_initializer;
	int before = closed;

	how.onSuccess = on_success;
	how.context = &closed;
	how.timeout = 1000;
	if (MQTTAsync_disconnect(*c, &how) == MQTTASYNC_SUCCESS)
		wait_for(&closed, before + 1, PATIENCE);
	MQTTAsync_destroy(c);
}

static void flood(MQTTAsync c)
{
	MQTTAsync_responseOptions how = MQTTAsync_responseOptions_initializer;
	char what[80];
	int qos, i;

	expected = "asynchronous";
	how.onSuccess = on_success;
	how.onFailure = on_failure;
	how.context = &completed;
	subscribe(c, "async/flood", 2);
	for (qos = 0; qos < 3; qos++) {
		completed = 0;
		arrived = 0;
		for (i = 0; i < 50; i++)
			MQTTAsync_send(c, "async/flood", strlen(expected), expected,
				       qos, 0, &how);
		snprintf(what, sizeof(what),
			 "paho async: 50 messages of QoS %d at once complete and arrive", qos);
		tap(wait_for(&completed, 50, PATIENCE) &&
		    wait_for(&arrived, 50, PATIENCE) && !wrong, what);
	}
	expected = NULL;
}

static void takeover(void)
{
	MQTTAsync old, new;

	lost = 0;
	old = new_client("async-same", NULL);
	new = new_client("async-same", NULL);
	tap(wait_for(&lost, 1, PATIENCE), "paho async: takeover cuts the old client");
	tap(MQTTAsync_isConnected(new), "paho async: takeover leaves the new one");
	disconnect(&new);
	MQTTAsync_destroy(&old);
}

/* Runs this program again as a client with a will; returns when it is there. */
static pid_t mortal(const char *manner)
{
	int ready[2];
	pid_t pid;
	char x;

	if (pipe(ready))
		exit(1);
	pid = fork();
	if (!pid) {
		dup2(ready[1], 1);
		execl("/proc/self/exe", "paho-async", manner, (char *)NULL);
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &x, 1) != 1)
		printf("# the client with a will did not start\n");
	close(ready[0]);
	return pid;
}

/* What the second program does. */
static int live(const char *manner)
{
	MQTTAsync c = new_client("async-mortal", "async/will");

	if (write(1, "r", 1) != 1)
		return 1;
	if (!strcmp(manner, "leave"))
		disconnect(&c);
	else
		sleep(60);
	return 0;
}

static void wills(MQTTAsync c)
{
	pid_t pid;
	int status;

	subscribe(c, "async/will", 0);
	arrived = 0;
	expected = "last words";
	pid = mortal("leave");
	waitpid(pid, &status, 0);
	tap(WIFEXITED(status) && !WEXITSTATUS(status) && !wait_for(&arrived, 1, 1),
	    "paho async: no will after DISCONNECT");
	pid = mortal("stay");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	tap(wait_for(&arrived, 1, PATIENCE) && !wrong,
	    "paho async: the will of a killed client");
}

int main(int argc, char **argv)
{
	MQTTAsync c;

	if (argc > 1)
		return live(argv[1]);
	c = new_client("paho-async", NULL);
	flood(c);
	takeover();
	wills(c);
	disconnect(&c);
	return failed > 0;
}
