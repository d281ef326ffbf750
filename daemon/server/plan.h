/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step of a transaction would do, in words. */
#ifndef SERVER_PLAN_H
#define SERVER_PLAN_H

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
};

/* Adds what the step that the job is at would do. Behind the mark is what would take it back. 0 or -ENOBUFS. */
int plan_step(struct plan *plan, struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark mark);

/* Adds that an object would be taken away. 0 or -ENOBUFS. */
int plan_taking(struct plan *plan, struct job *job, uint32_t step, const struct ledger_key *key);

#endif
