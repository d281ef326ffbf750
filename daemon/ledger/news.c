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

bool news_is_held_by(const struct entry *e, uint64_t subject)
{
	const struct hold *h = e->holds;

	if (e->owned && e->subject == subject)
		return true;
	while (h && h->subject != subject)
		h = h->next;
	return h;
}

static void tell(struct ledger *l, const struct entry *e, struct ledger_news *news)
{
	list_describe(e, &news->object);
	l->watched(news, l->watched_userdata);
}

void news_came(struct ledger *l, const struct entry *e, uint64_t subject)
{
	struct ledger_news news = { .change = LEDGER_CAME, .subject = subject, .after = true };

	if (l->watched)
		tell(l, e, &news);
}

void news_changed(struct ledger *l, const struct entry *e, uint64_t subject, bool before)
{
	struct ledger_news news = { .change = LEDGER_CHANGED, .subject = subject, .before = before };

	/* what nobody holds is about to go, and told then */
	if (!l->watched || !e->object || !hold_any(e))
		return;
	news.after = news_is_held_by(e, subject);
	tell(l, e, &news);
}

void ledger_touch(struct ledger *ledger, const struct ledger_key *key)
{
	const struct entry *e;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	if (e && e->object && hold_any(e))
		news_changed(ledger, e, e->owned ? e->subject : e->holds->subject, true);
	ledger_unlock(ledger);
}

void news_went(struct ledger *l, const struct entry *e)
{
	struct ledger_news news = { .change = LEDGER_WENT, .subject = e->subject, .before = true };

	if (!l->watched || !e->object)
		return;
	if (e->owned || !e->holds) {
		tell(l, e, &news);
		news.again = true;
	}
	for (const struct hold *h = e->holds; h; h = h->next) {
		bool told = e->owned && e->subject == h->subject;

		for (const struct hold *other = e->holds; other != h; other = other->next)
			told = told || other->subject == h->subject;
		if (told)
			continue;
		news.subject = h->subject;
		tell(l, e, &news);
		news.again = true;
	}
}
