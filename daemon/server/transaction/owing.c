/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reserved, as for a request that is under way. */
#include "owing.h"

#include <stdlib.h>

#include "array.h"
#include "cleanup.h"
#include "quota.h"

int owing_note(struct owing *owing, uint64_t subject, unsigned int kind, uint64_t thing)
{
	int r = array_grow(&owing->owed, owing->n, sizeof(*owing->owed));

	if (r == 0)
		owing->owed[owing->n++] = (struct owed){ .subject = subject, .thing = thing, .kind = kind };
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct owed *x = a, *y = b;

	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return (x->thing > y->thing) - (x->thing < y->thing);
}

void owing_begin(struct owing *owing, struct quota_table *quotas)
{
	static const struct quota_limit none = { .value = QUOTA_UNLIMITED };
	unsigned int quota;
	uint32_t used;
	size_t n = 0;

	if (owing->n > 0)
		qsort(owing->owed, owing->n, sizeof(*owing->owed), compare);
	for (size_t i = 0; quotas && i < owing->n; i++) {
		const struct owed *o = &owing->owed[i];

		if ((n == 0 || compare(&owing->owed[n - 1], o) != 0) &&
		    quota_reserve(quotas, o->subject, o->kind, 1, &none, &none, &quota, &used) == 0)
			owing->owed[n++] = *o;
	}
	owing->n = n;
}

void owing_end(struct owing *owing, struct quota_table *quotas)
{
	for (size_t i = 0; i < owing->n; i++)
		quota_unreserve(quotas, owing->owed[i].subject, owing->owed[i].kind, 1);
	cleanup_free(&owing->owed);
	owing->n = 0;
}
