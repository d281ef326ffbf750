/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What takes a step of a transaction back.
 *
 * It comes from the step's handler (op_undo()), which knows what is there before it is changed; or from the schema, where the
 * step made something: the row that takes such a thing away, with the fields that tell it from others.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "asked.h"
#include "cleanup.h"
#include "diary.h"
#include "giving.h"
#include "holders.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "own.h"
#include "rollback.h"
#include "server.h"
#include "table.h"
#include "transaction_state.h"

/* Whose is what a request puts back. */
struct owned {
	const struct hycan_operation *operation;
	uint64_t subject; /* the first one that has any of it */
	bool is;          /* the ledger has any of it */
	bool is_his;      /* all of it is the job's holder's alone */
	enum hycan_drift drift;
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

	(void)ledger_list_holders(job->server->ledger, key, &owned->holders);
	owned->is_his = owned->is_his && ledger_holders_are(&owned->holders, &job->holder);
	if (owned->is || ledger_whose(job->server->ledger, key, &job->holder, &subject) == LEDGER_NOBODYS)
		return 0;
	owned->is = true;
	owned->subject = subject;
	owned->drift = repair_drift(&job->server->repairs, key);
	return 0;
}

/* They may lose it with the step, and hold it again when that is taken back. */
static int keep_who(struct job *job, const struct hycan_operation *operation, unsigned int flags,
                    const struct ledger_holders *holders, uint64_t since_us)
{
	int r = giving_note(job->giving, holders);

	return r < 0 ? r
	             : undo_log_add_bytes(job->undo, operation, UNDO_HOLDERS | flags, holders, ledger_holders_size(holders),
	                                  since_us);
}

/* Keeps who holds it: nobody, of a stranger's beside others. */
static int keep_holders(struct job *job, const struct ledger_key *key, struct owned *owned)
{
	const size_t n = ledger_list_holders(job->server->ledger, key, &owned->holders);
	char text[128];

	if (n > LEDGER_HOLDERS_MAX) {
		key_format(key, text, sizeof(text));
		log_write(LOG_WARNING, "If the %s %s is put back, %zu who held it do not any more.", key_kind_name(key->kind), text,
		          n - LEDGER_HOLDERS_MAX);
	}
	owned->holders.owner = owned->subject;
	return keep_who(job, owned->operation, 0, &owned->holders, 0);
}

/* Whether the ledger has any of what a request puts back, and whose that is; who holds each is kept. 0 or -ENOBUFS. */
static int keep_owned(struct job *job, const struct hycan_operation *operation, const void *request, unsigned int *ret_flags,
                      uint64_t *ret_subject)
{
	struct owned owned = { .operation = operation, .is_his = true, .drift = HYCAN_DRIFT_REPORT };
	int r = for_each_thing(job, request, &owned, find_owner);

	*ret_flags = !owned.is ? 0 : undo_log_drift(owned.drift) | (owned.is_his ? UNDO_OWNED : UNDO_OWNED | UNDO_GIVEN);
	*ret_subject = owned.subject;
	return r == 0 && *ret_flags & UNDO_GIVEN ? for_each_thing(job, request, &owned, keep_holders) : r;
}

/* What takes an object away, or only what is held of it. */
static int keep_key_since(struct undo_log *undo, const struct ledger_key *key, unsigned int flags, uint64_t since_us)
{
	union message taking;
	const struct hycan_operation *operation = key_request(key, &taking);

	return operation ? undo_log_add(undo, operation, &taking, UNDO_EXACT | flags, 0, since_us) : -EINVAL;
}

static int keep_key(struct undo_log *undo, const struct ledger_key *key, unsigned int flags)
{
	return keep_key_since(undo, key, flags, 0);
}

/*
 * Whether the job makes such things; and where what takes one away is asked for by the same row, which sets it to this or that, whether it
 * makes that very one.
 */
static bool is_made(struct job *job, const struct hycan_operation *operation, const struct ledger_key *key)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	bool is = false;

	for (size_t i = 0; i < n && !is; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		struct ledger_key made;

		if ((effects[i].does != OP_MAKES && effects[i].does != OP_REPLACES) || effects[i].kind != key->kind)
			continue;
		is = operation != job->operation;
		for (size_t k = 0; operation == job->operation && !v.absent && k < v.n_items && !is; k++) {
			key_of(&v, k, &made);
			is = key_same(&made, key);
		}
	}
	return is;
}

