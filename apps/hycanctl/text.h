/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that grows, and text that may be shown on a terminal. */
#ifndef HYCANCTL_TEXT_H
#define HYCANCTL_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text {
	char *bytes; /* terminated; NULL while empty */
	size_t length;
	size_t size;
};

/* Makes it empty and keeps the memory. */
void text_reset(struct text *text);

void text_free(struct text *text);

/* Adds what is known to be harmless: our own words. */
void text_add(struct text *text, const char *more);

/*
 * Adds what came from the kernel, the daemon or a command line: control characters, what changes the direction of writing,
 * and bytes that are no UTF-8 are written as “\x1b” and “\u202e”.
 */
void text_add_foreign(struct text *text, const char *more);

/* What stands in it; "" while empty. */
const char *text_string(const struct text *text);

/* How many characters that is, which is what counts for a column. */
size_t text_width(const struct text *text);

/* Prints foreign text. */
void text_print_foreign(FILE *out, const char *more);

/* The character at s and the number of its bytes; 0 where they are no UTF-8. */
size_t text_character(const char *s, uint32_t *ret_character);

#endif
