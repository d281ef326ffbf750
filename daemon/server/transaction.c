/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions.
 *
 * Each step goes the way of a request: it is decoded, judged, carried out, recorded. Only the order is another one: all are
 * decoded and judged before the first is carried out, and the ledger is told when all of them are done. So a transaction
 * that fails leaves no trace there, and in the kernel what was done is taken back, last first.
 *
 * What takes a step back comes from its handler (op_undo()), which knows what is there before it is changed; or from the
 * schema, where the step made something: the row that takes such a thing away, with the fields that tell it from others.
 *
 * How far it has come is in its diary (diary.h), so that it is all or nothing for the successor of a daemon that is killed
 * at any moment, too. That is why a step that makes something is looked at first, as in a plan: what it would make and
 * nobody had made before is what takes it back.
 *
 * While a step is carried out the job is that of the step: its operation, its request, its reply. What this file does not
 * do: know any operation.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "diary.h"
#include "dispatch.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "own.h"
#include "pending.h"
#include "plan.h"
#include "prune.h"
#include "record.h"
#include "rollback.h"
#include "server.h"
#include "sweep.h"
#include "table.h"
#include "transaction.h"
#include "undo_log.h"

struct step {
	const struct hycan_operation *operation;
	void *request; /* decoded */

	/* what the handler left for the ledger */
	bool unchanged;
	bool kept_link;
	const bool *items_unchanged;
	const bool *items_failed;
	const void *settled;
	bool lets_go;
	bool any_owner; /* policy lets it change what is others' */
	uint64_t duration_us;
};

struct transaction {
	struct job *job;
	const struct hycan_operation *operation; /* transaction.run itself */
	const struct hycan_step *asked;
	size_t n;
	struct step *step;
	struct hycan_step_result *result;
	struct undo_log undo;
	bool exclusive;
	bool is_plan;
	uint32_t confirm_within; /* seconds; 0: it lasts */
	bool detached;
	struct pending *pending; /* NULL: it lasts */
	bool prunes;
	uint32_t n_pruned;
	struct stated stated; /* of a plan that prunes: what its steps make */
	struct plan plan;
	bool looks_ahead;       /* nothing is let through at our gate, as in a plan */
	struct op_gate gate;    /* the one that was there before ours */
	size_t n_changes;       /* that asked at our gate */
	uint32_t now;           /* the step that is carried out */
	struct undo_mark begun; /* where what takes it back begins, */
	size_t noted;           /* and as much of that as is in the diary */
	bool is_noted;          /* all of it is */
	bool is_final;          /* it goes forward only, */
	uint32_t first_final;   /* behind that step */
};

/* How often what cannot be taken back is tried. */
#define PATIENCE 15
static const struct timespec patience_step = { .tv_nsec = 200000000 };

static void *memory_of(struct transaction *t, size_t n, size_t size)
{
	return wire_memory_take(&t->job->memory, n * size);
}

static int refuse_memory(struct transaction *t)
{
	return op_refuse(&t->job->op, HYCAN_REFUSAL_LIMIT, "steps", "%zu steps are more than there is memory for.", t->n);
}

/* The job is that of a step now. */
static void enter(struct transaction *t, size_t i)
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
	job->doubt = (struct doubt){ 0 };
	/* the last verdict was about another step */
	job->by_name = true;
}

/* The job is that of the transaction again. */
static void leave(struct transaction *t)
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

/* Keeps which step it was that failed. Returns the result. */
static int failed_at(struct transaction *t, size_t i, int result)
{
	/* looking ahead it may have been another one */
	if (t->job->step)
		return result;
	t->job->step = (uint32_t)i + 1;
	t->job->n_steps = (uint32_t)t->n;
	t->job->step_operation = t->step[i].operation ? t->step[i].operation : t->operation;
	return result;
}

/* ------------------------------------------------------------------------------------------- before anything is done */

/* Whether it cannot be taken back: nobody knows all that a link was. */
static bool is_final(const struct hycan_operation *operation)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_TAKES && effects[i].kind == HYCAN_OBJECT_KIND_LINK)
			return true;
	return false;
}

