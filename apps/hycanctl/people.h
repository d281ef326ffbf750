/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers for people. */
#ifndef HYCANCTL_PEOPLE_H
#define HYCANCTL_PEOPLE_H

#include <stdio.h>

#include <hycan/schema.h>

/* Prints a list of answers as a table; nothing for an empty one. */
void people_print_list(FILE *out, const struct hycan_structure *description, const void *answers, size_t n);

/* Prints one answer as lines of “name: value”. */
void people_print_answer(FILE *out, const struct hycan_structure *description, const void *answer);

#endif
