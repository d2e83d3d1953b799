// SPDX-License-Identifier: GPL-2.0
/*
 * Which client, or whose session: the words that name it.
 */
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/mqttk_netlink.h>

#include "mqttkctl.h"

/**
 * put_which - put into a request whom the words name
 * @request: to add to
 * @attrs: attributes for it
 * @verb: for messages: object and verb
 * @argc: words that are there; those that follow are left
 * @argv: the words: ID, or `id ID` for one that is called "index" or "id", or
 *	`index N`
 *
 * Return: 0 or an exit status
 */
int put_which(struct nlmsghdr *request, const struct which_attrs *attrs,
	      const char *verb, int *argc, char ***argv)
{
	bool by_index = *argc > 1 && !strcmp(**argv, "index");
	bool by_id = *argc > 1 && !strcmp(**argv, "id");
	const char *word;
	__u64 index;

	if (by_index || by_id) {
		--*argc;
		++*argv;
	}
	if (*argc < 1)
		return usage_error("%s: whose? ID, id ID or index N", verb);
	word = **argv;
	--*argc;
	++*argv;
	if (by_index) {
		if (!parse_number(word, &index) || index > UINT32_MAX)
			return usage_error("%s: index %s: not a number", verb,
					   word);
		mnl_attr_put_u32(request, attrs->index, index);
		return 0;
	}
	if (strlen(word) > MQTTK_CLIENT_ID_MAX)
		return usage_error("%s: too long an identifier: use its index",
				   verb);
	mnl_attr_put_strz(request, attrs->id, word);
	return 0;
}

/**
 * out_which - show whom the rest is about
 * @id: attribute with the client identifier, or NULL if there is none
 * @id_length: of the whole identifier, NULL if that is shown
 * @index: attribute with the index
 */
void out_which(const struct nlattr *id, const struct nlattr *id_length,
	       const struct nlattr *index)
{
	if (id)
		out_str("id", "", nl_str(id));
	else
		out_word("-");
	if (id_length) {
		out_word("...");
		out_uint("id_length", "id-length", nl_uint(id_length));
	}
	out_uint("index", NULL, nl_uint(index));
}

/**
 * out_expiry - show how long a session outlives its connection
 * @attr: attribute with the seconds, or NULL if it is no session
 */
void out_expiry(const struct nlattr *attr)
{
	__u64 seconds = nl_uint(attr);

	if (!attr)
		return;
	out_uint("expiry_interval", NULL, seconds);
	out_str(NULL, "expiry", seconds == EXPIRY_NEVER ? "never" :
		seconds ? duration_str(seconds * 1000) : "0");
}
