/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the ledger, for each thing that the row of the schema says is changed or taken away.
 *
 * What this file does not do: know any operation.
 */
#include <string.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "own.h"
#include "renames.h"
#include "server.h"
#include "subject.h"
#include "table.h"

static int refuse(const struct key_view *v, const struct ledger_key *key, uint64_t owner)
{
	char text[128];

	key_format(key, text, sizeof(text));
	return op_refuse(&v->job->op, HYCAN_REFUSAL_DENIED, key_field(v->effect, v->effect->part[0])->name,
	                 "The %s “%s” is %s's: only that user, root, and whom policy allows it with owner=any may %s it.",
	                 key_kind_name(key->kind), text, subject_say(owner).text,
	                 v->effect->does == OP_TAKES || v->effect->does == OP_REPLACES ? "remove" : "change");
}

/* What one of several who hold it may not do to it while the others do; former: what the ledger knows it by. */
static int refuse_shared(const struct key_view *v, const struct ledger_key *key, const struct ledger_key *former)
{
	const struct op_effect *takes = op_effect_that_takes(key->kind);
	struct job *job = v->job;
	uint64_t owner = 0;
	bool another = ledger_is_others(job->server->ledger, former, job->holder.subject, &owner);
	char text[128];

	key_format(key, text, sizeof(text));
	return op_refuse(&job->op, HYCAN_REFUSAL_BUSY, key_field(v->effect, v->effect->part[0])->name,
	                 "%s holds the %s “%s”, too, so it stays as it is: let go of it with %s. Root, and whom policy allows "
	                 "%s with owner=any, may do this all the same.",
	                 another ? subject_title(owner).text : "Another program of yours", key_kind_name(key->kind), text,
	                 takes->operation->name, job->operation->name);
}

static int refuse_going(const struct key_view *v, const struct ledger_key *key)
{
	char text[128];

	key_format(key, text, sizeof(text));
	return op_refuse(&v->job->op, HYCAN_REFUSAL_BUSY, key_field(v->effect, v->effect->part[0])->name,
	                 "Another request is busy with the %s “%s” just now: ask again when that is done.",
	                 key_kind_name(key->kind), text);
}

static enum ledger_stand ask(const struct key_view *v, const struct ledger_key *key, bool force, uint64_t *ret_owner)
{
	struct job *job = v->job;
	const bool marks = v->effect->does == OP_TAKES || (v->effect->alone && job->op.settled);

	job->marks = job->marks || marks;
	if (marks)
		return ledger_take_begin(job->server->ledger, key, &job->holder, force, job, ret_owner);
	return ledger_whose(job->server->ledger, key, &job->holder, ret_owner);
}

/* What was claimed before a change that is in doubt is gone when it is another one's turn, which must stay. */
static bool is_another(struct job *job, const struct ledger_key *key)
{
	struct doubt *doubt = &job->doubt;

	for (unsigned int i = 0; i < doubt->n_claimed; i++)
		if (doubt->key[i].size == key->size && memcmp(doubt->key[i].identity, key->identity, key->size) == 0)
			return false;
	doubt->gone = doubt->is && doubt->n_claimed > 0;
	if (!doubt->gone && doubt->n_claimed < sizeof(doubt->key) / sizeof(*doubt->key))
		doubt->key[doubt->n_claimed++] = *key;
	return doubt->gone;
}

/* Who states a list speaks for himself alone: what of it others hold, too, stays as it is. */
static bool is_stated(const struct op_effect *effect)
{
	size_t n;
	const struct op_effect *effects = op_effects(effect->operation, &n);
	bool is = false;

	for (size_t i = 0; i < n && !is; i++)
		is = effects[i].does == OP_REPLACES && effects[i].kind == effect->kind;
	return is;
}

static int check_item(const struct key_view *v, size_t item, bool force)
{
	struct ledger_key key, former;
	enum ledger_stand stand;
	uint64_t owner = 0;

	key_of(v, item, &key);
	former = key;
	if (!renames_former(v->job, &former))
		return 0;
	if (v->effect->settled && v->effect->does == OP_TAKES && is_another(v->job, &former))
		return OP_LETS_GO;
	stand = ask(v, &former, force, &owner);
	switch (stand) {
	case LEDGER_NOBODYS:
	case LEDGER_MINE:
		return 0;
	case LEDGER_SHARED:
		if (is_stated(v->effect) && ledger_is_others(v->job->server->ledger, &former, v->job->holder.subject, &owner))
			return refuse(v, &key, owner);
		if (v->effect->does != OP_TAKES)
			return v->effect->alone && v->job->op.settled ? refuse_shared(v, &key, &former) : 0;
		v->job->lets_go = v->job->op.unchanged = true;
		return OP_LETS_GO;
	case LEDGER_OTHERS:
		if (force)
			return 0;
		/* what goes along with a thing of its own is not what the request is about */
		v->job->are_others = op_effect_that_takes(key.kind) == v->effect;
		return refuse(v, &key, owner);
	case LEDGER_GOING:
		return refuse_going(v, &key);
	}
	return 0;
}

/* An item of the list, as the ledger knows it (ledger_listed). */
static void list_former(size_t item, struct ledger_key *ret_key, const void *view)
{
	key_listed(item, ret_key, view);
	(void)renames_former(((const struct key_view *)view)->job, ret_key);
}

