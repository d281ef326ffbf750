/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Going on where a daemon was killed.
 *
 * Forward, not back: a request that is carried out twice has done what it was to do once, whereas nobody knows what was
 * there before it. Its client got no answer, and may expect either. Keys were not written down: what was to get one, and
 * has not got it yet, stays as it was, and all else is completed (seal.h).
 *
 * Of a transaction it is known what was there before each step: it is taken back, unless all its steps were done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "array.h"
#include "cleanup.h"
#include "dispatch.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "namespaces.h"
#include "op.h"
#include "record.h"
#include "recovery.h"
#include "restate.h"
#include "server.h"
#include "subject.h"
#include "transaction.h"
#include "undo.h"
#include "wire.h"

struct unfinished {
	struct unfinished *next;
	unsigned int number;
	uint64_t unconfirmed_us; /* of a transaction that is done, and taken back even so; else 0 */
	bool restates;           /* it makes again what others take along (restate.h) */
	size_t size;
	uint8_t bytes[];
};

static int collect(unsigned int number, const uint8_t *request, size_t size, void *userdata)
{
	struct unfinished **list = userdata, *u = malloc(sizeof(*u) + size);

	if (!u)
		return -ENOMEM;
	*u = (struct unfinished){ .number = number, .size = size };
	memcpy(u->bytes, request, size);
	while (*list)
		list = &(*list)->next;
	*list = u;
	return 0;
}

static void carry_out(struct job *job, unsigned int number, const struct intent_head *head, const uint8_t *bytes, size_t size)
{
	const size_t n = head->n_was_there < size ? head->n_was_there : size;
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	int r = wire_decode(&decoder, job->operation->request, bytes + n, size - n, &job->request);

	job->was_there = n ? bytes : NULL;
	job->n_was_there = n;
	job->memory.used = decoder.memory.used;
	job->decoded = r == 0;
	if (r < 0) {
		r = op_refuse(&job->op, decoder.fault.refusal, decoder.fault.field, "%s", decoder.fault.sentence);
		(void)answer_explain(job, r);
		return;
	}
	job->again = job->is_own = true;
	job->op.exact = head->exact;
	job->op.sealed = head->sealed;
	job->op.was_up = head->was_up;
	if (along_read(job, number) < 0)
		log_write(LOG_ERR, "What went along with what %s took away cannot all be read.", job->operation->name);
	r = job_do(job);
	if (job_found_gone(job, r)) {
		/* the handler, which found nothing, has nothing better to say */
		job->op.settled = NULL;
		(void)record_done(job);
		r = 0;
	}
	if (r == 0)
		along_take_all(job);
	along_release(job);
	(void)answer_explain(job, r);
}

/* Whether it is over. What has notes can be taken back by the next daemon, too. */
static bool go_on(struct server *server, const struct unfinished *u)
{
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	struct job *job = &server->job;
	struct nlmsghdr header = { 0 };
	struct intent_head head;
	const size_t n = intent_read(u->bytes, u->size, &head);
	const struct hycan_operation *operation = n ? hycan_operation_by_number(head.operation) : NULL;
	int r;

	if (!operation) {
		log_write(LOG_ERR,
		          "A request was under way that another release has written down otherwise: it is neither completed nor "
		          "taken back.");
		return true;
	}
	r = namespaces_find(server, head.netns, &other);
	if (r < 0) {
		log_write(LOG_WARNING, "%s of %s was under way in network namespace %ju, which is not to be found: %s",
		          operation->name, subject_say(head.holder.subject).text, (uintmax_t)head.netns, strerror(-r));
		return r == -ENOENT || !head.diary;
	}
	header.nlmsg_type = operation->number;
	job_begin(job, NULL, operation, &header);
	job->began_us = server_now_us();
	job->holder = head.holder;
	job->holder.session = ledger_adopted_by(server->ledger, head.holder.session);
	job->op.subject = head.holder.subject;
	job->op.scope = other ? other : job->scope;
	job->drift = head.drift;
	if (head.diary) {
		transaction_resume(job, u->number, head.began_us);
	} else {
		carry_out(job, u->number, &head, u->bytes + n, u->size - n);
		dispatch_audit(job, server_now_us() - job->began_us, "the daemon that was killed had begun it");
	}
	job->op.scope = job->scope;
	job_end(job);
	/* what it was about is nothing to the next request */
	job->again = job->retold = job->is_own = false;
	job->was_there = NULL;
	return true;
}

