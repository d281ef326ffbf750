/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying out one request.
 *
 * This runs in the loop or on a worker, and so touches nothing but the job, and the ledger and the observer, which have
 * locks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answer.h"
#include "charge.h"
#include "hands.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "names.h"
#include "news.h"
#include "observe.h"
#include "observer.h"
#include "own.h"
#include "policy.h"
#include "record.h"
#include "scribe.h"
#include "seal.h"
#include "server.h"
#include "table.h"
#include "undo_log.h"

/* What changes while it is looked at is looked at again; a list that changes all the time is given as it was seen. */
#define DUMP_ATTEMPTS 8

/* What was there and is going when it is asked for is asked for again. */
#define RACE_ATTEMPTS 4

/* What a job keeps of its memory between requests. */
#define MEMORY_KEEP (256u << 10)

/* From where on the memory may be made of huge pages, where the system has them. */
#define HUGE_FROM (2u << 20)

static int job_item(struct op *op, const void *item)
{
	struct job *job = (struct job *)op;

	return answer_item(job, job->operation->reply, item, NLM_F_MULTI);
}

static void *job_memory(struct op *op, size_t size)
{
	return wire_memory_take(&((struct job *)op)->memory, size);
}

int job_open(struct job *job, struct server *server, struct buffer *output)
{
	memset(job, 0, sizeof(*job));
	job->server = server;
	job->output = output ? output : &job->own;
	job->op.answer = job_item;
	job->op.memory = job_memory;
	job->op.claim = own_claim;
	job->op.fits = seal_fits;
	job->op.came_about = scribe_told;
	job->memory.base = mmap(NULL, JOB_MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (job->memory.base == MAP_FAILED) {
		job->memory.base = NULL;
		return -errno;
	}
	job->memory.size = JOB_MEMORY_SIZE;
	/* a hundred thousand routes touch thousands of pages; what every request needs stays in small ones */
	(void)madvise(job->memory.base + HUGE_FROM, JOB_MEMORY_SIZE - HUGE_FROM, MADV_HUGEPAGE);
	/* keys pass through; none may end up in a core dump */
	(void)madvise(job->memory.base, JOB_MEMORY_SIZE, MADV_DONTDUMP);
	return op_scope_open(&job->scope);
}

void job_close(struct job *job)
{
	if (job->memory.base)
		munmap(job->memory.base, JOB_MEMORY_SIZE);
	op_scope_free(&job->scope);
	buffer_release(&job->own);
	buffer_release(&job->frame);
	job->memory.base = NULL;
}

void job_begin(struct job *job, struct peer *peer, const struct hycan_operation *operation, const struct nlmsghdr *header)
{
	job->peer = peer;
	job->operation = operation;
	job->header = *header;
	job->mark = buffer_used(job->output);
	job->memory.used = 0;
	/* a request that is refused before it is decoded is wiped all the same: by job_end() */
	memset(&job->request, 0, operation->request->size);
	job->policy_line = 0;
	job->decoded = false;
	job->result = 0;
	job->op.settled = NULL;
	/* a transaction of a daemon that was killed is told to the ledger without being performed once more */
	job->recorded = 0;
	job->order = NULL;
	job->intent.no_room = false;
	job->again = job->retold = false;
	job->called_us = UINT64_MAX;
	job->drift = HYCAN_DRIFT_REPORT;
	job->slow = false;
	job->unanswered = false;
	job->touched = 0;
	job_forget_doubt(job);
	job->fds_lost = false;
	job->step = 0;
	job->pending = NULL;
	job->takes_turn = job->gave_back = false;
	job->is_own = job->is_nobodys = job->is_somebodys = job->any_owner = job->lets_go = job->marks = false;
	job->by_name = true;
	job->op.undo = NULL;
	job->undo = NULL;
	job->giving = NULL;
	job->along = (struct along){ 0 };
	job->freed = (struct freed){ 0 };
	job->op.exclusive = header->nlmsg_flags & NLM_F_EXCL;
	job->op.may_be_gone = job->was_gone = job->are_others = false;
	job->op.exact = job->op.back = job->op.mends = job->op.beside = job->op.sealed = job->op.was_up = false;
	job->was_there = NULL;
	job->op.refusal = 0;
	job->op.field = NULL;
	job->op.sentence[0] = '\0';
}

void job_begin_own(struct job *job)
{
	static const struct hycan_structure nothing = { .name = "what the daemon does by itself" };
	static const struct hycan_operation own = { .name = "what the daemon does by itself",
		                                    .request = &nothing,
		                                    .reply = &nothing };

	job_begin(job, NULL, &own, &(struct nlmsghdr){ 0 });
	job->holder = (struct ledger_holder){ .lifetime = HYCAN_LIFETIME_PERMANENT };
	job->op.scope = job->scope;
	job->op.subject = 0;
}

bool job_found_gone(struct job *job, int result)
{
	bool gone = result == HYCAN_REFUSAL_NOT_FOUND || result == -ENODEV || result == -ENOENT || result == -ESRCH ||
	            result == -EADDRNOTAVAIL;

	return gone && record_count(job) == 0;
}

/* What may be otherwise in the kernel by an operation, and is in the ledger: a link goes with all that is on it. */
static uint32_t kinds_of(const struct hycan_operation *operation)
{
	uint32_t kinds = 0;
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++) {
		kinds |= OP_KIND(effects[i].kind);
		if (effects[i].kind == HYCAN_OBJECT_KIND_LINK)
			kinds |= effects[i].does == OP_TAKES || effects[i].does == OP_RENAMES ? HANDS_ANY : OP_SETTINGS;
	}
	return kinds;
}