/* A request that takes away what the job's makes, as the schema would: then it stays where others hold it by then. */
static bool is_of_key(struct job *job, const struct hycan_operation *operation, const void *request, struct ledger_key *ret_key)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++) {
		const struct op_effect *takes = effects[i].does == OP_TAKES ? op_effect_that_takes(effects[i].kind) : NULL;
		struct key_view v;

		if (!takes || takes != &effects[i] || effects[i].n_parts == 0)
			continue;
		v = key_view_of(job, &effects[i], request);
		if (v.absent)
			continue;
		key_of(&v, 0, ret_key);
		return is_made(job, operation, ret_key);
	}
	return false;
}

/* What is made with it, of other kinds, goes with it; or it stays for somebody else, and the caller lets go of that, too. */
static int keep_beside(struct job *job, const struct ledger_key *key)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		bool makes = effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES;

		for (size_t k = 0; makes && effects[i].kind != key->kind && !v.absent && k < v.n_items && r == 0; k++) {
			struct ledger_key beside;

			key_of(&v, k, &beside);
			if (!ledger_is_held(job->server->ledger, &beside))
				r = keep_key(job->undo, &beside, UNDO_HELD);
		}
	}
	return r;
}

/* What is put back may be a stranger's doing: then it is not what was asked for, and that is put back behind it. */
static int keep_asked(struct job *job, const struct hycan_operation *operation, const void *request)
{
	uint8_t bytes[ASKED_BEFORE_SIZE];
	size_t size = asked_before(job, operation, request, bytes);

	return size ? undo_log_add_bytes(job->undo, operation, UNDO_ASKED, bytes, size, 0) : 0;
}

int transaction_keep_undo(struct op *op, uint16_t number, const void *request, bool in_kernel)
{
	const struct hycan_operation *operation = hycan_operation_by_number(number);
	struct job *job = (struct job *)op;
	unsigned int flags = 0;
	uint64_t subject = 0, since_us = 0;
	struct ledger_key key;
	int r;

	if (job->undo->keeps && !in_kernel && is_of_key(job, operation, request, &key)) {
		r = keep_beside(job, &key);
		return r < 0 ? r : keep_key(job->undo, &key, 0);
	}
	r = job->undo->keeps && !in_kernel ? keep_owned(job, operation, request, &flags, &subject) : 0;
	if (r == 0 && flags & UNDO_OWNED)
		r = keep_asked(job, operation, request);
	flags |= (in_kernel ? UNDO_KERNEL : 0) | (own_any(job) ? UNDO_ANY : 0);
	/* what was made behind the transaction's begin, and found there, is no other thing */
	if (job->undo->keeps)
		since_us = own_since(job, operation, request);
	return r < 0 ? r : undo_log_add(job->undo, operation, request, flags, subject, since_us);
}

int transaction_keep_routes(struct op *op, const void *first, const void *messages, size_t size)
{
	const struct hycan_operation *operation = hycan_operation_by_number(HYCAN_OPERATION_ROUTE_REPLACE);
	struct job *job = (struct job *)op;

	return undo_log_add_bytes(job->undo, operation, own_any(job) ? UNDO_ROUTES | UNDO_ANY : UNDO_ROUTES, messages, size,
	                          job->undo->keeps ? own_since(job, operation, first) : 0);
}

bool transaction_keeps_routes(struct op *op, const void *messages, size_t size)
{
	struct undo_log *undo = ((struct job *)op)->undo;

	for (const struct nlmsghdr *frame = undo_log_last(undo); frame; frame = undo_log_before(undo, frame))
		if (frame->nlmsg_flags & UNDO_ROUTES && op_same_routes(frame + 1, undo_log_size(frame), messages, size))
			return true;
	return false;
}

int transaction_keep_along(struct op *op, uint32_t what, const char *link, const void *bytes, size_t size)
{
	struct job *job = (struct job *)op;
	const unsigned int flags = own_any(job) ? UNDO_ALONG | UNDO_ANY : UNDO_ALONG;
	struct undo_along along = { .what = what, .size = (uint32_t)size };
	const size_t whole = (sizeof(along) + size + 3) / 4 * 4;
	_cleanup_free_ uint8_t *frame = NULL;
	struct ledger_key key;
	uint64_t since_us = 0;

	/* of a plan nothing is put back */
	if (!job->undo->keeps)
		return 0;
	frame = calloc(1, whole);
	if (!frame)
		return -ENOMEM;
	if (link) {
		memcpy(along.link, link, strnlen(link, sizeof(along.link) - 1));
		key_of_name(op_scope_inode(job->op.scope), along.link, &key);
		since_us = own_since_of(job, &key, job->called_us);
	}
	memcpy(frame, &along, sizeof(along));
	memcpy(frame + sizeof(along), bytes, size);
	return undo_log_add_bytes(job->undo, job->operation, flags, frame, whole, since_us);
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
		r = keep_key(&t->undo, &key, 0);
	}
	return r;
}

