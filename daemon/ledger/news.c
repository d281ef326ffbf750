/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling what changes, to whoever watches the ledger.
 *
 * Who holds an object is told of one user at a time, so that it can be said from each one's point of view: for who lets go
 * of a shared object it is gone, for all others it has changed.
 */
#include "entry.h"

void ledger_watch(struct ledger *ledger, ledger_watched *watched, void *userdata)
{
	ledger_lock(ledger);
	ledger->watched = watched;
	ledger->watched_userdata = userdata;
	ledger_unlock(ledger);
}

bool news_is_held_by(const struct entry *e, uid_t uid)
{
	const struct hold *h = e->holds;

	if (e->owned && e->uid == uid)
		return true;
	while (h && h->uid != uid)
		h = h->next;
	return h;
}

static void tell(struct ledger *l, const struct entry *e, struct ledger_news *news)
{
	list_describe(e, &news->object);
	l->watched(news, l->watched_userdata);
}

void news_came(struct ledger *l, const struct entry *e, uid_t uid)
{
	struct ledger_news news = { .change = LEDGER_CAME, .uid = uid, .after = true };

	if (l->watched)
		tell(l, e, &news);
}

void news_changed(struct ledger *l, const struct entry *e, uid_t uid, bool before)
{
	struct ledger_news news = { .change = LEDGER_CHANGED, .uid = uid, .before = before };

	/* what nobody holds is about to go, and told then */
	if (!l->watched || !e->object || !hold_any(e))
		return;
	news.after = news_is_held_by(e, uid);
	tell(l, e, &news);
}

void news_went(struct ledger *l, const struct entry *e)
{
	struct ledger_news news = { .change = LEDGER_WENT, .uid = e->uid, .before = true };

	if (!l->watched || !e->object)
		return;
	if (e->owned || !e->holds) {
		tell(l, e, &news);
		news.again = true;
	}
	for (const struct hold *h = e->holds; h; h = h->next) {
		bool told = e->owned && e->uid == h->uid;

		for (const struct hold *other = e->holds; other != h; other = other->next)
			told = told || other->uid == h->uid;
		if (told)
			continue;
		news.uid = h->uid;
		tell(l, e, &news);
		news.again = true;
	}
}
