// SPDX-License-Identifier: GPL-2.0
/*
 * paho.mqtt.c's synchronous interface (MQTTClient) with a store of messages in
 * flight, 3.1.1 and 5.0: a publisher of QoS 2 is killed again and again, and each
 * time goes on from its store. Every message arrives once, in order.
 */
#include <MQTTClient.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "paho.h"

#define EACH	60	/* messages of one life */
#define LIVES	6
#define ALL	(EACH * LIVES)

static int version;
static char store[64] = "/tmp/paho-killed.XXXXXX";

static MQTTClient enter(const char *id)
{
	MQTTClient_createOptions made = MQTTClient_createOptions_initializer;
	MQTTClient_connectOptions how = MQTTClient_connectOptions_initializer;
	MQTTClient_connectOptions how5 = MQTTClient_connectOptions_initializer5;
	MQTTProperties properties = MQTTProperties_initializer;
	MQTTProperty expiry = {
		.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
		.value.integer4 = 600,
	};
	MQTTResponse response;
	char uri[128];
	MQTTClient c;
	int rc;

	made.MQTTVersion = version;
	rc = MQTTClient_createWithOptions(&c, broker(uri, sizeof(uri)), id,
					  MQTTCLIENT_PERSISTENCE_DEFAULT, store, &made);
	if (!rc && version == MQTTVERSION_5) {
		how = how5;
		how.cleanstart = 0;
		how.maxInflightMessages = 20;
		how.connectTimeout = PATIENCE;
		MQTTProperties_add(&properties, &expiry);
		response = MQTTClient_connect5(c, &how, &properties, NULL);
		rc = response.reasonCode;
		MQTTResponse_free(response);
		MQTTProperties_free(&properties);
	} else if (!rc) {
		how.cleansession = 0;
		how.reliable = 0;
		how.maxInflightMessages = 20;
		how.MQTTVersion = version;
		how.connectTimeout = PATIENCE;
		rc = MQTTClient_connect(c, &how);
	}
	if (rc) {
		printf("# %s: no connection: %d\n", id, rc);
		exit(1);
	}
	return c;
}

static void leave(MQTTClient *c)
{
	if (version == MQTTVERSION_5)
		MQTTClient_disconnect5(*c, 1000, 0, NULL);
	else
		MQTTClient_disconnect(*c, 1000);
	MQTTClient_destroy(c);
}

static bool publish(MQTTClient c, const char *topic, int nr)
{
	MQTTClient_message m = MQTTClient_message_initializer;
	char payload[16];

	m.payloadlen = sprintf(payload, "%d", nr);
	m.payload = payload;
	m.qos = 2;
	if (version == MQTTVERSION_5) {
		MQTTResponse r = MQTTClient_publishMessage5(c, topic, &m, NULL);
		int rc = r.reasonCode;

		MQTTResponse_free(r);
		return !rc;
	}
	return !MQTTClient_publishMessage(c, topic, &m, NULL);
}

static bool pending(MQTTClient c)
{
	MQTTClient_deliveryToken *tokens = NULL;
	bool some;

	MQTTClient_getPendingDeliveryTokens(c, &tokens);
	some = tokens && tokens[0] != -1;
	MQTTClient_free(tokens);
	return some;
}

/* A life; the last one only sends what is left in the store. */
static int live(const char *id, const char *topic, int nr)
{
	MQTTClient c = enter(id);
	int i;

	for (i = nr * EACH; nr < LIVES && i < (nr + 1) * EACH; i++) {
		if (!publish(c, topic, i)) {
			printf("# message %d was not taken\n", i);
			return 1;
		}
	}
	if (nr < LIVES)
		kill(getpid(), SIGKILL);
	for (i = 0; i < PATIENCE * 10 && pending(c); i++)
		MQTTClient_yield();
	if (pending(c)) {
		printf("# messages are left in the store\n");
		return 1;
	}
	leave(&c);
	return 0;
}

/* What the subscriber gets: every message once, in order. */
static bool collect(MQTTClient c)
{
	int due = 0;

	for (;;) {
		MQTTClient_message *m = NULL;
		char *topic = NULL;
		int len, nr;

		MQTTClient_receive(c, &topic, &len, &m,
				   due < ALL ? PATIENCE * 1000UL : 500);
		if (!m) {
			if (due < ALL)
				printf("# message %d does not come\n", due);
			return due == ALL;
		}
		nr = strtol(m->payload, NULL, 10);
		MQTTClient_freeMessage(&m);
		MQTTClient_free(topic);
		if (nr != due) {
			printf("# message %d came where %d is due\n", nr, due);
			return false;
		}
		due++;
	}
}

/* Runs this program again: nothing is known to it but the store. */
static bool once(const char *id, const char *topic, int nr)
{
	char level[16], life[16];
	int status = 1;
	pid_t pid;

	snprintf(level, sizeof(level), "%d", version);
	snprintf(life, sizeof(life), "%d", nr);
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "paho-killed", level, id, topic, life, store,
		      (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return nr < LIVES ? WIFSIGNALED(status) : !status;
}

static void lives(void)
{
	char topic[64], id[64], witness[64], what[128];
	bool good = true;
	MQTTClient c;
	int i;

	snprintf(topic, sizeof(topic), "paho/killed/%d", version);
	snprintf(id, sizeof(id), "paho-killed-%d", version);
	snprintf(witness, sizeof(witness), "paho-witness-%d", version);
	c = enter(witness);
	if (version == MQTTVERSION_5)
		MQTTResponse_free(MQTTClient_subscribe5(c, topic, 2, NULL, NULL));
	else
		MQTTClient_subscribe(c, topic, 2);
	leave(&c);
	for (i = 0; i <= LIVES; i++)
		good = once(id, topic, i) && good;
	c = enter(witness);
	snprintf(what, sizeof(what),
		 "paho killed %s: a publisher killed %d times sends each of %d once, in order",
		 version == MQTTVERSION_5 ? "5.0" : "3.1.1", LIVES, ALL);
	tap(collect(c) && good, what);
	leave(&c);
}

int main(int argc, char **argv)
{
	if (argc == 6) {
		version = atoi(argv[1]);
		snprintf(store, sizeof(store), "%s", argv[5]);
		return live(argv[2], argv[3], atoi(argv[4]));
	}
	if (!mkdtemp(store))
		return 1;
	version = MQTTVERSION_3_1_1;
	lives();
	version = MQTTVERSION_5;
	lives();
	return failed > 0;
}
