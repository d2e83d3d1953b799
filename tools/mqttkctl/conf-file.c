// SPDX-License-Identifier: GPL-2.0
/*
 * Reading configuration files, and directories of them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

/* The bytes of a file, to be freed; NULL: errno says why not. */
static char *read_all(FILE *f, size_t max, size_t *len)
{
	char *text = malloc(max + 1);

	if (!text)
		return NULL;
	*len = fread(text, 1, max + 1, f);
	if (!ferror(f) && *len <= max)
		return text;
	if (!ferror(f))
		errno = EFBIG;
	free(text);
	return NULL;
}

/**
 * conf_read - take in a file
 * @c: the configuration
 * @path: of the file; "-" is standard input
 */
void conf_read(struct conf *c, const char *path)
{
	struct conf_at at = { .file = conf_copy(c, path, strlen(path)) };
	bool is_stdin = !strcmp(path, "-");
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t len;

	if (f)
		text = read_all(f, CONF_FILE_MAX, &len);
	if (text)
		conf_parse(c, is_stdin ? "standard input" : path, text, len);
	else
		conf_say(c, true, &at, NULL, "%s",
			 errno == EFBIG ? "larger than a configuration can be (1 MiB)" :
					  strerror(errno));
	free(text);
	if (f && !is_stdin)
		fclose(f);
}

/**
 * conf_read_acl - take in an access control list
 * @c: the configuration
 * @at: where it is asked for
 * @path: of its file; "-" is standard input
 *
 * It is found again by where it is, whoever asks for it from wherever.
 */
void conf_read_acl(struct conf *c, const struct conf_at *at, const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	char *text = NULL, *whole = NULL;
	size_t len;

	if (f)
		text = read_all(f, CONF_ACL_MAX, &len);
	if (!text) {
		conf_say(c, true, at, "acl_file", "%s: %s", path,
			 errno == EFBIG ? "larger than a list can be (16 MiB)" :
					  strerror(errno));
	} else {
		conf_parse_acl(c, is_stdin ? "standard input" : path, text, len);
		whole = is_stdin ? NULL : realpath(path, NULL);
		c->acl_source = whole ? conf_copy(c, whole, strlen(whole)) :
					NULL;
	}
	free(whole);
	free(text);
	if (f && !is_stdin)
		fclose(f);
}

static int is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && !strcmp(entry->d_name + len - 5, ".conf");
}

/* Letter by letter, an upper case one before its lower case one. */
static int in_order(const struct dirent **a, const struct dirent **b)
{
	int order = strcasecmp((*a)->d_name, (*b)->d_name);

	return order ? order : strcmp((*a)->d_name, (*b)->d_name);
}

/**
 * conf_read_dir - take in the files of a directory whose names end in .conf
 * @c: the configuration
 * @at: where it is included
 * @dir: its path
 *
 * As mosquitto does, each begins with the default listener, and afterwards
 * the including file goes on with the listener it was at.
 */
void conf_read_dir(struct conf *c, const struct conf_at *at, const char *dir)
{
	size_t listener = c->listener;
	bool bridge = c->bridge;
	struct dirent **entries;
	char *path;
	int i, n;

	n = scandir(dir, &entries, is_conf, in_order);
	if (n < 0) {
		conf_say(c, true, at, "include_dir", "%s: %s", dir,
			 strerror(errno));
		return;
	}
	if (n > CONF_INCLUDES_MAX)
		conf_say(c, true, at, "include_dir",
			 "%s: there are more than %d files", dir,
			 CONF_INCLUDES_MAX);
	c->included = true;
	for (i = 0; i < n; i++) {
		c->listener = 0;
		c->bridge = false;
		if (n <= CONF_INCLUDES_MAX &&
		    asprintf(&path, "%s/%s", dir, entries[i]->d_name) >= 0) {
			conf_read(c, path);
			free(path);
		}
		free(entries[i]);
	}
	free(entries);
	c->included = false;
	c->listener = listener;
	c->bridge = bridge;
}
