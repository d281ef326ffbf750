/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is about to go, or to be changed as only he may who holds it alone.
 *
 * Between the moment at which somebody is found to be the last holder and the moment at which the object is gone from the
 * kernel, somebody else may ask for it, find it there, and believe that it stays. So an object is marked as going before
 * the kernel is asked, and who asks for it meanwhile waits, and then asks the kernel once more.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "entry.h"

/* Longest wait for something to be gone: the kernel may take its time, but nobody waits for ever. */
#define PATIENCE_S 30

int going_begin(struct ledger *l, struct entry *e, const void *by)
{
	struct going *g = malloc(sizeof(*g));

	if (!g)
		return -ENOMEM;
	*g = (struct going){ .entry = e, .by = by, .next = l->going };
	l->going = g;
	e->going = true;
	atomic_fetch_add(&l->n_going, 1);
	return 0;
}

static void end_one(struct ledger *l, struct going **at)
{
	struct going *g = *at;

	*at = g->next;
	g->entry->going = false;
	free(g);
	atomic_fetch_add(&l->n_going, 1);
	pthread_cond_broadcast(&l->went);
}

void going_end(struct ledger *l, struct entry *e)
{
	struct going **at = &l->going;

	if (!e->going)
		return;
	while ((*at)->entry != e)
		at = &(*at)->next;
	end_one(l, at);
}

bool going_by_another(const struct ledger *l, const struct entry *e, const void *by)
{
	const struct going *g = l->going;

	if (!e->going)
		return false;
	while (g->entry != e)
		g = g->next;
	return g->by != by;
}

struct entry *going_find(struct ledger *l, const struct ledger_key *key, uint32_t hash, const void *by)
{
	struct entry *e = table_find_hashed(l, key, hash);
	struct timespec until;

	if (!e || !e->going)
		return e;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while (e && going_by_another(l, e, by) && pthread_cond_timedwait(&l->went, &l->lock, &until) != ETIMEDOUT)
		e = table_find_hashed(l, key, hash);
	return e;
}

void ledger_cancel(struct ledger *ledger, const void *by)
{
	struct going **at;

	ledger_lock(ledger);
	for (at = &ledger->going; *at;) {
		struct entry *e = (*at)->entry;

		if ((*at)->by != by) {
			at = &(*at)->next;
			continue;
		}
		end_one(ledger, at);
		/* it did not go, and nobody holds it: from now on it is as if it were a stranger's */
		if (!hold_any(e))
			object_disown(ledger, e);
	}
	ledger_unlock(ledger);
}

uint32_t ledger_stamp(struct ledger *ledger)
{
	return atomic_load(&ledger->n_going);
}
