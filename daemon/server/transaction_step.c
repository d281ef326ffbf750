/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step of a transaction, carried out.
 *
 * A step that makes something is looked at first, as in a plan: what it would make and nobody had made before is what takes
 * it back, and is in the diary (diary.h) before it is made. A step that deletes a link cannot be taken back: before the first
 * such step all that are left are looked at as a plan, one upon the other; from there on there is only the way forward.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "diary.h"
#include "job.h"
#include "pending.h"
#include "record.h"
#include "server.h"
#include "table.h"
#include "transaction_state.h"

/* How often what cannot be taken back is tried. */
#define PATIENCE 15
static const struct timespec patience_step = { .tv_nsec = 200000000 };

void transaction_enter(struct transaction *t, size_t i)
{
	struct job *job = t->job;

	job->operation = t->step[i].operation;
	memcpy(&job->request, t->step[i].request, job->operation->request->size);
	job->op.exclusive = t->exclusive;
	job->op.unchanged = t->step[i].unchanged;
	job->op.kept_link = t->step[i].kept_link;
	job->op.items_unchanged = t->step[i].items_unchanged;
	job->op.items_failed = t->step[i].items_failed;
	job->lets_go = t->step[i].lets_go;
	job->any_owner = t->step[i].any_owner;
	job->op.settled = t->step[i].settled;
	job->called_us = t->step[i].called_us;
	job->along.step = (uint32_t)i;
	job_forget_doubt(job);
	/* the last verdict was about another step */
	job->by_name = true;
}

void transaction_leave(struct transaction *t)
{
	struct job *job = t->job;

	if (job->operation->request->has_secrets)
		explicit_bzero(&job->request, job->operation->request->size);
	job->operation = t->operation;
	job->op.unchanged = job->op.kept_link = false;
	job->op.items_unchanged = job->op.items_failed = NULL;
	job->op.settled = NULL;
	job->lets_go = false;
}

int transaction_failed_at(struct transaction *t, size_t i, int result)
{
	/* looking ahead it may have been another one */
	if (t->job->step)
		return result;
	t->job->step = (uint32_t)i + 1;
	t->job->n_steps = (uint32_t)t->n;
	t->job->step_operation = t->step[i].operation ? t->step[i].operation : t->operation;
	return result;
}

bool transaction_step_is_final(const struct hycan_operation *operation)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_TAKES && effects[i].kind == HYCAN_OBJECT_KIND_LINK)
			return true;
	return false;
}

int transaction_on_change(void *userdata)
{
	struct transaction *t = userdata;
	int r;

	if (t->looks_ahead)
		return 1;
	t->n_changes++;
	if (t->is_plan)
		return 1;
	/* a successor goes forward, too */
	r = t->is_noted || t->is_final || buffer_used(&t->undo.frames) == t->noted ? 0
	                                                                           : diary_undo(t->job, t->now, &t->undo, t->first);
	if (r < 0) {
		t->job->intent.no_room = true;
		return r;
	}
	t->noted = buffer_used(&t->undo.frames);
	return t->gate.change ? t->gate.change(t->gate.userdata) : 0;
}

/* From here on, or no longer, nothing is let through, as in a plan. */
static void look(struct transaction *t, bool looks)
{
	t->looks_ahead = t->job->op.plan = looks;
	if (!looks)
		op_forget_plan(&t->job->op);
}

static bool makes_anything(const struct hycan_operation *operation)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES)
			return true;
	return false;
}

/* Keeps what was found out, in memory that was there before. */
static void keep_outlook(struct transaction *t, bool *items, size_t n)
{
	const struct op *op = &t->job->op;

	if (op->items_unchanged)
		memcpy(items, op->items_unchanged, n * sizeof(*items));
	t->outlook = (struct outlook){
		.is_known = true,
		.unchanged = op->unchanged,
		.kept_link = op->kept_link,
		.items_unchanged = op->items_unchanged && n > 0 ? items : NULL,
	};
}

/* The answer was lost, and what is there counts as made (job_perform()): but not what was there before. */
static void recall_outlook(struct transaction *t)
{
	struct op *op = &t->job->op;

	if (!t->outlook.is_known)
		return;
	op->unchanged = t->outlook.unchanged;
	op->kept_link = t->outlook.kept_link;
	if (t->outlook.items_unchanged)
		op->items_unchanged = t->outlook.items_unchanged;
}

