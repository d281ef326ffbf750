/* SPDX-License-Identifier: BSD-3-Clause */
/* An answer as one line, for people: of what comes one after the other, as events do. */
#ifndef HYCANCTL_LINE_H
#define HYCANCTL_LINE_H

#include <stdio.h>

#include <hycan/schema.h>

/* Prints a line. */
void line_print(FILE *out, const struct hycan_structure *description, const void *answer);

#endif
