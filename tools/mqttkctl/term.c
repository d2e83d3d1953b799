// SPDX-License-Identifier: GPL-2.0
/*
 * A terminal that is drawn on as a whole. The few sequences that are needed
 * are those of ECMA-48 and of every terminal there is, so no library is.
 *
 * Signals come by a file, so that each is seen between two pictures, and the
 * terminal is put back before any takes effect.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "term.h"

struct term term = { .rows = 24, .cols = 80, .signals = -1 };

static const int watched[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH
};

static struct termios before;
static bool entered;
static void write_now(const char *sequence)
{
	fflush(stdout);
	if (write(STDOUT_FILENO, sequence, strlen(sequence)) < 0)
		return;
}

static void measure(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ||
	    !size.ws_col)
		return;
	term.rows = size.ws_row;
	term.cols = size.ws_col;
}

static void set_up(void)
{
	struct termios raw = before;

	/* Signals of keys stay: Ctrl-C and Ctrl-Z do what they always do. */
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	/* Another screen, no cursor on it, and long lines are cut. */
	write_now("\033[?1049h\033[?25l\033[?7l");
	measure();
	entered = true;
}

/**
 * term_enter - take the terminal over, if there is one
 *
 * Return: whether standard input and output are one
 */
bool term_enter(void)
{
	sigset_t blocked;
	size_t i;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) ||
	    tcgetattr(STDIN_FILENO, &before))
		return false;
	sigemptyset(&blocked);
	for (i = 0; i < sizeof(watched) / sizeof(*watched); i++)
		sigaddset(&blocked, watched[i]);
	term.signals = signalfd(-1, &blocked, SFD_NONBLOCK | SFD_CLOEXEC);
	if (term.signals < 0)
		return false;
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	atexit(term_leave);
	set_up();
	return true;
}

/**
 * term_leave - leave the terminal as it was
 */
void term_leave(void)
{
	if (!entered)
		return;
	entered = false;
	write_now("\033[?7h\033[?25h\033[?1049l");
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

/* Ends this program by the signal, for who waits for it to know. */
static void die_of(int nr)
{
	sigset_t set;

	term_leave();
	signal(nr, SIG_DFL);
	raise(nr);
	sigemptyset(&set);
	sigaddset(&set, nr);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void stop(void)
{
	term_leave();
	raise(SIGSTOP);
	set_up();
}

/**
 * term_signals - do what the signals that came ask for
 * @quit: set if the user wants to
 *
 * Return: whether to draw again
 */
bool term_signals(bool *quit)
{
	struct signalfd_siginfo info;
	bool draw = false;

	while (read(term.signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGINT:
			*quit = true;
			break;
		case SIGTSTP:
			stop();
			draw = true;
			break;
		case SIGWINCH:
			measure();
			draw = true;
			break;
		default:
			die_of(info.ssi_signo);
		}
	}
	return draw;
}

/**
 * term_key - what was typed
 *
 * Return: a character, KEY_NONE if nothing was or nothing that counts, or
 *	another of KEY_*
 */
int term_key(void)
{
	static const struct {
		const char *sequence;
		int key;
	} keys[] = {
		{ "\033[A", KEY_UP }, { "\033OA", KEY_UP },
		{ "\033[B", KEY_DOWN }, { "\033OB", KEY_DOWN },
		{ "\033[5~", KEY_PAGE_UP }, { "\033[6~", KEY_PAGE_DOWN },
	};
	char typed[17] = "";
	ssize_t n;
	size_t i;

	n = read(STDIN_FILENO, typed, 1);
	if (n <= 0)
		return n && errno == EINTR ? KEY_NONE : KEY_END;
	if (*typed != '\033')
		return (unsigned char)*typed;
	/* The rest of what one key sends is there already. */
	n = read(STDIN_FILENO, typed + 1, sizeof(typed) - 2);
	for (i = 0; n > 0 && i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(typed, keys[i].sequence))
			return keys[i].key;
	return KEY_NONE;
}

/**
 * term_home - begin a new picture
 */
void term_home(void)
{
	if (entered)
		fputs("\033[H", stdout);
}

/**
 * term_line_end - end a line; but for that of the last one, in a picture
 */
void term_line_end(void)
{
	fputs(entered ? "\033[K\r\n" : "\n", stdout);
}

/**
 * term_rest - the rest of the picture is empty
 */
void term_rest(void)
{
	if (entered)
		fputs("\033[J", stdout);
}

/**
 * term_reverse - what follows is in reverse, or not any more
 * @on: which
 */
void term_reverse(bool on)
{
	if (entered)
		fputs(on ? "\033[7m" : "\033[m", stdout);
}

/* What a character of @len bytes is shown as; how many columns that takes. */
static int glyph(const char *text, size_t *len, char *shown)
{
	unsigned char c = *text;
	mbstate_t state = { };
	wchar_t wide;
	int width = -1;

	*len = mbrtowc(&wide, text, strlen(text), &state);
	if (*len == 0 || *len > 8)
		*len = 1;
	else if (c != '\\' && c != ' ')
		width = wcwidth(wide);
	if (width > 0) {
		memcpy(shown, text, *len);
		shown[*len] = '\0';
		return width;
	}
	*len = 1;
	return sprintf(shown, "\\x%02x", c);
}

/**
 * term_cell - a text in a column of a table
 * @text: any bytes
 * @width: columns; what does not fit is cut, and + says so; 0: all of it
 */
void term_cell(const char *text, int width)
{
	char shown[16];
	int used = 0;
	size_t len;

	for (; *text; text += len) {
		int columns = glyph(text, &len, shown);

		/* The last column is for what follows, or to say that it does. */
		if (width && used + columns >= width &&
		    (text[len] || used + columns > width)) {
			putchar('+');
			used++;
			break;
		}
		fputs(shown, stdout);
		used += columns;
	}
	if (width > used)
		printf("%*s", width - used, "");
}
