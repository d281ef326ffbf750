/* SPDX-License-Identifier: BSD-3-Clause */
/* The options that every operation has. */
#ifndef HYCANCTL_OPTIONS_H
#define HYCANCTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

struct options {
	const char *socket;         /* NULL: the library looks for it */
	const char *netns;          /* NULL: the caller's own */
	int timeout_ms;             /* 0: the library's */
	unsigned int lease_seconds; /* 0: what is made is permanent */
	bool json;
	bool exclusive;
	bool version;
};

/* A row of the table that parsing, help and completion share. */
struct option_row {
	const char *name;
	const char *value; /* what it takes, for people; NULL: nothing */
	const char *summary;
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/*
 * Takes the option at words[*at] and its value, and moves *at behind them. 1; 0 where it is none of these; -EINVAL with
 * the problem filled in.
 */
int options_take(struct options *options, char *const *words, size_t n, size_t *at, struct problem *problem);

/* Whether “--name” stands among the words, wherever that is: help and the form of errors do not wait for the rest to be right. */
bool options_mention(const char *name, char *const *words, size_t n);

#endif
