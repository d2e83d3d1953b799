// SPDX-License-Identifier: GPL-2.0
/*
 * A hash table of which there may be a million entries: its beginning and end.
 */
#include <kunit/visibility.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>

#include "table.h"

/**
 * mqttk_table_init - set up an empty table
 * @t: the table
 * @params: of each of its parts
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM
 */
int mqttk_table_init(struct mqttk_table *t,
		     const struct rhashtable_params *params)
{
	unsigned int i;
	int err;

	for (i = 0; i < MQTTK_TABLE_PARTS; i++) {
		err = rhashtable_init(&t->part[i], params);
		if (err)
			goto undo;
	}
	return 0;

undo:
	while (i--)
		rhashtable_destroy(&t->part[i]);
	return err;
}

/**
 * mqttk_table_exit - the end of an empty table
 * @t: the table
 *
 * Context: process, may sleep.
 */
void mqttk_table_exit(struct mqttk_table *t)
{
	unsigned int i;

	for (i = 0; i < MQTTK_TABLE_PARTS; i++)
		rhashtable_destroy(&t->part[i]);
}

/**
 * mqttk_table_empty - is nothing in it?
 * @t: the table
 *
 * Context: any.
 * Return: true if there is nothing
 */
bool mqttk_table_empty(struct mqttk_table *t)
{
	unsigned int i;

	for (i = 0; i < MQTTK_TABLE_PARTS; i++)
		if (atomic_read(&t->part[i].nelems))
			return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(mqttk_table_empty);
