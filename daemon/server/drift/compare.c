/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comparing the ledger with our table of nf_tables, thing by thing.
 *
 * Requests go on meanwhile: what one of them has just made may be in the table and not yet in the ledger, and what it takes
 * away the other way round. So what a request was about while one looked is left out (underway.h), and everything else is as it is
 * told. What strangers took away is noted elsewhere (losses.h), and told as long as it is not there again. Of a table that others
 * change faster than it can be read that alone is told, and that it is so.
 */
#include "compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "asked.h"
#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "observe.h"
#include "server.h"
#include "subject.h"

/* Looks at most, where so much was done meanwhile that nobody knows all of it. */
#define LOOKS_MAX 3

/* So many of each sort are told one by one. */
#define NAMED_MAX 4u

struct amiss {
	enum op_amiss_what what;
	uint64_t subject;
	struct ledger_key key;
};

struct look {
	struct op *op;
	enum hycan_object_kind kind;
	uint64_t netns;
	uint64_t moment;          /* at which it began */
	struct ledger_key *there; /* what the kernel has, in order once all of it is known */
	size_t n_there;
	struct amiss *amiss;
	size_t n_amiss;
	int error;
};

static void look_done(struct look *l)
{
	free(l->there);
	free(l->amiss);
}

static struct server *server_of(const struct look *l)
{
	return ((const struct job *)l->op)->server;
}

static int compare_keys(const void *a, const void *b)
{
	const struct ledger_key *x = a, *y = b;

	return x->size != y->size ? (int)x->size - (int)y->size : memcmp(x->identity, y->identity, x->size);
}

static int compare_amiss(const void *a, const void *b)
{
	const struct amiss *x = a, *y = b;

	return x->what != y->what ? (int)x->what - (int)y->what : compare_keys(&x->key, &y->key);
}

static bool is_there(const struct look *l, const struct ledger_key *key)
{
	return l->n_there > 0 && bsearch(key, l->there, l->n_there, sizeof(*key), compare_keys);
}

static void add(struct look *l, enum op_amiss_what what, const struct ledger_key *key, uint64_t subject)
{
	if (l->error == 0)
		l->error = array_grow(&l->amiss, l->n_amiss, sizeof(*l->amiss));
	if (l->error == 0)
		l->amiss[l->n_amiss++] = (struct amiss){ .what = what, .subject = subject, .key = *key };
}

static int found_there(enum hycan_object_kind kind, const void *found, void *userdata)
{
	struct look *l = userdata;
	struct ledger_key *key;

	l->error = array_grow(&l->there, l->n_there, sizeof(*l->there));
	if (l->error < 0)
		return l->error;
	key = &l->there[l->n_there++];
	key_of_found(l->netns, kind, found, key);
	if (!ledger_knows(server_of(l)->ledger, key))
		add(l, OP_AMISS_FOREIGN, key, SUBJECT_NOBODY);
	else if (asked_of(server_of(l)->ledger, key, found) == OP_ASKED_DIFFERS)
		add(l, OP_AMISS_CHANGED, key, SUBJECT_NOBODY);
	return l->error;
}

static int found_recorded(const struct ledger_object *object, void *userdata)
{
	struct look *l = userdata;

	if (object->key.kind == l->kind && object->key.netns == l->netns && !is_there(l, &object->key))
		add(l, OP_AMISS_GONE, &object->key, object->holder.subject);
	return l->error;
}

static void found_lost(const struct ledger_key *key, uint64_t subject, void *userdata)
{
	struct look *l = userdata;

	if (!is_there(l, key))
		add(l, OP_AMISS_LOST, key, subject);
}

/* What is there, and what the ledger has. */
static int compare(struct look *l)
{
	size_t counts[LEDGER_KINDS];
	int r = op_scope_list_table(l->op->scope, l->kind, found_there, l);

	/* a kernel without nf_tables has nothing in it */
	if (l->n_there > 0)
		qsort(l->there, l->n_there, sizeof(*l->there), compare_keys);
	if (r < 0 && r != -EOPNOTSUPP)
		return r;
	/* it may have a hundred thousand routes */
	ledger_count_kinds(server_of(l)->ledger, counts);
	return counts[l->kind] > 0 ? ledger_list(server_of(l)->ledger, found_recorded, l) : 0;
}

/* Sets how many are lost that nobody knows. */
static int look(struct look *l, size_t *ret_more)
{
	int r;

	l->n_there = l->n_amiss = 0;
	l->moment = underway_moment(&server_of(l)->underway);
	r = compare(l);
	/* what was read of it is there */
	if (r == -EINTR)
		l->n_amiss = 0;
	else if (r < 0)
		return r;
	*ret_more = losses_list(&server_of(l)->losses, l->netns, l->kind, found_lost, l);
	if (l->error == 0 && l->n_amiss > 0)
		qsort(l->amiss, l->n_amiss, sizeof(*l->amiss), compare_amiss);
	return l->error < 0 ? l->error : r;
}

/* What no request was about. */
static void leave_out(struct look *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_amiss; i++)
		if (l->amiss[i].what == OP_AMISS_LOST || !underway_was(&server_of(l)->underway, l->moment, &l->amiss[i].key))
			l->amiss[n++] = l->amiss[i];
	l->n_amiss = n;
}

static void tell(const struct amiss *amiss, size_t n, size_t n_more, op_amiss *found, void *userdata)
{
	size_t n_of[OP_AMISS_UNNAMED] = { 0 };
	char text[128];

	for (size_t i = 0; i < n; i++) {
		if (n_of[amiss[i].what]++ >= NAMED_MAX) {
			n_more++;
			continue;
		}
		key_format(&amiss[i].key, text, sizeof(text));
		found(amiss[i].what, text, subject_say(amiss[i].subject).text, 1, userdata);
	}
	if (n_more > 0)
		found(OP_AMISS_UNNAMED, "", "", n_more, userdata);
}

int compare_table(struct op *op, enum hycan_object_kind kind, op_amiss *found, void *userdata)
{
	_cleanup_(look_done) struct look l = { .op = op, .kind = kind, .netns = op_scope_inode(op->scope) };
	bool again = true;
	size_t n_more = 0;
	int r = 0;

	for (int i = 0; i < LOOKS_MAX && (r == 0 || r == -EINTR) && again; i++) {
		r = look(&l, &n_more);
		leave_out(&l);
		again = underway_is_behind(&server_of(&l)->underway, l.moment);
	}
	if (r == 0 || r == -EINTR)
		tell(l.amiss, l.n_amiss, n_more, found, userdata);
	return r;
}
