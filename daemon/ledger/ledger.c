/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger, as others ask it: each question with the lock, and each change told to the file before it is made. What is
 * asked of the file itself is in ledger_kept.c.
 *
 * What this room does not do: know what an identity means, or the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "entry.h"
#include "ledger_file.h"

void ledger_lock(struct ledger *l)
{
	/* who asks again within what the ledger tells under the lock would wait for himself; a successor completes what is under way */
	if (pthread_mutex_lock(&l->lock) != 0)
		abort();
}

/* A lock that refuses the thread that holds it. */
static void lock_init(struct ledger *l)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&l->lock, &kind);
	pthread_mutexattr_destroy(&kind);
}

void ledger_unlock(struct ledger *l)
{
	list_write_anew(l);
	l->work = 0;
	pthread_mutex_unlock(&l->lock);
}

int ledger_open(struct ledger **ret_ledger)
{
	_cleanup_(ledger_free) struct ledger *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	lock_init(l);
	pthread_cond_init(&l->went, NULL);
	TAILQ_INIT(&l->objects);
	r = table_open(l);
	if (r == 0)
		r = ledger_prepare(l);
	if (r < 0)
		return r;
	*ret_ledger = steal(&l);
	return 0;
}

void ledger_free(struct ledger **ledger)
{
	struct ledger *l = *ledger;

	if (!l)
		return;
	ledger_file_free(&l->file);
	while (l->going)
		going_end(l, l->going->entry);
	wish_close(l);
	namespace_close(l);
	table_close(l);
	session_close(l);
	adopted_close(l);
	pthread_cond_destroy(&l->went);
	pthread_mutex_destroy(&l->lock);
	free(l);
	*ledger = NULL;
}

int ledger_prepare(struct ledger *ledger)
{
	struct spare *spare;
	unsigned int n;

	ledger_lock(ledger);
	while (ledger->n_spare < SPARES && (spare = malloc(SPARE_SIZE))) {
		spare->next = ledger->spare;
		ledger->spare = spare;
		ledger->n_spare++;
	}
	n = ledger->n_spare;
	ledger_unlock(ledger);
	return n < SPARES ? -ENOMEM : 0;
}

size_t ledger_count(struct ledger *ledger)
{
	size_t n;

	ledger_lock(ledger);
	n = ledger->n_objects;
	ledger_unlock(ledger);
	return n;
}

void ledger_count_kinds(struct ledger *ledger, size_t ret_counts[static LEDGER_KINDS])
{
	ledger_lock(ledger);
	memcpy(ret_counts, ledger->n_of_kind, sizeof(ledger->n_of_kind));
	ledger_unlock(ledger);
}

/* Waits until none of them is going. 0, or -EBUSY: in vain. */
static int wait_for(struct ledger *l, const struct ledger_key *keys, size_t n, const void *by)
{
	int r = 0;

	for (size_t i = 0; l->going && i < n; i++) {
		const struct entry *e = going_find(l, &keys[i], table_hash(l, &keys[i]), by);

		r = e && going_by_another(l, e, by) ? -EBUSY : r;
	}
	return r;
}

int ledger_put(struct ledger *ledger, const struct ledger_holder *holder, uint64_t now_us, const struct ledger_key *keys, size_t n,
               const struct ledger_key *on, const void *by)
{
	int r, written, waited;

	ledger_lock(ledger);
	waited = wait_for(ledger, keys, n, by);
	/* it is there, whether it can be written down or not */
	written = ledger_file_put(ledger->file, holder, now_us, keys, n, on);
	r = object_put_all(ledger, holder, now_us, keys, n, on);
	ledger_unlock(ledger);
	return r ? r : waited ? waited : written;
}

int ledger_hold(struct ledger *ledger, const struct ledger_holder *holder, uint64_t now_us, const struct ledger_key *keys, size_t n,
                const void *by, uint32_t stamp)
{
	bool unknown = false, busy = false;
	int r = 0;

	ledger_lock(ledger);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct entry *e = going_find(ledger, &keys[i], table_hash(ledger, &keys[i]), by);

		if (e && going_by_another(ledger, e, by)) {
			busy = true;
		} else if (e && e->object) {
			/* asked for again by whom it belongs to: nothing is new */
			bool known = e->owned && e->subject == holder->subject && holder->lifetime == HYCAN_LIFETIME_PERMANENT &&
			             !e->holds;

			bool before = ledger->watched && news_is_held_by(e, holder->subject);

			r = hold_add(ledger, e, holder, now_us);
			if (!known && r == 0) {
				ledger_file_hold(ledger->file, e);
				news_changed(ledger, e, holder->subject, before);
			}
		} else {
			unknown = true;
		}
	}
	if (r == 0)
		r = busy ? -EBUSY : unknown && ledger_stamp(ledger) != stamp ? -EAGAIN : 0;
	ledger_unlock(ledger);
	return r;
}

