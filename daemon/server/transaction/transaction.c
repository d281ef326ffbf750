/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions.
 *
 * Each step goes the way of a request: it is decoded, judged, carried out, recorded. Only the order is another one: all are
 * decoded and judged before the first is carried out. What is done the ledger hears at once, so who asks for a thing meanwhile holds
 * it, too, and keeps it when a later step fails: then what was done is taken back, last first, here as where nobody confirms it.
 *
 * How far it has come is in its diary (diary.h), so that it is all or nothing for the successor of a daemon that is killed
 * at any moment, too. What these files do not do: know any operation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "charge.h"
#include "diary.h"
#include "dispatch.h"
#include "giving.h"
#include "intent.h"
#include "job.h"
#include "ledger.h"
#include "pending.h"
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
	return r < 0 ? op_refuse(&job->op, decoder.fault.refusal, decoder.fault.field, "%s", decoder.fault.sentence) : 0;
}

static int judge_step(struct transaction *t, size_t i)
{
	int r;

	transaction_enter(t, i);
	r = dispatch_judge(t->job);
	if (r == 0 && charge_frees(t->job) < 0)
		r = refuse_memory(t);
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

/* The log hears of each step when it is done, as the ledger does: what takes it back has lines of its own. */
static int carry_out_step(struct transaction *t, size_t i)
{
	int r = transaction_carry_out(t, i);

	if (r != 0 || t->is_plan)
		return r;
	transaction_enter(t, i);
	dispatch_audit(t->job, t->step[i].duration_us, "");
	transaction_leave(t);
	return 0;
}

/* All steps are done: from here on it goes forward. */
static int conclude(struct transaction *t)
{
	const bool waits = t->pending && t->undo.n > 0;
	int r = waits ? transaction_claim(t, 0) : 0;

	if (r == 0 && waits)
		r = pending_prepare(t->pending, t->job, &t->undo);
	if (r == 0) {
		r = diary_done(t->job, waits);
		if (r == 0 || t->is_final)
			return 0;
		t->job->intent.no_room = true;
	}
	t->now = (uint32_t)t->n;
	t->first = t->begun = undo_log_mark(&t->undo);
	return transaction_explain(t, r);
}

static int run(struct transaction *t)
{
	int r;

	r = for_each_step(t, decode_step);
	t->is_decoded = r == 0;
	/* as long as the request is the job's */
	if (r == 0 && !t->is_plan) {
		t->job->intent.diary = true;
		r = intent_now(t->job);
	}
	if (r == 0)
		r = for_each_step(t, judge_step);
	if (r == 0 && !t->is_plan)
		r = giving_begin(t->job);
	if (r == 0 && t->confirm_within)
		r = pending_reserve(t->job, &t->undo, t->confirm_within, t->detached, &t->pending);
	if (r)
		return r;
	t->undo.keeps = !t->is_plan;
	t->job->undo = &t->undo;
	t->job->op.undo = transaction_keep_undo;
	t->job->op.undo_routes = transaction_keep_routes;
	t->job->op.says_routes = transaction_keeps_routes;
	t->job->op.undo_along = transaction_keep_along;
	t->job->op.plan = t->is_plan;
	t->round = t->is_plan ? 0 : ledger_round(t->job->server->ledger);
	t->gate = op_scope_set_gate(t->job->op.scope, (struct op_gate){ .change = transaction_on_change,
	                                                                .held = t->is_plan ? transaction_on_held : NULL,
	                                                                .userdata = t });
	r = for_each_step(t, carry_out_step);
	if (r == 0 && !t->is_plan)
		r = conclude(t);
	(void)op_scope_set_gate(t->job->op.scope, t->gate);
	t->job->op.plan = false;
	if (t->is_plan && t->prunes && r == 0)
		r = prune_plan(&t->stated, &t->plan, t->job, (uint32_t)t->n, &t->pruned.gone);
	if (t->is_plan) {
		op_forget_plan(&t->job->op);
		renames_forget(t->job);
	} else if (r) {
		transaction_roll_back(t);
	}
	if (r == 0 && t->pending && t->undo.n > 0)
		pending_keep(t->pending, t->job, &t->undo);
	else
		pending_discard(&t->pending);
	return r;
}

int transaction_run(struct op *op, const struct hycan_transaction_run_request *request, struct hycan_transaction_run_reply *reply)
{
	const struct hycan_transaction_run_request asked = *request;
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
		.may_be_gone = request->has_may_be_gone && request->may_be_gone,
	};
	int r;

	if (t.prunes && t.confirm_within)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "prune",
		                 "What prune takes away cannot be taken back: ask for it when the rest is confirmed.");
	if (t.confirm_within && t.detached && job->server->private)
		return op_refuse(
			op, HYCAN_REFUSAL_UNSUPPORTED, "detached",
			"This daemon is private to its program and ends with it, so nobody could confirm it then: start the "
			"service (systemctl start hycan-daemon).");
	t.step = memory_of(&t, t.n + 1, sizeof(*t.step));
	t.result = memory_of(&t, t.n + 1, sizeof(*t.result));
	t.used = job->memory.used;
	if (!t.is_plan)
		intent_begin(job);
	r = t.step && t.result ? run(&t) : refuse_memory(&t);
	if (!t.is_plan)
		intent_end(job);
	/* the log tells of it, and what is there is a step's */
	memcpy(&job->request, &asked, sizeof(asked));
	undo_log_release(&t.undo);
	giving_end(&job->giving);
	free(t.rounds);
	prune_done(&t.stated);
	job->undo = NULL;
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
	/* who holds from now on what only others held, or in another way, so that there is something to take back, has changed that */
	reply->unchanged = t.pruned.gone == 0 && t.pruned.failed == 0 && !job->pending && !t.joins;
	reply->has_pruned = t.prunes;
	reply->pruned = t.pruned.gone;
	reply->failed = t.pruned.failed + t.pruned.n_lost;
	reply->has_failed = reply->failed > 0;
	for (size_t i = 0; i < t.n; i++)
		reply->unchanged = reply->unchanged && t.result[i].unchanged;
	op->unchanged = reply->unchanged && !t.is_plan;
	return 0;
}