/* Objects that nobody holds: they were about to be taken away. */
struct leftovers {
	struct ledger_key *keys;
	size_t n;
};

static int collect_leftover(const struct ledger_object *object, void *userdata)
{
	struct leftovers *l = userdata;
	int r;

	if (object->n_holders > 0)
		return 0;
	r = array_grow(&l->keys, l->n, sizeof(*l->keys));
	if (r == 0)
		l->keys[l->n++] = object->key;
	return r;
}

/* 0, or why it stays: with a sentence, or -errno. */
static int take_leftover(struct server *server, const struct ledger_key *key, const char *identity, unsigned int *patience,
                         char sentence[static UNDO_SENTENCE_SIZE])
{
	const struct undo_cause cause = { .words = "nobody holds it", .subject = SUBJECT_NOBODY };
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	const uint64_t began_us = server_now_us();
	int r = namespaces_find(server, key->netns, &other);

	sentence[0] = '\0';
	if (r == -ENOENT) {
		(void)ledger_take_former(server->ledger, key, began_us);
		log_write(LOG_NOTICE, "%s, which nobody holds, is gone with its network namespace.", identity);
		return 0;
	}
	if (r < 0)
		return r;
	job_begin_own(&server->job);
	do
		r = undo_key(&server->job, other ? other : server->job.scope, key, &cause, sentence);
	while (undo_try_again(r, patience));
	server->job.memory.used = 0;
	return r;
}

static void take_leftovers(struct server *server)
{
	struct leftovers l = { 0 };
	unsigned int patience = UNDO_PATIENCE;
	char sentence[UNDO_SENTENCE_SIZE];
	int r = ledger_list(server->ledger, collect_leftover, &l);

	/* the last one first */
	while (r == 0 && l.n-- > 0) {
		char identity[512];
		int left;

		key_format(&l.keys[l.n], identity, sizeof(identity));
		left = take_leftover(server, &l.keys[l.n], identity, &patience, sentence);
		/* the next daemon tries again */
		if (left)
			log_write(LOG_WARNING, "%s, which nobody holds, could not be taken away, and stays: %s", identity,
			          *sentence ? sentence : strerror(left < 0 ? -left : EIO));
	}
	free(l.keys);
}

/* What takes a transaction back was said when a later one was not there yet: that goes first. What makes something again comes behind all. */
static bool goes_before(const struct unfinished *a, const struct unfinished *b)
{
	return a->restates != b->restates ? b->restates : a->unconfirmed_us > b->unconfirmed_us;
}

static struct unfinished *in_order(struct server *server, struct unfinished *list)
{
	struct unfinished *ordered = NULL, *next, **at;

	for (struct unfinished *u = list; u; u = next) {
		next = u->next;
		u->unconfirmed_us = transaction_unconfirmed_us(server->ledger, u->number);
		u->restates = restate_is_noted(server->ledger, u->number);
		at = &ordered;
		while (*at && !goes_before(u, *at))
			at = &(*at)->next;
		u->next = *at;
		*at = u;
	}
	return ordered;
}

void recovery_run(struct server *server)
{
	struct unfinished *list = NULL, *next;

	if (ledger_unfinished(server->ledger, collect, &list) < 0)
		log_write(LOG_ERR, "What was under way cannot be completed: %s", strerror(ENOMEM));
	for (struct unfinished *u = in_order(server, list); u; u = next) {
		next = u->next;
		if (go_on(server, u))
			ledger_commit(server->ledger, u->number);
		free(u);
	}
	take_leftovers(server);
}
