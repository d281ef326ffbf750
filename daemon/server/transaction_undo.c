/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What takes a step of a transaction back.
 *
 * It comes from the step's handler (op_undo()), which knows what is there before it is changed; or from the schema, where the
 * step made something: the row that takes such a thing away, with the fields that tell it from others.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "asked.h"
#include "diary.h"
#include "holders.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "rollback.h"
#include "server.h"
#include "table.h"
#include "transaction.h"
#include "transaction_state.h"

void transaction_call_as_before(const struct job *job, struct ledger_key *key)
{
	const struct transaction *t = job->transaction;
	uint32_t now = job->along.step;

	for (uint32_t i = t && now < t->n ? t->n_renamed : 0; i > 0; i--) {
		const struct renamed *renamed = &t->renamed[i - 1];

		/* a step that found nothing to rename, or made nothing, changes nobody's name */
		if (renamed->step >= now || t->step[renamed->step].unchanged || !key_is_of_link(key, &renamed->to))
			continue;
		if (renamed->over < now && !t->step[renamed->over].unchanged)
			return;
		key_rename(key, &renamed->to, &renamed->from);
		now = renamed->step;
	}
}

/* Whose is what a request puts back. */
struct owned {
	const struct hycan_operation *operation;
	uint64_t subject; /* the first one that has any of it */
	bool is;          /* the ledger has any of it */
	bool is_his;      /* all of it is the job's holder's alone */
	struct ledger_holders holders;
};

typedef int thing(struct job *job, const struct ledger_key *key, struct owned *owned);

static int for_each_thing(struct job *job, const void *request, struct owned *owned, thing *tell)
{
	size_t n;
	const struct op_effect *effects = op_effects(owned->operation, &n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct key_view v = key_view_of(job, &effects[i], request);
		bool makes = effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES;

		for (size_t k = 0; makes && !v.absent && k < v.n_items && r == 0; k++) {
			struct ledger_key key;

			key_of(&v, k, &key);
			r = tell(job, &key, owned);
		}
	}
	return r;
}

static int find_owner(struct job *job, const struct ledger_key *key, struct owned *owned)
{
	uint64_t subject = job->holder.subject;
	struct ledger_key before = *key;

	transaction_call_as_before(job, &before);
	(void)ledger_list_holders(job->server->ledger, &before, &owned->holders);
	owned->is_his = owned->is_his && ledger_holders_are(&owned->holders, &job->holder);
	if (owned->is || ledger_whose(job->server->ledger, &before, &job->holder, &subject) == LEDGER_NOBODYS)
		return 0;
	owned->is = true;
	owned->subject = subject;
	return 0;
}

/* Keeps who holds it: nobody, of a stranger's beside others. */
static int keep_holders(struct job *job, const struct ledger_key *key, struct owned *owned)
{
	struct ledger_key before = *key;
	char text[128];
	size_t n;

	transaction_call_as_before(job, &before);
	n = ledger_list_holders(job->server->ledger, &before, &owned->holders);
	/* by then it was told */
	owned->holders.key = *key;

	if (n > LEDGER_HOLDERS_MAX) {
		key_format(key, text, sizeof(text));
		log_write(LOG_WARNING, "If the %s %s is put back, %zu who held it do not any more.", key_kind_name(key->kind), text,
		          n - LEDGER_HOLDERS_MAX);
	}
	owned->holders.owner = owned->subject;
	return undo_log_add_bytes(job->undo, owned->operation, UNDO_HOLDERS, &owned->holders, ledger_holders_size(&owned->holders));
}

/* Whether the ledger has any of what a request puts back, and whose that is; who holds each is kept. 0 or -ENOBUFS. */
static int keep_owned(struct job *job, const struct hycan_operation *operation, const void *request, unsigned int *ret_flags,
                      uint64_t *ret_subject)
{
	struct owned owned = { .operation = operation, .is_his = true };
	int r = for_each_thing(job, request, &owned, find_owner);

	*ret_flags = !owned.is ? 0 : owned.is_his ? UNDO_OWNED : UNDO_OWNED | UNDO_GIVEN;
	*ret_subject = owned.subject;
	return r == 0 && *ret_flags & UNDO_GIVEN ? for_each_thing(job, request, &owned, keep_holders) : r;
}

