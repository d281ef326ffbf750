/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers in text: one reader for ports, prefix lengths and every number of the schema, whatever the locale. */
#include <errno.h>
#include <stdbool.h>

#include "number.h"

int number_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int parse(const char *text, size_t length, unsigned base, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;
	bool large = false;

	if (length == 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		int digit = number_hex_digit(text[i]);

		if (digit < 0 || (unsigned)digit >= base)
			return -EINVAL;
		large |= __builtin_mul_overflow(number, base, &number) || __builtin_add_overflow(number, (unsigned)digit, &number);
	}
	if (large || number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

int number_parse(const char *text, size_t length, uint64_t max, uint64_t *ret_number)
{
	if (length > 1 && text[0] == '0')
		return -EINVAL;
	return parse(text, length, 10, max, ret_number);
}

int number_parse_any(const char *text, size_t length, uint64_t max, uint64_t *ret_number)
{
	if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return parse(text + 2, length - 2, 16, max, ret_number);
	return number_parse(text, length, max, ret_number);
}
