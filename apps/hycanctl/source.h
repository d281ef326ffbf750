/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that a word on the command line names instead of holding it: “@FILE”, or “-” for standard input. */
#ifndef HYCANCTL_SOURCE_H
#define HYCANCTL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

struct source {
	const char *name; /* for people: the path, or “standard input” */
	char *text;       /* terminated */
	size_t size;      /* of the memory, which is wiped */
};

/* Whether the word names a source. */
bool source_is_named(const char *word);

/* Reads it whole, at most limit bytes. 0, or -EINVAL with the problem filled in. source_free() it. */
int source_read(const char *word, size_t limit, struct source *ret_source, struct problem *problem);

/* Wipes and frees. */
void source_free(struct source *source);

#endif
