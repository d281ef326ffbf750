/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds an object.
 *
 * Most objects are held by one user for good: that is in the entry itself. Sessions, and other users, have a hold each; the
 * first one of an object that is new is in the entry's own memory, so that making an object takes memory once.
 *
 * A lease ends so many seconds after the object was asked for or its session was renewed, whichever was later: so renewing
 * costs the same for one object and for a hundred thousand.
 */
#include <errno.h>
#include <stdlib.h>

#include "entry.h"

uint64_t hold_session(const struct ledger_holder *holder)
{
	return holder->lifetime == HYCAN_LIFETIME_PERMANENT ? 0 : holder->session;
}

uint64_t hold_deadline(const struct hold *h)
{
	uint64_t from;

	if (!h->seconds)
		return UINT64_MAX;
	from = h->of && h->of->renewed_us > h->at_us ? h->of->renewed_us : h->at_us;
	return from + h->seconds * UINT64_C(1000000);
}

struct hold *hold_find(const struct entry *e, uint64_t subject, uint64_t session)
{
	struct hold *h = e->holds;

	while (h && (session ? !h->of || h->of->session != session : h->of || h->subject != subject))
		h = h->next;
	return h;
}

void ledger_on_hold(struct ledger *ledger, ledger_held *held, void *userdata)
{
	ledger->held = held;
	ledger->held_userdata = userdata;
}

static int tell_held(struct ledger *l, uint64_t subject, const struct entry *e, int change)
{
	return l->held ? l->held(subject, e->kind, change, l->held_userdata) : 0;
}

/* Out of the list of its entry. */
static void leave_list(struct hold *h)
{
	struct hold **at = &h->entry->holds;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
}

static void take_out(struct hold *h)
{
	leave_list(h);
	if (h->of) {
		TAILQ_REMOVE(&h->of->list, h, by_age);
		h->of->n--;
		session_release(h->of);
	}
	if (h->inside)
		h->entry = NULL;
	else
		free(h);
}

void hold_drop(struct ledger *l, struct hold *h)
{
	(void)tell_held(l, h->subject, h->entry, -1);
	/* whose it was last */
	if (!h->entry->owned)
		h->entry->subject = h->subject;
	take_out(h);
}

static struct hold *add_hold(struct ledger *l, struct entry *e, uint64_t subject, uint64_t session)
{
	struct hold *h = table_room(e), **at = &e->holds;
	bool inside = h && !e->holds;
	struct holds *of = session ? session_obtain(l, session) : NULL;

	if (session && !of)
		return NULL;
	if (!inside)
		h = table_memory(l, sizeof(*h));
	if (!h || tell_held(l, subject, e, 1) < 0) {
		if (!inside)
			free(h);
		session_release(of);
		return NULL;
	}
	*h = (struct hold){ .entry = e, .of = of, .subject = subject, .inside = inside };
	if (of) {
		TAILQ_INSERT_TAIL(&of->list, h, by_age);
		of->n++;
	}
	while (*at)
		at = &(*at)->next;
	*at = h;
	return h;
}

int hold_add(struct ledger *l, struct entry *e, const struct ledger_holder *holder, uint64_t now_us)
{
	uint64_t session = hold_session(holder);
	struct hold *h;

	if (session == 0 && (!e->owned || e->subject == holder->subject)) {
		if (!e->owned && tell_held(l, holder->subject, e, 1) < 0)
			return -ENOMEM;
		e->owned = true;
		e->subject = holder->subject;
		e->round = l->round;
		h = holder->session ? hold_find(e, holder->subject, holder->session) : NULL;
	} else {
		h = hold_find(e, holder->subject, session);
		if (!h)
			h = add_hold(l, e, holder->subject, session);
		if (!h)
			return -ENOMEM;
		/* what is given back was asked for before */
		h->at_us = now_us > h->at_us ? now_us : h->at_us;
		h->round = l->round;
		h->seconds = holder->lifetime == HYCAN_LIFETIME_LEASE ? holder->seconds : 0;
		h->is_left = h->seconds && holder->is_left;
		return 0;
	}
	/* it held it for a time, and does for good now */
	if (h)
		hold_drop(l, h);
	return 0;
}

bool hold_any(const struct entry *e)
{
	return e->owned || e->holds;
}

static void disown(struct ledger *l, struct entry *e)
{
	if (e->owned)
		(void)tell_held(l, e->subject, e, -1);
	e->owned = false;
}

