/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a request that was carried out to the ledger: what the row of the schema says that it makes, takes away and
 * renames; and whether there is room for that, before it is. What this file does not do: know any operation.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "asked.h"
#include "charge.h"
#include "follow.h"
#include "forwards.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "observe.h"
#include "observer.h"
#include "own.h"
#include "record.h"
#include "record_made.h"
#include "server.h"
#include "table.h"
#include "undo.h"

/* A link that was just made has nothing on it: what the ledger may still have there is of one that is gone. */
static void forget_links(const struct key_view *v)
{
	struct ledger_key key;

	if (v->absent || v->effect->does != OP_MAKES || v->effect->kind != HYCAN_OBJECT_KIND_LINK || v->job->op.unchanged ||
	    v->job->op.kept_link)
		return;
	key_of(v, 0, &key);
	ledger_take(v->job->server->ledger, &key);
	settings_forget(&v->job->server->repairs.settings, &key);
}

/* What a request was about is not missed any more: it is there, or was taken away. */
static void forget_losses(const struct key_view *v)
{
	struct ledger_key key;

	if (v->job->server->losses.n == 0 || v->absent || v->effect->n_parts == 0 ||
	    !(OP_KIND(v->effect->kind) & OP_KINDS_IN_TABLE) || (v->effect->does != OP_MAKES && v->effect->does != OP_TAKES))
		return;
	for (size_t i = 0; i < v->n_items; i++) {
		key_of(v, i, &key);
		losses_forget(&v->job->server->losses, &key);
	}
}

static uint32_t kinds_named_by_link(void)
{
	uint32_t kinds = 0;

	for (unsigned int kind = 0; kind < 32; kind++) {
		if (key_begins_with_link(kind))
			kinds |= 1u << kind;
	}
	return kinds;
}

static int record_renamed(const struct key_view *v)
{
	/* a killed daemon has given it back its name, and the ledger may not know */
	const bool unchanged = v->job->op.unchanged && !(v->job->op.back && v->job->op.may_be_gone);
	struct ledger_key from, to;
	int r;

	if (unchanged || !key_of_link(v, 0, &to))
		return 0;
	key_of(v, 0, &from);
	/* recorded already by the daemon that was killed, or not yet: what has the new name now is what was renamed */
	if ((v->job->again || v->job->retold || v->job->op.back) && !ledger_knows(v->job->server->ledger, &from))
		return 0;
	r = ledger_rename(v->job->server->ledger, &from, &to, kinds_named_by_link(), server_now_us());
	settings_renamed(&v->job->server->repairs.settings, &from, &to);
	/* behind a byte that says that there is one, the name ends with a zero */
	repair_renamed(&v->job->server->repairs, from.netns, (const char *)from.identity + 1, (const char *)to.identity + 1);
	asked_renamed(v->job->server->ledger, from.netns, (const char *)from.identity + 1, (const char *)to.identity + 1);
	return r;
}

bool record_holds(struct job *job)
{
	const struct ledger_holder user = { .subject = job->holder.subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger_holder session = job->holder;
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	bool holds = false;

	session.lifetime = HYCAN_LIFETIME_CONNECTION;
	for (size_t i = 0; i < n && !holds; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		struct ledger_key key;

		if (v.absent || effects[i].does != OP_TAKES || effects[i].n_parts == 0)
			continue;
		key_of(&v, 0, &key);
		holds = ledger_holds(job->server->ledger, &key, &user) ||
		        (session.session && ledger_holds(job->server->ledger, &key, &session));
	}
	return holds;
}

/*
 * It was taken away; or the caller let go of it, and it goes if nobody holds it any more. The kernel answers some time after a thing is
 * gone, of a link milliseconds: what somebody made in its place meanwhile stays his.
 */
static void take(struct job *job, const struct ledger_key *key)
{
	char sentence[UNDO_SENTENCE_SIZE];

	if (!job->lets_go) {
		/* whoever makes one of that name says anew how it is to be */
		if (ledger_take_former(job->server->ledger, key, job->called_us) && key->kind == HYCAN_OBJECT_KIND_LINK)
			settings_forget(&job->server->repairs.settings, key);
		return;
	}
	if (!ledger_let_go(job->server->ledger, key, &job->holder, false, job))
		return;
	if (undo_key(job, job->op.scope, key, NULL, sentence) != 0) {
		log_write(LOG_ERR, "What nobody holds any more could not be taken away: %s", sentence);
		ledger_cancel(job->server->ledger, job);
		return;
	}
	/* it was taken away after all */
	job->lets_go = job->op.unchanged = false;
}

/* What goes with a link that is put back was not there when it was as it is now: the ledger may have had it all the same. */
static uint64_t came_since(const struct job *job)
{
	return job->op.back ? job->since.us : 0;
}

static int record_effect(const struct key_view *v)
{
	struct ledger *ledger = v->job->server->ledger;
	struct ledger_key key;
	int r = 0;

	if (v->absent)
		return 0;
	switch (v->effect->does) {
	case OP_MAKES:
		return record_made(v);
	case OP_REPLACES:
		r = record_made(v);
		/* of a list that is put back the rest is what others made meanwhile */
		if (!v->job->op.back)
			record_rest(v);
		return r;
	case OP_RENAMES:
		return record_renamed(v);
	case OP_CHANGES:
		return 0;
	case OP_TAKES:
		if ((v->effect->kind == HYCAN_OBJECT_KIND_LINK && v->job->op.kept_link) || v->job->op.took_other)
			return 0;
		if (v->effect->n_parts) {
			key_of(v, 0, &key);
			if (!v->job->doubt.gone)
				take(v->job, &key);
			for (unsigned int k = 0; v->job->doubt.gone && k < v->job->doubt.n_claimed; k++)
				ledger_take(ledger, &v->job->doubt.key[k]);
		} else if (key_of_link(v, 0, &key)) {
			if (v->job->lets_go)
				ledger_let_go_on(ledger, &key, v->effect->kind, &v->job->holder);
			else
				ledger_take_on(ledger, &key, v->effect->kind, v->job->holder.subject, came_since(v->job));
		}
		return 0;
	}
	return 0;
}

/* Nothing is made or taken away. */
static void record_changed(struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++) {
		struct key_view v = key_view(job, &effects[i]);

		if (v.absent || effects[i].does != OP_CHANGES)
			continue;
		repair_amend(&v);
		forwards_note(&v);
		follow_note(&v);
	}
}

