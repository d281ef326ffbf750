/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions.
 *
 * Each step goes the way of a request: it is decoded, judged, carried out, recorded. Only the order is another one: all are
 * decoded and judged before the first is carried out, and the ledger is told when all of them are done. So a transaction
 * that fails leaves no trace there, and in the kernel what was done is taken back, last first.
 *
 * How far it has come is in its diary (diary.h), so that it is all or nothing for the successor of a daemon that is killed
 * at any moment, too. What these files do not do: know any operation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "diary.h"
#include "dispatch.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "own.h"
#include "pending.h"
#include "record.h"
#include "server.h"
#include "sweep.h"
#include "table.h"
#include "transaction.h"
#include "transaction_state.h"

static void *memory_of(struct transaction *t, size_t n, size_t size)
{
	return wire_memory_take(&t->job->memory, n * size);
}

static int refuse_memory(struct transaction *t)
{
	return op_refuse(&t->job->op, HYCAN_REFUSAL_LIMIT, "steps", "%zu steps are more than there is memory for.", t->n);
}

static int find_operation(struct transaction *t, size_t i)
{
	const struct hycan_operation *operation = hycan_operation_by_number(t->asked[i].operation);
	struct op *op = &t->job->op;

	t->step[i].operation = operation;
	if (!operation)
		return op_refuse(op, HYCAN_REFUSAL_UNKNOWN, "operation", "There is no operation 0x%04x in this version.",
		                 t->asked[i].operation);
	if (operation->access != HYCAN_ACCESS_WRITE || operation->runs == HYCAN_RUNS_LOOP || operation->list)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "operation",
		                 "%s does not change the kernel; a step of a transaction must.", operation->name);
	if (t->confirm_within && transaction_step_is_final(operation))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "confirm_within",
		                 "%s cannot be taken back, so it cannot wait to be confirmed.", operation->name);
	return 0;
}

/* Links that steps rename. */
#define RENAMES_MAX 256u

/* The name is another link's from that step on, or none's. */
static void end_name(struct transaction *t, uint32_t step, const struct ledger_key *link)
{
	for (uint32_t i = 0; i < t->n_renamed; i++)
		if (t->renamed[i].over == UINT32_MAX && key_same(&t->renamed[i].to, link))
			t->renamed[i].over = step;
}

static int begin_name(struct transaction *t, uint32_t step, const struct key_view *v)
{
	struct renamed renamed = { .step = step, .over = UINT32_MAX };

	if (t->n_renamed == RENAMES_MAX)
		return op_refuse(&t->job->op, HYCAN_REFUSAL_LIMIT, "steps",
		                 "A transaction renames %u links at most: rename the others in another one.", RENAMES_MAX);
	if (!t->renamed)
		t->renamed = memory_of(t, RENAMES_MAX, sizeof(*t->renamed));
	if (!t->renamed)
		return refuse_memory(t);
	key_of(v, 0, &renamed.from);
	if (key_of_link(v, 0, &renamed.to)) {
		end_name(t, step, &renamed.from);
		end_name(t, step, &renamed.to);
		t->renamed[t->n_renamed++] = renamed;
	}
	return 0;
}

/* What links are called from that step on. */
static int note_names(struct transaction *t, uint32_t step)
{
	size_t n;
	const struct op_effect *effects = op_effects(t->step[step].operation, &n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct key_view v = key_view_of(t->job, &effects[i], t->step[step].request);
		struct ledger_key link;

		if (effects[i].does == OP_RENAMES)
			r = begin_name(t, step, &v);
		if ((effects[i].does != OP_TAKES && effects[i].does != OP_MAKES) || effects[i].kind != HYCAN_OBJECT_KIND_LINK)
			continue;
		for (size_t k = 0; t->n_renamed > 0 && !v.absent && k < v.n_items; k++) {
			key_of(&v, k, &link);
			end_name(t, step, &link);
		}
	}
	return r;
}

static int decode_step(struct transaction *t, size_t i)
{
	const struct hycan_payload *payload = &t->asked[i].request;
	struct wire_decoder decoder = { .strict = true };
	struct job *job = t->job;
	int r = find_operation(t, i);

	if (r)
		return r;
	t->step[i].request = memory_of(t, 1, t->step[i].operation->request->size);
	if (!t->step[i].request)
		return refuse_memory(t);
	decoder.memory = job->memory;
	r = wire_decode(&decoder, t->step[i].operation->request, payload->data, payload->size, t->step[i].request);
	job->memory.used = decoder.memory.used;
	return r < 0 ? op_refuse(&job->op, decoder.fault.refusal, decoder.fault.field, "%s", decoder.fault.sentence)
	             : note_names(t, (uint32_t)i);
}

static int judge_step(struct transaction *t, size_t i)
{
	int r;

	transaction_enter(t, i);
	r = dispatch_judge(t->job);
	t->step[i].any_owner = t->job->any_owner;
	transaction_leave(t);
	return r;
}

static int for_each_step(struct transaction *t, int (*function)(struct transaction *t, size_t i))
{
	for (size_t i = 0; i < t->n; i++) {
		int r = function(t, i);

		if (r)
			return transaction_failed_at(t, i, r);
	}
	return 0;
}

