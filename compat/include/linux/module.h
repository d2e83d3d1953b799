/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.13 MODULE_IMPORT_NS() takes a string; before, it made one. */
#ifndef _COMPAT_LINUX_MODULE_H
#define _COMPAT_LINUX_MODULE_H

#include_next <linux/module.h>

/*
 * Replaced outright: the preprocessor cannot be asked which of the two it is,
 * and this meaning holds on either.
 */
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns)	MODULE_INFO(import_ns, ns)

#endif /* _COMPAT_LINUX_MODULE_H */