/*
 * What a step will make, and nobody has made before, is noted before it is made. A step that is refused now will be when it
 * is carried out, and then says why.
 */
static int look_ahead(struct transaction *t)
{
	struct job *job = t->job;
	const size_t n_items = diary_count_items(job);
	bool *items = wire_memory_take(&job->memory, n_items * sizeof(*items));
	const struct wire_memory before = job->memory;
	int r;

	if (!items && n_items > 0)
		return -ENOMEM;
	look(t, true);
	r = job_perform(job);
	if (r == 0)
		keep_outlook(t, items, n_items);
	/* of a list that will break off in the middle, too */
	t->is_noted = (r == 0 || job->op.items_unchanged) && transaction_undo_step(t, t->begun) == 0 && t->undo.n > t->begun.n;
	look(t, false);
	r = t->is_noted ? diary_undo(job, t->now, &t->undo, t->first) : 0;
	job->intent.no_room = r < 0;
	undo_log_rewind(&t->undo, t->begun);
	job->memory = before;
	return r;
}

/* Whether what is left would be refused, as far as that can be seen. What went with something else is gone, as it should be. */
static int try_step(struct transaction *t, size_t i)
{
	struct job *job = t->job;
	const struct undo_mark undo = undo_log_mark(&t->undo);
	const struct wire_memory memory = job->memory;
	int r;

	transaction_enter(t, i);
	r = job_perform(job);
	/* for a successor: what is there by then may have been made meanwhile */
	t->step[i].unchanged = r == 0 && job->op.unchanged;
	t->step[i].kept_link = r == 0 && job->op.kept_link;
	r = i > t->now && job_found_gone(job, r) ? 0 : answer_explain(job, r);
	transaction_leave(t);
	undo_log_rewind(&t->undo, undo);
	job->memory = memory;
	return r ? transaction_failed_at(t, i, r) : 0;
}

static int try_steps(struct transaction *t)
{
	int r = 0;

	look(t, true);
	for (size_t i = t->now; i < t->n && r == 0; i++)
		r = try_step(t, i);
	look(t, false);
	return r;
}

static int note_final_step(struct transaction *t, size_t i)
{
	int r;

	transaction_enter(t, i);
	r = diary_final(t->job, (uint32_t)i);
	transaction_leave(t);
	return r;
}

/* From here on nothing can be taken back. */
static int begin_final_steps(struct transaction *t)
{
	int r = t->is_plan ? 0 : try_steps(t);

	if (r)
		return r;
	for (size_t i = t->now; i < t->n && r == 0 && !t->is_plan; i++)
		r = note_final_step(t, i);
	if (r == 0 && !t->is_plan)
		r = diary_forward(t->job);
	t->job->intent.no_room = r < 0;
	t->is_final = r == 0;
	t->first_final = t->now;
	return r;
}

/*
 * Behind the first of the steps that cannot be taken back there is no way back, so what fails is tried again for a while;
 * and what went with something else is gone, as it should be.
 */
static int carry_out(struct transaction *t)
{
	int r = job_perform(t->job);

	if (!t->is_final || t->now == t->first_final)
		return r;
	for (unsigned int i = 0; i < PATIENCE && r != 0 && !t->is_plan && !job_found_gone(t->job, r); i++) {
		nanosleep(&patience_step, NULL);
		r = job_perform(t->job);
	}
	if (r == 0 || !job_found_gone(t->job, r))
		return r;
	t->job->op.settled = NULL;
	/* who renamed nothing has given no link's name to anything */
	t->job->op.unchanged = true;
	return 0;
}

/* Room for what takes the step back. Where there is only the way forward it is waited for. */
static int prepare_undo(struct transaction *t)
{
	/* to be confirmed: each may have to go, and to be let go of where it is another's, too */
	const size_t n = record_count(t->job) * (t->pending ? 2 : 1);
	int r = undo_log_prepare(&t->undo, n);

	for (unsigned int i = 0; i < PATIENCE && r < 0 && t->is_final; i++) {
		nanosleep(&patience_step, NULL);
		r = undo_log_prepare(&t->undo, n);
	}
	return r;
}