/* All is done: the ledger and the log hear of it. */
static int record(struct transaction *t)
{
	t->round = t->prunes ? ledger_round(t->job->server->ledger) : 0;
	for (size_t i = 0; i < t->n; i++) {
		transaction_enter(t, i);
		/* what went before cannot be asked for once more */
		t->job->stamp = ledger_stamp(t->job->server->ledger);
		(void)record_done(t->job);
		diary_recorded(t->job, (uint32_t)i + 1);
		dispatch_audit(t->job, t->step[i].duration_us, "");
		transaction_leave(t);
	}
	return 0;
}

/* In objects. */
#define ROOM_MAX 40000u

/* What the requests that take it back write, in objects: it must be possible where nothing else is any more. Of some 10,000 at most. */
static size_t room_to_take_back(const struct undo_log *undo)
{
	const size_t objects = 3 * undo->n + buffer_used(&undo->frames) / 96 + 1;

	return objects < ROOM_MAX ? objects : ROOM_MAX;
}

/* All steps are done: from here on it goes forward. */
static int conclude(struct transaction *t)
{
	const bool waits = t->pending && t->undo.n > 0;
	size_t n_objects = 0;
	int r;

	for (size_t i = 0; i < t->n; i++) {
		transaction_enter(t, i);
		n_objects += record_count(t->job);
		transaction_leave(t);
	}
	r = waits ? pending_prepare(t->pending, t->undo.n) : 0;
	if (r == 0) {
		r = diary_done(t->job, n_objects + (waits ? room_to_take_back(&t->undo) : 0), waits);
		if (r == 0 || t->is_final)
			return 0;
		t->job->intent.no_room = true;
	}
	t->now = (uint32_t)t->n;
	t->first = t->begun = undo_log_mark(&t->undo);
	return answer_explain(t->job, r);
}

static int run(struct transaction *t)
{
	int r;

	r = for_each_step(t, decode_step);
	/* as long as the request is the job's */
	if (r == 0 && !t->is_plan) {
		t->job->intent.diary = true;
		r = intent_now(t->job);
	}
	if (r == 0)
		r = for_each_step(t, judge_step);
	if (r == 0 && t->confirm_within)
		r = pending_reserve(t->job, &t->undo, t->confirm_within, t->detached, &t->pending);
	if (r)
		return r;
	t->undo.keeps = t->pending;
	t->job->undo = &t->undo;
	t->job->transaction = t;
	t->job->along.is_kept = true;
	t->job->op.undo = transaction_keep_undo;
	t->job->op.plan = t->is_plan;
	t->gate = op_scope_set_gate(t->job->op.scope, (struct op_gate){ .change = transaction_on_change, .userdata = t });
	r = for_each_step(t, transaction_carry_out);
	if (r == 0 && !t->is_plan)
		r = conclude(t);
	(void)op_scope_set_gate(t->job->op.scope, t->gate);
	t->job->op.plan = false;
	if (t->is_plan && t->prunes && r == 0)
		r = prune_plan(&t->stated, &t->plan, t->job, (uint32_t)t->n, &t->pruned.gone);
	if (t->is_plan)
		op_forget_plan(&t->job->op);
	else if (r)
		transaction_roll_back(t);
	else
		r = record(t);
	own_cancel(t->job);
	if (r == 0 && t->pending && t->undo.n > 0)
		pending_keep(t->pending, t->job, &t->undo);
	else
		pending_discard(&t->pending);
	return r;
}

int transaction_run(struct op *op, const struct hycan_transaction_run_request *request, struct hycan_transaction_run_reply *reply)
{
	struct job *job = (struct job *)op;
	struct transaction t = {
		.job = job,
		.operation = job->operation,
		.asked = request->steps,
		.n = request->n_steps,
		.is_plan = request->has_plan && request->plan,
		.confirm_within =
			request->has_confirm_within && !(request->has_plan && request->plan) ? request->confirm_within : 0,
		.detached = request->has_detached && request->detached,
		.prunes = request->has_prune && request->prune,
		.exclusive = op->exclusive,
	};
	int r;

	if (t.prunes && t.confirm_within)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "prune",
		                 "What prune takes away cannot be taken back: ask for it when the rest is confirmed.");
	t.step = memory_of(&t, t.n + 1, sizeof(*t.step));
	t.result = memory_of(&t, t.n + 1, sizeof(*t.result));
	if (!t.is_plan)
		intent_begin(job);
	r = t.step && t.result ? run(&t) : refuse_memory(&t);
	if (!t.is_plan)
		intent_end(job);
	undo_log_release(&t.undo);
	prune_done(&t.stated);
	job->transaction = NULL;
	job->undo = NULL;
	along_release(job);
	op->undo = NULL;
	if (r)
		return r;
	/* it is done: what cannot be taken away is in the answer */
	if (t.prunes && !t.is_plan)
		(void)sweep_stale(job, 0, t.round, "no step of transaction.run asked for it", &t.pruned);
	memset(reply, 0, sizeof(*reply));
	reply->results = t.result;
	reply->n_results = t.n;
	reply->has_token = job->pending;
	if (job->pending)
		snprintf(reply->token, sizeof(reply->token), "%s", pending_token(job->pending));
	reply->changes = t.plan.change;
	reply->n_changes = t.plan.n;
	reply->unchanged = t.pruned.gone == 0 && t.pruned.failed == 0;
	reply->has_pruned = t.prunes;
	reply->pruned = t.pruned.gone;
	reply->has_failed = t.pruned.failed > 0;
	reply->failed = t.pruned.failed;
	for (size_t i = 0; i < t.n; i++)
		reply->unchanged = reply->unchanged && t.result[i].unchanged;
	return 0;
}