static bool holds_itself(struct job *job, const struct ledger_key *key)
{
	const struct ledger_holder user = { .subject = job->holder.subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger_holder session = job->holder;

	session.lifetime = HYCAN_LIFETIME_CONNECTION;
	return ledger_holds(job->server->ledger, key, &user) ||
	       (session.session && ledger_holds(job->server->ledger, key, &session));
}

/* Of what the user holds. */
enum whose { SESSIONS, OWN, USERS };

static bool is_of(const struct ledger_holder *holder, const struct ledger_holder *caller, enum whose whose)
{
	const bool sessions = holder->lifetime != HYCAN_LIFETIME_PERMANENT && holder->session == caller->session;

	return holder->subject == caller->subject &&
	       (sessions || whose == USERS || (whose == OWN && holder->lifetime == HYCAN_LIFETIME_PERMANENT));
}

/* Leaves those that are. Returns how many. */
static uint64_t leave_holds(struct job *job, enum whose whose, struct ledger_holders *holders)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < holders->n; i++)
		if (is_of(&holders->by[i].holder, &job->holder, whose))
			holders->by[n++] = holders->by[i];
	holders->n = n;
	holders->owner = job->holder.subject;
	return n;
}

static uint64_t list_holds(struct job *job, const struct ledger_key *key, enum whose whose, struct ledger_holders *ret_holders)
{
	(void)ledger_list_holders(job->server->ledger, key, ret_holders);
	return leave_holds(job, whose, ret_holders);
}

static int keep_holds(struct transaction *t, const struct ledger_holders *holders)
{
	return keep_who(t->job, t->job->operation, UNDO_HELD, holders, own_since_of(t->job, &holders->key, t->job->called_us));
}

/* It stays, and the caller lets go of it; of one that he does not hold himself, all programs of his user do. */
static int keep_let_go_of(struct transaction *t, const struct ledger_key *key)
{
	const bool itself = holds_itself(t->job, key);
	struct ledger_holders holders;
	uint64_t n = list_holds(t->job, key, itself ? OWN : USERS, &holders);
	/* of very many holders it is not told how long he held it */
	int r = keep_key_since(&t->undo, key, n == 0 && itself ? UNDO_LET_GO : UNDO_LET_GO | UNDO_GIVEN,
	                       own_since_of(t->job, key, t->job->called_us));

	return r == 0 && n > 0 ? keep_holds(t, &holders) : r;
}

/* Those that go with what the caller lets go of, and that others hold, too; of each the ledger is asked when it tells of them no more. */
struct shared {
	struct ledger_key *keys;
	size_t n;
	int r;
};

static void collect_shared(struct ledger_holders *holders, void *userdata)
{
	struct shared *shared = userdata;

	if (shared->r == 0)
		shared->r = array_grow(&shared->keys, shared->n, sizeof(*shared->keys));
	if (shared->r == 0)
		shared->keys[shared->n++] = holders->key;
}

static int keep_let_go_on(struct transaction *t, const struct key_view *v)
{
	struct shared shared = { 0 };
	struct ledger_key link;

	if (key_of_link(v, 0, &link))
		ledger_list_shared_on(t->job->server->ledger, &link, v->effect->kind, &t->job->holder, collect_shared, &shared);
	for (size_t i = 0; i < shared.n && shared.r == 0; i++)
		shared.r = keep_let_go_of(t, &shared.keys[i]);
	free(shared.keys);
	return shared.r;
}

/* What is to be done about drift. */
static int keep_wish(struct transaction *t, const struct key_view *v, size_t item, const struct ledger_key *key)
{
	uint8_t bytes[REPAIR_BEFORE_SIZE];
	const ssize_t size = repair_before(v, item, bytes);

	return size > 0 ? undo_log_add_bytes(&t->undo, t->job->operation, UNDO_ASKED | UNDO_HELD, bytes, (size_t)size,
	                                     own_since_of(t->job, key, t->job->called_us))
	                : (int)size;
}

/* It was there, and the caller holds it, too, from now on; or for another time than before. */
static int keep_held(struct transaction *t, const struct key_view *v, size_t item, const struct ledger_key *key)
{
	struct job *job = t->job;
	struct ledger *ledger = job->server->ledger;
	const struct ledger_holder *before;
	struct ledger_holders holders;
	/* also of what it made, which may stay since somebody else asked for it meanwhile */
	int r = keep_wish(t, v, item, key);

	if (r < 0 || !ledger_is_held(ledger, key))
		return r;
	if (!ledger_holds(ledger, key, &job->holder))
		r = keep_key(&t->undo, key, UNDO_HELD);
	if (r < 0 || !job->holder.session || list_holds(job, key, SESSIONS, &holders) == 0)
		return r;
	before = &holders.by[0].holder;
	/* a lease begins anew */
	return before->lifetime == HYCAN_LIFETIME_LEASE || before->lifetime != job->holder.lifetime ? keep_holds(t, &holders) : 0;
}

