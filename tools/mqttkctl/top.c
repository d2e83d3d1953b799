// SPDX-License-Identifier: GPL-2.0
/*
 * mqttkctl top: who does most, again and again.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mqttkctl.h"
#include "term.h"
#include "top.h"

#define MIN_SECONDS	0.1
#define MAX_SECONDS	3600.0
#define FIGURE_WIDTH	9	/* a column of figures, with the blank before it */
#define PLACE_WIDTH	24
#define WIDE		110	/* a terminal that has room for places */
#define SORT_BY_NAME	SIZE_MAX

/**
 * struct view - how it is shown
 * @mode: what
 * @table: the figures
 * @seconds: between two tables
 * @left: tables still to show; negative: no end
 * @sort: column, or SORT_BY_NAME
 * @reverse: the least first
 * @scroll: lines that are above the screen
 * @help: say what the keys do
 * @screen: on a terminal, not line by line
 */
static struct view {
	struct top_mode *mode;
	struct top_table table;
	double seconds;
	long left;
	size_t sort;
	size_t scroll;
	bool reverse;
	bool help;
	bool screen;
} view = { .seconds = 2, .left = -1 };

/**
 * top_add - one more row
 * @table: of this table
 *
 * Return: the row, empty
 */
struct top_row *top_add(struct top_table *table)
{
	struct top_row *row;

	if (table->nr == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->rows = realloc(table->rows,
				      table->room * sizeof(*table->rows));
		if (!table->rows) {
			perror("top");
			exit(FAILED);
		}
	}
	row = &table->rows[table->nr++];
	memset(row, 0, sizeof(*row));
	return row;
}

/**
 * top_figure - a figure of at most seven characters
 * @value: not negative
 *
 * Return: until the next call
 */
const char *top_figure(double value)
{
	static const char units[] = " KMGT";
	const char *unit = units;
	static char str[32];

	if (value < 99999.5) {
		bool whole = value == (__u64)value || value >= 1000;

		snprintf(str, sizeof(str), "%.*f", whole ? 0 : 1, value);
		return str;
	}
	do {
		value /= 1000;
		unit++;
	} while (value >= 9999.5 && unit[1]);
	snprintf(str, sizeof(str), "%.*f%c", value < 100 ? 1 : 0, value, *unit);
	return str;
}

