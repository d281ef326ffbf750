/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers in text. */
#ifndef PROTOCOL_NUMBER_H
#define PROTOCOL_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads the length bytes at text as a decimal number. Unlike strtoul(3) it takes no sign, no white space and no leading
 * zeros, which some read as octal. 0; -EINVAL where that is no number; -ERANGE above max.
 */
int number_parse(const char *text, size_t length, uint64_t max, uint64_t *ret_number);

/* The same, and hexadecimal behind “0x”, as people write marks. */
int number_parse_any(const char *text, size_t length, uint64_t max, uint64_t *ret_number);

/* The value of a hexadecimal digit, or -1. */
int number_hex_digit(char c);

#endif
