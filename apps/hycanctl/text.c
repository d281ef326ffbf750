/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text that grows, and text that may be shown on a terminal.
 *
 * The alias of a link and the reason of a refusal are other people's words: an escape sequence in them must not reach the
 * terminal of whoever lists links. There is nothing useful to do without memory, so here alone the program gives up.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static void reserve(struct text *text, size_t more)
{
	size_t needed = text->length + more + 1;
	char *bytes;

	if (needed <= text->size)
		return;
	needed += needed / 2 + 64;
	bytes = realloc(text->bytes, needed);
	if (!bytes) {
		fputs("hycanctl: There is not enough memory.\n", stderr);
		exit(1);
	}
	text->bytes = bytes;
	text->size = needed;
}

static void add_bytes(struct text *text, const char *more, size_t n)
{
	reserve(text, n);
	memcpy(text->bytes + text->length, more, n);
	text->length += n;
	text->bytes[text->length] = '\0';
}

void text_reset(struct text *text)
{
	text->length = 0;
	if (text->bytes)
		text->bytes[0] = '\0';
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

void text_add(struct text *text, const char *more)
{
	add_bytes(text, more, strlen(more));
}

size_t text_character(const char *s, uint32_t *ret_character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)s[0];
	size_t n = first < 0x80                    ? 1
	           : first >= 0xf0 && first < 0xf5 ? 4
	           : first >= 0xe0 && first < 0xf0 ? 3
	           : first >= 0xc2 && first < 0xe0 ? 2
	                                           : 0;
	uint32_t character = n == 1 ? first : first & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (n == 0 || character < smallest[n] || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
		return 0;
	*ret_character = character;
	return n;
}

static bool is_harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	return !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

void text_add_foreign(struct text *text, const char *more)
{
	char escape[12];

	while (*more) {
		uint32_t c = (unsigned char)*more;
		size_t n = text_character(more, &c);

		if (n && is_harmless(c)) {
			add_bytes(text, more, n);
		} else {
			snprintf(escape, sizeof(escape), c < 0x100 ? "\\x%02x" : "\\u%04x", c);
			text_add(text, escape);
		}
		more += n ? n : 1;
	}
}

const char *text_string(const struct text *text)
{
	return text->bytes ? text->bytes : "";
}

size_t text_width(const struct text *text)
{
	size_t width = 0;

	for (const char *c = text_string(text); *c; c++)
		width += ((unsigned char)*c & 0xc0) != 0x80;
	return width;
}

void text_print_foreign(FILE *out, const char *more)
{
	struct text text = { 0 };

	text_add_foreign(&text, more);
	fputs(text_string(&text), out);
	text_free(&text);
}
