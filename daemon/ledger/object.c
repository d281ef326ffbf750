/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of the ledger, and what they are on. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "ledger_file.h"

void ledger_take_turns(struct ledger *l)
{
	if (++l->work < SLICE)
		return;
	l->work = 0;
	/* not ledger_unlock(): what was written down is not all done */
	pthread_mutex_unlock(&l->lock);
	sched_yield();
	ledger_lock(l);
}

bool object_is_in_grave(const struct entry *e)
{
	/* two ends of a pair are on each other */
	for (int depth = 0; e && depth < 16; depth++, e = e->on)
		if (e->grave)
			return true;
	return false;
}

static void count(struct ledger *l, const struct entry *e, int change)
{
	l->n_objects += (size_t)change;
	l->n_of_kind[e->kind % LEDGER_KINDS] += (size_t)change;
	namespace_count(l, e->netns, change);
}

static void leave(struct ledger *l, struct entry *e)
{
	struct entry *on = e->on;

	if (!on)
		return;
	LIST_REMOVE(e, sibling);
	e->on = NULL;
	table_release(l, on);
}

static void enter(struct entry *e, struct entry *on)
{
	LIST_INSERT_HEAD(&on->things, e, sibling);
	e->on = on;
}

/* What does not go with it is on an entry in its place, which stands for what may be made there anew. */
static void spare(struct ledger *l, struct entry *grave)
{
	struct entry *thing, *next, *heir = NULL;
	struct ledger_key key;

	for (thing = LIST_FIRST(&grave->things); thing; thing = next) {
		next = LIST_NEXT(thing, sibling);
		if (!LEDGER_OUTLIVES(thing->kind))
			continue;
		entry_key(grave, &key);
		if (!heir)
			heir = table_obtain(l, &key, grave->hash, false);
		/* without memory it goes, too */
		if (!heir)
			return;
		LIST_REMOVE(thing, sibling);
		enter(thing, heir);
	}
}

/*
 * Takes an entry out with all that is on it, but for what outlives it. It leaves the table and everything that it is on first,
 * so that nobody finds it while the rest goes, slice by slice; two ends of a pair, which are on each other, end there, too.
 */
static void take_out_things(struct ledger *l, struct entry *grave)
{
	struct entry *thing;

	while ((thing = LIST_FIRST(&grave->things))) {
		object_take_out(l, thing);
		ledger_take_turns(l);
	}
}

/* Nobody finds it any more, nor holds it; what it is on, and what is on it, is as before. */
static void die(struct ledger *l, struct entry *e)
{
	news_went(l, e);
	table_remove(l, e);
	e->grave = true;
	going_end(l, e);
	hold_drop_all(l, e);
	wish_drop(l, e);
	if (e->object) {
		TAILQ_REMOVE(&l->objects, e, order);
		count(l, e, -1);
	}
	e->object = false;
}

void object_take_out_first(struct ledger *l, struct entry *e)
{
	if (!e->grave)
		die(l, e);
	leave(l, e);
	spare(l, e);
}

void object_take_out_rest(struct ledger *l, struct entry *e)
{
	take_out_things(l, e);
	free(e);
}

void object_take_out(struct ledger *l, struct entry *e)
{
	object_take_out_first(l, e);
	object_take_out_rest(l, e);
}

bool object_is_since(const struct entry *e, uint64_t moment_us, bool made)
{
	/* what is made again, or changed, has its name from before */
	return e->named_us > moment_us && (!made || e->since_us > moment_us);
}

void object_disown(struct ledger *l, struct entry *e)
{
	struct ledger_key key;

	if (!e->object)
		return;
	news_went(l, e);
	entry_key(e, &key);
	ledger_file_disown(l->file, &key);
	TAILQ_REMOVE(&l->objects, e, order);
	count(l, e, -1);
	e->object = false;
	wish_drop(l, e);
	leave(l, e);
	going_end(l, e);
	table_release(l, e);
}

/* Whether it stays for somebody else than the subject, since he said what is to be done when it is gone. */
static bool is_missed(const struct entry *e, uint64_t subject)
{
	uint64_t owner;

	return e->wished && hold_others(e, subject, &owner);
}

/* What goes with what it is on: of a kind, and asked for since a moment; with a subject, also on what is on that, and what nobody else misses. */
struct burial {
	enum hycan_object_kind kind;
	const uint64_t *subject; /* or NULL */
	uint64_t since_us;
	struct entry grave;
};

static bool is_to_go(const struct entry *e, const struct burial *b)
{
	return e->object && e->kind == b->kind && !e->listed && e->since_us >= b->since_us &&
	       !(b->subject && is_missed(e, *b->subject));
}

static void bury(struct ledger *l, struct entry *on, struct burial *b)
{
	struct entry *thing, *next;
	struct ledger_key key;

	/* two ends of a pair are on each other */
	if (on->pinned)
		return;
	on->pinned = true;
	for (thing = LIST_FIRST(&on->things); thing; thing = next) {
		next = LIST_NEXT(thing, sibling);
		if (is_to_go(thing, b)) {
			entry_key(thing, &key);
			ledger_file_take(l->file, &key);
			LIST_REMOVE(thing, sibling);
			enter(thing, &b->grave);
		} else if (b->subject) {
			bury(l, thing, b);
		}
		thing->listed = false;
	}
	on->pinned = false;
}

