/* SPDX-License-Identifier: BSD-3-Clause */
/* What a shell may offer. */
#ifndef HYCANCTL_COMPLETE_H
#define HYCANCTL_COMPLETE_H

#include <stddef.h>
#include <stdio.h>

/* Prints what the last word may become, one possibility on a line. The words are those behind “hycanctl”. */
void complete_print(FILE *out, char *const *words, size_t n);

#endif
