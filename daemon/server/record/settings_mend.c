/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making links again what they are to be, on a worker. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "namespaces.h"
#include "op.h"
#include "server.h"
#include "setting_state.h"
#include "subject.h"
#include "table.h"
#include "undo.h"
#include "wire.h"
#include "wording.h"

/* Bytes of a request about a link. */
#define REQUEST_MAX 1024

/* The next one that is to be put right, as it is wanted, and of that what is otherwise. False: there is none. */
static bool next_broken(struct settings *settings, struct setting *ret_setting)
{
	struct setting *s;

	pthread_mutex_lock(&settings->lock);
	s = TAILQ_FIRST(&settings->broken);
	if (s) {
		*ret_setting = *s;
		TAILQ_REMOVE(&settings->broken, s, broken_entry);
		s->broken = 0;
	}
	pthread_mutex_unlock(&settings->lock);
	return s;
}

/* Whether nobody has said anything of it since then. */
static bool is_still_wanted(struct settings *settings, const struct setting *s)
{
	const struct setting *now;
	bool is;

	pthread_mutex_lock(&settings->lock);
	now = setting_find(settings, s->netns, s->link);
	is = now && now->noted_us == s->noted_us;
	pthread_mutex_unlock(&settings->lock);
	return is;
}

/* Asks for one part of it, which is taken out of what is broken. 0, the refusal or -errno. */
static int ask(struct job *job, struct kernel_scope *scope, struct setting *s, const struct ledger_key *key, bool *ret_changed,
               const char **ret_operation, char *ret_sentence)
{
	const struct ledger_holder holder = { .subject = s->subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	enum hycan_operation_number number = 0;
	const struct hycan_operation *operation;
	uint8_t bytes[REQUEST_MAX];
	union message request;
	struct wire_fault fault;
	ssize_t n;

	s->broken &= ~op_settings_request(&s->wanted, s->broken, s->link, &number, &request);
	operation = hycan_operation_by_number(number);
	if (!operation)
		return -EINVAL;
	*ret_operation = operation->name;
	n = wire_encode(operation->request, &request, bytes, sizeof(bytes), NULL, NULL, &fault);
	if (n < 0)
		return -EMSGSIZE;
	return undo_repair(job, scope, &holder, operation->number, bytes, (size_t)n, key, ret_changed, ret_sentence);
}

/* Whoever reads it has a sentence; the fields are those of the request that was carried out once more. */
static void tell(const struct setting *s, const char *words, const char *operation, int result, const char *sentence,
                 uint64_t duration_us)
{
	const struct log_audit line = {
		.operation = operation,
		.object = s->link,
		.result = wording_of(result),
		.cause = "it was changed, and not by a request",
		.subject = s->subject,
		.pid = getpid(),
		.netns = s->netns,
		.duration_us = duration_us,
	};

	if (result == 0)
		log_audit_as(LOG_NOTICE, &line, "%s of %s, which %s had asked for, was changed, and is what it was.", words,
		             s->link, subject_say(s->subject).text);
	else
		log_audit_as(LOG_NOTICE, &line,
		             "%s of %s, which %s had asked for, is changed, and cannot be made what it was now: %s", words, s->link,
		             subject_say(s->subject).text, *sentence ? sentence : strerror(result < 0 ? -result : 0));
}

bool settings_mend(struct settings *settings, struct job *job)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY, .lifetime = HYCAN_LIFETIME_PERMANENT };
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	struct ledger *ledger = job->server->ledger;
	char sentence[UNDO_SENTENCE_SIZE] = "", words[OP_SETTINGS_WORDS];
	const uint64_t began_us = server_now_us();
	const char *operation = "drift";
	bool changed = false, any = false, found;
	enum ledger_stand stand;
	struct ledger_key key;
	struct setting s;
	uint64_t owner;
	int r;

	if (!next_broken(settings, &s))
		return false;
	op_settings_words(s.broken, words);
	key_of_name(s.netns, s.link, &key);
	/* as in repair_again.c: nobody takes it away meanwhile */
	stand = ledger_take_begin(ledger, &key, &nobody, true, job, &owner);
	if (stand == LEDGER_NOBODYS)
		return true;
	r = stand == LEDGER_GOING ? -EBUSY : namespaces_find(job->server, s.netns, &other);
	/* it went with a namespace that has ended */
	if (r == 0 && other && ledger_has_gone(ledger, &key, began_us))
		r = -ENOENT;
	found = r == 0;
	while (r == 0 && s.broken && is_still_wanted(settings, &s)) {
		r = ask(job, other ? other : job->scope, &s, &key, &changed, &operation, sentence);
		any = any || changed;
	}
	/* whoever let go of the link meanwhile has left it to us */
	if (found && !ledger_is_held(ledger, &key))
		(void)undo_key(job, other ? other : job->scope, &key,
		               &(struct undo_cause){ .words = "nobody wants it any more", .subject = s.subject }, sentence);
	ledger_cancel(ledger, job);
	if (r != 0 || any)
		tell(&s, words, operation, r, sentence, server_now_us() - began_us);
	return true;
}