/* What is put back may be a stranger's doing: then it is not what was asked for, and that is put back behind it. */
static int keep_asked(struct job *job, const struct hycan_operation *operation, const void *request)
{
	uint8_t bytes[ASKED_BEFORE_SIZE];
	size_t size = asked_before(job, operation, request, bytes);

	return size ? undo_log_add_bytes(job->undo, operation, UNDO_ASKED, bytes, size) : 0;
}

int transaction_keep_undo(struct op *op, uint16_t number, const void *request)
{
	const struct hycan_operation *operation = hycan_operation_by_number(number);
	struct job *job = (struct job *)op;
	unsigned int flags = 0;
	uint64_t subject = 0;
	int r = job->undo->keeps ? keep_owned(job, operation, request, &flags, &subject) : 0;

	if (r == 0 && flags)
		r = keep_asked(job, operation, request);
	return r < 0 ? r : undo_log_add(job->undo, operation, request, flags, subject);
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

/* One of those that go with what the caller lets go of, and that others hold, too. */
struct shared {
	struct transaction *t;
	int r;
};

static void keep_shared(const struct ledger_key *key, void *userdata)
{
	struct shared *shared = userdata;

	if (shared->r == 0)
		shared->r = keep_key(shared->t, key, UNDO_LET_GO);
}

static int undo_shared_on(struct transaction *t, const struct key_view *v)
{
	struct shared shared = { .t = t };
	struct ledger_key link;

	if (key_of_link(v, 0, &link))
		ledger_list_shared_on(t->job->server->ledger, &link, v->effect->kind, &t->job->holder, keep_shared, &shared);
	return shared.r;
}

int transaction_undo_holds(struct transaction *t)
{
	struct job *job = t->job;
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	for (size_t i = 0; t->pending && i < n && r == 0; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		bool lets_go = effects[i].does == OP_TAKES && job->lets_go;
		bool makes = effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES;

		if (lets_go && effects[i].n_parts == 0) {
			r = v.absent ? 0 : undo_shared_on(t, &v);
			continue;
		}
		for (size_t k = 0; (lets_go || makes) && !v.absent && k < v.n_items && r == 0; k++) {
			struct ledger_key key, before;
			uint64_t owner;

			if (lets_go && !job->op.unchanged && !(job->op.items_unchanged && job->op.items_unchanged[k]))
				continue;
			key_of(&v, k, &key);
			before = key;
			transaction_call_as_before(job, &before);
			if (lets_go)
				r = keep_key(t, &key, UNDO_LET_GO);
			else if (ledger_whose(job->server->ledger, &before, &job->holder, &owner) == LEDGER_OTHERS)
				r = keep_key(t, &key, UNDO_HELD);
		}
	}
	return r;
}

int transaction_undo_wanted(struct transaction *t)
{
	uint8_t bytes[SETTINGS_BEFORE_SIZE];
	struct ledger_key link;

	/* one that fails has said nothing to anybody */
	if (!t->pending || !settings_link(t->job, &link))
		return 0;
	transaction_call_as_before(t->job, &link);
	if (!settings_before(t->job, &link, bytes))
		return 0;
	return undo_log_add_bytes(&t->undo, t->job->operation, UNDO_WANTED, bytes, sizeof(bytes));
}

int transaction_undo_step(struct transaction *t, struct undo_mark before)
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

void transaction_roll_back(struct transaction *t)
{
	struct job *job = t->job;
	const struct rollback rollback = {
		.job = job,
		.whole = t->operation,
		.undo = &t->undo,
		/* where there is no room for that, the diary goes on saying what it said before: all would be taken back again */
		.is_noted = job->intent.begun && diary_takes_back(job, t->now, &t->undo, t->first) == 0,
		.number = job->intent.number,
	};
	size_t n, left;

	job->intent.no_room = false;
	left = rollback_run(&rollback);
	n = strlen(job->op.sentence);
	if (t->is_final && t->now > t->first_final)
		snprintf(job->op.sentence + n, sizeof(job->op.sentence) - n, " The links that were deleted before stay so.");
	n = strlen(job->op.sentence);
	if (left)
		snprintf(job->op.sentence + n, sizeof(job->op.sentence) - n, " And %zu of what was done could not be taken back.",
		         left);
}