void object_take_on(struct ledger *l, const struct ledger_key *key, enum hycan_object_kind kind, const uint64_t *subject,
                    uint64_t since_us)
{
	struct burial burial = { .kind = kind, .subject = subject, .since_us = since_us, .grave = { .grave = true } };
	struct entry *on = table_find(l, key);

	if (!on)
		return;
	bury(l, on, &burial);
	table_release(l, on);
	take_out_things(l, &burial.grave);
}

/* What goes with what it was on, and has not had its turn yet, is another thing than what has its name now. */
static void make_way(struct ledger *l, const struct ledger_key *key, uint32_t hash)
{
	struct entry *former = table_find_hashed(l, key, hash);

	if (former && object_is_in_grave(former))
		die(l, former);
}

static struct entry *obtain(struct ledger *l, const struct ledger_key *key, uint32_t hash, bool room)
{
	make_way(l, key, hash);
	return namespace_prepare(l, key->netns) < 0 ? NULL : table_obtain(l, key, hash, room);
}

static int put(struct ledger *l, const struct ledger_holder *holder, uint64_t now_us, const struct ledger_key *key, uint32_t hash,
               struct entry *on)
{
	struct entry *e = obtain(l, key, hash, holder->lifetime != HYCAN_LIFETIME_PERMANENT);
	bool before = e && l->watched && news_is_held_by(e, holder->subject), is_new = e && !e->object;
	int r = e ? hold_add(l, e, holder, now_us) : -ENOMEM;

	if (e && r < 0)
		table_release(l, e);
	if (r < 0)
		return r;
	if (e->object)
		TAILQ_REMOVE(&l->objects, e, order);
	else
		count(l, e, 1);
	TAILQ_INSERT_TAIL(&l->objects, e, order);
	e->object = true;
	e->doubted = false;
	e->since_us = now_us;
	e->named_us = is_new ? now_us : e->named_us;
	if (e->on != on) {
		leave(l, e);
		if (on && on != e)
			enter(e, on);
	}
	if (is_new)
		news_came(l, e, holder->subject);
	else
		news_changed(l, e, holder->subject, before);
	return 0;
}

int object_put_all(struct ledger *l, const struct ledger_holder *holder, uint64_t now_us, const struct ledger_key *keys, size_t n,
                   const struct ledger_key *key_on)
{
	struct entry *on = NULL;
	uint32_t hashes[LEDGER_PUT_MAX];
	int r = 0;

	if (key_on) {
		on = obtain(l, key_on, table_hash(l, key_on), false);
		if (!on)
			return -ENOMEM;
		on->pinned = true;
	}
	for (size_t i = 0; i < n; i++)
		hashes[i] = table_hash(l, &keys[i]);
	if (n > 1)
		table_prefetch(l, hashes, n);
	for (size_t i = 0; i < n && r == 0; i++)
		r = put(l, holder, now_us, &keys[i], hashes[i], on);
	if (on) {
		on->pinned = false;
		table_release(l, on);
	}
	return r;
}

/* Gives an entry another key, which nothing else has: another entry, in its place. NULL: no memory, nothing has changed. */
static struct entry *rekey(struct ledger *l, struct entry *e, const struct ledger_key *key, uint64_t now_us)
{
	struct entry *to = table_obtain(l, key, table_hash(l, key), false), *on = e->on, *thing;

	if (!to)
		return NULL;
	news_went(l, e);
	if (hold_move(e, to) < 0) {
		if (e->object)
			news_came(l, e, e->owned || !e->holds ? e->subject : e->holds->subject);
		table_release(l, to);
		return NULL;
	}
	going_move(l, e, to);
	wish_move(l, e, to);
	to->since_us = e->since_us;
	to->named_us = now_us;
	/* a look that is under way may ask for either name */
	to->seen = l->look + 1;
	to->object = e->object;
	if (e->object) {
		TAILQ_INSERT_BEFORE(e, to, order);
		TAILQ_REMOVE(&l->objects, e, order);
	}
	if (on) {
		LIST_REMOVE(e, sibling);
		/* of a file that is broken it may be what it was on */
		if (on != to)
			enter(to, on);
	}
	while ((thing = LIST_FIRST(&e->things))) {
		LIST_REMOVE(thing, sibling);
		enter(thing, to);
	}
	table_remove(l, e);
	free(e);
	if (to->object)
		news_came(l, to, to->owned || !to->holds ? to->subject : to->holds->subject);
	return to;
}

int object_rename(struct ledger *l, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds, uint64_t now_us)
{
	struct entry *e = table_find(l, from), *thing, *next;
	struct ledger_key key = *to;

	if (!e)
		return 0;
	e = rekey(l, e, to, now_us);
	for (thing = e ? LIST_FIRST(&e->things) : NULL; thing; thing = next) {
		next = LIST_NEXT(thing, sibling);
		if (!(kinds & 1u << thing->kind) || thing->size < from->size ||
		    thing->size - from->size > LEDGER_IDENTITY_MAX - to->size ||
		    memcmp(thing->identity, from->identity, from->size) != 0)
			continue;
		key.kind = thing->kind;
		key.size = (uint8_t)(thing->size - from->size + to->size);
		memcpy(key.identity + to->size, thing->identity + from->size, thing->size - from->size);
		/* of a file that is broken it may begin with that by chance */
		if (l->whole && !l->whole(&key))
			continue;
		make_way(l, &key, table_hash(l, &key));
		if (!table_find(l, &key) && !rekey(l, thing, &key, now_us))
			return -ENOMEM;
	}
	return e ? 0 : -ENOMEM;
}
