/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going through all objects by age, slice by slice: to tell of them, and to write the ledger's file anew. */
#include <errno.h>
#include <stdlib.h>

#include "entry.h"
#include "ledger_file.h"

void list_describe(const struct entry *e, struct ledger_object *object)
{
	object->since_us = e->since_us;
	hold_describe(e, object);
	entry_key(e, &object->key);
}

static void mark_written_anew(struct ledger *l, bool is)
{
	if (l->is_written_anew)
		TAILQ_REMOVE(&l->objects, &l->written_anew, order);
	if (is)
		TAILQ_INSERT_HEAD(&l->objects, &l->written_anew, order);
	l->is_written_anew = is;
}

/* Which namespaces and sessions they are of comes before all objects. */
static int begin_anew(struct ledger *l)
{
	int r = namespace_write_all(l);

	mark_written_anew(l, true);
	return r ? r : adopted_write(l);
}

static int write_wishes(struct ledger *l, const struct entry *e, const struct ledger_key *key)
{
	static const enum wish_about all[] = { WISH_ABOUT_LOSS, WISH_ABOUT_SETTINGS };
	const void *bytes;
	size_t size;
	int r = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && r == 0; i++) {
		bytes = wish_bytes(l, e, all[i], &size);
		if (bytes)
			r = ledger_file_anew_wish(l->file, key, all[i], bytes, size);
	}
	return r;
}

/* Writes the next objects into the file that is written anew. */
static int write_slice(struct ledger *l, bool *ret_done)
{
	struct ledger_object object;
	struct ledger_key on;
	struct entry *e;
	int r = 0;

	for (unsigned int i = 0; i < SLICE && (e = TAILQ_NEXT(&l->written_anew, order)); i++) {
		if (e->object && !object_is_in_grave(e)) {
			list_describe(e, &object);
			if (e->on)
				entry_key(e->on, &on);
			r = ledger_file_anew_put(l->file, e, &object, e->on ? &on : NULL);
			if (r == 0)
				r = write_wishes(l, e, &object.key);
			if (r < 0)
				return r;
		}
		TAILQ_REMOVE(&l->objects, &l->written_anew, order);
		TAILQ_INSERT_AFTER(&l->objects, e, &l->written_anew, order);
	}
	*ret_done = !e;
	if (!e)
		session_write_renewals(l);
	return 0;
}

void list_write_anew(struct ledger *l)
{
	size_t n = l->file ? ledger_file_due(l->file, l->n_objects) : 0;
	bool begins, done = false;
	int r = 0;

	if (n == 0 || ledger_file_anew(l->file, &begins) < 0)
		return;
	if (begins)
		r = begin_anew(l);
	for (; n > 0 && r == 0 && !done; n--)
		r = write_slice(l, &done);
	if (r == 0 && done)
		r = ledger_file_anew_done(l->file);
	if (r < 0)
		ledger_file_anew_abandon(l->file);
	if (r < 0 || done)
		mark_written_anew(l, false);
}

/* The same at once, before anything else is written. */
int list_write_all_anew(struct ledger *l)
{
	bool begins, done = false;
	int r = ledger_file_anew(l->file, &begins);

	if (r == 0)
		r = begin_anew(l);
	while (r == 0 && !done)
		r = write_slice(l, &done);
	mark_written_anew(l, false);
	if (r == 0)
		r = ledger_file_anew_done(l->file);
	if (r < 0)
		ledger_file_anew_abandon(l->file);
	return r;
}

struct entry *list_step(struct ledger *l, struct entry *cursor)
{
	struct entry *e = TAILQ_NEXT(cursor, order);

	if (!e)
		return NULL;
	TAILQ_REMOVE(&l->objects, cursor, order);
	TAILQ_INSERT_AFTER(&l->objects, e, cursor, order);
	return e;
}

/* Copies the objects behind the cursor, SLICE looked at, and moves it behind them. False: there are no more. */
static bool next_slice(struct ledger *l, struct entry *cursor, const uint64_t *subject, struct ledger_object *slice, size_t *ret_n)
{
	struct entry *e = NULL;
	size_t n = 0;

	for (unsigned int i = 0; i < SLICE && (e = list_step(l, cursor)); i++)
		if (e->object) {
			list_describe(e, &slice[n]);
			n += !subject || hold_describe_of(e, *subject, &slice[n]);
		}
	*ret_n = n;
	return e;
}