/* One call of the handler. */
static int call(struct job *job)
{
	const struct hycan_operation *operation = job->operation;
	int r, written;

	if (operation->list)
		answer_rewind(job);
	if (operation->reply->size && !operation->list)
		memset(&job->reply, 0, operation->reply->size);
	job_forget_outcome(job);
	r = op_call(operation, &job->op, &job->request, &job->reply);
	written = scribe_wait(job);
	return r == 0 ? written : r;
}

/*
 * What was in doubt came about, since it was asked for once more: what is there was made now, and what is not there was
 * taken away now. Returns what became of the request.
 */
static int settle_doubt(struct job *job, int r)
{
	bool gone = job->doubt.gone || job_found_gone(job, r);

	job->doubt.gone = gone && job->doubt.n_claimed > 0;
	if (gone) {
		/* a successor reads it in the diary of a transaction */
		job->op.settled = job->doubt.gone ? job->doubt.settled : NULL;
		r = 0;
	}
	if (r == 0) {
		job->op.unchanged = false;
		job->op.items_unchanged = job->op.items_failed;
	}
	return r;
}

static bool takes_away(struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	bool takes = false;

	for (size_t i = 0; i < n && !takes; i++)
		takes = effects[i].does == OP_TAKES && !key_view(job, &effects[i]).absent;
	return takes && record_count(job) == 0;
}

/* What its holder has let go of is gone for him, though others hold it still: asked for once more there is nothing to do. */
static bool finds_others(struct job *job)
{
	return job->are_others && job->op.may_be_gone && takes_away(job);
}

/* Nothing was done: it is as it was to be. What the ledger is told is for record_gone(). */
static int find_gone(struct job *job, struct undo_mark before)
{
	if (job->undo)
		undo_log_rewind(job->undo, before);
	job->op.unchanged = job->was_gone = true;
	job->op.refusal = 0;
	job->op.field = NULL;
	job->op.sentence[0] = '\0';
	return 0;
}