/* What has to be in the diary before a step is carried out. */
static int prepare_step(struct transaction *t, size_t i)
{
	struct job *job = t->job;
	int r;

	t->now = (uint32_t)i;
	t->first = undo_log_mark(&t->undo);
	transaction_enter(t, i);
	r = transaction_undo_wanted(t);
	transaction_leave(t);
	t->begun = undo_log_mark(&t->undo);
	t->noted = t->begun.end;
	t->is_noted = false;
	t->outlook = (struct outlook){ 0 };
	if (r == 0 && !t->is_final && transaction_step_is_final(t->step[i].operation))
		r = begin_final_steps(t);
	if (t->is_plan)
		return r;
	transaction_enter(t, i);
	/* what is done can be taken back: the room for that comes first */
	if (r == 0)
		r = prepare_undo(t);
	if (r == 0 && t->is_final)
		t->outlook =
			(struct outlook){ .is_known = true, .unchanged = t->step[i].unchanged, .kept_link = t->step[i].kept_link };
	else if (r == 0 && makes_anything(job->operation))
		r = look_ahead(t);
	transaction_leave(t);
	return r;
}

/* What became of a step that was carried out. Without room for that, one that cannot be taken back is carried out again. */
static int note_step(struct transaction *t)
{
	int r = diary_step(t->job, t->now, t->step[t->now].duration_us, &t->undo, t->first);

	if (r == 0 || t->is_final)
		return 0;
	t->job->intent.no_room = true;
	return r;
}

/* What the handler left for the ledger, which hears of it when all steps are done. */
static void keep_outcome(struct transaction *t, struct step *step)
{
	const struct job *job = t->job;

	step->unchanged = job->op.unchanged;
	step->kept_link = job->op.kept_link;
	step->items_unchanged = job->op.items_unchanged;
	step->items_failed = job->op.items_failed;
	step->settled = job->op.settled;
	step->lets_go = job->lets_go;
	step->called_us = job->called_us;
}

/* What is known and written down of a step that was done, or that a plan looked at. */
static int finish_step(struct transaction *t, struct hycan_step_result *result, bool touched)
{
	struct job *job = t->job;
	int r;

	/* of a peer that is changed nothing was made, which is all that the ledger asks */
	result->unchanged = !touched || (job->op.unchanged && t->undo.n == t->begun.n);
	result->has_reply = job->operation->reply->n_fields > 0 && !t->is_plan;
	/* what was not touched is not put back */
	if (!touched)
		undo_log_rewind(&t->undo, t->begun);
	r = transaction_undo_holds(t);
	if (r == 0 && t->is_plan && t->prunes)
		r = prune_note(&t->stated, job);
	if (r == 0 && t->is_plan && !result->unchanged)
		r = plan_step(&t->plan, job, t->now, &t->undo, t->begun);
	if (r == 0 && !t->is_plan)
		r = note_step(t);
	if (r == 0 && result->has_reply)
		r = answer_encode_reply(job, &result->reply);
	return r;
}

int transaction_carry_out(struct transaction *t, size_t i)
{
	const uint64_t began_us = server_now_us();
	const size_t changes = t->n_changes;
	struct job *job = t->job;
	int r = prepare_step(t, i), undone = 0;

	transaction_enter(t, i);
	if (r == 0)
		r = carry_out(t);
	if (job->doubt.is)
		recall_outlook(t);
	/* a list that broke off in the middle, too; but what was never begun must not be put back where it was not */
	if (r != 0 && changes == t->n_changes)
		undo_log_rewind(&t->undo, t->begun);
	else if (r == 0 || job->op.items_unchanged)
		undone = transaction_undo_step(t, t->begun);
	if (r == 0 && !t->is_final)
		r = undone;
	if (r == 0) {
		keep_outcome(t, &t->step[i]);
		t->step[i].duration_us = server_now_us() - began_us;
		r = finish_step(t, &t->result[i], changes != t->n_changes);
	}
	if (r)
		r = answer_explain(job, r);
	transaction_leave(t);
	return r;
}
