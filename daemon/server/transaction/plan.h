/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step of a transaction would do, in words: plan.c, and of many things at once plan_parts.c. */
#ifndef SERVER_PLAN_H
#define SERVER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "messages.h"
#include "undo_log.h"

struct job;
struct ledger_key;

struct plan {
	struct hycan_planned_change *change; /* in the job's memory */
	size_t n;
	size_t room;
	struct hycan_planned_change *held; /* of the step that is planned, what would be done in the kernel */
	size_t n_held;
	size_t room_held;
	bool no_room; /* for one of those */
};

/* One more change of a step, to be filled in; NULL: there is no room. */
struct hycan_planned_change *plan_add(struct plan *plan, struct job *job, uint32_t step, enum hycan_change_action action);

/* Adds what is kept of the step that the row has not told, from the change with that number on. 0 or -ENOBUFS. */
int plan_parts(struct plan *plan, struct job *job, uint32_t step, size_t told);

/*
 * A change of the kernel that the step which the job is at would make; kept where the step's row does not tell of it. along: it
 * comes about along with what the step is about, and so no row tells of it.
 */
void plan_held(struct plan *plan, struct job *job, const struct hycan_planned_change *change, bool along);

/* Adds what the step that the job is at would do. Behind the mark is what would take it back. 0 or -ENOBUFS. */
int plan_step(struct plan *plan, struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark mark);

/*
 * What the step that the job is at asks for, and others hold, but its user does not yet: he does from then on, which is added; without a
 * plan it is only found out. 0 or -ENOBUFS; sets whether there is any.
 */
int plan_joining(struct plan *plan, struct job *job, uint32_t step, bool *ret_any);

/* Adds that an object would be let go of: it goes, or with shared others hold it. 0 or -ENOBUFS. */
int plan_letting_go(struct plan *plan, struct job *job, uint32_t step, const struct ledger_key *key, bool shared);

#endif
