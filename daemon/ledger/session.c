/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions, as the ledger knows them: numbers by which it finds what each of them holds.
 *
 * What this file does not do: know who they are, or when they end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "entry.h"
#include "ledger_file.h"

struct holds *session_find(struct ledger *l, uint64_t session)
{
	struct holds *h;

	LIST_FOREACH(h, &l->sessions[session % SESSION_LISTS], entry)
	if (h->session == session)
		break;
	return h;
}

struct holds *session_obtain(struct ledger *l, uint64_t session)
{
	struct holds *h = session_find(l, session);

	if (h)
		return h;
	h = table_memory(l, sizeof(*h));
	if (!h)
		return NULL;
	*h = (struct holds){ .session = session };
	TAILQ_INIT(&h->list);
	LIST_INSERT_HEAD(&l->sessions[session % SESSION_LISTS], h, entry);
	return h;
}

void session_release(struct holds *h)
{
	if (!h || h->n > 0)
		return;
	LIST_REMOVE(h, entry);
	free(h);
}

void session_close(struct ledger *l)
{
	for (size_t i = 0; i < SESSION_LISTS; i++)
		while (!LIST_EMPTY(&l->sessions[i])) {
			LIST_FIRST(&l->sessions[i])->n = 0;
			session_release(LIST_FIRST(&l->sessions[i]));
		}
}

static int list_sessions(struct ledger *ledger, bool given, ledger_session *found, void *userdata)
{
	_cleanup_free_ struct ledger_holder *list = NULL;
	struct holds *h;
	size_t n = 0;
	int r = 0;

	ledger_lock(ledger);
	for (size_t i = 0; i < SESSION_LISTS && r == 0; i++)
		LIST_FOREACH(h, &ledger->sessions[i], entry)
		{
			if (given && !h->given)
				continue;
			r = r ? r : array_grow(&list, n, sizeof(*list));
			if (r < 0)
				continue;
			h->given = false;
			list[n++] = (struct ledger_holder){ .session = h->session, .subject = TAILQ_FIRST(&h->list)->subject };
		}
	ledger_unlock(ledger);
	for (size_t i = 0; i < n && r == 0; i++)
		r = found(list[i].session, list[i].subject, userdata);
	return r;
}

int ledger_list_sessions(struct ledger *ledger, ledger_session *found, void *userdata)
{
	return list_sessions(ledger, false, found, userdata);
}

int ledger_list_given(struct ledger *ledger, ledger_session *found, void *userdata)
{
	return list_sessions(ledger, true, found, userdata);
}

size_t ledger_session_count(struct ledger *ledger, uint64_t session)
{
	struct holds *h;
	size_t n;

	ledger_lock(ledger);
	h = session_find(ledger, session);
	n = h ? h->n : 0;
	ledger_unlock(ledger);
	return n;
}

void session_write_renewals(struct ledger *l)
{
	struct holds *h;

	for (size_t i = 0; i < SESSION_LISTS; i++)
		LIST_FOREACH(h, &l->sessions[i], entry)
	if (h->renewed_us)
		ledger_file_renew(l->file, h->session, h->renewed_us);
}

void ledger_renew(struct ledger *ledger, uint64_t session, uint64_t now_us)
{
	struct holds *h;

	ledger_lock(ledger);
	h = session_find(ledger, session);
	if (h) {
		h->renewed_us = now_us;
		ledger_file_renew(ledger->file, session, now_us);
	}
	ledger_unlock(ledger);
}

/*
 * Two sessions that are one now hold the same: it stays as long as either would have let it. Of two leases it ends with the
 * later one, and lasts as long again as the longer one.
 */
static void hold_together(struct hold *h, const struct hold *other)
{
	uint64_t ends_us = hold_deadline(h), other_us = hold_deadline(other);

	if (ends_us < other_us)
		ends_us = other_us;
	if (!h->seconds || !other->seconds)
		h->seconds = 0;
	else if (h->seconds < other->seconds)
		h->seconds = other->seconds;
	if (h->seconds)
		h->at_us = ends_us - h->seconds * UINT64_C(1000000);
	h->is_left = h->seconds && h->is_left && other->is_left;
	if ((int32_t)(h->round - other->round) < 0)
		h->round = other->round;
}