static int keep_round(struct transaction *t, const struct ledger_key *key)
{
	uint32_t round;
	int r;

	if (!ledger_round_of(t->job->server->ledger, key, &t->job->holder, &round))
		return 0;
	r = array_grow(&t->rounds, t->n_rounds, sizeof(*t->rounds));
	if (r == 0)
		t->rounds[t->n_rounds++] = (struct transaction_round){ .key = *key, .round = round };
	return r;
}

/* What a transaction asked for that fails is not stated by that, nor what it took away and is put back. */
static int keep_rounds(struct transaction *t)
{
	size_t n;
	const struct op_effect *effects = op_effects(t->job->operation, &n);
	int r = 0;

	for (size_t i = 0; atomic_load(&t->job->server->n_stating) && i < n && r == 0; i++) {
		const struct key_view v = key_view(t->job, &effects[i]);

		if (v.absent || effects[i].n_parts == 0 || effects[i].does == OP_CHANGES || effects[i].does == OP_RENAMES)
			continue;
		for (size_t k = 0; k < v.n_items && r == 0; k++) {
			struct ledger_key key;

			key_of(&v, k, &key);
			r = keep_round(t, &key);
		}
	}
	return r;
}

/* Of what was asked for several times the first is the one from before. */
static void put_back_rounds(struct transaction *t)
{
	for (size_t i = t->n_rounds; i > 0; i--)
		ledger_state(t->job->server->ledger, &t->rounds[i - 1].key, &t->job->holder, t->rounds[i - 1].round);
}

int transaction_undo_holds(struct transaction *t)
{
	struct job *job = t->job;
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = t->undo.keeps ? keep_rounds(t) : 0;

	for (size_t i = 0; t->undo.keeps && i < n && r == 0; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		bool lets_go = effects[i].does == OP_TAKES && job->lets_go;
		bool makes = effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES;

		if (lets_go && effects[i].n_parts == 0) {
			r = v.absent ? 0 : keep_let_go_on(t, &v);
			continue;
		}
		for (size_t k = 0; (lets_go || makes) && !v.absent && k < v.n_items && r == 0; k++) {
			struct ledger_key key;

			if (lets_go && !job->op.unchanged && !(job->op.items_unchanged && job->op.items_unchanged[k]))
				continue;
			key_of(&v, k, &key);
			r = lets_go ? keep_let_go_of(t, &key) : keep_held(t, &v, k, &key);
		}
	}
	return r;
}

int transaction_undo_wanted(struct transaction *t)
{
	uint8_t bytes[SETTINGS_BEFORE_SIZE];
	struct ledger_key link;

	if (!settings_link(t->job, &link) || !settings_before(t->job, &link, bytes))
		return 0;
	return undo_log_add_bytes(&t->undo, t->job->operation, own_any(t->job) ? UNDO_WANTED | UNDO_ANY : UNDO_WANTED, bytes,
	                          sizeof(bytes), own_since_of(t->job, &link, server_now_us()));
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
	struct rollback rollback = {
		.job = job,
		.whole = t->operation,
		.undo = &t->undo,
		.n_told = t->first.n,
		.since_us = job->began_us,
		.cause = "a step of the same transaction failed",
		.number = job->intent.number,
	};
	const size_t used = job->memory.used;
	size_t n, left;

	job->gave_back = true;
	job->intent.no_room = false;
	/* what it was promised is for that, also where nothing else has room any more */
	if (job->intent.begun)
		ledger_release(job->server->ledger, rollback.number);
	/* where there is no room for that, the diary goes on saying what it said before: all would be taken back again */
	rollback.is_noted = job->intent.begun && diary_takes_back(job, t->now, &t->undo, t->first) == 0;
	/* also where the steps have used up all of it */
	job->memory.used = t->used;
	left = rollback_run(&rollback);
	put_back_rounds(t);
	job->memory.used = used;
	n = strlen(job->op.sentence);
	if (t->is_final && t->now > t->first_final)
		snprintf(job->op.sentence + n, sizeof(job->op.sentence) - n, " The links that were deleted before stay so.");
	n = strlen(job->op.sentence);
	if (left)
		snprintf(job->op.sentence + n, sizeof(job->op.sentence) - n, " And %zu of what was done could not be taken back.",
		         left);
}
