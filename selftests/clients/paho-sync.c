// SPDX-License-Identifier: GPL-2.0
/*
 * A client on paho.mqtt.c's synchronous interface (MQTTClient): payloads byte
 * for byte, wildcards, retained messages, publishing at every QoS.
 */
#include <MQTTClient.h>

#include "paho.h"

static MQTTClient client;

static bool publish(const char *topic, const void *payload, int len, int qos,
		    bool retain)
{
	MQTTClient_deliveryToken token;

	if (MQTTClient_publish(client, topic, len, payload, qos, retain, &token) !=
	    MQTTCLIENT_SUCCESS)
		return false;
	return MQTTClient_waitForCompletion(client, token, PATIENCE * 1000UL) ==
	       MQTTCLIENT_SUCCESS;
}

/* Whether the next message is this one. */
static bool receive(const char *topic, const void *payload, int len, bool retained)
{
	MQTTClient_message *m = NULL;
	char *got = NULL;
	int topic_len;
	bool same;

	MQTTClient_receive(client, &got, &topic_len, &m, PATIENCE * 1000UL);
	if (!m) {
		printf("# nothing came\n");
		return false;
	}
	same = !strcmp(got, topic) && m->payloadlen == len &&
	       !memcmp(m->payload, payload, len) && m->retained == retained;
	if (!same)
		printf("# came: %s, %d bytes, retained %d\n", got, m->payloadlen,
		       m->retained);
	MQTTClient_freeMessage(&m);
	MQTTClient_free(got);
	return same;
}

static bool nothing(void)
{
	MQTTClient_message *m = NULL;
	char *got = NULL;
	int len;

	MQTTClient_receive(client, &got, &len, &m, 500);
	if (!m)
		return true;
	MQTTClient_freeMessage(&m);
	MQTTClient_free(got);
	return false;
}

static bool subscribe(const char *filter, int qos)
{
	return MQTTClient_subscribe(client, filter, qos) == MQTTCLIENT_SUCCESS;
}

static void payloads(void)
{
	static const int sizes[] = { 0, 1, 127, 128, 4096, 65535, 65536 };
	static unsigned char bytes[65536];
	char what[80];
	size_t i;

	fill(bytes, sizeof(bytes));
	subscribe("sync/bytes", 0);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		snprintf(what, sizeof(what), "paho sync: %d bytes, byte for byte", sizes[i]);
		tap(publish("sync/bytes", bytes, sizes[i], 0, false) &&
		    receive("sync/bytes", bytes, sizes[i], false), what);
	}
}

static void wildcards(void)
{
	subscribe("sync/+/one", 0);
	subscribe("sync/deep/#", 0);
	tap(publish("sync/x/one", "1", 1, 0, false) &&
	    receive("sync/x/one", "1", 1, false), "paho sync: +");
	tap(publish("sync/deep/a/b/c", "2", 1, 0, false) &&
	    receive("sync/deep/a/b/c", "2", 1, false), "paho sync: #");
	tap(publish("sync/x/two", "3", 1, 0, false) && nothing(),
	    "paho sync: what no filter matches does not come");
	tap(MQTTClient_unsubscribe(client, "sync/+/one") == MQTTCLIENT_SUCCESS &&
	    publish("sync/x/one", "4", 1, 0, false) && nothing(),
	    "paho sync: unsubscribe ends it");
}

static void retained(void)
{
	publish("sync/kept", "value", 5, 0, true);
	subscribe("sync/kept", 0);
	tap(receive("sync/kept", "value", 5, true), "paho sync: retained");
	publish("sync/kept", "", 0, 0, true);
	receive("sync/kept", "", 0, false);
	MQTTClient_unsubscribe(client, "sync/kept");
	subscribe("sync/kept", 0);
	tap(nothing(), "paho sync: an empty retained message clears");
}

static void every_qos(void)
{
	char what[80];
	int qos, i;
	bool good;

	subscribe("sync/qos/#", 2);
	for (qos = 0; qos < 3; qos++) {
		good = true;
		for (i = 0; i < 20 && good; i++)
			good = publish("sync/qos/x", "q", 1, qos, false) &&
			       receive("sync/qos/x", "q", 1, false);
		snprintf(what, sizeof(what), "paho sync: 20 messages of QoS %d complete", qos);
		tap(good, what);
	}
}

int main(void)
{
	MQTTClient_connectOptions how = MQTTClient_connectOptions_initializer;
	char uri[128];
	int rc;

	how.keepAliveInterval = 60;
	how.cleansession = 1;
	how.MQTTVersion = MQTTVERSION_3_1_1;
	how.connectTimeout = PATIENCE;
	MQTTClient_create(&client, broker(uri, sizeof(uri)), "paho-sync",
			  MQTTCLIENT_PERSISTENCE_NONE, NULL);
	rc = MQTTClient_connect(client, &how);
	tap(rc == MQTTCLIENT_SUCCESS, "paho sync: connect");
	if (rc == MQTTCLIENT_SUCCESS) {
		payloads();
		wildcards();
		retained();
		every_qos();
		tap(MQTTClient_disconnect(client, 1000) == MQTTCLIENT_SUCCESS,
		    "paho sync: disconnect");
	}
	MQTTClient_destroy(&client);
	return failed > 0;
}
