/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups become numbers when the line is read, so that nobody is asked when a request comes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "lookup.h"
#include "number.h"
#include "subject.h"

int line_wrong(struct reader *reader, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	vsnprintf(reader->reason, reader->reason_size, sentence, ap);
	va_end(ap);
	return -EINVAL;
}

int line_tidy(struct reader *reader, const char *line, size_t length, char text[LINE_TEXT_MAX + 1])
{
	bool space = true;
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return line_wrong(reader, "there is a control character (0x%02x) in the line; take it out",
			                  (unsigned char)line[i]);
	for (size_t i = 0; i < length && !(line[i] == '#' && space); i++) {
		bool blank = line[i] == ' ' || line[i] == '\t';

		if (n == LINE_TEXT_MAX)
			return line_wrong(reader, "the line is longer than %u bytes; write several", LINE_TEXT_MAX);
		if (!(blank && space))
			text[n++] = blank ? ' ' : line[i];
		space = blank;
	}
	if (n > 0 && text[n - 1] == ' ')
		n--;
	if (n == 0)
		return -ENODATA;
	text[n] = '\0';
	return 0;
}

/* --------------------------------------------------------------------------------------------------------------- who */

#define MACHINE "cid:"

/* cid:NUMBER, cid:*, and :root behind either */
static int read_machine(struct reader *reader, const char *word, struct who *who)
{
	const char *name = word + strlen(MACHINE);
	size_t length = strcspn(name, ":");
	uint64_t number = 0;
	bool any = length == 1 && *name == '*';

	who->privileged = strcmp(name + length, ":root") == 0;
	if ((name[length] && !who->privileged) || (!any && number_parse(name, length, UINT32_MAX - 1, &number) < 0))
		return line_wrong(reader,
		                  "“%s” is no machine; write " MACHINE "NUMBER, or " MACHINE "* for every one, and :root behind it "
		                  "where only its privileged programs are meant",
		                  word);
	who->kind = any ? WHO_ANY_MACHINE : WHO_MACHINE;
	who->id = (id_t)number;
	return 0;
}

static int read_who(struct reader *reader, const char *word, struct who *who)
{
	bool group = *word == '@';
	const char *name = word + group, *kind = group ? "group" : "user";
	uint64_t number;
	int r;

	if (strcmp(word, "*") == 0) {
		who->kind = WHO_ANYBODY;
		return 0;
	}
	if (strncmp(word, MACHINE, strlen(MACHINE)) == 0)
		return read_machine(reader, word, who);
	who->kind = group ? WHO_GROUP : WHO_USER;
	if (number_parse(name, strlen(name), UINT32_MAX, &number) == 0) {
		if (number == UINT32_MAX)
			return line_wrong(reader, "%s is the number of nobody at all; write the number of a %s", name, kind);
		who->id = (id_t)number;
		return 0;
	}
	/* also where there is no /etc/passwd */
	if (!group && strcmp(name, "root") == 0)
		return 0;
	if (*name == '\0' || strpbrk(name, "*?=,@"))
		return line_wrong(
			reader,
			"“%s” is nobody; write a user, the number of a user, @GROUP, * for every user, or " MACHINE "NUMBER", word);
	r = lookup_id(name, group, &who->id);
	if (r == -ESRCH && reader->built_in) {
		who->kind = WHO_NOBODY;
		return 0;
	}
	if (r == -ESRCH)
		return line_wrong(reader, "there is no %s “%s”; create it, or write %s that exists, or a number", kind, name,
		                  group ? "a group" : "a user");
	if (r < 0)
		line_wrong(reader, "the %s “%s” cannot be looked up (%s); write the number instead", kind, name, strerror(-r));
	return r;
}

int who_parse(struct reader *reader, const char *word, struct who *ret_who)
{
	struct who who = { 0 };
	int r = read_who(reader, word, &who);

	if (r == 0)
		*ret_who = who;
	return r;
}

bool who_has(const struct who *who, const struct identity *identity)
{
	bool machine = subject_is_machine(identity->subject), meant = !who->privileged || identity->privileged;

	switch (who->kind) {
	case WHO_ANYBODY:
		return !machine;
	case WHO_USER:
		return identity->subject == who->id;
	case WHO_GROUP:
		return !machine && identity_in_group(identity, who->id);
	case WHO_MACHINE:
		return identity->subject == subject_of_cid(who->id) && meant;
	case WHO_ANY_MACHINE:
		return machine && meant;
	case WHO_NOBODY:
		break;
	}
	return false;
}
