/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a transaction whose daemon was killed.
 *
 * The last step that was done the ledger may know, or not: it is told once more. All were done: that is all. Not all were: they are
 * taken back. Steps that cannot be, and had begun, are carried out once more, since asking twice changes nothing.
 */
#include <string.h>

#include "diary.h"
#include "dispatch.h"
#include "job.h"
#include "ledger.h"
#include "log.h"
#include "own.h"
#include "record.h"
#include "restate.h"
#include "rollback.h"
#include "server.h"
#include "subject.h"
#include "transaction.h"

struct resumed {
	struct job *job;
	const struct hycan_operation *operation; /* transaction.run itself */
	unsigned int number;                     /* of its intent */
	uint64_t since_us;                       /* when it began */
	struct diary diary;
	struct op_gate gate; /* the one that was there before ours */
};

static const char cause[] = "the daemon that was killed had begun it";

static void log_unreadable(const struct resumed *t)
{
	log_write(LOG_ERR, "What was noted of %s for %s cannot all be read, and so not all be completed or taken back.",
	          t->operation->name, subject_say(t->job->holder.subject).text);
}

/* The job is that of a step, as the killed daemon left it, or as it was asked for. */
static int enter(struct resumed *t, const struct diary_entry *entry)
{
	int r = diary_enter(t->job, entry);

	if (r < 0)
		log_unreadable(t);
	job_forget_doubt(t->job);
	t->job->along.step = entry->step;
	t->job->by_name = true;
	return r;
}

static void leave(struct resumed *t)
{
	t->job->operation = t->operation;
	job_forget_outcome(t->job);
	t->job->op.sealed = false;
	t->job->again = t->job->retold = t->job->lets_go = t->job->was_gone = false;
	t->job->memory.used = 0;
}

/* The ledger was told already that the caller let go of it. */
static bool has_let_go(struct resumed *t, const struct diary_entry *entry)
{
	return entry->outcome.lets_go == DIARY_LETS_GO_OWN && !record_holds(t->job);
}

static void tell_ledger(struct resumed *t, const struct diary_entry *entry)
{
	if (t->job->was_gone)
		(void)record_gone(t->job, own_any(t->job));
	else
		(void)record_done(t->job);
	diary_recorded(t->job, entry->step + 1);
	t->job->result = 0;
	dispatch_audit(t->job, entry->outcome.duration_us, cause);
}

/* What was done is told once more. */
static void retell_step(struct resumed *t, const struct diary_entry *entry)
{
	if (enter(t, entry) == 0) {
		t->job->retold = true;
		if (!has_let_go(t, entry))
			tell_ledger(t, entry);
		t->diary.n_told = entry->n_undo;
	}
	leave(t);
}

/* The next one knows it, too, should this daemon be killed meanwhile. */
static int on_change(void *userdata)
{
	struct resumed *t = userdata;

	if (t->job->op.was_up && t->diary.was_up != t->job->along.step + 1) {
		diary_was_up(t->job, t->job->along.step);
		t->diary.was_up = t->job->along.step + 1;
	}
	return t->gate.change ? t->gate.change(t->gate.userdata) : 0;
}

/* Carries out what cannot be taken back, or comes behind that. */
static int finish_step(struct resumed *t, const struct diary_entry *entry)
{
	struct job *job = t->job;
	int r = enter(t, entry);

	if (r == 0) {
		job->again = true;
		job->op.was_up = t->diary.was_up == entry->step + 1;
		t->gate = op_scope_set_gate(job->op.scope, (struct op_gate){ .change = on_change, .userdata = t });
		r = job_perform(job);
		(void)op_scope_set_gate(job->op.scope, t->gate);
	}
	if (r != 0 && job_found_gone(job, r)) {
		job->op.settled = NULL;
		/* who renamed nothing has given no link's name to anything */
		job->op.unchanged = true;
		job->was_gone = entry->outcome.was_gone;
		r = 0;
	} else if (r == 0) {
		/* whose it was before the killed daemon made it, that one saw */
		job->op.unchanged = entry->outcome.unchanged;
		job->op.kept_link = entry->outcome.kept_link;
		job->op.items_unchanged = entry->outcome.has_items_unchanged ? (const bool *)entry->bytes : NULL;
	}
	job->again = false;
	job->retold = true;
	if (r == 0) {
		/* keys are not known any more; without room for the note it is carried out once more by the next one */
		if (!job->operation->request->has_secrets)
			(void)diary_step(job, entry->step, 0, &t->diary.undo, undo_log_mark(&t->diary.undo), 0);
		along_take(job);
		tell_ledger(t, entry);
	}
	leave(t);
	return r;
}

/* 0, or why what cannot be taken back was refused. */
static int go_on(struct resumed *t)
{
	const struct diary_entry *entry;
	bool again = false;
	int r = 0;

	STAILQ_FOREACH(entry, &t->diary.entries, entry)
	{
		/* what was done behind a step that is carried out again was perhaps undone by that */
		again = again || !entry->outcome.carried_out;
		if (again && t->diary.is_final)
			r = r ? r : finish_step(t, entry);
		else if (!again && entry->step >= t->diary.recorded)
			retell_step(t, entry);
	}
	return r;
}

static const char unconfirmed[] = "nobody had confirmed it when the daemon was killed";

static void take_back(struct resumed *t, bool told)
{
	const struct rollback rollback = {
		.job = t->job,
		.whole = t->operation,
		.undo = &t->diary.undo,
		.cause = told ? unconfirmed : cause,
		.n_told = t->diary.n_told,
		.since_us = t->since_us,
		.is_noted = true,
		.again = true,
		.number = t->number,
	};
	size_t n = t->diary.undo.n, left = rollback_run(&rollback);

	if (n > 0)
		log_write(left ? LOG_ERR : LOG_NOTICE, "%s of %s, %s, was taken back by %zu requests; %zu failed.",
		          t->operation->name, subject_say(t->job->holder.subject).text,
		          told ? "which nobody had confirmed" : "in which the daemon was killed", n, left);
	t->job->along.step = ALONG_BACK;
	if (left == 0)
		along_take(t->job);
	t->job->operation = t->operation;
}

void transaction_resume(struct job *job, unsigned int number, uint64_t since_us)
{
	struct resumed t = { .job = job, .operation = job->operation, .number = number, .since_us = since_us };
	int r = diary_read(job->server->ledger, number, &t.diary), along = along_read(job, number);

	if (r < 0 || along < 0)
		log_unreadable(&t);
	/* notes are written by number, as of an intent of the job's own */
	job->intent = (struct intent){ .begun = true, .number = number };
	job->along.is_kept = true;
	if (!t.diary.takes_back && !t.diary.over)
		t.diary.done = go_on(&t) == 0 && (t.diary.done || t.diary.is_final);
	if (!t.diary.over && (!t.diary.done || t.diary.confirm || t.diary.takes_back))
		take_back(&t, t.diary.done && t.diary.confirm);
	if (!t.diary.over)
		restate_resume(job, number);
	own_cancel(job);
	along_release(job);
	underway_end(&job->server->underway, &job->intent.things);
	job->intent = (struct intent){ 0 };
	diary_release(&t.diary);
	explicit_bzero(&job->request, sizeof(job->request));
}

uint64_t transaction_unconfirmed_us(struct ledger *ledger, unsigned int number)
{
	struct diary diary;
	uint64_t done_us = 0;

	if (diary_read(ledger, number, &diary) == 0 && diary.done && diary.confirm && !diary.over)
		done_us = diary.done_us;
	diary_release(&diary);
	return done_us;
}
