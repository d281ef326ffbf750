/* SPDX-License-Identifier: BSD-3-Clause */
/* The nearest word by the number of letters that were added, dropped or changed; two at most, or one of a short word. */
#include <stdio.h>
#include <string.h>

#include "nearest.h"

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, const char *b)
{
	unsigned row[VALUE_NAME_SIZE + 1];
	size_t n = strlen(b);

	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 0; a[i]; i++) {
		unsigned corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned changed = corner + (a[i] != b[j]);

			corner = row[j + 1];
			row[j + 1] = smaller(changed, 1 + smaller(row[j], row[j + 1]));
		}
	}
	return row[n];
}

struct nearest nearest_begin(const char *word, size_t length)
{
	struct nearest nearest = { .distance = length < 4 ? 2 : 3 };

	snprintf(nearest.word, sizeof(nearest.word), "%.*s", (int)(length < sizeof(nearest.word) ? length : 0), word);
	return nearest;
}

void nearest_offer(struct nearest *nearest, const char *known)
{
	unsigned d;

	if (strlen(known) >= sizeof(nearest->found) || !nearest->word[0])
		return;
	d = distance(nearest->word, known);
	if (d < nearest->distance && d < strlen(known)) {
		nearest->distance = d;
		memcpy(nearest->found, known, strlen(known) + 1);
	}
}
