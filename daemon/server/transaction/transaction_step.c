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
#include "ledger.h"
#include "log.h"
#include "own.h"
#include "pending.h"
#include "record.h"
#include "restate.h"
#include "server.h"
#include "table.h"
#include "transaction_state.h"
#include "undo.h"
#include "wording.h"

/* How often what cannot be taken back is tried, and how often what it would do is looked at. */
#define PATIENCE 15
#define LOOKS    5
static const struct timespec patience_step = { .tv_nsec = 200000000 };

void transaction_enter(struct transaction *t, size_t i)
{
	struct job *job = t->job;

	job->operation = t->step[i].operation;
	memcpy(&job->request, t->step[i].request, job->operation->request->size);
	job->op.exclusive = t->exclusive;
	job->op.may_be_gone = t->may_be_gone;
	job->op.unchanged = t->step[i].unchanged;
	job->op.kept_link = t->step[i].kept_link;
	job->op.was_up = t->step[i].was_up;
	job->op.items_unchanged = t->step[i].items_unchanged;
	job->lets_go = t->step[i].lets_go;
	job->was_gone = t->step[i].was_gone;
	job->are_others = t->step[i].are_others;
	job->any_owner = t->step[i].any_owner;
	job->op.settled = t->step[i].settled;
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
	job_forget_outcome(job);
	job->op.may_be_gone = false;
	job->lets_go = job->was_gone = job->are_others = false;
	job_forget_doubt(job);
}

