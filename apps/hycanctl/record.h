/* SPDX-License-Identifier: BSD-3-Clause */
/* Structures as text: “10.20.0.0/16 via=10.99.0.2 metric=5”. */
#ifndef HYCANCTL_RECORD_H
#define HYCANCTL_RECORD_H

#include <hycan/schema.h>

#include "problem.h"
#include "value.h"

/* Reads one structure. 0, or -EINVAL with the problem filled in. */
int record_read(const struct hycan_structure *description, const char *text, enum place place, void *structure,
                struct problem *problem);

/*
 * Adds to a list of structures: one that stands in text; several in braces, “{via=10.0.0.1}{via=10.0.0.2 weight=2}”; or one for
 * each line of “@FILE” or “-”, where “#” begins a comment.
 */
int record_list(const struct hycan_field *field, void *structure, const char *text, enum place place, struct problem *problem);

#endif