static enum ledger_stand stand(const struct entry *e, const struct ledger_holder *holder, uint64_t *ret_owner)
{
	enum ledger_stand s = e && e->object ? hold_stand(e, holder) : LEDGER_NOBODYS;

	if (s == LEDGER_OTHERS)
		*ret_owner = e->owned ? e->subject : e->holds->subject;
	return s;
}

enum ledger_stand ledger_whose(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                               uint64_t *ret_owner)
{
	enum ledger_stand s;

	ledger_lock(ledger);
	s = stand(table_find(ledger, key), holder, ret_owner);
	ledger_unlock(ledger);
	return s;
}

bool ledger_is_others_since(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                            uint64_t moment_us, bool made, uint64_t *ret_owner)
{
	const struct entry *e;
	bool is;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	is = stand(e, holder, ret_owner) == LEDGER_OTHERS && object_is_since(e, moment_us, made);
	ledger_unlock(ledger);
	return is;
}

uint64_t ledger_named_us(struct ledger *ledger, const struct ledger_key *key)
{
	const struct entry *e;
	uint64_t named_us;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	named_us = e && e->object ? e->named_us : 0;
	ledger_unlock(ledger);
	return named_us;
}

enum ledger_stand ledger_take_begin(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                                    bool force, const void *by, uint64_t *ret_owner)
{
	enum ledger_stand s;
	struct entry *e;

	ledger_lock(ledger);
	e = going_find(ledger, key, table_hash(ledger, key), by);
	s = e && going_by_another(ledger, e, by) ? LEDGER_GOING : stand(e, holder, ret_owner);
	/* without memory for the mark it goes unmarked */
	if (!(e && e->going) && (s == LEDGER_MINE || (s == LEDGER_OTHERS && force)))
		(void)going_begin(ledger, e, by);
	ledger_unlock(ledger);
	return s;
}

/* Lets go of an entry. True: it is going. */
static bool let_go(struct ledger *l, struct entry *e, const struct ledger_holder *holder, bool one, const void *by)
{
	bool held, before;

	if (!e || !e->object || !hold_any(e))
		return false;
	before = news_is_held_by(e, holder->subject);
	held = one ? hold_let_go_one(l, e, holder) : hold_let_go(l, e, holder);
	ledger_file_hold(l->file, e);
	if (before)
		news_changed(l, e, holder->subject, true);
	/* who takes it away does so for all */
	if (held || going_by_another(l, e, by))
		return false;
	/* without memory for the mark it goes unmarked */
	if (!e->going)
		(void)going_begin(l, e, by);
	return true;
}

bool ledger_let_go(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, bool one,
                   const void *by)
{
	bool last;

	ledger_lock(ledger);
	last = let_go(ledger, going_find(ledger, key, table_hash(ledger, key), by), holder, one, by);
	ledger_unlock(ledger);
	return last;
}

enum ledger_stand ledger_clear(struct ledger *ledger, const struct ledger_key *key, const uint64_t *subject, bool dry,
                               const void *by)
{
	enum ledger_stand stand = LEDGER_NOBODYS;
	size_t all = 0, own = 0;
	struct entry *e;

	ledger_lock(ledger);
	e = dry ? table_find(ledger, key) : going_find(ledger, key, table_hash(ledger, key), by);
	if (e && e->object) {
		all = hold_count(e);
		own = e->owned && (!subject || e->subject == *subject);
		for (const struct hold *h = e->holds; h; h = h->next)
			own += !subject || h->subject == *subject;
	}
	if (!dry && e && going_by_another(ledger, e, by))
		stand = LEDGER_GOING;
	else if (all > 0)
		stand = own == 0 ? LEDGER_OTHERS : own == all ? LEDGER_MINE : LEDGER_SHARED;
	else if (e && e->object && !subject)
		/* nobody's, and could not be taken away yet */
		stand = LEDGER_MINE;
	if (stand == LEDGER_MINE && !dry && !e->going)
		(void)going_begin(ledger, e, by);
	if (stand == LEDGER_SHARED && !dry) {
		const struct ledger_holder holder = { .subject = *subject, .lifetime = HYCAN_LIFETIME_PERMANENT };

		/* what the user holds, and then what his programs do */
		(void)hold_let_go(ledger, e, &holder);
		(void)hold_let_go(ledger, e, &holder);
		ledger_file_hold(ledger->file, e);
		news_changed(ledger, e, *subject, true);
	}
	ledger_unlock(ledger);
	return stand;
}

