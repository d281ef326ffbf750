/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each request of the log takes the place of the one that the job has. Nobody asks policy, nor whose it is: it was theirs
 * to do, and so it is to take it back, unless it is another thing by now, and others'.
 */
#include <errno.h>
#include <string.h>

#include "diary.h"
#include "job.h"
#include "log.h"
#include "rollback.h"
#include "server.h"
#include "undo.h"
#include "undo_log.h"

static bool is_gone(int r)
{
	return r == HYCAN_REFUSAL_NOT_FOUND || r == -ENODEV || r == -ENOENT || r == -ESRCH || r == -EADDRNOTAVAIL;
}

/* in_vain: what is on the way to something is left out, since that would be refused. */
static int take_back(const struct rollback *rb, const struct nlmsghdr *nlh, bool again, bool away, bool *in_vain,
                     unsigned int *patience)
{
	const struct undo_cause cause = { .words = rb->cause,
		                          .subject = rb->job->holder.subject,
		                          .is_told = rb->undo->n <= rb->n_told,
		                          .since_us = rb->since_us,
		                          .until_us = UINT64_MAX,
		                          .again = again };
	const struct ledger_holder holder = rb->job->holder;
	char sentence[UNDO_SENTENCE_SIZE];
	int r;

	*in_vain = away ? *in_vain : undo_is_in_vain(rb->job, rb->job->op.scope, &holder, rb->undo, &cause);
	if (*in_vain && nlh->nlmsg_flags & UNDO_KERNEL)
		return 0;
	r = undo_frame(rb->job, rb->job->op.scope, &holder, rb->undo, &cause, patience, sentence);
	if (is_gone(r))
		return 0;
	if (r)
		log_write(LOG_ERR, "%s could not be taken back in full: %s", rb->whole->name,
		          *sentence ? sentence : strerror(r < 0 ? -r : EIO));
	return r;
}

size_t rollback_run(const struct rollback *rb)
{
	struct job *job = rb->job;
	const struct op before = job->op;
	const bool was_own = job->is_own;
	const uint32_t step = job->along.step;
	unsigned int patience = UNDO_PATIENCE;
	bool again = rb->again, away = false, in_vain = false;
	const struct nlmsghdr *nlh;
	size_t left = 0;
	int r;

	job->undo = NULL;
	job->op.undo = NULL;
	job->is_own = true;
	job->again = job->retold = false;
	job->along.step = ALONG_BACK;
	while ((nlh = undo_log_last(rb->undo))) {
		r = take_back(rb, nlh, again, away, &in_vain, &patience);
		again = false;
		away = nlh->nlmsg_flags & UNDO_KERNEL;
		left += r != 0;
		undo_log_drop(rb->undo);
		if (r != 0)
			undo_log_drop_owners(rb->undo);
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