static int find_operation(struct transaction *t, size_t i)
{
	const struct hycan_operation *operation = hycan_operation_by_number(t->asked[i].operation);
	const struct hycan_operation *before = i ? t->step[i - 1].operation : NULL;
	struct op *op = &t->job->op;

	t->step[i].operation = operation;
	if (!operation)
		return op_refuse(op, HYCAN_REFUSAL_UNKNOWN, "operation", "There is no operation 0x%04x in this version.",
		                 t->asked[i].operation);
	if (operation->access != HYCAN_ACCESS_WRITE || operation->runs == HYCAN_RUNS_LOOP || operation->list)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "operation",
		                 "%s does not change the kernel; a step of a transaction must.", operation->name);
	if (t->confirm_within && is_final(operation))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "confirm_within",
		                 "%s cannot be taken back, so it cannot wait to be confirmed.", operation->name);
	if (before && is_final(before) && !is_final(operation))
		return op_refuse(
			op, HYCAN_REFUSAL_INVALID, "operation",
			"%s comes behind %s, which cannot be taken back should this fail: put what deletes links at the end.",
			operation->name, before->name);
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

	enter(t, i);
	r = dispatch_judge(t->job);
	t->step[i].any_owner = t->job->any_owner;
	leave(t);
	return r;
}

static int for_each_step(struct transaction *t, int (*function)(struct transaction *t, size_t i))
{
	for (size_t i = 0; i < t->n; i++) {
		int r = function(t, i);

		if (r)
			return failed_at(t, i, r);
	}
	return 0;
}

/* -------------------------------------------------------------------------------------------------------- taking back */

/* Whether the ledger has what a request puts back, and whose it is. */
static bool was_owned(struct job *job, const struct hycan_operation *operation, const void *request, uid_t *ret_uid)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view_of(job, &effects[i], request);
		bool makes = effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES;

		for (size_t k = 0; makes && !v.absent && k < v.n_items; k++) {
			struct ledger_key key;
			enum ledger_stand stand;

			key_of(&v, k, &key);
			*ret_uid = job->holder.uid;
			stand = ledger_whose(job->server->ledger, &key, &job->holder, ret_uid);
			if (stand != LEDGER_NOBODYS)
				return true;
		}
	}
	return false;
}

static int keep_undo(struct op *op, uint16_t number, const void *request)
{
	const struct hycan_operation *operation = hycan_operation_by_number(number);
	struct job *job = (struct job *)op;
	uid_t uid = 0;
	unsigned int flags = job->undo->keeps && was_owned(job, operation, request, &uid) ? UNDO_OWNED : 0;

	return undo_log_add(job->undo, operation, request, flags, uid);
}

/* What takes an object away. */
static int keep_key(struct transaction *t, const struct ledger_key *key, unsigned int flags)
{
	union message taking;
	const struct hycan_operation *operation = key_request(key, &taking);

	return operation ? undo_log_add(&t->undo, operation, &taking, UNDO_EXACT | flags, 0) : -EINVAL;
}

/* What takes away what an effect of the step in the job made. */
static int undo_made(struct transaction *t, const struct op_effect *made)
{
	const struct key_view v = key_view(t->job, made);
	int r = 0;

	for (size_t i = 0; !v.absent && i < v.n_items && r == 0; i++) {
		struct ledger_key key;

		if (t->job->op.items_unchanged && t->job->op.items_unchanged[i])
			continue;
		key_of(&v, i, &key);
		r = keep_key(t, &key, 0);
	}
	return r;
}

/*
 * Who asks for what is there as another's holds it, too, and who takes away what others hold does not any more. A
 * transaction that fails told the ledger nothing of that; one that is taken back did.
 */
static int undo_holds(struct transaction *t)
{
	struct job *job = t->job;
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	for (size_t i = 0; t->pending && i < n && r == 0; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		bool lets_go = effects[i].does == OP_TAKES && effects[i].n_parts > 0 && job->lets_go;

		for (size_t k = 0; (lets_go || effects[i].does == OP_MAKES) && !v.absent && k < v.n_items && r == 0; k++) {
			struct ledger_key key;
			uid_t owner;

			if (!job->op.unchanged && !(job->op.items_unchanged && job->op.items_unchanged[k]))
				continue;
			key_of(&v, k, &key);
			if (lets_go)
				r = keep_key(t, &key, UNDO_LET_GO);
			else if (ledger_whose(job->server->ledger, &key, &job->holder, &owner) == LEDGER_OTHERS)
				r = keep_key(t, &key, UNDO_HELD);
		}
	}
	return r;
}

/* The step in the job was done: what takes it back, unless its handler has said it. */
static int undo_step(struct transaction *t, struct undo_mark before)
{
	size_t n;
	const struct op_effect *effects = op_effects(t->job->operation, &n);
	int r = 0;

	if (t->job->op.unchanged || t->undo.n > before.n)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		if (effects[i].does == OP_MAKES)
			r = undo_made(t, &effects[i]);
	return r;
}

