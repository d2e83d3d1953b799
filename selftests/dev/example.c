// SPDX-License-Identifier: GPL-2.0
/* Keeps what FILTER brings, by QoS 1, even when it does not run: example FILTER */
#include <stdio.h>
#include <mqttk.h>

int main(int argc, char **argv)
{
	struct mqttk_reader reader = { 0 };
	const struct mqttk_record *r;
	int fd = mqttk_open(O_RDWR, 0);

	if (argc != 2 || fd < 0 || mqttk_be_client(fd, "example", 3600, 0) < 0 ||
	    mqttk_subscribe(fd, argv[1], 1, MQTTK_SUB_RETAINED_IF_NEW)) {
		perror("example");
		return 1;
	}
	while ((r = mqttk_next(fd, &reader))) {
		printf("%.*s %.*s%s\n", r->topic_len, mqttk_topic(r),
		       (int)r->payload_len, (const char *)mqttk_payload(r),
		       r->flags & MQTTK_RECORD_DUP ? " (again?)" : "");
		fflush(stdout);
		if (r->payload_len == 4 && !memcmp(mqttk_payload(r), "stop", 4))
			return mqttk_publish(fd, "stopped", "", 0, 0, 0) < 0;
		if (mqttk_ack(fd, r))
			break;
	}
	perror("example");
	return 1;
}
