/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The changes of a plan, and what a step does to things of the kernel's that its row does not tell one by one: those that a network is,
 * and those that go with a link or follow it. They come from the kernel's room, which tells of each change that it holds.
 */
#include <errno.h>
#include <string.h>

#include "job.h"
#include "plan.h"
#include "table.h"

/* Room for one more. False: there is none. */
static bool grow(struct job *job, struct hycan_planned_change **list, size_t n, size_t *room)
{
	const size_t larger = *room ? 2 * *room : 16;
	struct hycan_planned_change *more = n == *room ? wire_memory_take(&job->memory, larger * sizeof(*more)) : NULL;

	if (n < *room)
		return true;
	if (!more)
		return false;
	if (n)
		memcpy(more, *list, n * sizeof(*more));
	*list = more;
	*room = larger;
	return true;
}

struct hycan_planned_change *plan_add(struct plan *plan, struct job *job, uint32_t step, enum hycan_change_action action)
{
	if (!grow(job, &plan->change, plan->n, &plan->room))
		return NULL;
	plan->change[plan->n] = (struct hycan_planned_change){ .step = step, .action = action };
	return &plan->change[plan->n++];
}

static bool is_of_many(const struct hycan_operation *operation)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);
	bool is = false;

	for (size_t i = 0; i < n && !is; i++)
		is = effects[i].kind == HYCAN_OBJECT_KIND_NETWORK ||
		     (effects[i].kind == HYCAN_OBJECT_KIND_LINK && effects[i].does == OP_TAKES);
	return is;
}

static struct hycan_planned_change *find(struct hycan_planned_change *changes, size_t n, enum hycan_change_action action,
                                         const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (changes[i].action == action && strcmp(changes[i].what, what) == 0)
			return &changes[i];
	return NULL;
}

void plan_held(struct plan *plan, struct job *job, const struct hycan_planned_change *change, bool along)
{
	struct hycan_planned_change *gone;

	if (!along && !is_of_many(job->operation))
		return;
	gone = change->action == HYCAN_CHANGE_ACTION_MAKE ? find(plan->held, plan->n_held, HYCAN_CHANGE_ACTION_TAKE, change->what)
	                                                  : NULL;
	/* what is taken away and made again is changed */
	if (gone) {
		gone->action = HYCAN_CHANGE_ACTION_CHANGE;
		gone->has_becomes = change->has_becomes;
		memcpy(gone->becomes, change->becomes, sizeof(gone->becomes));
		return;
	}
	plan->no_room = plan->no_room || !grow(job, &plan->held, plan->n_held, &plan->room_held);
	if (!plan->no_room)
		plan->held[plan->n_held++] = *change;
}

int plan_parts(struct plan *plan, struct job *job, uint32_t step, size_t told)
{
	const size_t n_told = plan->n - told;

	for (size_t i = 0; i < plan->n_held; i++) {
		const struct hycan_planned_change *held = &plan->held[i];
		struct hycan_planned_change *change = find(&plan->change[told], n_told, held->action, held->what);

		/* of a peer the row may tell something else */
		if (change && strstr(change->was, held->was))
			continue;
		change = plan_add(plan, job, step, held->action);
		if (!change)
			return -ENOBUFS;
		*change = *held;
		change->step = step;
	}
	return plan->no_room ? -ENOBUFS : 0;
}
