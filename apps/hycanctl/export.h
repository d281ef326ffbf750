/* SPDX-License-Identifier: BSD-3-Clause */
/* hycanctl export: what the caller holds, as a file for hycanctl apply. */
#ifndef HYCANCTL_EXPORT_H
#define HYCANCTL_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"
#include "problem.h"

struct hycan;

void export_print_usage(FILE *out);

/* Reads the words, of which the first is “export” or an option. 0, or -EINVAL with the problem filled in. */
int export_read(char *const *words, size_t n, struct options *options, struct problem *problem);

/*
 * Writes the file, and to notes what is not in it. 0; 1 when something that is held is not in it; below 0 or above 1 the
 * result of a call that failed, with the problem filled in.
 */
int export_run(struct hycan *h, FILE *out, FILE *notes, struct problem *problem);

#endif
