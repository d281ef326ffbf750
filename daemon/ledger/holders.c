/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who held something that is not there for a while: what a transaction took away, and may be put back.
 *
 * A session that is given something back may be another one meanwhile (adopted.c), or gone: so it is noted of each
 * (ledger_list_given()).
 */
#include "holders.h"

#include <stddef.h>
#include <string.h>

#include "entry.h"

size_t ledger_holders_size(const struct ledger_holders *holders)
{
	const size_t n = holders->n < LEDGER_HOLDERS_MAX ? (size_t)holders->n : LEDGER_HOLDERS_MAX;

	return offsetof(struct ledger_holders, by) + n * sizeof(holders->by[0]);
}

static size_t list(const struct entry *e, struct ledger_holders *ret_holders)
{
	const size_t n = e && e->object ? hold_count(e) : 0;

	/* all that is used of it is kept, also what is between the members */
	memset(ret_holders, 0, offsetof(struct ledger_holders, by));
	for (size_t i = 0; i < n && i < LEDGER_HOLDERS_MAX; i++) {
		memset(&ret_holders->by[i], 0, sizeof(ret_holders->by[i]));
		hold_number(e, i, &ret_holders->by[i].holder, &ret_holders->by[i].at_us);
		ret_holders->by[i].holder.was_first = i == 0;
		ret_holders->n++;
	}
	return n;
}

size_t ledger_list_holders(struct ledger *ledger, const struct ledger_key *key, struct ledger_holders *ret_holders)
{
	size_t n;

	ledger_lock(ledger);
	n = list(table_find(ledger, key), ret_holders);
	ledger_unlock(ledger);
	ret_holders->key = *key;
	return n;
}

void ledger_list_shared_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind,
                           const struct ledger_holder *holder, ledger_shared *found, void *userdata)
{
	const struct entry *parent, *thing;
	struct ledger_holders holders;

	ledger_lock(ledger);
	parent = table_find(ledger, on);
	for (thing = parent ? LIST_FIRST(&parent->things) : NULL; thing; thing = LIST_NEXT(thing, sibling)) {
		if (!thing->object || thing->kind != kind || hold_stand(thing, holder) != LEDGER_SHARED)
			continue;
		(void)list(thing, &holders);
		entry_key(thing, &holders.key);
		found(&holders, userdata);
	}
	ledger_unlock(ledger);
}

bool ledger_holders_are(const struct ledger_holders *holders, const struct ledger_holder *holder)
{
	const struct ledger_holder *is = &holders->by[0].holder;

	/* a lease would begin anew */
	return holders->n == 1 && is->subject == holder->subject && hold_session(is) == hold_session(holder) &&
	       is->lifetime == holder->lifetime && is->lifetime != HYCAN_LIFETIME_LEASE;
}

struct ledger_holder ledger_holder_back(uint64_t owner)
{
	/* a number that no session has, and one for each user: a session is one user's */
	return (struct ledger_holder){ .subject = owner, .session = UINT64_MAX - owner, .lifetime = HYCAN_LIFETIME_CONNECTION };
}

static void give_back(struct ledger *l, struct entry *e, const struct ledger_holders *holders, uint64_t until_us)
{
	const struct ledger_holder back = ledger_holder_back(holders->owner);
	bool before = l->watched && news_is_held_by(e, back.subject);
	int r = 0;

	for (size_t i = 0; i < holders->n; i++) {
		struct ledger_holder holder = holders->by[i].holder;
		struct hold *h;

		holder.session = adopted_by(l, holder.session);
		r = r ? r : hold_add(l, e, &holder, holders->by[i].at_us);
		h = hold_session(&holder) ? hold_find(e, holder.subject, holder.session) : NULL;
		if (h)
			h->of->given = true;
		if (h && h->at_us <= until_us)
			h->at_us = holders->by[i].at_us;
		if (holder.was_first && r == 0)
			hold_put_first(e, &holder);
	}
	/* without memory for one of them it is held as it is, and taken away by the next daemon */
	if (r == 0)
		(void)hold_let_go_one(l, e, &back);
	if (hold_any(e)) {
		ledger_file_hold(l->file, e);
		news_changed(l, e, back.subject, before);
	} else {
		object_disown(l, e);
	}
}

void ledger_give_back(struct ledger *ledger, const struct ledger_holders *holders, uint64_t until_us, const void *by)
{
	struct entry *e;

	ledger_lock(ledger);
	e = going_find(ledger, &holders->key, table_hash(ledger, &holders->key), by);
	if (e && e->object)
		give_back(ledger, e, holders, until_us);
	ledger_unlock(ledger);
}
