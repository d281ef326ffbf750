/* SPDX-License-Identifier: BSD-3-Clause */
/* “Did you mean …?”: the known word that is nearest to a mistyped one. */
#ifndef HYCANCTL_NEAREST_H
#define HYCANCTL_NEAREST_H

#include <stddef.h>

#include "value.h"

struct nearest {
	char word[VALUE_NAME_SIZE];
	char found[VALUE_NAME_SIZE]; /* "" where nothing is near */
	unsigned distance;
};

/* Begins a search for the first length bytes of word. */
struct nearest nearest_begin(const char *word, size_t length);

/* One of the known words. */
void nearest_offer(struct nearest *nearest, const char *known);

#endif