void hold_drop_all(struct ledger *l, struct entry *e)
{
	disown(l, e);
	while (e->holds)
		hold_drop(l, e->holds);
}

/*
 * The next user who holds it for good comes to the place of the one who let go: there he stands where the file is read
 * again, too, so who holds an object first does not depend on whether the daemon was started anew.
 */
static void move_up(struct entry *e)
{
	struct hold *h = e->holds;

	while (h && h->of)
		h = h->next;
	if (e->owned || !h)
		return;
	e->owned = true;
	e->subject = h->subject;
	e->round = h->round;
	take_out(h);
}

bool hold_let_go(struct ledger *l, struct entry *e, const struct ledger_holder *holder)
{
	struct hold *h = holder->session ? hold_find(e, holder->subject, holder->session) : NULL;
	struct hold *permanent = hold_find(e, holder->subject, 0), *next;
	bool own = h || permanent || (e->owned && e->subject == holder->subject);

	if (h)
		hold_drop(l, h);
	if (permanent)
		hold_drop(l, permanent);
	if (e->subject == holder->subject)
		disown(l, e);
	/* whose programs hold it, and not he himself: all of them let go */
	for (h = own ? NULL : e->holds; h; h = next) {
		next = h->next;
		if (h->subject == holder->subject)
			hold_drop(l, h);
	}
	move_up(e);
	return hold_any(e);
}

enum ledger_stand hold_stand(const struct entry *e, const struct ledger_holder *holder)
{
	bool direct = e->owned && e->subject == holder->subject, session = false;
	size_t users = 0, all = e->owned;

	for (const struct hold *h = e->holds; h; h = h->next) {
		bool is = h->subject == holder->subject;

		session = session || (is && h->of && h->of->session == holder->session);
		direct = direct || (is && !h->of);
		users += is && h->of;
		all++;
	}
	if (all == 0)
		return LEDGER_NOBODYS;
	if (direct || session)
		return all == (size_t)(e->owned && e->subject == holder->subject) + session +
		                               (hold_find(e, holder->subject, 0) != NULL)
		               ? LEDGER_MINE
		               : LEDGER_SHARED;
	if (users > 0)
		return all == users ? LEDGER_MINE : LEDGER_SHARED;
	return LEDGER_OTHERS;
}

bool hold_others(const struct entry *e, uint64_t subject, uint64_t *ret_owner)
{
	const struct hold *h = e->holds;

	if (e->owned && e->subject != subject) {
		*ret_owner = e->subject;
		return true;
	}
	while (h && h->subject == subject)
		h = h->next;
	if (h)
		*ret_owner = h->subject;
	return h;
}

bool hold_let_go_one(struct ledger *l, struct entry *e, const struct ledger_holder *holder)
{
	uint64_t session = hold_session(holder);
	struct hold *h = hold_find(e, holder->subject, session);

	if (h)
		hold_drop(l, h);
	else if (session == 0 && e->subject == holder->subject)
		disown(l, e);
	move_up(e);
	return hold_any(e);
}

bool hold_is_stale(const struct entry *e, const struct ledger_holder *holder, uint32_t round)
{
	uint64_t session = hold_session(holder);
	bool direct = session == 0 && e->owned && e->subject == holder->subject;
	const struct hold *h = direct ? NULL : hold_find(e, holder->subject, session);

	return (direct || h) && (int32_t)((direct ? e->round : h->round) - round) < 0;
}

int hold_move(struct entry *from, struct entry *to)
{
	struct hold *h = from->holds, **at = &to->holds;

	/* the one in the memory of the entry, if any, is the first */
	if (h && h->inside) {
		struct hold *copy = malloc(sizeof(*copy));

		if (!copy)
			return -ENOMEM;
		*copy = *h;
		copy->inside = false;
		if (h->of) {
			TAILQ_INSERT_BEFORE(h, copy, by_age);
			TAILQ_REMOVE(&h->of->list, h, by_age);
		}
		from->holds = copy;
	}
	while (*at)
		at = &(*at)->next;
	*at = from->holds;
	for (h = from->holds; h; h = h->next)
		h->entry = to;
	from->holds = NULL;
	to->owned = from->owned;
	to->subject = from->subject;
	to->round = from->round;
	from->owned = false;
	return 0;
}

size_t hold_count(const struct entry *e)
{
	size_t n = e->owned;

	for (const struct hold *h = e->holds; h; h = h->next)
		n++;
	return n;
}

