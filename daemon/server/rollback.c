/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each request of the log takes the place of the one that the job has. Nobody asks policy, nor whose it is: it was theirs
 * to do, and so it is to take it back.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "diary.h"
#include "job.h"
#include "log.h"
#include "rollback.h"
#include "server.h"
#include "undo.h"
#include "undo_log.h"

/*
 * How often, in all, something is tried again. An IPv6 address that is put back is looked at for a second (RFC 4862, 5.4)
 * before a route may prefer it as its source.
 */
#define PATIENCE 15
static const struct timespec patience_step = { .tv_nsec = 200000000 };

static bool is_gone(int r)
{
	return r == HYCAN_REFUSAL_NOT_FOUND || r == -ENODEV || r == -ENOENT || r == -ESRCH || r == -EADDRNOTAVAIL;
}

/* The same of what the ledger knows of. */
static int take_back_told(const struct rollback *rb, const struct nlmsghdr *nlh, unsigned int *patience)
{
	const struct undo_cause cause = { .words = rb->cause, .subject = rb->job->holder.subject };
	const struct ledger_holder holder = rb->job->holder;
	char sentence[UNDO_SENTENCE_SIZE];
	int r = undo_frame(rb->job, rb->job->op.scope, &holder, nlh, &cause, patience, sentence);

	if (is_gone(r))
		return 0;
	if (r)
		log_write(LOG_ERR, "%s could not be taken back in full: %s", rb->whole->name,
		          *sentence ? sentence : strerror(r < 0 ? -r : EIO));
	return r;
}

/* Carries out a request of the log. What is gone already need not be taken away. */
static int take_back(const struct rollback *rb, const struct nlmsghdr *nlh, unsigned int *patience)
{
	const struct hycan_operation *operation = hycan_operation_by_number(nlh->nlmsg_type);
	struct job *job = rb->job;
	const struct wire_memory before = job->memory;
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	int r;

	job->operation = operation;
	job->op.exclusive = false;
	job->op.exact = nlh->nlmsg_flags & UNDO_EXACT;
	job->op.back = !job->op.exact;
	job->lets_go = false;
	r = wire_decode(&decoder, operation->request, nlh + 1, nlh->nlmsg_len - sizeof(*nlh), &job->request);
	if (r == 0) {
		job->memory.used = decoder.memory.used;
		while ((r = job_perform(job)) != 0 && !is_gone(r) && *patience > 0) {
			--*patience;
			nanosleep(&patience_step, NULL);
		}
		r = is_gone(r) ? 0 : answer_explain(job, r);
		job->memory = before;
	}
	if (r)
		log_write(LOG_ERR, "%s could not be taken back with %s: %s", rb->whole->name, operation->name,
		          r == -EBADMSG ? decoder.fault.sentence : job->op.sentence);
	if (operation->request->has_secrets)
		explicit_bzero(&job->request, operation->request->size);
	job->operation = rb->whole;
	return r;
}

size_t rollback_run(const struct rollback *rb)
{
	struct job *job = rb->job;
	const struct op before = job->op;
	const bool was_own = job->is_own;
	const uint32_t step = job->along.step;
	unsigned int patience = PATIENCE;
	const struct nlmsghdr *nlh;
	size_t left = 0;

	job->undo = NULL;
	job->op.undo = NULL;
	job->is_own = true;
	job->again = job->retold = false;
	job->along.step = ALONG_BACK;
	while ((nlh = undo_log_last(rb->undo))) {
		if (rb->cause)
			left += take_back_told(rb, nlh, &patience) != 0;
		else if (!(nlh->nlmsg_flags & (UNDO_HELD | UNDO_LET_GO | UNDO_WANTED | UNDO_ASKED | UNDO_HOLDERS)))
			left += take_back(rb, nlh, &patience) != 0;
		undo_log_drop(rb->undo);
		if (rb->is_noted)
			diary_left(job->server->ledger, rb->number, rb->undo->n);
	}
	job->op = before;
	job->op.undo = NULL;
	job->is_own = was_own;
	job->lets_go = false;
	job->along.step = step;
	return left;
}
