/* SPDX-License-Identifier: BSD-3-Clause */
/* “hycanctl apply FILE”: all that a file says, or nothing of it. */
#ifndef HYCANCTL_APPLY_H
#define HYCANCTL_APPLY_H

#include <hycan/client.h>

#include "options.h"
#include "plan_file.h"

struct apply {
	const char *path; /* of the file; “-” for standard input */
	bool plan;
	bool prune;
	bool exclusive;              /* what is there already is not made, nor what is gone taken away */
	unsigned int confirm_within; /* seconds; 0: it lasts */
	struct plan_file file;
};

/* Whether the words are about such a word: it is the first that is no option. */
bool apply_is_meant(char *const *words, size_t n, const char *word);

/* Reads the words and then the file. 0, or -EINVAL with the problem filled in. */
int apply_read(char *const *words, size_t n, struct apply *apply, struct options *options, struct problem *problem);

/*
 * Sends it, and shows what was done. The result of the transaction; why it failed is in problem, with the line. Sets whether not all came
 * of pruning that should.
 */
int apply_run(struct hycan *h, const struct apply *apply, bool json, bool *ret_partly, struct problem *problem);

void apply_free(struct apply *apply);

/* For help. */
void apply_print_usage(FILE *out);

#endif
