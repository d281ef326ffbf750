/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lines of a policy have in common: words, who it is about, and what is wrong with it. Inside this room alone. */
#ifndef ACCESS_LINE_H
#define ACCESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "identity.h"

/* Longest line without its comment: what session.whoami can show. */
#define LINE_TEXT_MAX 511u

/* A line while it is read. */
struct reader {
	bool built_in; /* an unknown group is nobody */
	char *reason;  /* what is wrong and what to write instead, without file and line */
	size_t reason_size;
};

enum who_kind {
	WHO_ANYBODY,
	WHO_USER,
	WHO_GROUP,
	WHO_MACHINE,
	WHO_ANY_MACHINE,
	WHO_NOBODY, /* a group of the built-in policy that this machine does not have */
};

struct who {
	enum who_kind kind;
	id_t id;         /* uid, gid or context id */
	bool privileged; /* a machine's privileged processes alone */
};

/* Says what is wrong; returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int line_wrong(struct reader *reader, const char *sentence, ...);

/* The line without its comment, its words one space apart. -ENODATA: nothing is left. */
int line_tidy(struct reader *reader, const char *line, size_t length, char text[LINE_TEXT_MAX + 1]);

/* A user, the number of one, @GROUP, * for every user, cid:NUMBER, cid:*, either with :root. -errno: the reason is said. */
int who_parse(struct reader *reader, const char *word, struct who *ret_who);

bool who_has(const struct who *who, const struct identity *identity);

#endif