static int list(struct ledger *ledger, const uint64_t *subject, ledger_found *found, void *userdata)
{
	struct ledger_object slice[SLICE];
	struct entry cursor = { .grave = true };
	bool more = true;
	size_t n;
	int r = 0;

	ledger_lock(ledger);
	TAILQ_INSERT_HEAD(&ledger->objects, &cursor, order);
	while (r == 0 && more) {
		more = next_slice(ledger, &cursor, subject, slice, &n);
		ledger_unlock(ledger);
		for (size_t i = 0; i < n && r == 0; i++)
			r = found(&slice[i], userdata);
		ledger_lock(ledger);
	}
	TAILQ_REMOVE(&ledger->objects, &cursor, order);
	ledger_unlock(ledger);
	return r;
}

struct entry *ledger_place(struct ledger *ledger)
{
	struct entry *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->grave = true;
	ledger_lock(ledger);
	TAILQ_INSERT_HEAD(&ledger->objects, place, order);
	ledger_unlock(ledger);
	return place;
}

void ledger_place_free(struct ledger *ledger, struct entry **place)
{
	if (!*place)
		return;
	ledger_lock(ledger);
	TAILQ_REMOVE(&ledger->objects, *place, order);
	ledger_unlock(ledger);
	free(*place);
	*place = NULL;
}

bool ledger_next(struct ledger *ledger, struct entry *place, const uint64_t *subject, struct ledger_object *ret_object)
{
	bool found = false;
	struct entry *e;

	ledger_lock(ledger);
	while (!found && (e = list_step(ledger, place))) {
		if (e->object && !object_is_in_grave(e)) {
			list_describe(e, ret_object);
			found = !subject || hold_describe_of(e, *subject, ret_object);
		}
		ledger_take_turns(ledger);
	}
	ledger_unlock(ledger);
	return found;
}

int ledger_list(struct ledger *ledger, ledger_found *found, void *userdata)
{
	return list(ledger, NULL, found, userdata);
}

int ledger_list_of(struct ledger *ledger, uint64_t subject, ledger_found *found, void *userdata)
{
	return list(ledger, &subject, found, userdata);
}

/* What is looked for from the last one on. */
struct wanted {
	unsigned int kind;                  /* 0: all */
	const struct ledger_holder *holder; /* what this one has, */
	uint64_t netns;                     /* in this namespace, or 0: in all, */
	uint32_t round;                     /* and did not ask for since this round; or, without a holder, */
	const uint64_t *subject;            /* what this user holds; NULL: anybody */
};

static bool is_wanted(const struct entry *e, const struct wanted *wanted)
{
	struct ledger_object object;

	if (!e->object || (wanted->kind && e->kind != wanted->kind))
		return false;
	if (wanted->holder)
		return (!wanted->netns || e->netns == wanted->netns) && hold_is_stale(e, wanted->holder, wanted->round);
	return !wanted->subject || hold_describe_of(e, *wanted->subject, &object);
}

/* Copies the keys of those before the cursor, SLICE looked at, and moves it before them. False: there are no more. */
static bool previous_slice(struct ledger *l, struct entry *cursor, const struct wanted *wanted, struct ledger_key *slice,
                           size_t *ret_n)
{
	struct entry *e = NULL;
	size_t n = 0;

	for (unsigned int i = 0; i < SLICE && (e = TAILQ_PREV(cursor, entry_list, order)); i++) {
		if (is_wanted(e, wanted))
			entry_key(e, &slice[n++]);
		TAILQ_REMOVE(&l->objects, cursor, order);
		TAILQ_INSERT_BEFORE(e, cursor, order);
	}
	*ret_n = n;
	return e;
}

static int list_back(struct ledger *ledger, const struct wanted *wanted, ledger_stale *found, void *userdata)
{
	struct ledger_key slice[SLICE];
	struct entry cursor = { .grave = true };
	bool more = true;
	size_t n;
	int r = 0;

	ledger_lock(ledger);
	TAILQ_INSERT_TAIL(&ledger->objects, &cursor, order);
	while (r == 0 && more) {
		more = previous_slice(ledger, &cursor, wanted, slice, &n);
		ledger_unlock(ledger);
		for (size_t i = 0; i < n && r == 0; i++)
			r = found(&slice[i], userdata);
		ledger_lock(ledger);
	}
	TAILQ_REMOVE(&ledger->objects, &cursor, order);
	ledger_unlock(ledger);
	return r;
}

int ledger_list_stale(struct ledger *ledger, const struct ledger_holder *holder, uint64_t netns, unsigned int kind, uint32_t round,
                      ledger_stale *found, void *userdata)
{
	const struct wanted wanted = { .kind = kind, .holder = holder, .netns = netns, .round = round };

	return list_back(ledger, &wanted, found, userdata);
}

