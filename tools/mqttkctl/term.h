/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A terminal that is drawn on as a whole: size, keys, and leaving it as it was.
 */
#ifndef MQTTKCTL_TERM_H
#define MQTTKCTL_TERM_H

#include <stdbool.h>

/* What a key is beyond its character. */
enum {
	KEY_NONE = 0,
	KEY_END = -1,		/* the terminal is gone */
	KEY_UP = -2,
	KEY_DOWN = -3,
	KEY_PAGE_UP = -4,
	KEY_PAGE_DOWN = -5,
};

/**
 * struct term - the terminal
 * @rows: its height
 * @cols: its width
 * @signals: readable when term_signals() has something to do
 */
struct term {
	int rows;
	int cols;
	int signals;
};

extern struct term term;

bool term_enter(void);
void term_leave(void);
bool term_signals(bool *quit);
int term_key(void);
void term_home(void);
void term_line_end(void);
void term_rest(void);
void term_reverse(bool on);
void term_cell(const char *text, int width);

#endif /* MQTTKCTL_TERM_H */