int record_done(struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	if (record_is_empty(job->operation)) {
		record_changed(job);
		settings_note(job);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct key_view v = key_view(job, &effects[i]);

		forget_links(&v);
	}
	for (size_t i = 0; i < n; i++) {
		struct key_view v = key_view(job, &effects[i]);
		int e = record_effect(&v);

		r = r == -EAGAIN || !e ? r : e;
		forget_losses(&v);
	}
	/* also where something could not be written down: in the kernel it is there all the same */
	for (size_t i = 0; i < n; i++) {
		struct key_view v = key_view(job, &effects[i]);

		if (!v.absent && effects[i].does != OP_CHANGES)
			forwards_note(&v);
		if (v.absent || (effects[i].does != OP_MAKES && effects[i].does != OP_REPLACES))
			continue;
		repair_note(&v);
		asked_note(&v);
		if (OP_KIND(effects[i].kind) & OP_KINDS_IN_TABLE)
			observer_guard_table(job->server->observer);
		if (OP_KIND(effects[i].kind) & OP_KINDS_SILENT)
			observer_guard_silent(job->server->observer);
	}
	settings_note(job);
	if (r == -EBUSY)
		return op_refuse(
			&job->op, HYCAN_REFUSAL_BUSY, NULL,
			"Another request takes away just now what %s asks for, or some of it: ask again when that is done.",
			job->operation->name);
	if (r < 0 && r != -EAGAIN)
		log_write(LOG_ERR, "What %s made is not all in the ledger: %s", job->operation->name, strerror(-r));
	return r;
}

static bool let_go_of_gone(struct job *job, const struct ledger_key *key, bool any)
{
	struct ledger *ledger = job->server->ledger;
	uint64_t owner;
	enum ledger_stand stand = ledger_take_begin(ledger, key, &job->holder, any, job, &owner);

	if (stand == LEDGER_NOBODYS || stand == LEDGER_GOING || (stand == LEDGER_OTHERS && !any))
		return false;
	job->marks = true;
	if (!undo_finds_gone(job, key))
		return false;
	if (stand == LEDGER_SHARED)
		(void)ledger_let_go(ledger, key, &job->holder, false, job);
	else if (ledger_take_former(ledger, key, job->called_us) && key->kind == HYCAN_OBJECT_KIND_LINK)
		settings_forget(&job->server->repairs.settings, key);
	return true;
}

bool record_gone(struct job *job, bool any)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	struct ledger_key key;
	bool is = false;

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view(job, &effects[i]);

		/* what goes along with a thing of its own may be called as another one */
		if (v.absent || effects[i].n_parts == 0 || op_effect_that_takes(effects[i].kind) != &effects[i])
			continue;
		key_of(&v, 0, &key);
		is = let_go_of_gone(job, &key, any) || is;
	}
	return is;
}

bool record_is_empty(const struct hycan_operation *operation)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does != OP_CHANGES)
			return false;
	return true;
}

size_t record_count(struct job *job)
{
	size_t n, more = 0;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES) {
			struct key_view v = key_view(job, &effects[i]);

			more += v.absent ? 0 : v.n_items;
		}
	return more;
}

int record_check(struct job *job)
{
	size_t more = record_count(job);

	if (job->operation->access == HYCAN_ACCESS_WRITE && ledger_prepare(job->server->ledger) < 0)
		return -ENOMEM;
	if (more == 0)
		return 0;
	if (ledger_count(job->server->ledger) + more <= LEDGER_OBJECTS_MAX)
		return charge_objects(job);
	return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL,
	                 "The daemon keeps account of %" PRIu32 " objects at most; with this they would be more.",
	                 LEDGER_OBJECTS_MAX);
}