int ledger_list_rounds(struct ledger *ledger, ledger_round_found *found, void *userdata)
{
	struct entry cursor = { .grave = true }, *e;
	int r = 0;

	ledger_lock(ledger);
	TAILQ_INSERT_HEAD(&ledger->objects, &cursor, order);
	while (r == 0 && (e = list_step(ledger, &cursor))) {
		if (e->object)
			r = hold_list_rounds(e, found, userdata);
		ledger_take_turns(ledger);
	}
	TAILQ_REMOVE(&ledger->objects, &cursor, order);
	ledger_unlock(ledger);
	return r;
}

int ledger_list_last_first(struct ledger *ledger, const uint64_t *subject, unsigned int kind, ledger_stale *found, void *userdata)
{
	const struct wanted wanted = { .kind = kind, .subject = subject };

	return list_back(ledger, &wanted, found, userdata);
}

/* Whether somebody is about to take it away, or what it is on. */
static bool is_about_to_go(const struct entry *e)
{
	for (int depth = 0; e && depth < 16; depth++, e = e->on)
		if (e->going || e->grave)
			return true;
	return false;
}

uint32_t ledger_look(struct ledger *ledger)
{
	uint32_t look;

	ledger_lock(ledger);
	look = ledger->look += 2;
	ledger_unlock(ledger);
	return look;
}

bool ledger_mark(struct ledger *ledger, uint32_t look, const struct ledger_key *key, bool is_it)
{
	struct entry *e;
	bool doubted;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	doubted = e && e->doubted && !is_it;
	if (e && !doubted) {
		e->doubted = false;
		e->seen = look;
	}
	ledger_unlock(ledger);
	return !doubted;
}

void ledger_doubt(struct ledger *ledger, const struct ledger_key *key, bool doubted)
{
	struct entry *e;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	if (e)
		e->doubted = doubted;
	ledger_unlock(ledger);
}

void ledger_doubt_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind)
{
	struct entry *parent, *thing;

	ledger_lock(ledger);
	parent = table_find(ledger, on);
	for (thing = parent ? LIST_FIRST(&parent->things) : NULL; thing; thing = LIST_NEXT(thing, sibling))
		thing->doubted = thing->doubted || thing->kind == kind;
	ledger_unlock(ledger);
}

bool ledger_doubts(struct ledger *ledger, const struct ledger_key *key)
{
	const struct entry *e;
	bool doubts;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	doubts = e && e->doubted;
	ledger_unlock(ledger);
	return doubts;
}

/* What a look says of an entry. */
enum sight {
	SIGHT_NONE,  /* it is about something else */
	SIGHT_THERE, /* or made since */
	SIGHT_OPEN,  /* it was renamed meanwhile, or somebody is taking it away: another look will tell */
	SIGHT_LOST,
};

static enum sight sight_of(const struct entry *e, const struct ledger_sight *of)
{
	if (!e->object || e->kind != of->kind || e->netns != of->netns)
		return SIGHT_NONE;
	if (e->since_us >= of->before_us || e->seen == of->look)
		return SIGHT_THERE;
	return (int32_t)(e->seen - of->look) > 0 || is_about_to_go(e) ? SIGHT_OPEN : SIGHT_LOST;
}

bool ledger_misses(struct ledger *ledger, const struct ledger_sight *of)
{
	struct entry cursor = { .grave = true }, *e;
	bool missing = false;

	ledger_lock(ledger);
	TAILQ_INSERT_HEAD(&ledger->objects, &cursor, order);
	while (!missing && (e = list_step(ledger, &cursor))) {
		missing = sight_of(e, of) == SIGHT_LOST;
		ledger_take_turns(ledger);
	}
	TAILQ_REMOVE(&ledger->objects, &cursor, order);
	ledger_unlock(ledger);
	return missing;
}

bool ledger_sweep_lost(struct ledger *ledger, const struct ledger_sight *of, ledger_lost *lost, void *userdata)
{
	struct entry cursor = { .grave = true }, *e;
	struct ledger_object object;
	bool open = false;

	ledger_lock(ledger);
	TAILQ_INSERT_HEAD(&ledger->objects, &cursor, order);
	while ((e = list_step(ledger, &cursor))) {
		const enum sight sight = sight_of(e, of);

		open = open || sight == SIGHT_OPEN;
		/* of what somebody wishes otherwise nothing is lost */
		if (sight == SIGHT_LOST && !e->wished) {
			list_describe(e, &object);
			lost(&object, userdata);
			ledger_file_take(ledger->file, &object.key);
			object_take_out(ledger, e);
		}
		ledger_take_turns(ledger);
	}
	TAILQ_REMOVE(&ledger->objects, &cursor, order);
	ledger_unlock(ledger);
	return open;
}
