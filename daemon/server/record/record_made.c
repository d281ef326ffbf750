/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a request made, in the ledger: many objects at one go, for a list may have a hundred thousand.
 *
 * Of each object a handler says whether it made it or found it there. What it made is the holder's; what it found is the holder's,
 * too, where the ledger has it, and else a stranger's, who keeps it.
 */
#include <errno.h>
#include <string.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "observe.h"
#include "record.h"
#include "record_made.h"
#include "server.h"
#include "table.h"

static bool is_unchanged(const struct job *job, size_t item)
{
	/* the daemon that was killed had made it */
	if (job->again)
		return (job->op.items_failed && job->op.items_failed[item]) ||
		       (job->was_there && item < job->n_was_there && job->was_there[item]);
	/* and where it was killed when it had put it back: that is known by the ledger alone */
	if (job->is_somebodys)
		return job->op.items_failed && job->op.items_failed[item];
	return job->op.unchanged || (job->op.items_unchanged && job->op.items_unchanged[item]);
}

/* Objects that the ledger is told of together: made on the same link, or there already. */
struct batch {
	size_t n;
	bool has_link;
	struct ledger_key link;
	struct ledger_key key[LEDGER_PUT_MAX];
};

static bool same_link(const struct batch *b, bool has_link, const struct ledger_key *link)
{
	return b->has_link == has_link &&
	       (!has_link || (b->link.size == link->size && memcmp(b->link.identity, link->identity, link->size) == 0));
}

/* Whether two items name the same link, in the same bytes: most lists name few, in runs. */
static bool same_in_request(const struct key_view *v, size_t item, size_t other)
{
	const struct hycan_field *field;
	const char *a, *b;

	if (!v->effect->on.of_item)
		return false;
	field = key_field(v->effect, v->effect->on);
	a = v->items + item * v->item_size;
	b = v->items + other * v->item_size;
	return (!(field->flags & HYCAN_FIELD_OPTIONAL) || a[field->has_offset] == b[field->has_offset]) &&
	       memcmp(a + field->offset, b + field->offset, field->size) == 0;
}

/* Of two results the first that is a failure. */
static int first_of(int r, int then)
{
	return r ? r : then;
}

static int put_batch(const struct key_view *v, struct batch *b, uint64_t now_us)
{
	const struct job *job = v->job;
	int r = b->n ? ledger_put(job->server->ledger, &job->holder, now_us, b->key, b->n, b->has_link ? &b->link : NULL, job) : 0;

	if (b->n && job->since.us)
		ledger_put_back(job->server->ledger, b->key, b->n, job->since.us);
	b->n = 0;
	return r;
}

static int hold_batch(const struct key_view *v, struct batch *b, uint64_t now_us)
{
	const struct job *job = v->job;
	int r = b->n ? ledger_hold(job->server->ledger, &job->holder, now_us, b->key, b->n, job, job->stamp) : 0;

	b->n = 0;
	return r;
}

/* What was there already is the caller's, too, where the ledger has it; and what strangers took away and put back. */
static int record_held(const struct key_view *v, uint64_t now_us)
{
	struct job *job = v->job;
	struct batch b;
	int r = 0;

	b.n = 0;
	/* what is not there any more is no reason to leave out the rest */
	for (size_t i = 0; i < v->n_items; i++) {
		if (!is_unchanged(job, i) || (job->op.items_failed && job->op.items_failed[i]))
			continue;
		key_of(v, i, &b.key[b.n]);
		if (losses_forget(&job->server->losses, &b.key[b.n])) {
			r = first_of(r, ledger_put(job->server->ledger, &job->holder, now_us, &b.key[b.n], 1, NULL, job));
			continue;
		}
		if (++b.n == LEDGER_PUT_MAX)
			r = first_of(r, hold_batch(v, &b, now_us));
	}
	return first_of(r, hold_batch(v, &b, now_us));
}

/* A stranger's is what it was before, but for who asked for it since. */
static int forget_made(const struct key_view *v)
{
	struct ledger *ledger = v->job->server->ledger;
	struct ledger_key key;

	for (size_t i = 0; i < v->n_items; i++) {
		key_of(v, i, &key);
		(void)ledger_let_go(ledger, &key, &v->job->holder, true, v->job);
	}
	/* what nobody holds then is not in it any more */
	ledger_disown(ledger, v->job);
	return 0;
}

/* Items from one on up to another, in the job's order; with all, whatever the handler says of them. */
static int record_range(const struct key_view *v, size_t from, size_t to, bool all, uint64_t now_us)
{
	struct ledger_key link;
	bool has_link = false;
	struct batch b;
	size_t last = 0;
	int r = 0;

	b.n = 0;
	/* what cannot be written down is no reason to leave out the rest */
	for (size_t n = from; n < to; n++) {
		size_t i = v->effect->list >= 0 && v->job->order ? v->job->order[n] : n;

		if (!all && (is_unchanged(v->job, i) || (v->job->op.items_failed && v->job->op.items_failed[i])))
			continue;
		if (b.n == 0 || !same_in_request(v, i, last))
			has_link = key_of_link(v, i, &link);
		last = i;
		if (b.n == LEDGER_PUT_MAX || (b.n && !same_link(&b, has_link, &link)))
			r = first_of(r, put_batch(v, &b, now_us));
		if (b.n == 0) {
			b.has_link = has_link;
			b.link = link;
		}
		key_of(v, i, &b.key[b.n++]);
	}
	return first_of(r, put_batch(v, &b, now_us));
}

int record_made(const struct key_view *v)
{
	const uint64_t now_us = server_now_us();
	int r;

	if (v->job->is_nobodys)
		return forget_made(v);
	r = record_range(v, v->effect->list >= 0 ? v->job->recorded : 0, v->n_items, false, now_us);
	if (v->job->op.unchanged || v->job->op.items_unchanged || v->job->was_there)
		r = first_of(r, record_held(v, now_us));
	return r;
}

void record_rest(const struct key_view *v)
{
	struct ledger_key link;

	if (key_of_link(v, 0, &link))
		ledger_take_others(v->job->server->ledger, &link, v->effect->kind, v->n_items, key_listed, v, v->job->called_us);
}

int record_items(struct job *job, size_t from, size_t to)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct key_view v = key_view_of(job, &effects[i], &job->request);

		if (effects[i].does == OP_MAKES && effects[i].list >= 0 && !v.absent)
			r = record_range(&v, from, to, true, server_now_us());
	}
	return r;
}
