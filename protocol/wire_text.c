/* SPDX-License-Identifier: BSD-3-Clause */
/* What is text: UTF-8 without control characters. */
#include <string.h>

#include "wire_value.h"

/* Length of a UTF-8 character, by its first byte; 0 for none. */
static size_t announced(unsigned char first)
{
	return first < 0x80                    ? 1
	       : first >= 0xc2 && first < 0xe0 ? 2
	       : first >= 0xe0 && first < 0xf0 ? 3
	       : first >= 0xf0 && first < 0xf5 ? 4
	                                       : 0;
}

size_t wire_character(const unsigned char *p, size_t left)
{
	size_t n = announced(p[0]);

	if (n == 0 || n > left || p[0] < 0x20 || p[0] == 0x7f)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((n == 2 && p[0] == 0xc2 && p[1] < 0xa0) || (n == 3 && p[0] == 0xe0 && p[1] < 0xa0) ||
	    (n == 3 && p[0] == 0xed && p[1] > 0x9f) || (n == 4 && p[0] == 0xf0 && p[1] < 0x90) ||
	    (n == 4 && p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

void wire_tidy_text(char *text)
{
	unsigned char *p = (unsigned char *)text;
	size_t left = strlen(text);

	/* one that is longer than what is left was cut, and is left out */
	while (left > 0 && announced(*p) <= left) {
		size_t n = wire_character(p, left);

		if (n == 0)
			*p = '?';
		p += n ? n : 1;
		left -= n ? n : 1;
	}
	*p = '\0';
}
