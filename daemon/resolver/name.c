/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Letters, digits, “-” and “_” in labels with dots between them: RFC 1123, and the “_” that people have in names of containers. */
#include <stdbool.h>
#include <string.h>

#include "name.h"

#define LABEL_MAX 63

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static const char *character_fault(char c)
{
	if (is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.')
		return NULL;
	if (c >= 'A' && c <= 'Z')
		return "names are in lower case here";
	return "letters, digits, “-” and “_” are all that there may be, with dots between";
}

static const char *label_fault(const char *label, size_t length)
{
	if (length == 0)
		return "there is nothing before, between or behind its dots";
	if (length > LABEL_MAX)
		return "more than 63 characters without a dot are too many";
	if (!is_letter(label[0]) && !is_digit(label[0]))
		return "each part begins with a letter or a digit";
	if (!is_letter(label[length - 1]) && !is_digit(label[length - 1]))
		return "each part ends with a letter or a digit";
	return NULL;
}

const char *resolver_name_fault(const char *name)
{
	const char *fault = NULL, *last = name;

	if (!*name)
		return "it is empty";
	if (strnlen(name, RESOLVER_NAME_SIZE) == RESOLVER_NAME_SIZE)
		return "it is too long";
	for (const char *p = name; *p && !fault; p++)
		fault = character_fault(*p);
	for (const char *label = name; label && !fault;) {
		size_t length = strcspn(label, ".");

		fault = label_fault(label, length);
		last = label;
		label = label[length] ? label + length + 1 : NULL;
	}
	if (fault)
		return fault;
	if (strspn(last, "0123456789") == strlen(last))
		return "it could be taken for an address, since its last part is a number";
	return strcmp(last, "localhost") == 0 ? "every host is that for itself" : NULL;
}

bool resolver_link_is_good(const char *link)
{
	if (!*link || *link == '-')
		return false;
	for (; *link; link++)
		if (!is_letter(*link) && !is_digit(*link) && !(*link >= 'A' && *link <= 'Z') && !strchr("._-", *link))
			return false;
	return true;
}