enum ledger_stand ledger_let_go_stale(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder,
                                      uint32_t round, const void *by)
{
	enum ledger_stand stand = LEDGER_NOBODYS;
	struct entry *e;

	ledger_lock(ledger);
	e = going_find(ledger, key, table_hash(ledger, key), by);
	if (e && e->object && hold_is_stale(e, holder, round))
		stand = going_by_another(ledger, e, by) ? LEDGER_GOING : hold_count(e) > 1 ? LEDGER_SHARED : LEDGER_MINE;
	/* without memory for the mark it goes unmarked */
	if (stand == LEDGER_MINE && !e->going)
		(void)going_begin(ledger, e, by);
	if (stand == LEDGER_SHARED) {
		(void)hold_let_go_one(ledger, e, holder);
		ledger_file_hold(ledger->file, e);
		news_changed(ledger, e, holder->subject, true);
	}
	ledger_unlock(ledger);
	return stand;
}

uint32_t ledger_rounds(struct ledger *ledger, uint32_t n)
{
	uint32_t first;

	ledger_lock(ledger);
	first = ledger->round + 1;
	ledger->round += n;
	ledger_unlock(ledger);
	return first;
}

uint32_t ledger_round(struct ledger *ledger)
{
	return ledger_rounds(ledger, 1);
}

void ledger_take(struct ledger *ledger, const struct ledger_key *key)
{
	(void)ledger_take_former(ledger, key, UINT64_MAX);
}

bool ledger_take_former(struct ledger *ledger, const struct ledger_key *key, uint64_t moment_us)
{
	struct entry *e;
	bool stays;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	stays = e && (e->since_us > moment_us || e->named_us > moment_us);
	if (e && !stays) {
		ledger_file_take(ledger->file, key);
		object_take_out(ledger, e);
	}
	ledger_unlock(ledger);
	return !stays;
}

bool ledger_knows(struct ledger *ledger, const struct ledger_key *key)
{
	bool known;

	ledger_lock(ledger);
	known = table_find(ledger, key) != NULL;
	ledger_unlock(ledger);
	return known;
}

void ledger_put_back(struct ledger *ledger, const struct ledger_key *keys, size_t n, uint64_t moment_us)
{
	struct entry *e;

	ledger_lock(ledger);
	for (size_t i = 0; i < n; i++) {
		e = table_find(ledger, &keys[i]);
		if (e && e->object && e->named_us > moment_us)
			e->named_us = moment_us;
	}
	ledger_unlock(ledger);
}

int ledger_rename(struct ledger *ledger, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds,
                  uint64_t now_us)
{
	struct entry *gone;
	int r, written;

	ledger_lock(ledger);
	gone = table_find(ledger, to);
	/* a file that is broken may give something the name that it has */
	if (gone && gone == table_find(ledger, from)) {
		ledger_unlock(ledger);
		return 0;
	}
	written = ledger_file_rename(ledger->file, from, to, kinds, now_us);
	/* what outlives what had that name stands in its place, and is on what has it now */
	if (gone)
		object_take_out_first(ledger, gone);
	r = object_rename(ledger, from, to, kinds, now_us);
	/* others have turns meanwhile, and one may begin to write the file anew: it has its name by then, as the record says */
	if (gone)
		object_take_out_rest(ledger, gone);
	ledger_unlock(ledger);
	return r ? r : written;
}

bool ledger_is_held_as(struct ledger *ledger, const struct ledger_key *key, uint64_t subject, struct ledger_object *ret_object)
{
	const struct entry *e;
	bool held;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	held = e && e->object && news_is_held_by(e, subject);
	if (held) {
		list_describe(e, ret_object);
		(void)hold_describe_of(e, subject, ret_object);
	}
	ledger_unlock(ledger);
	return held;
}

bool ledger_is_held_by(struct ledger *ledger, const struct ledger_key *key, uint64_t subject)
{
	const struct entry *e;
	bool held;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	held = e && e->object && news_is_held_by(e, subject);
	ledger_unlock(ledger);
	return held;
}
