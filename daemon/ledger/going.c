/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is about to go, or to be changed as only he may who holds it alone.
 *
 * Between the moment at which somebody is found to be the last holder and the moment at which the object is gone from the
 * kernel, somebody else may ask for it, find it there, and believe that it stays. So an object is marked as going before
 * the kernel is asked, and who asks for it meanwhile waits, and then asks the kernel once more.
 *
 * Nobody waits for ever, nor for somebody who waits for him: it is going still then, and whoever asks is to say so.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "entry.h"

/* What takes no longer than the kernel mostly does is nobody's business; and the longest wait. */
#define MOMENT_NS  50000000
#define PATIENCE_S 10

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

/* By whom it is. */
static struct going *find(const struct ledger *l, const struct entry *e)
{
	struct going *g = l->going;

	while (g->entry != e)
		g = g->next;
	return g;
}

/* There is nothing to wait for there any more. */
static void wake(struct ledger *l, const struct entry *e)
{
	for (struct waiter *w = l->waiters; w; w = w->next)
		w->on = w->on == e ? NULL : w->on;
	pthread_cond_broadcast(&l->went);
}

static void end_one(struct ledger *l, struct going **at)
{
	struct going *g = *at;

	*at = g->next;
	g->entry->going = false;
	wake(l, g->entry);
	free(g);
	atomic_fetch_add(&l->n_going, 1);
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

void going_move(struct ledger *l, struct entry *from, struct entry *to)
{
	if (!from->going)
		return;
	find(l, from)->entry = to;
	to->going = true;
	from->going = false;
	wake(l, from);
}

bool going_by_another(const struct ledger *l, const struct entry *e, const void *by)
{
	return e->going && find(l, e)->by != by;
}

/*
 * Whether whose mark it is waits himself, be it through others, for one of by's: each waits for one at a time, and who would close
 * the circle does not begin to.
 */
static bool is_circle(const struct ledger *l, const struct entry *e, const void *by)
{
	const void *other = find(l, e)->by;
	const struct waiter *w;

	while (other != by) {
		for (w = l->waiters; w && w->by != other; w = w->next)
			;
		if (!w || !w->on)
			return false;
		other = find(l, w->on)->by;
	}
	return true;
}

/* Waits for so long at most. Whatever was known before may be another afterwards. */
static struct entry *wait_for(struct ledger *l, const struct ledger_key *key, uint32_t hash, const void *by, time_t seconds,
                              long ns)
{
	struct waiter waiter = { .by = by, .next = l->waiters }, **at = &l->waiters;
	struct timespec until;
	struct entry *e;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	until.tv_sec += seconds + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	l->waiters = &waiter;
	while ((e = table_find_hashed(l, key, hash)) && r == 0 && going_by_another(l, e, by) && !is_circle(l, e, by)) {
		waiter.on = e;
		r = pthread_cond_clockwait(&l->went, &l->lock, CLOCK_MONOTONIC, &until);
	}
	while (*at != &waiter)
		at = &(*at)->next;
	*at = waiter.next;
	return e;
}

struct entry *going_find(struct ledger *l, const struct ledger_key *key, uint32_t hash, const void *by)
{
	struct entry *e = table_find_hashed(l, key, hash);

	if (!e || !going_by_another(l, e, by))
		return e;
	e = wait_for(l, key, hash, by, 0, MOMENT_NS);
	if (!e || !going_by_another(l, e, by) || is_circle(l, e, by))
		return e;
	if (l->waits)
		l->waits(true);
	e = wait_for(l, key, hash, by, PATIENCE_S, 0);
	if (l->waits)
		l->waits(false);
	return e;
}

void ledger_on_wait(struct ledger *ledger, ledger_waits *waits)
{
	ledger->waits = waits;
}

/*
 * It did not go, and nobody holds it: whose it was last has it for good. Without memory for that it stays nobody's, and the next
 * daemon takes it away.
 */
static void hand_back(struct ledger *l, struct entry *e)
{
	const struct ledger_holder holder = { .subject = e->subject, .lifetime = HYCAN_LIFETIME_PERMANENT };

	if (!e->object || hold_add(l, e, &holder, e->since_us) < 0)
		return;
	ledger_file_hold(l->file, e);
	/* nobody was told that he held it no more */
	news_changed(l, e, holder.subject, true);
}

static void end_all(struct ledger *ledger, const void *by, void (*left)(struct ledger *l, struct entry *e))
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
		if (!hold_any(e))
			left(ledger, e);
	}
	ledger_unlock(ledger);
}

void ledger_cancel(struct ledger *ledger, const void *by)
{
	end_all(ledger, by, hand_back);
}

void ledger_disown(struct ledger *ledger, const void *by)
{
	end_all(ledger, by, object_disown);
}

uint32_t ledger_stamp(struct ledger *ledger)
{
	return atomic_load(&ledger->n_going);
}

bool ledger_has_gone(struct ledger *ledger, const struct ledger_key *key, uint64_t moment_us)
{
	const struct entry *e;
	bool gone;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	gone = !e || !e->object || (!e->going && (e->since_us > moment_us || e->named_us > moment_us));
	ledger_unlock(ledger);
	return gone;
}
