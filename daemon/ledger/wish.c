/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody wants to be done when an object is gone, and what is to be so of it while it is there: bytes, with the object
 * for as long as it is there.
 *
 * Of most kinds few objects have any, so they are in lists of their own, and an entry has a bit for each of the two. Inside this room alone, and with
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
	enum wish_about about;
	size_t size;
	uint8_t bytes[];
};

static struct wish_list *list_of(struct ledger *l, const struct entry *e)
{
	return &l->wishes[e->hash % WISH_LISTS];
}

static bool has(const struct entry *e, enum wish_about about)
{
	return about == WISH_ABOUT_LOSS ? e->wished : e->settled;
}

static void set_has(struct entry *e, enum wish_about about, bool it_has)
{
	if (about == WISH_ABOUT_LOSS)
		e->wished = it_has;
	else
		e->settled = it_has;
}

static struct wish *find(struct ledger *l, const struct entry *e, enum wish_about about)
{
	struct wish *w = NULL;

	if (!has(e, about))
		return NULL;
	LIST_FOREACH(w, list_of(l, e), entry)
	if (w->of == e && w->about == about)
		break;
	return w;
}

static void drop(struct ledger *l, struct entry *e, enum wish_about about)
{
	struct wish *w = find(l, e, about);

	set_has(e, about, false);
	if (!w)
		return;
	LIST_REMOVE(w, entry);
	free(w);
}

void wish_drop(struct ledger *l, struct entry *e)
{
	drop(l, e, WISH_ABOUT_LOSS);
	drop(l, e, WISH_ABOUT_SETTINGS);
}

static void move(struct ledger *l, struct entry *from, struct entry *to, enum wish_about about)
{
	struct wish *w = find(l, from, about);

	if (!w)
		return;
	LIST_REMOVE(w, entry);
	w->of = to;
	LIST_INSERT_HEAD(list_of(l, to), w, entry);
	set_has(from, about, false);
	set_has(to, about, true);
}

void wish_move(struct ledger *l, struct entry *from, struct entry *to)
{
	move(l, from, to, WISH_ABOUT_LOSS);
	move(l, from, to, WISH_ABOUT_SETTINGS);
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

int wish_put(struct ledger *l, struct entry *e, enum wish_about about, const void *bytes, size_t size)
{
	struct wish *w;

	if (size == 0) {
		drop(l, e, about);
		return 0;
	}
	w = malloc(sizeof(*w) + size);
	if (!w)
		return -ENOMEM;
	drop(l, e, about);
	w->of = e;
	w->about = about;
	w->size = size;
	memcpy(w->bytes, bytes, size);
	LIST_INSERT_HEAD(list_of(l, e), w, entry);
	set_has(e, about, true);
	return 0;
}

const void *wish_bytes(struct ledger *l, const struct entry *e, enum wish_about about, size_t *ret_size)
{
	const struct wish *w = find(l, e, about);

	*ret_size = w ? w->size : 0;
	return w ? w->bytes : NULL;
}

static bool is_same(struct ledger *l, const struct entry *e, enum wish_about about, const void *bytes, size_t size)
{
	const struct wish *w = find(l, e, about);

	return w ? w->size == size && memcmp(w->bytes, bytes, size) == 0 : size == 0;
}

static int wish(struct ledger *ledger, const struct ledger_key *key, enum wish_about about, const void *bytes, size_t size)
{
	int r = -ENOENT, written = 0;
	struct entry *e;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	if (e && e->object && !is_same(ledger, e, about, bytes, size)) {
		written = ledger_file_wish(ledger->file, key, about, bytes, size);
		r = wish_put(ledger, e, about, bytes, size);
	} else if (e && e->object) {
		r = 0;
	}
	ledger_unlock(ledger);
	return r ? r : written;
}

int ledger_wish(struct ledger *ledger, const struct ledger_key *key, const void *bytes, size_t size)
{
	return wish(ledger, key, WISH_ABOUT_LOSS, bytes, size);
}

int ledger_settle(struct ledger *ledger, const struct ledger_key *key, const void *bytes, size_t size)
{
	return wish(ledger, key, WISH_ABOUT_SETTINGS, bytes, size);
}

static int copy_about(struct ledger *ledger, const struct ledger_key *key, enum wish_about about, void **ret_bytes,
                      size_t *ret_size)
{
	const struct entry *e;
	const void *bytes = NULL;
	void *copy = NULL;
	size_t size = 0;

	ledger_lock(ledger);
	e = table_find(ledger, key);
	if (e && e->object)
		bytes = wish_bytes(ledger, e, about, &size);
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

int ledger_wish_of(struct ledger *ledger, const struct ledger_key *key, void **ret_bytes, size_t *ret_size)
{
	return copy_about(ledger, key, WISH_ABOUT_LOSS, ret_bytes, ret_size);
}

int ledger_settled_of(struct ledger *ledger, const struct ledger_key *key, void **ret_bytes, size_t *ret_size)
{
	return copy_about(ledger, key, WISH_ABOUT_SETTINGS, ret_bytes, ret_size);
}

static void list_about(struct ledger *ledger, enum wish_about about, ledger_wished *found, void *userdata)
{
	struct ledger_key key;
	const struct wish *w;

	ledger_lock(ledger);
	for (size_t i = 0; i < WISH_LISTS; i++)
		LIST_FOREACH(w, &ledger->wishes[i], entry)
		{
			if (w->about != about)
				continue;
			entry_key(w->of, &key);
			found(&key, w->bytes, w->size, userdata);
		}
	ledger_unlock(ledger);
}

void ledger_list_wishes(struct ledger *ledger, ledger_wished *found, void *userdata)
{
	list_about(ledger, WISH_ABOUT_LOSS, found, userdata);
}

void ledger_list_settled(struct ledger *ledger, ledger_wished *found, void *userdata)
{
	list_about(ledger, WISH_ABOUT_SETTINGS, found, userdata);
}
