/* SPDX-License-Identifier: GPL-2.0 */
/* The same as in dkms.conf. */
#ifndef MQTTK_VERSION_H
#define MQTTK_VERSION_H

#define MQTTK_VERSION	"0.1.0"

#endif /* MQTTK_VERSION_H */
