/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger, as it is asked about all of a kind that is on something: who states a list says what is to be there, and so of
 * everything else that it is not.
 */
#include "entry.h"
#include "ledger_file.h"

void ledger_take_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind, uint64_t subject,
                    uint64_t since_us)
{
	ledger_lock(ledger);
	object_take_on(ledger, on, kind, &subject, since_us);
	ledger_unlock(ledger);
}

void ledger_let_go_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind,
                      const struct ledger_holder *holder)
{
	struct entry *parent, *thing;

	ledger_lock(ledger);
	parent = table_find(ledger, on);
	for (thing = parent ? LIST_FIRST(&parent->things) : NULL; thing; thing = LIST_NEXT(thing, sibling)) {
		bool before;

		if (!thing->object || thing->kind != kind || hold_stand(thing, holder) != LEDGER_SHARED)
			continue;
		before = news_is_held_by(thing, holder->subject);
		(void)hold_let_go(ledger, thing, holder);
		ledger_file_hold(ledger->file, thing);
		if (before)
			news_changed(ledger, thing, holder->subject, true);
	}
	ledger_unlock(ledger);
}

/* Marks those of a list that are on something, which is returned. */
static struct entry *mark_listed(struct ledger *l, const struct ledger_key *on, size_t n, ledger_listed *key, const void *userdata)
{
	struct entry *parent = table_find(l, on), *e;
	struct ledger_key k;

	for (size_t i = 0; parent && i < n; i++) {
		key(i, &k, userdata);
		e = table_find(l, &k);
		if (e && e->on == parent)
			e->listed = true;
	}
	return parent;
}

bool ledger_find_others(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind, uint64_t subject, size_t n,
                        ledger_listed *key, const void *userdata, struct ledger_key *ret_key, uint64_t *ret_owner)
{
	struct entry *parent, *thing;
	bool found = false;

	ledger_lock(ledger);
	parent = mark_listed(ledger, on, n, key, userdata);
	for (thing = parent ? LIST_FIRST(&parent->things) : NULL; thing; thing = LIST_NEXT(thing, sibling)) {
		bool rest = thing->object && thing->kind == kind && !thing->listed;

		thing->listed = false;
		if (found || !rest || !hold_others(thing, subject, ret_owner))
			continue;
		entry_key(thing, ret_key);
		found = true;
	}
	ledger_unlock(ledger);
	return found;
}

void ledger_take_others(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind, size_t n,
                        ledger_listed *key, const void *userdata, uint64_t until_us)
{
	struct entry *parent, *thing;

	ledger_lock(ledger);
	parent = mark_listed(ledger, on, n, key, userdata);
	for (thing = parent ? LIST_FIRST(&parent->things) : NULL; thing; thing = LIST_NEXT(thing, sibling))
		thing->listed = thing->listed || (thing->object && thing->kind == kind && thing->since_us > until_us);
	object_take_on(ledger, on, kind, NULL, 0);
	ledger_unlock(ledger);
}

bool ledger_is_others(struct ledger *ledger, const struct ledger_key *key, uint64_t subject, uint64_t *ret_owner)
{
	const struct entry *e;
	bool is;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	is = e && e->object && hold_others(e, subject, ret_owner);
	ledger_unlock(ledger);
	return is;
}