static void describe(const struct hold *h, struct ledger_object *object)
{
	object->holder = (struct ledger_holder){ .subject = h->subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	if (!h->of)
		return;
	object->holder.session = h->of->session;
	object->holder.seconds = h->seconds;
	object->holder.is_left = h->is_left;
	object->holder.lifetime = h->seconds ? HYCAN_LIFETIME_LEASE : HYCAN_LIFETIME_CONNECTION;
	object->deadline_us = h->seconds ? hold_deadline(h) : 0;
}

void hold_number(const struct entry *e, size_t number, struct ledger_holder *ret_holder, uint64_t *ret_at_us)
{
	const struct hold *h = e->holds;
	struct ledger_object object = { 0 };

	*ret_holder = (struct ledger_holder){ .subject = e->subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	*ret_at_us = 0;
	if (e->owned && number-- == 0)
		return;
	while (number-- > 0)
		h = h->next;
	describe(h, &object);
	*ret_holder = object.holder;
	*ret_at_us = h->of && h->of->renewed_us > h->at_us ? h->of->renewed_us : h->at_us;
}

void hold_put_first(struct entry *e, const struct ledger_holder *holder)
{
	struct hold *h = hold_find(e, holder->subject, hold_session(holder));
	const uint32_t round = e->round;
	const uint64_t subject = e->subject;

	if (!h)
		return;
	/* whoever holds it for good comes before all who do not */
	if (e->owned && !h->of) {
		e->subject = h->subject;
		e->round = h->round;
		h->subject = subject;
		h->round = round;
		return;
	}
	leave_list(h);
	h->next = e->holds;
	e->holds = h;
}

void hold_describe(const struct entry *e, struct ledger_object *object)
{
	object->n_holders = (uint32_t)hold_count(e);
	object->deadline_us = 0;
	object->holder = (struct ledger_holder){ .subject = e->subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	if (!e->owned && e->holds)
		describe(e->holds, object);
}

int hold_list_rounds(const struct entry *e, ledger_round_found *found, void *userdata)
{
	struct ledger_object object;
	int r = 0;

	entry_key(e, &object.key);
	object.holder = (struct ledger_holder){ .subject = e->subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	if (e->owned)
		r = found(&object.key, &object.holder, e->round, userdata);
	for (const struct hold *h = e->holds; h && r == 0; h = h->next) {
		describe(h, &object);
		r = found(&object.key, &object.holder, h->round, userdata);
	}
	return r;
}

bool hold_describe_of(const struct entry *e, uint64_t subject, struct ledger_object *object)
{
	const struct hold *h = e->holds;

	hold_describe(e, object);
	if (e->owned && e->subject == subject)
		return true;
	while (h && h->subject != subject)
		h = h->next;
	if (h)
		describe(h, object);
	return h;
}

bool ledger_is_held(struct ledger *ledger, const struct ledger_key *key)
{
	const struct entry *e;
	bool held;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	held = e && e->object && hold_any(e);
	ledger_unlock(ledger);
	return held;
}

static bool holds(const struct entry *e, const struct ledger_holder *holder)
{
	const uint64_t session = hold_session(holder);

	return (session == 0 && e->owned && e->subject == holder->subject) || hold_find(e, holder->subject, session);
}

bool ledger_holds(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder)
{
	const struct entry *e;
	bool is;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	is = e && holds(e, holder);
	ledger_unlock(ledger);
	return is;
}

bool ledger_is_stated(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, uint32_t round)
{
	const struct entry *e;
	bool is;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	is = e && e->object && !e->going && holds(e, holder) && !hold_is_stale(e, holder, round);
	ledger_unlock(ledger);
	return is;
}

bool ledger_round_of(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, uint32_t *ret_round)
{
	uint64_t session = hold_session(holder);
	const struct hold *h;
	struct entry *e;
	bool is;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	is = e && e->object && holds(e, holder);
	h = is ? hold_find(e, holder->subject, session) : NULL;
	if (is)
		*ret_round = h ? h->round : e->round;
	ledger_unlock(ledger);
	return is;
}

void ledger_state(struct ledger *ledger, const struct ledger_key *key, const struct ledger_holder *holder, uint32_t round)
{
	uint64_t session = hold_session(holder);
	struct entry *e;
	struct hold *h;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	h = e ? hold_find(e, holder->subject, session) : NULL;
	if (h)
		h->round = round;
	else if (e && session == 0 && e->owned && e->subject == holder->subject)
		e->round = round;
	ledger_unlock(ledger);
}