int transaction_failed_at(struct transaction *t, size_t i, int result)
{
	/* looking ahead it may have been another one */
	if (t->job->step)
		return result;
	t->job->step = (uint32_t)i + 1;
	t->job->n_steps = (uint32_t)t->n;
	t->job->step_operation = t->step[i].operation ? t->step[i].operation : t->operation;
	t->job->step_object[0] = '\0';
	if (t->is_decoded) {
		transaction_enter(t, i);
		wording_object(t->job, t->job->step_object, sizeof(t->job->step_object));
		transaction_leave(t);
	}
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

/* What cannot be taken back is carried out again, by a successor, too. */
static void note_was_up(struct transaction *t)
{
	struct step *step = &t->step[t->now];

	if (!t->is_final || !t->job->op.was_up || step->was_up)
		return;
	diary_was_up(t->job, t->now);
	step->was_up = true;
}

int transaction_claim(struct transaction *t, size_t more)
{
	return t->pending ? pending_claim(t->pending, buffer_used(&t->undo.frames) +
	                                                      ledger_kept(t->job->server->ledger, t->job->intent.number) + more)
	                  : 0;
}

int transaction_explain(struct transaction *t, int result)
{
	const int refused = t->pending ? pending_refuse(t->pending, &t->job->op) : 0;

	return answer_explain(t->job, refused ? refused : result);
}

/* For how many objects there is room when a transaction is taken back. */
#define BACK_MAX 40000u

/* What the requests that take the step back write, in objects of so many bytes: it must be possible where nothing else is any more. */
static size_t room_to_take_back(const struct transaction *t)
{
	const size_t bytes = buffer_used(&t->undo.frames) - t->first.end;
	const size_t n = t->undo.n > t->first.n ? 3 * (t->undo.n - t->first.n) + bytes / LEDGER_OBJECT_BYTES + 1 : 0;

	return n < BACK_MAX - t->n_back ? n : BACK_MAX - t->n_back;
}

/* Of a note, beside what was asked for and what takes it back. */
#define NOTE_BYTES 128u

/* Room for so many notes of the step: all of a note is promised once more, and what is made and put back with the last one. */
static int claim_notes(struct transaction *t, size_t n)
{
	const size_t frames = buffer_used(&t->undo.frames) - t->first.end;
	const size_t last = t->asked[t->now].request.size + 2 * diary_count_items(t->job);

	return transaction_claim(t, 2 * (n * (NOTE_BYTES + frames) + last) +
	                                    LEDGER_OBJECT_BYTES * (record_count(t->job) + room_to_take_back(t)));
}

/* What takes the step back, before it is carried out; what may not be kept then is not begun. */
static int note_undo(struct transaction *t)
{
	int r = claim_notes(t, 2);

	if (r < 0)
		return r;
	r = diary_undo(t->job, t->now, &t->undo, t->first);
	t->job->intent.no_room = r < 0;
	return r;
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
	note_was_up(t);
	/* a successor goes forward, too */
	r = t->is_noted || t->is_final || buffer_used(&t->undo.frames) == t->noted ? 0 : note_undo(t);
	if (r < 0)
		return r;
	t->noted = buffer_used(&t->undo.frames);
	return t->gate.change ? t->gate.change(t->gate.userdata) : 0;
}

void transaction_on_held(const struct hycan_planned_change *change, bool along, void *userdata)
{
	struct transaction *t = userdata;

	plan_held(&t->plan, t->job, change, along);
}

/* From here on, or no longer, nothing is let through, as in a plan. */
static void look(struct transaction *t, bool looks)
{
	t->looks_ahead = t->job->op.plan = looks;
	if (looks)
		return;
	op_forget_plan(&t->job->op);
	renames_forget(t->job);
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

/* With an address may go what the steps before have asked for. Behind a step that cannot be taken back nothing else says it. */
static int keep_stated(struct transaction *t, struct restate *ret_restate)
{
	const struct hycan_operation *operation = t->job->operation;
	bool any = false;
	int r = 0;

	*ret_restate = (struct restate){ 0 };
	if (t->is_plan || op_effect_that_takes(HYCAN_OBJECT_KIND_ADDRESS)->operation != operation)
		return 0;
	for (size_t i = 0; i < t->now && !any; i++)
		any = makes_anything(t->step[i].operation);
	if (any)
		r = restate_keep(t->job, t->round, ret_restate);
	return r == 0 && t->is_final ? restate_note(t->job, ret_restate) : r;
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
	/* nothing was there: what is there now was made */
	if (!t->outlook.items_unchanged) {
		op->items_unchanged = op->items_failed;
		return;
	}
	for (size_t i = 0; op->items_failed && i < diary_count_items(t->job); i++)
		t->outlook.items_unchanged[i] = t->outlook.items_unchanged[i] || op->items_failed[i];
	op->items_unchanged = t->outlook.items_unchanged;
}

/* What may not be so when it is asked once more. */
static bool passes(int r)
{
	return r == -EINTR || r == -ENOBUFS || r == -ENOMEM;
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
	const struct undo_mark mark = undo_log_mark(&t->undo);
	int r;

	t->outlook = (struct outlook){ 0 };
	t->is_noted = false;
	if (!makes_anything(job->operation))
		return 0;
	if (!items && n_items > 0)
		return -ENOMEM;
	look(t, true);
	r = job_perform(job);
	for (unsigned int i = 0; passes(r) && r != -ENOMEM && i < LOOKS; i++) {
		nanosleep(&patience_step, NULL);
		job->memory = before;
		r = job_perform(job);
	}
	if (r == 0)
		keep_outlook(t, items, n_items);
	/* of a list that will break off in the middle, too */
	t->is_noted = (r == 0 || job->op.items_unchanged) && transaction_undo_step(t, mark) == 0 && t->undo.n > mark.n;
	look(t, false);
	r = passes(r) ? r : 0;
	if (t->is_noted)
		r = note_undo(t);
	undo_log_rewind(&t->undo, mark);
	job->memory = before;
	return r;
}

/* What a step names to take it away may have gone with something else, and that is as it should be; what it changes must be there. */
static bool may_have_gone(struct job *job, int result)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	bool takes = false;

	for (size_t i = 0; i < n && !takes; i++)
		takes = op_effect_that_takes(effects[i].kind) == &effects[i];
	return takes && job_found_gone(job, result);
}

/* Whether what is left would be refused, as far as that can be seen. */
static int try_step(struct transaction *t, size_t i)
{
	struct job *job = t->job;
	const struct undo_mark undo = undo_log_mark(&t->undo);
	struct wire_memory memory;
	size_t n_items;
	bool *items;
	int r;

	transaction_enter(t, i);
	n_items = diary_count_items(job);
	items = wire_memory_take(&job->memory, 2 * n_items * sizeof(*items));
	memory = job->memory;
	r = items || n_items == 0 ? job_perform(job) : -ENOMEM;
	if (items && n_items > 0)
		t->step[i].unmade = memset(items + n_items, true, n_items * sizeof(*items));
	/* for a successor: what is there by then may have been made meanwhile */
	t->step[i].unchanged = r == 0 && job->op.unchanged;
	t->step[i].kept_link = r == 0 && job->op.kept_link;
	t->step[i].was_gone = r == 0 && job->was_gone;
	if (r == 0 && n_items > 0 && job->op.items_unchanged)
		t->step[i].items_unchanged = memcpy(items, job->op.items_unchanged, n_items * sizeof(*items));
	r = i > t->now && may_have_gone(job, r) ? 0 : answer_explain(job, r);
	if (r == 0)
		r = renames_note(job);
	own_cancel(job);
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
	int r = try_steps(t);

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

/* What one try of a list makes the next one finds there: it is the step's all the same. */
static int try_list(struct transaction *t)
{
	const int r = job_perform(t->job);
	struct op *op = &t->job->op;
	bool *unmade = t->step[t->now].unmade;

	if (t->job->doubt.is)
		recall_outlook(t);
	for (size_t i = 0; unmade && i < diary_count_items(t->job); i++) {
		if (r == 0 || op->items_unchanged)
			unmade[i] = unmade[i] && op->items_unchanged && op->items_unchanged[i];
		op->unchanged = op->unchanged && unmade[i];
	}
	if (unmade)
		op->items_unchanged = unmade;
	return r;
}

/* What could not be taken back, but has nothing to take away, is left out: whoever makes that from now on comes behind it. */
static bool leaves_out(struct transaction *t, size_t i)
{
	const struct undo_mark undo = undo_log_mark(&t->undo);
	struct job *job = t->job;
	const struct wire_memory memory = job->memory;
	int r;

	if (!t->may_be_gone)
		return false;
	transaction_enter(t, i);
	look(t, true);
	r = job_perform(job);
	look(t, false);
	own_cancel(job);
	t->step[i].unchanged = t->step[i].was_gone = r == 0 && job->was_gone;
	t->step[i].are_others = job->are_others;
	transaction_leave(t);
	undo_log_rewind(&t->undo, undo);
	job->memory = memory;
	return t->step[i].was_gone;
}

/*
 * Behind the first of the steps that cannot be taken back there is no way back, so what fails is tried again for a while;
 * and what is gone since they were looked at is gone.
 */
static int carry_out(struct transaction *t)
{
	const struct wire_memory before = t->job->memory;
	int r;

	/* what was there before the first of them, and went with that, the ledger is told of */
	if (t->is_final && t->now != t->first_final && !t->is_plan)
		t->job->op.may_be_gone = t->step[t->now].was_gone;
	r = try_list(t);
	if (!t->is_final || t->now == t->first_final)
		return r;
	for (unsigned int i = 0; i < PATIENCE && r != 0 && !t->is_plan && !job_found_gone(t->job, r); i++) {
		nanosleep(&patience_step, NULL);
		t->job->memory = before;
		r = try_list(t);
	}
	if (r == 0 || !(t->is_plan ? may_have_gone : job_found_gone)(t->job, r))
		return r;
	t->job->op.settled = NULL;
	/* who renamed nothing has given no link's name to anything */
	t->job->op.unchanged = true;
	return 0;
}

/* What went along with it, and steps before have asked for, is there again; behind a step that cannot be taken back, as far as can be. */
static int carry_out_and_restate(struct transaction *t)
{
	struct restate stated;
	struct op *op = &t->job->op;
	int r = keep_stated(t, &stated), lost;
	uint32_t n;

	if (r == 0 || t->is_final)
		r = carry_out(t);
	lost = r == 0 ? restate_run(t->job, &stated, &n) : 0;
	restate_end(t->job, &stated);
	if (lost == 0 || !t->is_final)
		return r ? r : lost;
	log_write(LOG_ERR, "%s", lost > 0 ? op->sentence : strerror(-lost));
	op->refusal = 0;
	op->field = NULL;
	op->sentence[0] = '\0';
	return 0;
}

/* Room for what takes the step back. Where there is only the way forward it is waited for. */
static int prepare_undo(struct transaction *t)
{
	/* each may have to go, and to be let go of where it is another's, too */
	const size_t n = record_count(t->job) * 2;
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
	int r;

	t->now = (uint32_t)i;
	t->first = undo_log_mark(&t->undo);
	transaction_enter(t, i);
	r = transaction_undo_wanted(t);
	transaction_leave(t);
	t->begun = t->kept = undo_log_mark(&t->undo);
	t->noted = t->begun.end;
	t->plan.n_held = 0;
	if (t->is_plan)
		return r;
	if (r == 0 && !t->is_final && transaction_step_is_final(t->step[i].operation) && !leaves_out(t, i))
		r = begin_final_steps(t);
	transaction_enter(t, i);
	/* what is done can be taken back: the room for that comes first */
	if (r == 0)
		r = prepare_undo(t);
	if (r == 0 && t->is_final)
		t->outlook = (struct outlook){ .is_known = true,
			                       .unchanged = t->step[i].unchanged,
			                       .kept_link = t->step[i].kept_link,
			                       .items_unchanged = t->step[i].items_unchanged };
	else if (r == 0)
		r = look_ahead(t);
	transaction_leave(t);
	return r;
}

/* What became of a step that was carried out. Without room for that, one that cannot be taken back is carried out again. */
static int note_step(struct transaction *t)
{
	const size_t n_back = room_to_take_back(t);
	int r = claim_notes(t, 1);

	if (r < 0)
		return r;
	t->n_back += n_back;
	r = diary_step(t->job, t->now, t->step[t->now].duration_us, &t->undo, t->first, record_count(t->job) + n_back);
	if (r == 0 || t->is_final)
		return 0;
	t->job->intent.no_room = true;
	return r;
}

/* What the handler left, for the log. */
static void keep_outcome(struct transaction *t, struct step *step)
{
	const struct job *job = t->job;

	step->unchanged = job->op.unchanged;
	step->kept_link = job->op.kept_link;
	step->settled = job->op.settled;
	step->lets_go = job->lets_go;
	step->was_gone = job->was_gone;
}

/* Of a plan nothing is looked at before: behind a step that cannot be taken back it goes forward, too. */
static void plan_final(struct transaction *t)
{
	if (t->is_final || t->job->was_gone || !transaction_step_is_final(t->job->operation))
		return;
	t->is_final = true;
	t->first_final = t->now;
}

/* What is known and written down of a step that was done, or that a plan looked at. */
static int finish_step(struct transaction *t, struct hycan_step_result *result, bool touched)
{
	struct job *job = t->job;
	bool joins = false;
	int r;

	/* of a peer that is changed nothing was made, which is all that the ledger asks */
	result->unchanged = !job->lets_go && (!touched || (job->op.unchanged && t->undo.n == t->begun.n));
	result->has_reply = job->operation->reply->n_fields > 0 && !t->is_plan;
	/* what was not touched is not put back */
	if (!touched)
		undo_log_rewind(&t->undo, t->kept);
	if (t->is_plan)
		plan_final(t);
	r = transaction_undo_holds(t);
	if (r == 0 && t->is_plan && t->prunes)
		r = prune_note(&t->stated, job);
	if (r == 0 && t->is_plan && !result->unchanged)
		r = plan_step(&t->plan, job, t->now, &t->undo, t->begun);
	if (r == 0)
		r = plan_joining(t->is_plan ? &t->plan : NULL, job, t->now, &joins);
	t->joins = t->joins || joins;
	if (r == 0 && t->is_plan)
		r = renames_note(job);
	if (r == 0 && !t->is_plan)
		r = note_step(t);
	if (r == 0 && result->has_reply)
		r = answer_encode_reply(job, &result->reply);
	return r;
}

/* As often as a request is carried out again since something was going that it found there (job_do()). */
#define RACE_ATTEMPTS 4

/*
 * As the ledger is told of a request: what it takes away then, since nobody holds it any more, is a request of its own. Sets whether
 * it was told: what the step found there may be there no more. 0; or the refusal: somebody else takes it away, and is not done.
 */
static int tell_ledger(struct transaction *t, bool *ret_told)
{
	struct job *job = t->job;
	const struct op_gate gate = op_scope_set_gate(job->op.scope, t->gate);
	int r = 0;

	if (job->was_gone)
		(void)record_gone(job, own_any(job));
	else
		r = record_done(job);
	(void)op_scope_set_gate(job->op.scope, gate);
	*ret_told = r != -EAGAIN;
	/* what could not be written down a successor tells once more, and all that came behind it */
	t->is_untold = t->is_untold || (r < 0 && *ret_told);
	if (*ret_told && !t->is_untold)
		diary_recorded(job, t->now + 1);
	return r > 0 && !t->is_final ? r : 0;
}

static int attempt(struct transaction *t, struct hycan_step_result *result, uint64_t began_us, size_t changes, bool *ret_told)
{
	const struct undo_mark mark = undo_log_mark(&t->undo);
	struct step *step = &t->step[t->now];
	struct job *job = t->job;
	int r, undone = 0;

	job->stamp = ledger_stamp(job->server->ledger);
	r = job->was_gone && !t->is_final ? 0 : carry_out_and_restate(t);
	if (job->doubt.is)
		recall_outlook(t);
	/* a list that broke off in the middle, too; but what was never begun must not be put back where it was not */
	if (r != 0 && changes == t->n_changes)
		undo_log_rewind(&t->undo, t->kept);
	else if (r == 0 || job->op.items_unchanged)
		undone = transaction_undo_step(t, mark);
	if (r == 0 && !t->is_final)
		r = undone;
	if (r == 0) {
		step->duration_us = server_now_us() - began_us;
		r = finish_step(t, result, changes != t->n_changes);
	}
	*ret_told = true;
	if (r == 0 && !t->is_plan)
		r = tell_ledger(t, ret_told);
	result->has_stays = result->stays = job->lets_go || job->are_others;
	/* what was not taken away after all */
	own_cancel(job);
	if (r == 0)
		keep_outcome(t, step);
	return r;
}

int transaction_carry_out(struct transaction *t, size_t i)
{
	const uint64_t began_us = server_now_us();
	const size_t changes = t->n_changes;
	int r = prepare_step(t, i);
	bool told = r != 0;

	transaction_enter(t, i);
	for (int n = 0; !told && n < RACE_ATTEMPTS; n++) {
		r = attempt(t, &t->result[i], began_us, changes, &told);
		/* some of it may be held by now */
		t->kept = undo_log_mark(&t->undo);
		/* what was there is there no more */
		if (!told && !t->is_final && n + 1 < RACE_ATTEMPTS)
			r = look_ahead(t);
		told = told || r != 0;
	}
	if (r)
		r = transaction_explain(t, r);
	transaction_leave(t);
	return r;
}