void ledger_adopt(struct ledger *ledger, uint64_t from, uint64_t to)
{
	struct holds *a, *b;
	struct hold *h, *same;

	ledger_lock(ledger);
	a = session_find(ledger, from);
	b = session_find(ledger, to);
	adopted_note(ledger, from, to);
	ledger_file_adopt(ledger->file, from, to);
	if (a && !b) {
		LIST_REMOVE(a, entry);
		a->session = to;
		LIST_INSERT_HEAD(&ledger->sessions[to % SESSION_LISTS], a, entry);
	}
	while (a && b && (h = TAILQ_FIRST(&a->list))) {
		bool last = a->n == 1;

		/* its lease does not end sooner for that */
		if (a->renewed_us > h->at_us)
			h->at_us = a->renewed_us;

		same = hold_find(h->entry, h->subject, to);
		if (same) {
			hold_together(same, h);
			hold_drop(ledger, h);
		} else {
			TAILQ_REMOVE(&a->list, h, by_age);
			TAILQ_INSERT_TAIL(&b->list, h, by_age);
			h->of = b;
			a->n--;
			b->n++;
			session_release(a);
		}
		if (last)
			break;
	}
	ledger_unlock(ledger);
}

void ledger_hold_left(struct ledger *ledger, const struct ledger_holder *holder, uint64_t now_us)
{
	struct holds *of;
	struct hold *h;

	ledger_lock(ledger);
	of = session_find(ledger, holder->session);
	for (h = of ? TAILQ_FIRST(&of->list) : NULL; h; h = TAILQ_NEXT(h, by_age)) {
		if (!h->is_left)
			continue;
		h->is_left = false;
		h->at_us = now_us;
		h->round = ledger->round;
		h->seconds = holder->lifetime == HYCAN_LIFETIME_LEASE ? holder->seconds : 0;
		if (object_is_in_grave(h->entry))
			continue;
		ledger_file_hold(ledger->file, h->entry);
		news_changed(ledger, h->entry, h->subject, true);
	}
	ledger_unlock(ledger);
}

/* Lets go of a hold. True: it was the last one, and the object is about to go. */
static bool end_hold(struct ledger *l, struct hold *h, const void *by, struct ledger_key *key)
{
	struct entry *e = h->entry;
	bool grave = object_is_in_grave(e);
	uint64_t subject = h->subject;

	hold_drop(l, h);
	if (!grave && e->object) {
		ledger_file_hold(l->file, e);
		news_changed(l, e, subject, true);
	}
	if (grave || hold_any(e) || e->going || !e->object)
		return false;
	/* without memory for the mark it goes unmarked: nobody would take it away otherwise */
	(void)going_begin(l, e, by);
	entry_key(e, key);
	return true;
}

size_t ledger_session_end(struct ledger *ledger, uint64_t session, uint64_t now_us, const atomic_bool *connection, const void *by,
                          struct ledger_key *keys, size_t max, uint64_t *ret_next_us)
{
	uint64_t next_us = UINT64_MAX;
	struct holds *of;
	struct hold *h, *before;
	size_t n = 0, left;

	ledger_lock(ledger);
	of = session_find(ledger, session);
	left = of ? of->n : 0;
	for (h = of ? TAILQ_LAST(&of->list, hold_list) : NULL; h && n < max && left > 0; h = before) {
		before = TAILQ_PREV(h, hold_list, by_age);
		left--;
		if (h->seconds ? hold_deadline(h) > now_us : !*connection) {
			next_us = hold_deadline(h) < next_us ? hold_deadline(h) : next_us;
			continue;
		}
		/* whether it goes or stays is not known yet, and must not be forgotten */
		if (going_by_another(ledger, h->entry, by)) {
			next_us = now_us;
			continue;
		}
		n += end_hold(ledger, h, by, &keys[n]);
	}
	ledger_unlock(ledger);
	*ret_next_us = next_us;
	return n;
}

int ledger_keep_session(struct ledger *ledger, uint64_t session, const void *bytes, size_t size)
{
	int r;

	ledger_lock(ledger);
	r = ledger_file_keep_session(ledger->file, session, bytes, size);
	ledger_unlock(ledger);
	return r;
}

void ledger_forget_session(struct ledger *ledger, uint64_t session)
{
	ledger_lock(ledger);
	ledger_file_forget_session(ledger->file, session);
	ledger_unlock(ledger);
}

int ledger_list_kept_sessions(struct ledger *ledger, size_t size, ledger_kept_session *found, void *userdata)
{
	_cleanup_free_ uint64_t *numbers = NULL;
	_cleanup_free_ void *bytes = malloc(size);
	size_t n, got;
	int r = 0;

	ledger_lock(ledger);
	n = ledger_file_sessions(ledger->file, NULL, 0);
	numbers = calloc(n + 1, sizeof(*numbers));
	if (numbers)
		n = ledger_file_sessions(ledger->file, numbers, n);
	ledger_unlock(ledger);
	if (!numbers || !bytes)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		ledger_lock(ledger);
		got = ledger_file_session(ledger->file, numbers[i], bytes, size);
		ledger_unlock(ledger);
		if (got)
			r = found(bytes, userdata);
	}
	explicit_bzero(bytes, size);
	return r;
}