/* Takes back what was done; of the step that failed, what was. What is said of the failure stays. */
static void roll_back(struct transaction *t)
{
	struct job *job = t->job;
	const struct rollback rollback = {
		.job = job,
		.whole = t->operation,
		.undo = &t->undo,
		/* where there is no room for that, the diary goes on saying what it said before: all would be taken back again */
		.is_noted = job->intent.begun && diary_takes_back(job, t->now, &t->undo, t->begun) == 0,
		.number = job->intent.number,
	};
	size_t n, left;

	job->intent.no_room = false;
	left = rollback_run(&rollback);
	n = strlen(job->op.sentence);
	if (left)
		snprintf(job->op.sentence + n, sizeof(job->op.sentence) - n, " And %zu of what was done could not be taken back.",
		         left);
}

/* ----------------------------------------------------------------------------------------------------- carrying it out */

/* Each change is counted; of a plan none is let through. */
static int on_change(void *userdata)
{
	struct transaction *t = userdata;
	int r;

	if (t->looks_ahead)
		return 1;
	t->n_changes++;
	if (t->is_plan)
		return 1;
	r = t->is_noted || buffer_used(&t->undo.frames) == t->noted ? 0 : diary_undo(t->job, t->now, &t->undo, t->begun);
	if (r < 0) {
		t->job->intent.no_room = true;
		return r;
	}
	t->noted = buffer_used(&t->undo.frames);
	return t->gate.change ? t->gate.change(t->gate.userdata) : 0;
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

/*
 * What a step will make, and nobody has made before, is noted before it is made. A step that is refused now will be when it
 * is carried out, and then says why.
 */
static int look_ahead(struct transaction *t)
{
	struct job *job = t->job;
	const struct wire_memory before = job->memory;
	int r;

	t->looks_ahead = job->op.plan = true;
	r = job_perform(job);
	/* of a list that will break off in the middle, too */
	t->is_noted = (r == 0 || job->op.items_unchanged) && undo_step(t, t->begun) == 0 && t->undo.n > t->begun.n;
	t->looks_ahead = job->op.plan = false;
	op_scope_forget_plan(job->op.scope);
	r = t->is_noted ? diary_undo(job, t->now, &t->undo, t->begun) : 0;
	job->intent.no_room = r < 0;
	undo_log_rewind(&t->undo, t->begun);
	job->memory = before;
	return r;
}

/* Whether a step that cannot be taken back would be refused, as far as that can be seen. */
static int try_final_step(struct transaction *t, size_t i)
{
	struct job *job = t->job;
	int r;

	enter(t, i);
	t->looks_ahead = job->op.plan = true;
	r = job_explain(job, job_perform(job));
	t->looks_ahead = job->op.plan = false;
	op_scope_forget_plan(job->op.scope);
	leave(t);
	return r ? failed_at(t, i, r) : 0;
}

static int note_final_step(struct transaction *t, size_t i)
{
	int r;

	enter(t, i);
	r = diary_final(t->job, (uint32_t)i);
	leave(t);
	return r;
}

/* From here on nothing can be taken back. */
static int begin_final_steps(struct transaction *t)
{
	int r = 0;

	for (size_t i = t->now; i < t->n && r == 0; i++)
		r = try_final_step(t, i);
	if (r)
		return r;
	for (size_t i = t->now; i < t->n && r == 0; i++)
		r = note_final_step(t, i);
	if (r == 0)
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
	for (unsigned int i = 0; i < PATIENCE && r != 0 && !job_found_gone(t->job, r); i++) {
		nanosleep(&patience_step, NULL);
		r = job_perform(t->job);
	}
	if (r == 0 || !job_found_gone(t->job, r))
		return r;
	t->job->op.settled = NULL;
	return 0;
}

/* What has to be in the diary before a step is carried out. */
static int prepare_step(struct transaction *t, size_t i)
{
	struct job *job = t->job;
	int r = 0;

	t->now = (uint32_t)i;
	t->begun = undo_log_mark(&t->undo);
	t->noted = t->begun.end;
	t->is_noted = false;
	if (t->is_plan)
		return 0;
	if (!t->is_final && is_final(t->step[i].operation))
		r = begin_final_steps(t);
	enter(t, i);
	/* what is done can be taken back: the room for that comes first */
	if (r == 0)
		r = undo_log_prepare(&t->undo, record_count(job));
	if (r == 0 && job->intent.begun && makes_anything(job->operation))
		r = look_ahead(t);
	leave(t);
	return r;
}

/* What became of a step that was carried out. Without room for that, one that cannot be taken back is carried out again. */
static int note_step(struct transaction *t)
{
	int r = diary_step(t->job, t->now, t->step[t->now].duration_us, &t->undo, t->begun);

	if (r == 0 || t->is_final)
		return 0;
	t->job->intent.no_room = true;
	return r;
}

static int carry_out_step(struct transaction *t, size_t i)
{
	const uint64_t began_us = server_now_us();
	const size_t changes = t->n_changes;
	struct step *step = &t->step[i];
	struct job *job = t->job;
	int r = prepare_step(t, i), undone = 0;

	enter(t, i);
	if (r == 0)
		r = carry_out(t);
	/* a list that broke off in the middle, too; but what was never begun must not be put back where it was not */
	if (r != 0 && changes == t->n_changes)
		undo_log_rewind(&t->undo, t->begun);
	else if (r == 0 || job->op.items_unchanged)
		undone = undo_step(t, t->begun);
	r = r ? r : undone;
	if (r == 0) {
		step->unchanged = job->op.unchanged;
		/* of a peer that is changed nothing was made, which is all that the ledger asks */
		t->result[i].unchanged = changes == t->n_changes || (job->op.unchanged && t->undo.n == t->begun.n);
		step->kept_link = job->op.kept_link;
		step->items_unchanged = job->op.items_unchanged;
		step->items_failed = job->op.items_failed;
		step->lets_go = job->lets_go;
		step->settled = job->op.settled;
		step->duration_us = server_now_us() - began_us;
		t->result[i].has_reply = job->operation->reply->n_fields > 0 && !t->is_plan;
		/* what was not touched is not put back */
		if (changes == t->n_changes)
			undo_log_rewind(&t->undo, t->begun);
		r = undo_holds(t);
	}
	if (r == 0 && t->is_plan && t->prunes)
		r = prune_note(&t->stated, job);
	if (r == 0 && t->is_plan && !t->result[i].unchanged)
		r = plan_step(&t->plan, job, (uint32_t)i, &t->undo, t->begun);
	if (r == 0 && !t->is_plan)
		r = note_step(t);
	if (r == 0 && t->result[i].has_reply)
		r = job_encode_reply(job, &t->result[i].reply);
	if (r)
		r = job_explain(job, r);
	leave(t);
	return r;
}

/* All is done: the ledger and the log hear of it. */
static int record(struct transaction *t)
{
	struct ledger *ledger = t->job->server->ledger;
	uint32_t round = t->prunes ? ledger_round(ledger) : 0;

	for (size_t i = 0; i < t->n; i++) {
		enter(t, i);
		(void)record_done(t->job);
		diary_recorded(t->job, (uint32_t)i + 1);
		dispatch_audit(t->job, t->step[i].duration_us, "");
		leave(t);
	}
	return t->prunes ? sweep_stale(t->job, 0, round, "no step of transaction.run asked for it", &t->n_pruned) : 0;
}

/* All steps are done: from here on it goes forward. */
static int conclude(struct transaction *t)
{
	size_t n_objects = 0;
	int r;

	for (size_t i = 0; i < t->n; i++) {
		enter(t, i);
		n_objects += record_count(t->job);
		leave(t);
	}
	r = diary_done(t->job, n_objects, t->pending && t->undo.n > 0);
	if (r == 0 || t->is_final)
		return 0;
	t->now = (uint32_t)t->n;
	t->begun = undo_log_mark(&t->undo);
	t->job->intent.no_room = true;
	return job_explain(t->job, r);
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
	t->job->op.undo = keep_undo;
	t->job->op.plan = t->is_plan;
	t->gate = op_scope_set_gate(t->job->op.scope, (struct op_gate){ .change = on_change, .userdata = t });
	r = for_each_step(t, carry_out_step);
	if (r == 0 && !t->is_plan)
		r = conclude(t);
	(void)op_scope_set_gate(t->job->op.scope, t->gate);
	t->job->op.plan = false;
	if (t->is_plan && t->prunes && r == 0)
		r = prune_plan(&t->stated, &t->plan, t->job, (uint32_t)t->n, &t->n_pruned);
	if (t->is_plan)
		op_scope_forget_plan(t->job->op.scope);
	else if (r)
		roll_back(t);
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
	job->undo = NULL;
	op->undo = NULL;
	if (r)
		return r;
	memset(reply, 0, sizeof(*reply));
	reply->results = t.result;
	reply->n_results = t.n;
	reply->has_token = job->pending;
	if (job->pending)
		snprintf(reply->token, sizeof(reply->token), "%s", pending_token(job->pending));
	reply->changes = t.plan.change;
	reply->n_changes = t.plan.n;
	reply->unchanged = t.n_pruned == 0;
	reply->has_pruned = t.prunes;
	reply->pruned = t.n_pruned;
	for (size_t i = 0; i < t.n; i++)
		reply->unchanged = reply->unchanged && t.result[i].unchanged;
	return 0;
}
