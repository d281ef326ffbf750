/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a transaction that prunes would take away: what its user holds, and none of its steps is about. */
#ifndef SERVER_PRUNE_H
#define SERVER_PRUNE_H

#include <stddef.h>
#include <stdint.h>

struct job;
struct ledger_key;
struct plan;

/* What the steps make, or take away themselves. */
struct stated {
	struct ledger_key *keys;
	size_t n;
};

/* The step that the job is at was planned. 0 or -ENOMEM. */
int prune_note(struct stated *stated, struct job *job);

/* Adds to the plan what would go then. step: how many there are. 0 or -errno. */
int prune_plan(struct stated *stated, struct plan *plan, struct job *job, uint32_t step, uint32_t *ret_n);

void prune_done(struct stated *stated);

#endif
