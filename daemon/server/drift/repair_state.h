/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the repairs share, for them alone. Everything here wants the lock, but for what an errand calls.
 *
 *   repair.c       the notes: what becomes of an object that a stranger takes away
 *   repair_wish.c  what a request makes of what is wanted of others
 *   repair_look.c  what a look finds, and what is to be done about it
 *   repair_again.c making things again
 */
#ifndef SERVER_REPAIR_STATE_H
#define SERVER_REPAIR_STATE_H

#include "repair.h"
#include "wish.h"

/* So often a thing is made again. */
#define ATTEMPTS_MAX 7

/* Memory for the lists of a request that is no longer than WISH_MAX. */
#define LISTS_MAX ((size_t)4 * WISH_MAX)

/* The first repair comes this long after it was found to be missing, the next ones after twice as long each. */
#define AGAIN_US 200000u

/* What cannot be made is tried so often afterwards. */
#define RARELY_US (15 * UINT64_C(1000000))

/* What has stayed for so long was repaired. */
#define LASTING_US (60 * UINT64_C(1000000))

struct attempts {
	unsigned int n;    /* that there were, */
	unsigned int made; /* and those that did not fail */
	uint64_t tried_us; /* when it was made again last, or tried to */
	uint64_t again_us; /* not before that */
};

enum attempt {
	ATTEMPT_NOW,
	ATTEMPT_LATER,
	ATTEMPT_NEVER, /* it was tried often enough */
};

static inline enum attempt attempts_next(struct attempts *a, uint64_t now_us)
{
	if (now_us - a->tried_us > LASTING_US)
		a->n = a->made = 0;
	if (now_us < a->again_us)
		return ATTEMPT_LATER;
	if (a->made >= ATTEMPTS_MAX)
		return ATTEMPT_NEVER;
	a->again_us = now_us + ((uint64_t)AGAIN_US << (a->n < ATTEMPTS_MAX ? a->n : ATTEMPTS_MAX - 1));
	a->tried_us = now_us;
	a->n++;
	a->made++;
	return ATTEMPT_NOW;
}

/* Nothing was made, so nobody took that away again: it is not given up. Returns whether it was tried rarely already. */
static inline bool attempts_failed(struct attempts *a, uint64_t now_us)
{
	if (a->made > 0)
		a->made--;
	if (a->n >= ATTEMPTS_MAX)
		a->again_us = now_us + RARELY_US;
	return a->n > ATTEMPTS_MAX;
}

struct repair {
	LIST_ENTRY(repair) entry;
	struct ledger_key key;
	enum hycan_drift drift;
	bool keyless; /* the request that made it had keys, which nobody knows any more */
	bool seen;    /* it is there, as it was asked for */
	bool there;   /* it is there, and may be otherwise */
	bool differs; /* some of it is, whatever else is there */
	bool wanted;  /* it is to be made now: in the list of those */
	TAILQ_ENTRY(repair) wanted_entry;
	struct attempts attempts;
	uint64_t noted_us;
};

struct repair *repair_find(struct repairs *repairs, const struct ledger_key *key);
struct repair *repair_put(struct repairs *repairs, const struct ledger_key *key, const struct wish_head *head);
void repair_drop(struct repairs *repairs, struct repair *r);

/* It is to be made now, or not. */
void repair_want(struct repairs *repairs, struct repair *r, bool wanted);

/* repair_wish.c: what a request was given, about an item with that key, is wanted of others no more. */
void repair_yield(struct repairs *repairs, const struct key_view *v, size_t item, const struct ledger_key *key);

/* repair_again.c: a step of the errand, on a worker; and it is at its end. */
int repair_run(struct errand *errand, struct job *job);
void repair_done(struct errand *errand);

#endif
