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
 * While a step is carried out the job is that of the step: its operation, its request, its reply. What this file does not
 * do: know any operation.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dispatch.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "own.h"
#include "pending.h"
#include "plan.h"
#include "prune.h"
#include "record.h"
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
	struct op_gate gate;   /* the one that was there before ours */
	size_t n_changes;      /* that asked at our gate */
	unsigned int patience; /* how often a taking back may still be tried again */
};

/* An IPv6 address that is put back is looked at for a second (RFC 4862, 5.4) before a route may prefer it as its source. */
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

	/* it was judged before the daemon was killed, and begun */
	if (t->job->again)
		return 0;
	enter(t, i);
	r = dispatch_judge(t->job);
	leave(t);
	return r;
}

static bool has_keys(const struct transaction *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->step[i].operation->request->has_secrets)
			return true;
	return false;
}

/*
 * Carries out a step. In one that a daemon was killed in, what is there was made by it and what is not there was taken away
 * by it.
 */
static int perform(struct job *job)
{
	int r = job_perform(job);

	if (!job->again)
		return r;
	if (job_found_gone(job, r)) {
		job->op.settled = NULL;
		r = 0;
	}
	job->op.unchanged = job->op.unchanged && r != 0;
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

/* Carries out a request of the log. What is gone already need not be taken away. */
static void take_back(struct transaction *t, const struct nlmsghdr *nlh)
{
	const struct hycan_operation *operation = hycan_operation_by_number(nlh->nlmsg_type);
	struct job *job = t->job;
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	int r;

	job->operation = operation;
	job->op.exclusive = false;
	job->op.exact = nlh->nlmsg_flags & UNDO_EXACT;
	r = wire_decode(&decoder, operation->request, nlh + 1, nlh->nlmsg_len - sizeof(*nlh), &job->request);
	if (r == 0) {
		const struct wire_memory before = job->memory;

		job->memory.used = decoder.memory.used;
		while ((r = job_explain(job, job_perform(job))) == HYCAN_REFUSAL_INVALID && t->patience > 0 && t->patience--)
			nanosleep(&patience_step, NULL);
		job->memory = before;
	}
	if (r && r != HYCAN_REFUSAL_NOT_FOUND)
		log_write(LOG_ERR, "%s could not be taken back with %s: %s", t->operation->name, operation->name,
		          r == -EBADMSG ? decoder.fault.sentence : job->op.sentence);
	leave(t);
}

/* Takes back what was done. What is said of the failure stays. */
static void roll_back(struct transaction *t)
{
	const struct nlmsghdr *nlh;
	struct job *job = t->job;
	const struct op before = job->op;

	job->undo = NULL;
	job->op.undo = NULL;
	job->is_own = true;
	while ((nlh = undo_log_last(&t->undo))) {
		if (!(nlh->nlmsg_flags & (UNDO_HELD | UNDO_LET_GO)))
			take_back(t, nlh);
		undo_log_drop(&t->undo);
	}
	job->op = before;
	job->op.undo = NULL;
	job->is_own = false;
}

/* ----------------------------------------------------------------------------------------------------- carrying it out */

/* Each change is counted; of a plan none is let through. */
static int on_change(void *userdata)
{
	struct transaction *t = userdata;

	t->n_changes++;
	if (t->is_plan)
		return 1;
	return t->gate.change ? t->gate.change(t->gate.userdata) : 0;
}

static int carry_out_step(struct transaction *t, size_t i)
{
	const struct undo_mark before = undo_log_mark(&t->undo);
	const uint64_t began_us = server_now_us();
	const size_t changes = t->n_changes;
	struct step *step = &t->step[i];
	struct job *job = t->job;
	int r, undone = 0;

	enter(t, i);
	/* what is done can be taken back: the room for that comes first */
	r = t->is_plan ? 0 : undo_log_prepare(&t->undo, record_count(job));
	if (r == 0)
		r = perform(job);
	/* a list that broke off in the middle, too */
	if (r == 0 || job->op.items_unchanged)
		undone = undo_step(t, before);
	r = r ? r : undone;
	if (r == 0) {
		step->unchanged = job->op.unchanged;
		/* of a peer that is changed nothing was made, which is all that the ledger asks */
		t->result[i].unchanged = changes == t->n_changes || (job->op.unchanged && t->undo.n == before.n);
		step->kept_link = job->op.kept_link;
		step->items_unchanged = job->op.items_unchanged;
		step->items_failed = job->op.items_failed;
		step->lets_go = job->lets_go;
		step->settled = job->op.settled;
		step->duration_us = server_now_us() - began_us;
		t->result[i].has_reply = job->operation->reply->n_fields > 0 && !t->is_plan;
		/* what was not touched is not put back */
		if (changes == t->n_changes)
			undo_log_rewind(&t->undo, before);
		r = undo_holds(t);
	}
	if (r == 0 && t->is_plan && t->prunes)
		r = prune_note(&t->stated, job);
	if (r == 0 && t->is_plan && !t->result[i].unchanged)
		r = plan_step(&t->plan, job, (uint32_t)i, &t->undo, before);
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
		dispatch_audit(t->job, t->step[i].duration_us, "");
		leave(t);
	}
	return t->prunes ? sweep_stale(t->job, 0, round, "no step of transaction.run asked for it", &t->n_pruned) : 0;
}

static int run(struct transaction *t)
{
	int r;

	r = for_each_step(t, decode_step);
	/* as long as the request is the job's */
	if (r == 0 && !t->is_plan) {
		t->job->intent.no_keys = !has_keys(t);
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
		.patience = PATIENCE,
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
