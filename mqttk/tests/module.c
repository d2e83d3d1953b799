// SPDX-License-Identifier: GPL-2.0
/*
 * What the suites of mqttk-test.ko have in common: one module, which reaches
 * the functions that mqttk.ko shows to tests only.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit tests of the MQTT broker");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
