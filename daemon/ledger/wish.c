/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody wants to be done when an object is gone: bytes, with the object for as long as it is there.
 *
 * Few objects have any, so they are in lists of their own, and an entry has a bit for them. Inside this room alone, and with
 * the ledger's lock held, but for the functions of ledger.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "ledger_file.h"

struct wish {
	LIST_ENTRY(wish) entry;
	struct entry *of;
	size_t size;
	uint8_t bytes[];
};

static struct wish_list *list_of(struct ledger *l, const struct entry *e)
{
	return &l->wishes[e->hash % WISH_LISTS];
}

static struct wish *find(struct ledger *l, const struct entry *e)
{
	struct wish *w = NULL;

	if (!e->wished)
		return NULL;
	LIST_FOREACH(w, list_of(l, e), entry)
	if (w->of == e)
		break;
	return w;
}

void wish_drop(struct ledger *l, struct entry *e)
{
	struct wish *w = find(l, e);

	e->wished = false;
	if (!w)
		return;
	LIST_REMOVE(w, entry);
	free(w);
}

void wish_move(struct ledger *l, struct entry *from, struct entry *to)
{
	struct wish *w = find(l, from);

	if (!w)
		return;
	LIST_REMOVE(w, entry);
	w->of = to;
	LIST_INSERT_HEAD(list_of(l, to), w, entry);
	from->wished = false;
	to->wished = true;
}

void wish_close(struct ledger *l)
{
	struct wish *w;

	for (size_t i = 0; i < WISH_LISTS; i++)
		while ((w = LIST_FIRST(&l->wishes[i]))) {
			LIST_REMOVE(w, entry);
			free(w);
		}
}

int wish_put(struct ledger *l, struct entry *e, const void *bytes, size_t size)
{
	struct wish *w;

	if (size == 0) {
		wish_drop(l, e);
		return 0;
	}
	w = malloc(sizeof(*w) + size);
	if (!w)
		return -ENOMEM;
	wish_drop(l, e);
	w->of = e;
	w->size = size;
	memcpy(w->bytes, bytes, size);
	LIST_INSERT_HEAD(list_of(l, e), w, entry);
	e->wished = true;
	return 0;
}

const void *wish_bytes(struct ledger *l, const struct entry *e, size_t *ret_size)
{
	const struct wish *w = find(l, e);

	*ret_size = w ? w->size : 0;
	return w ? w->bytes : NULL;
}

int ledger_wish(struct ledger *ledger, const struct ledger_key *key, const void *bytes, size_t size)
{
	int r = -ENOENT, written = 0;
	struct entry *e;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	if (e && e->object && (size > 0 || e->wished)) {
		written = ledger_file_wish(ledger->file, key, bytes, size);
		r = wish_put(ledger, e, bytes, size);
		list_write_anew(ledger);
	} else if (e && e->object) {
		r = 0;
	}
	ledger_unlock(ledger);
	return r ? r : written;
}

int ledger_wish_of(struct ledger *ledger, const struct ledger_key *key, void **ret_bytes, size_t *ret_size)
{
	const struct entry *e;
	const void *bytes = NULL;
	void *copy = NULL;
	size_t size = 0;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	if (e && e->object)
		bytes = wish_bytes(ledger, e, &size);
	if (bytes)
		copy = malloc(size);
	if (copy)
		memcpy(copy, bytes, size);
	ledger_unlock(ledger);
	if (!copy)
		return bytes ? -ENOMEM : -ENOENT;
	*ret_bytes = copy;
	*ret_size = size;
	return 0;
}

void ledger_list_wishes(struct ledger *ledger, ledger_wished *found, void *userdata)
{
	struct ledger_key key;
	const struct wish *w;

	ledger_lock(ledger);
	for (size_t i = 0; i < WISH_LISTS; i++)
		LIST_FOREACH(w, &ledger->wishes[i], entry)
		{
			entry_key(w->of, &key);
			found(&key, w->bytes, w->size, userdata);
		}
	ledger_unlock(ledger);
}
