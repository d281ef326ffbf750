/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a transaction whose daemon was killed.
 *
 * All steps were done: the ledger is told of those that it does not know. The last one that it was told of it may know
 * already, or not. Not all were done: they are taken back. Steps that cannot be, and had begun, are carried out once more,
 * since asking twice changes nothing.
 */
#include <string.h>

#include "diary.h"
#include "dispatch.h"
#include "job.h"
#include "ledger.h"
#include "log.h"
#include "own.h"
#include "record.h"
#include "rollback.h"
#include "server.h"
#include "subject.h"
#include "transaction.h"

struct resumed {
	struct job *job;
	const struct hycan_operation *operation; /* transaction.run itself */
	unsigned int number;                     /* of its intent */
	struct diary diary;
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
	t->job->op.unchanged = t->job->op.kept_link = false;
	t->job->op.items_unchanged = t->job->op.items_failed = NULL;
	t->job->op.settled = NULL;
	t->job->again = t->job->retold = t->job->lets_go = false;
	t->job->memory.used = 0;
}

/* What became of it is noted, with what the kernel chose; what was there before is as it was noted. Keys are not known any more. */
static void note(struct resumed *t, const struct diary_entry *entry)
{
	struct job *job = t->job;

	if (job->operation->request->has_secrets)
		return;
	job->op.unchanged = entry->outcome.unchanged;
	job->op.kept_link = entry->outcome.kept_link;
	/* without room for that the ledger is told what was asked for */
	(void)diary_step(job, entry->step, 0, &t->diary.undo, undo_log_mark(&t->diary.undo));
}

/* Carries out what cannot be taken back, or comes behind that. */
static int finish_step(struct resumed *t, struct diary_entry *entry)
{
	int r = enter(t, entry);

	if (r == 0) {
		t->job->again = true;
		r = job_perform(t->job);
	}
	if (r == 0)
		note(t, entry);
	if (job_found_gone(t->job, r))
		r = 0;
	if (r == 0)
		along_take(t->job);
	entry->outcome.lets_go = (uint8_t)(!t->job->lets_go       ? DIARY_LETS_NOT_GO
	                                   : record_holds(t->job) ? DIARY_LETS_GO_OWN
	                                                          : DIARY_LETS_GO_USERS);
	leave(t);
	return r;
}

static int finish_steps(struct resumed *t)
{
	struct diary_entry *entry;
	bool again = false;
	int r = 0;

	STAILQ_FOREACH(entry, &t->diary.entries, entry)
	{
		/* what was done behind a step that is carried out again was perhaps undone by that */
		again = again || !entry->outcome.carried_out;
		if (r == 0 && again)
			r = finish_step(t, entry);
	}
	return r;
}

/* All that is noted by now. */
static void read_again(struct resumed *t)
{
	struct diary diary;

	if (diary_read(t->job->server->ledger, t->number, &diary) < 0) {
		diary_release(&diary);
		return;
	}
	diary.done = t->diary.done;
	diary_release(&t->diary);
	t->diary = diary;
	/* the list begins in the structure itself */
	if (STAILQ_EMPTY(&diary.entries))
		STAILQ_INIT(&t->diary.entries);
}

/* The ledger was told already that the caller let go of it. */
static bool has_let_go(struct resumed *t, const struct diary_entry *entry)
{
	return entry->outcome.lets_go == DIARY_LETS_GO_OWN && !record_holds(t->job);
}

static void record(struct resumed *t)
{
	const struct diary_entry *entry;

	STAILQ_FOREACH(entry, &t->diary.entries, entry)
	{
		if (entry->step < t->diary.recorded)
			continue;
		if (enter(t, entry) == 0) {
			t->job->retold = true;
			if (!has_let_go(t, entry))
				(void)record_done(t->job);
			t->job->result = 0;
			dispatch_audit(t->job, entry->outcome.duration_us, cause);
		}
		leave(t);
		diary_recorded(t->job, entry->step + 1);
	}
}

static const char unconfirmed[] = "nobody had confirmed it when the daemon was killed";

static void take_back(struct resumed *t, bool told)
{
	const struct rollback rollback = {
		.job = t->job,
		.whole = t->operation,
		.undo = &t->diary.undo,
		.cause = told ? unconfirmed : NULL,
		.is_noted = true,
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

void transaction_resume(struct job *job, unsigned int number)
{
	struct resumed t = { .job = job, .operation = job->operation, .number = number };
	int r = diary_read(job->server->ledger, number, &t.diary), along = along_read(job, number);

	if (r < 0 || along < 0)
		log_unreadable(&t);
	/* notes are written by number, as of an intent of the job's own */
	job->intent = (struct intent){ .begun = true, .number = number };
	job->along.is_kept = true;
	if (!t.diary.done && t.diary.is_final && !t.diary.takes_back && !t.diary.over)
		t.diary.done = finish_steps(&t) == 0;
	if (t.diary.done && t.diary.is_final && !t.diary.over)
		read_again(&t);
	if (t.diary.done && !t.diary.takes_back && !t.diary.over)
		record(&t);
	if (!t.diary.over && (!t.diary.done || t.diary.confirm || t.diary.takes_back))
		take_back(&t, t.diary.done && t.diary.confirm);
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
