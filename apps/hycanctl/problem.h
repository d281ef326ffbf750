/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with the words that were typed, or with a file that they name. */
#ifndef HYCANCTL_PROBLEM_H
#define HYCANCTL_PROBLEM_H

#include <hycan/schema.h>

struct problem {
	const struct hycan_field *field; /* at fault, or NULL */
	char sentence[600];
};

/* Keeps the sentence. Returns -EINVAL, for the caller to return. */
__attribute__((format(printf, 3, 4))) int problem_set(struct problem *problem, const struct hycan_field *field,
                                                      const char *sentence, ...);

/* Puts “where” and a colon before the sentence. */
__attribute__((format(printf, 2, 3))) void problem_locate(struct problem *problem, const char *where, ...);

#endif
