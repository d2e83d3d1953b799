/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mqttkctl top: the table that is shown again and again, and what fills it.
 */
#ifndef MQTTKCTL_TOP_H
#define MQTTKCTL_TOP_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define TOP_COLUMNS	7

/**
 * struct top_row - one line of the table
 * @name: what it is about, any bytes; allocated
 * @place: where that is, or NULL; allocated
 * @index: of a client, or 0
 * @value: by column
 */
struct top_row {
	char *name;
	char *place;
	__u32 index;
	double value[TOP_COLUMNS];
};

/**
 * struct top_column - one column of figures
 * @title: above it
 * @key: in JSON; what ends in _rate is by second
 * @letter: sorts by it
 */
struct top_column {
	const char *title;
	const char *key;
	char letter;
};

/**
 * struct top_table - what is shown
 * @rows: the lines
 * @nr: how many
 * @room: how many fit into @rows
 * @seconds: since the table before
 */
struct top_table {
	struct top_row *rows;
	size_t nr;
	size_t room;
	double seconds;
};

/**
 * struct top_mode - what a table can be about
 * @title: above the names
 * @list: of the rows, in JSON
 * @name_key: of a row's name, in JSON
 * @places: rows have a place
 * @columns: its figures
 * @nr_columns: how many
 * @sort: the column it is sorted by at first
 * @sample: fill the table; an exit status
 * @summary: the lines above the table in text, the keys before it in JSON
 * @fd: readable when there is something for @readable; -1: nothing
 * @readable: take in what came; an exit status
 */
struct top_mode {
	const char *title;
	const char *list;
	const char *name_key;
	bool places;
	const struct top_column *columns;
	size_t nr_columns;
	size_t sort;
	int (*sample)(struct top_table *table);
	void (*summary)(const struct top_table *table);
	int fd;
	int (*readable)(void);
};

struct top_row *top_add(struct top_table *table);
const char *top_figure(double value);

struct top_mode *top_client(void);
struct top_mode *top_topic(unsigned int levels, const char *filter);

#endif /* MQTTKCTL_TOP_H */