int job_perform(struct job *job)
{
	bool change = job->operation->access == HYCAN_ACCESS_WRITE, exclusive = job->op.exclusive;
	const struct undo_mark before = job->undo ? undo_log_mark(job->undo) : (struct undo_mark){ 0 };
	int r = names_check(job);

	job->was_gone = job->are_others = false;
	job_forget_outcome(job);
	if (r == 0)
		r = own_check(job);
	if (r == HYCAN_REFUSAL_DENIED && finds_others(job))
		return find_gone(job, before);
	if (r != 0)
		return r == OP_LETS_GO ? 0 : r;
	r = -EINTR;
	job->touched |= kinds_of(job->operation);
	job->recorded = 0;
	job->order = NULL;
	job_forget_doubt(job);
	job->sent = job->intent.lets_through = false;
	(void)op_scope_sent(job->op.scope);
	if (change)
		observer_mark(job->server->observer, job, true, true);
	/* the kernel had one, which is gone by now: else the handler said what is in the way */
	for (int i = 0; (r == -EINTR || r == -EEXIST) && i < DUMP_ATTEMPTS; i++) {
		enum op_sent sent;

		/* what was there before a change that is in doubt was said the first time */
		if (job->undo && !job->doubt.is)
			undo_log_rewind(job->undo, before);
		job->called_us = server_now_us();
		r = call(job);
		sent = op_scope_sent(job->op.scope);
		job->sent = job->sent || sent != OP_SENT_NO_CHANGE;
		if (sent == OP_SENT_IN_DOUBT || (sent == OP_SENT_CHANGE && r == -EINTR)) {
			job->doubt.is = true;
			/* what is there already now may be what was made */
			job->op.exclusive = false;
			r = -EINTR;
		}
	}
	if (job->doubt.is)
		r = settle_doubt(job, r);
	job->op.exclusive = exclusive;
	if (change)
		observer_mark(job->server->observer, job, false, job->sent);
	if ((r == HYCAN_REFUSAL_NOT_FOUND && job->op.may_be_gone && takes_away(job)) ||
	    (r == HYCAN_REFUSAL_DENIED && finds_others(job)))
		return find_gone(job, before);
	return job->lets_go ? 0 : r;
}

int job_do(struct job *job)
{
	const struct hycan_operation *operation = job->operation;
	bool writes = operation->access == HYCAN_ACCESS_WRITE;
	int r = 0, told = -EAGAIN;

	news_act(job, true);
	if (writes)
		intent_begin(job);
	for (int i = 0; told == -EAGAIN && i < RACE_ATTEMPTS; i++) {
		job->stamp = ledger_stamp(job->server->ledger);
		r = job_perform(job);
		/* whatever becomes of the answer, it is done */
		told = r == 0 && writes ? record_done(job) : 0;
	}
	r = told > 0 ? told : r;
	if (r == HYCAN_REFUSAL_NOT_FOUND && writes && !job->is_own && !job->op.exclusive && takes_away(job) &&
	    record_gone(job, false))
		r = find_gone(job, (struct undo_mark){ 0 });
	/* what was not taken away after all */
	own_cancel(job);
	if (writes)
		intent_end(job);
	news_act(job, false);
	return r == -EINTR && operation->list ? 0 : r;
}

void job_carry_out(struct job *job)
{
	int r = answer_has_room(job) ? job_do(job) : -ENOMEM;
	bool done = r == 0 && job->operation->access == HYCAN_ACCESS_WRITE;

	if (r == 0)
		r = answer_reply(job);
	job->result = r;
	if (r && done) {
		answer_rewind(job);
		job->unanswered = true;
	} else if (r) {
		answer_refuse(job);
	}
}

void job_end(struct job *job)
{
	bool secrets = job->operation->request->has_secrets;

	if (secrets)
		explicit_bzero(&job->request, job->operation->request->size);
	/* pages that go back to the kernel need no wiping */
	if ((job->memory.used <= MEMORY_KEEP || madvise(job->memory.base, JOB_MEMORY_SIZE, MADV_DONTNEED) < 0) && secrets)
		explicit_bzero(job->memory.base, job->memory.used);
	buffer_release(&job->frame);
	charge_objects_done(job);
	policy_free(&job->policy);
	for (size_t i = 0; i < job->n_fds; i++)
		close(job->fds[i]);
	job->n_fds = 0;
	job->peer = NULL;
}
