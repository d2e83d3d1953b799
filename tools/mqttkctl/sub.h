/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mqttkctl sub and mqttkctl pub.
 */
#ifndef MQTTKCTL_SUB_H
#define MQTTKCTL_SUB_H

int cmd_sub(int argc, char **argv);
int cmd_pub(int argc, char **argv);

#endif /* MQTTKCTL_SUB_H */
