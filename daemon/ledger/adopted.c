/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions that are others' by now (ledger_adopt()), and hold nothing any more: what they held before, and a transaction gives back,
 * is for those others.
 *
 * So many of them are known, the last ones: a program adopts when it is started anew, and what may be given back does not wait for
 * so many others.
 */
#include <stdlib.h>

#include "array.h"
#include "entry.h"

/* That are known. */
#define ADOPTED_MAX 1024u

struct adopted {
	uint64_t from, to;
};

void adopted_note(struct ledger *l, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < l->n_adopted; i++)
		if (l->adopted[i].to == from)
			l->adopted[i].to = to;
	if (l->n_adopted < ADOPTED_MAX && array_grow(&l->adopted, l->n_adopted, sizeof(*l->adopted)) == 0)
		l->n_adopted++;
	if (l->n_adopted > 0)
		l->adopted[l->adoptions++ % l->n_adopted] = (struct adopted){ .from = from, .to = to };
}

uint64_t adopted_by(const struct ledger *l, uint64_t session)
{
	for (size_t i = 0; i < l->n_adopted; i++)
		if (l->adopted[i].from == session)
			return l->adopted[i].to;
	return session;
}

int adopted_write(struct ledger *l)
{
	int r = 0;

	for (size_t i = 0; i < l->n_adopted && r == 0; i++)
		r = ledger_file_anew_adopt(l->file, l->adopted[i].from, l->adopted[i].to);
	return r;
}

void adopted_close(struct ledger *l)
{
	free(l->adopted);
}

uint64_t ledger_adopted_by(struct ledger *ledger, uint64_t session)
{
	uint64_t to;

	ledger_lock(ledger);
	to = adopted_by(ledger, session);
	ledger_unlock(ledger);
	return to;
}