/* What a list does not have goes, and must be nobody else's: he would let go of it who takes away what others hold, too. */
static bool find_rest(const struct key_view *v, struct ledger_key *ret_key, uint64_t *ret_owner)
{
	struct ledger_key link;

	return key_of_link(v, 0, &link) && renames_former(v->job, &link) &&
	       ledger_find_others(v->job->server->ledger, &link, v->effect->kind, v->job->holder.subject, v->n_items, list_former,
	                          v, ret_key, ret_owner);
}

static int check_effect(const struct key_view *v, bool force)
{
	struct ledger_key key;
	uint64_t owner;
	int r = 0;

	if (v->effect->does == OP_REPLACES)
		return find_rest(v, &key, &owner) ? refuse(v, &key, owner) : 0;
	for (size_t k = 0; k < v->n_items && r == 0; k++)
		r = check_item(v, k, force);
	return r;
}

/* What may be changed anyway need not be looked for. */
static bool asks(const struct op_effect *effect, bool force)
{
	return effect->n_parts && effect->does != OP_MAKES && (effect->does == OP_TAKES || !force);
}

/* Before the handler is called, or when it says what it is about. */
static bool asks_now(const struct op_effect *effect, bool claims)
{
	return claims ? effect->settled || effect->alone : !effect->settled;
}

static bool is_since(const struct job *job, const struct since *since, const struct ledger_key *key, uint64_t *ret_owner)
{
	/* what is on a link has another name when that has, which is asked for beside it */
	const bool made = since->any || key_begins_with_link(key->kind);

	return since->us && ledger_is_others_since(job->server->ledger, key, &since->whose, since->us, made, ret_owner);
}

bool own_is_since(const struct job *job, const struct since *since, const struct ledger_key *key)
{
	uint64_t owner;

	return is_since(job, since, key, &owner);
}

static int refuse_since(struct job *job, const struct ledger_key *key, uint64_t owner)
{
	char text[128];

	key_format(key, text, sizeof(text));
	return op_refuse(&job->op, HYCAN_REFUSAL_DENIED, NULL, "The %s “%s” is another one by now, %s's, and stays as it is.",
	                 key_kind_name(key->kind), text, subject_say(owner).text);
}

/* The link by whose name a thing is known, beside others. */
static bool begins_with(const struct ledger_key *key, struct ledger_key *ret_link)
{
	const bool does = key_begins_with_link(key->kind);

	/* behind a byte that says that there is one, the name ends with a zero */
	if (does)
		key_of_name(key->netns, (const char *)key->identity + 1, ret_link);
	return does;
}

int own_check_since(struct job *job, const struct ledger_key *key)
{
	struct ledger_key link;
	uint64_t owner;

	if (is_since(job, &job->since, key, &owner))
		return refuse_since(job, key, owner);
	if (!begins_with(key, &link))
		return 0;
	return is_since(job, &job->since, &link, &owner) ? refuse_since(job, &link, owner) : 0;
}

static int check_effect_since(const struct key_view *v)
{
	struct ledger_key key;
	int r = 0;

	for (size_t k = 0; k < v->n_items && r == 0; k++) {
		key_of(v, k, &key);
		r = own_check_since(v->job, &key);
	}
	return r;
}

static int check(struct job *job, bool claims)
{
	/* of what is put back nobody's right to it is asked, but whether it is that thing still */
	const bool puts_back = job->is_own;
	const bool force = job->op.any_owner && !puts_back;
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	if (puts_back && job->since.us == 0)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		if (asks_now(&effects[i], claims) && asks(&effects[i], force)) {
			const struct key_view v = key_view(job, &effects[i]);

			if (!v.absent)
				r = puts_back ? check_effect_since(&v) : check_effect(&v, force);
		}
	return r;
}

static uint64_t named_between(const struct job *job, const struct ledger_key *key, uint64_t called_us)
{
	const uint64_t named_us = ledger_named_us(job->server->ledger, key);

	return named_us > job->began_us && named_us <= called_us ? named_us : 0;
}

static uint64_t later(uint64_t a_us, uint64_t b_us)
{
	return a_us > b_us ? a_us : b_us;
}

uint64_t own_since_of(const struct job *job, const struct ledger_key *key, uint64_t called_us)
{
	const uint64_t since_us = named_between(job, key, called_us);
	struct ledger_key link;

	return begins_with(key, &link) ? later(since_us, named_between(job, &link, called_us)) : since_us;
}

uint64_t own_since(struct job *job, const struct hycan_operation *operation, const void *request)
{
	uint64_t since_us = 0;
	struct ledger_key key;
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view_of(job, &effects[i], request);

		for (size_t k = 0; effects[i].n_parts && !v.absent && k < v.n_items; k++) {
			key_of(&v, k, &key);
			since_us = later(since_us, own_since_of(job, &key, job->called_us));
		}
	}
	return since_us;
}

bool own_any(const struct job *job)
{
	return job->is_own || job->holder.subject == 0 || job->any_owner || job->server->private;
}

int own_check(struct job *job)
{
	job->lets_go = false;
	job->op.any_owner = own_any(job);
	job->op.settled = NULL;
	return check(job, false);
}

int own_claim(struct op *op, const void *settled)
{
	struct job *job = (struct job *)op;

	op->settled = settled;
	if (!job->doubt.is)
		job->doubt.settled = settled;
	return check(job, true);
}

void own_cancel(struct job *job)
{
	if (job->marks)
		ledger_cancel(job->server->ledger, job);
	job->marks = false;
}
