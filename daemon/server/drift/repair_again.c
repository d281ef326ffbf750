/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making again what strangers took away, and putting right what they changed, on a worker. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "follow.h"
#include "job.h"
#include "key.h"
#include "log.h"
#include "namespaces.h"
#include "op.h"
#include "repair_state.h"
#include "server.h"
#include "subject.h"
#include "table.h"
#include "undo.h"
#include "wording.h"

void repair_serve(struct repairs *repairs)
{
	if (repairs->runs || !atomic_exchange(&repairs->told, false))
		return;
	repairs->runs = true;
	errand_add(repairs->server, &repairs->errand);
}

/* The next one that is wanted, links before what is on them. False: none is. */
static bool next_wanted(struct repairs *repairs, struct ledger_key *ret_key, bool *ret_there)
{
	struct repair *first = NULL;

	pthread_mutex_lock(&repairs->lock);
	for (size_t i = 0; i < LEDGER_KINDS && !first; i++)
		first = TAILQ_FIRST(&repairs->wanted[i]);
	if (first) {
		repair_want(repairs, first, false);
		*ret_key = first->key;
		*ret_there = first->there && !ledger_doubts(repairs->server->ledger, &first->key);
	}
	pthread_mutex_unlock(&repairs->lock);
	return first;
}

/* Its link may be down, or gone. Returns how much it matters to whoever reads the log: less, when it is one of many times. */
static int note_failure(struct repairs *repairs, const struct ledger_key *key)
{
	bool were_rare = false;
	struct repair *r;

	pthread_mutex_lock(&repairs->lock);
	r = repair_find(repairs, key);
	if (r)
		were_rare = attempts_failed(&r->attempts, server_now_us());
	pthread_mutex_unlock(&repairs->lock);
	return were_rare ? LOG_DEBUG : LOG_NOTICE;
}

/* Whoever reads it has a sentence; the fields are those of the request that was carried out once more. */
static void tell(int priority, const struct ledger_key *key, const struct wish_head *head, bool there, int result,
                 const char *sentence, uint64_t duration_us)
{
	const struct hycan_operation *operation = hycan_operation_by_number(head->operation);
	char text[512];
	const struct log_audit line = {
		.operation = operation ? operation->name : "drift",
		.object = (key_format(key, text, sizeof(text)), text),
		.result = wording_of(result),
		.cause = there ? "it was changed, and not by a request" : "it was gone, and not by a request",
		.subject = head->subject,
		.pid = getpid(),
		.netns = key->netns,
		.duration_us = duration_us,
	};

	if (result == 0)
		log_audit_as(priority, &line, "%s, which %s had asked for, %s.", text, subject_say(head->subject).text,
		             there ? "was changed, and is what it was" : "was gone, and is made again");
	else
		log_audit_as(priority, &line, "%s, which %s had asked for, is %s, and cannot be made %s now: %s", text,
		             subject_say(head->subject).text, there ? "changed" : "gone", there ? "what it was" : "again",
		             *sentence ? sentence : strerror(result < 0 ? -result : 0));
}

/*
 * Between two steps of whoever takes it away, nothing is made: it is going as long as this takes. Who takes away many at once,
 * or lets go of it meanwhile, does not wait: what nobody has any more then is taken away again.
 */
static void make_again(struct job *job, const struct ledger_key *key, bool there)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger_holder holder = { .lifetime = HYCAN_LIFETIME_PERMANENT };
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	struct ledger *ledger = job->server->ledger;
	char sentence[UNDO_SENTENCE_SIZE] = "";
	const uint64_t began_us = server_now_us();
	_cleanup_free_ void *bytes = NULL;
	struct wish_head head = { 0 };
	enum ledger_stand stand;
	bool changed = false;
	uint64_t owner;
	size_t size = 0;
	int result;

	stand = ledger_take_begin(ledger, key, &nobody, true, job, &owner);
	if (stand == LEDGER_NOBODYS)
		return;
	result = ledger_wish_of(ledger, key, &bytes, &size);
	if (result == 0 && !wish_read(bytes, size, &head))
		result = -EBADMSG;
	if (result == 0)
		holder.subject = head.subject;
	if (result == 0)
		result = stand == LEDGER_GOING ? -EBUSY : namespaces_find(job->server, key->netns, &other);
	/* it went with a namespace that has ended */
	if (result == 0 && other && ledger_has_gone(ledger, key, began_us))
		result = -ENOENT;
	if (result == 0)
		result = undo_repair(job, other ? other : job->scope, &holder, head.operation, (const char *)bytes + sizeof(head),
		                     size - sizeof(head), key, &changed, sentence);
	if (result == 0 && changed && !there)
		follow_again(job, other ? other : job->scope, &holder, key);
	if (result == 0 && changed && !ledger_is_held(ledger, key)) {
		(void)undo_key(job, other ? other : job->scope, key,
		               &(struct undo_cause){ .words = "nobody wants it any more", .subject = holder.subject }, sentence);
		changed = false;
	}
	ledger_cancel(ledger, job);
	/* what others in the same table needed was done with the first of them; and somebody may have said something else */
	if ((result == 0 && !changed) || result == -ENOENT)
		return;
	tell(result == 0 ? LOG_NOTICE : note_failure(&job->server->repairs, key), key, &head, there, result, sentence,
	     server_now_us() - began_us);
}

int repair_run(struct errand *errand, struct job *job)
{
	struct repairs *repairs = (struct repairs *)((char *)errand - offsetof(struct repairs, errand));
	struct ledger_key key;
	bool there;

	if (next_wanted(repairs, &key, &there))
		make_again(job, &key, there);
	else if (!settings_mend(&repairs->settings, job))
		return 0;
	job->memory.used = 0;
	return 1;
}

void repair_done(struct errand *errand)
{
	struct repairs *repairs = (struct repairs *)((char *)errand - offsetof(struct repairs, errand));

	repairs->runs = false;
	repair_serve(repairs);
}