static int by_name(const struct top_row *a, const struct top_row *b)
{
	int order = strcmp(a->name, b->name);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare(const void *p, const void *q)
{
	const struct top_row *a = p, *b = q;
	int order = 0;
	size_t i;

	if (view.sort != SORT_BY_NAME) {
		/* Where that says nothing, by the columns from the left. */
		order = (a->value[view.sort] < b->value[view.sort]) -
			(a->value[view.sort] > b->value[view.sort]);
		for (i = 0; !order && i < view.mode->nr_columns; i++)
			order = (a->value[i] < b->value[i]) -
				(a->value[i] > b->value[i]);
	}
	if (!order)
		order = by_name(a, b);
	return view.reverse ? -order : order;
}

static void sort_rows(void)
{
	if (view.table.nr)
		qsort(view.table.rows, view.table.nr,
		      sizeof(*view.table.rows), compare);
}

static void print_title(int name_width, bool places)
{
	size_t i;

	term_reverse(true);
	printf("%-*s", name_width, view.mode->title);
	if (places)
		printf(" %-*s", PLACE_WIDTH - 1, "ADDRESS");
	for (i = 0; i < view.mode->nr_columns; i++)
		printf("%*s%s", FIGURE_WIDTH -
		       (int)strlen(view.mode->columns[i].title), "",
		       view.mode->columns[i].title);
	term_reverse(false);
	term_line_end();
}

static void print_row(const struct top_row *row, int name_width, bool places)
{
	size_t i;
	int n;

	if (*row->name) {
		term_cell(row->name, name_width);
	} else {
		n = printf("- index %u", row->index);
		printf("%*s", n < name_width ? name_width - n : 0, "");
	}
	if (places) {
		putchar(' ');
		term_cell(row->place ? row->place : "-", PLACE_WIDTH - 1);
	}
	for (i = 0; i < view.mode->nr_columns; i++)
		printf("%*s", FIGURE_WIDTH, top_figure(row->value[i]));
}

static void print_help(void)
{
	size_t i;

	printf("q quit  space now  + - interval (%.1fs)  n name", view.seconds);
	for (i = 0; i < view.mode->nr_columns; i++)
		printf("  %c %s", view.mode->columns[i].letter,
		       view.mode->columns[i].title);
	printf("  r reverse");
	term_line_end();
}

/* Lines above the rows: what the mode says, help, an empty one, titles. */
static int rows_that_fit(void)
{
	int n = term.rows - 4 - view.help;

	return n < 0 ? 0 : n;
}

static void scroll_by(long lines)
{
	long most = (long)view.table.nr - rows_that_fit();
	long to = (long)view.scroll + lines;

	if (to > most)
		to = most;
	view.scroll = to < 0 ? 0 : to;
}

static void draw(void)
{
	bool places = view.mode->places && (!view.screen || term.cols >= WIDE);
	int fixed = view.mode->nr_columns * FIGURE_WIDTH;
	int name_width;
	size_t i, end = view.table.nr;

	name_width = (view.screen ? term.cols : WIDE + 10) - fixed -
		     (places ? PLACE_WIDTH : 0);
	if (name_width < 8)
		name_width = 8;
	sort_rows();
	term_home();
	view.mode->summary(&view.table);
	if (view.help)
		print_help();
	term_line_end();
	print_title(name_width, places);
	if (view.screen) {
		scroll_by(0);
		if (end > view.scroll + rows_that_fit())
			end = view.scroll + rows_that_fit();
	}
	for (i = view.screen ? view.scroll : 0; i < end; i++) {
		print_row(&view.table.rows[i], name_width, places);
		/* An end of the last line would move everything up. */
		if (!view.screen || i + 1 < end)
			term_line_end();
		else
			fputs("\033[K", stdout);
	}
	term_rest();
	if (!view.screen)
		putchar('\n');
	fflush(stdout);
}

static void print_json(void)
{
	const struct top_column *columns = view.mode->columns;
	struct timespec now;
	size_t i, c;

	sort_rows();
	clock_gettime(CLOCK_REALTIME, &now);
	out_begin(NULL);
	out_uint("time_ms", NULL,
		 now.tv_sec * 1000ULL + now.tv_nsec / 1000000);
	out_uint("interval_ms", NULL, view.table.seconds * 1000);
	view.mode->summary(&view.table);
	out_list_key(view.mode->list);
	for (i = 0; i < view.table.nr; i++) {
		const struct top_row *row = &view.table.rows[i];

		out_begin(NULL);
		if (*row->name)
			out_str(view.mode->name_key, NULL, row->name);
		if (row->index)
			out_uint("index", NULL, row->index);
		for (c = 0; c < view.mode->nr_columns; c++)
			out_real(columns[c].key, row->value[c]);
		out_end();
	}
	out_list_end();
	out_end();
	fflush(stdout);
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* A new table; an exit status. */
static int sample(void)
{
	static double last;
	double now = now_seconds();

	while (view.table.nr) {
		struct top_row *row = &view.table.rows[--view.table.nr];

		free(row->name);
		free(row->place);
	}
	view.table.seconds = last ? now - last : 0;
	last = now;
	return view.mode->sample(&view.table);
}

static void change_seconds(double factor)
{
	view.seconds *= factor;
	if (view.seconds < MIN_SECONDS)
		view.seconds = MIN_SECONDS;
	if (view.seconds > MAX_SECONDS)
		view.seconds = MAX_SECONDS;
}

static void move_sort(int by)
{
	/* The names stand left of the first column. */
	size_t nr = view.mode->nr_columns + 1;
	size_t at = view.sort == SORT_BY_NAME ? 0 : view.sort + 1;

	at = (at + nr + by) % nr;
	view.sort = at ? at - 1 : SORT_BY_NAME;
}

static void sort_by(int letter)
{
	size_t i;

	if (letter == 'n')
		view.sort = SORT_BY_NAME;
	for (i = 0; i < view.mode->nr_columns; i++)
		if (view.mode->columns[i].letter == letter)
			view.sort = i;
}

/* Whether the user wants to quit; *@now is set where a new table is wanted. */
static bool take_key(int key, bool *now)
{
	switch (key) {
	case 'q':
	case 'Q':
	case KEY_END:
		return true;
	case ' ':
		*now = true;
		break;
	case '+':
		change_seconds(2);
		break;
	case '-':
		change_seconds(0.5);
		break;
	case '<':
		move_sort(-1);
		break;
	case '>':
		move_sort(1);
		break;
	case 'r':
		view.reverse = !view.reverse;
		break;
	case 'h':
	case '?':
		view.help = !view.help;
		break;
	case KEY_UP:
		scroll_by(-1);
		break;
	case KEY_DOWN:
		scroll_by(1);
		break;
	case KEY_PAGE_UP:
		scroll_by(-rows_that_fit());
		break;
	case KEY_PAGE_DOWN:
		scroll_by(rows_that_fit());
		break;
	default:
		sort_by(key);
	}
	return false;
}

/*
 * Waits for so long, and meanwhile does what keys, signals and the mode's file
 * ask for. An exit status; *@quit is set if the user wants to.
 */
static int wait_for(double seconds, bool shown, bool *quit)
{
	double end = now_seconds() + seconds, left;
	struct pollfd fds[3];
	int n, status;

	while ((left = end - now_seconds()) > 0 && !*quit) {
		bool now = false;

		fds[0].fd = view.mode->fd;
		fds[1].fd = STDIN_FILENO;
		fds[2].fd = term.signals;
		for (n = 0; n < 3; n++)
			fds[n].events = POLLIN;
		n = poll(fds, view.screen ? 3 : 1, left * 1000 + 1);
		if (n < 0 && errno != EINTR)
			return nl_failed("top", NULL, -errno);
		if (view.screen && term_signals(quit) && shown)
			draw();
		if (n <= 0)
			continue;
		if (fds[0].revents) {
			status = view.mode->readable();
			if (status)
				return status;
		}
		if (!view.screen || !fds[1].revents)
			continue;
		*quit = take_key(term_key(), &now);
		if (shown && !*quit)
			draw();
		if (now)
			break;
	}
	return OK;
}

/* The first table has nothing to compare with, so it is not shown. */
static int run(void)
{
	double seconds = view.screen && view.seconds > 0.5 ? 0.5 : view.seconds;
	bool quit = false, shown = false;
	int status;

	status = sample();
	while (!status && view.left) {
		status = wait_for(seconds, shown, &quit);
		if (status || quit)
			break;
		status = sample();
		if (status)
			break;
		if (opt_json)
			print_json();
		else
			draw();
		shown = true;
		seconds = view.seconds;
		if (view.left > 0)
			view.left--;
	}
	return status;
}

/**
 * struct choice - the command line
 * @topic: topics, not clients
 * @levels: of topics
 * @filter: which topics
 * @sort: a column's letter or key, or NULL
 * @batch: line by line even on a terminal
 */
struct choice {
	bool topic;
	__u64 levels;
	const char *filter;
	const char *sort;
	bool batch;
};

static const char usage_text[] =
	"usage: mqttkctl top [client] [OPTIONS]\n"
	"       mqttkctl top topic [LEVELS] [-t FILTER] [OPTIONS]\n"
	"Shows who does most, again and again; h tells the keys, q quits.\n"
	"\n"
	" -d SECONDS  between two tables (2)\n"
	" -n COUNT    quit after so many\n"
	" -b          line by line, for files and programs; so is -j\n"
	" -o COLUMN   sort by it: name, or its letter or JSON key\n"
	" -r          the least first\n"
	" -t FILTER   topics that match this (#)\n";

static int take_option(int c, struct choice *choice)
{
	char *end;

	switch (c) {
	case 'd':
		view.seconds = strtod(optarg, &end);
		if (*end || !(view.seconds >= MIN_SECONDS &&
			      view.seconds <= MAX_SECONDS))
			return usage_error("top: -d %s: must be %.1f to %.0f seconds",
					   optarg, MIN_SECONDS, MAX_SECONDS);
		return OK;
	case 'n':
		view.left = strtol(optarg, &end, 10);
		if (*end || view.left < 1)
			return usage_error("top: -n %s: must be a number from 1 on",
					   optarg);
		return OK;
	case 'b':
		choice->batch = true;
		return OK;
	case 'o':
		choice->sort = optarg;
		return OK;
	case 'r':
		view.reverse = true;
		return OK;
	case 't':
		choice->filter = optarg;
		return OK;
	}
	return usage_error("top: see mqttkctl help top");
}

/* The words that are no options; 0 or an exit status. */
static int take_words(struct choice *choice, int argc, char **argv)
{
	choice->levels = 1;
	if (argc && is_short_for(*argv, "topic")) {
		choice->topic = true;
		if (argc > 1 && (!parse_number(argv[1], &choice->levels) ||
				 !choice->levels || choice->levels > UINT16_MAX))
			return usage_error("top topic: %s: must be a number of levels",
					   argv[1]);
		argc -= argc > 1 ? 2 : 1;
	} else if (argc && is_short_for(*argv, "client")) {
		argc--;
	}
	if (argc)
		return usage_error("top: must be client, or topic [LEVELS]");
	if (choice->filter && !choice->topic)
		return usage_error("top: -t is for top topic");
	return OK;
}

static int take_sort(const char *word)
{
	size_t i;

	view.sort = view.mode->sort;
	if (!word)
		return OK;
	for (i = 0; i < view.mode->nr_columns; i++) {
		const struct top_column *c = &view.mode->columns[i];

		if (!strcmp(word, c->key) ||
		    (*word == c->letter && !word[1])) {
			view.sort = i;
			return OK;
		}
	}
	if (!is_short_for(word, "name") &&
	    strcmp(word, view.mode->name_key))
		return usage_error("top: -o %s: no such column", word);
	view.sort = SORT_BY_NAME;
	return OK;
}

/**
 * cmd_top - `mqttkctl top ...`
 * @argc: words
 * @argv: the words
 *
 * Return: exit status
 */
int cmd_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct choice choice = { };
	int c, status;

	optind = 0;
	while ((c = getopt_long(argc, argv, "d:n:bo:rt:h", options,
				NULL)) != -1) {
		if (c == 'h') {
			fputs(usage_text, stdout);
			return OK;
		}
		status = take_option(c, &choice);
		if (status)
			return status;
	}
	status = take_words(&choice, argc - optind, argv + optind);
	if (status)
		return status;
	setlocale(LC_CTYPE, "");
	view.mode = choice.topic ? top_topic(choice.levels, choice.filter) :
				   top_client();
	if (!view.mode)
		return FAILED;
	status = take_sort(choice.sort);
	if (status)
		return status;
	view.screen = !choice.batch && !opt_json && term_enter();
	status = run();
	term_leave();
	return status;
}
