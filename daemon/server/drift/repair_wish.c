/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request makes of what is wanted of others: they have something less, or are called otherwise. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "observe.h"
#include "op.h"
#include "repair_state.h"
#include "server.h"
#include "table.h"
#include "wire.h"

static void yield_one(struct repairs *repairs, struct repair *r, const struct job *job)
{
	_cleanup_free_ uint8_t *lists = malloc(LISTS_MAX);
	_cleanup_free_ void *bytes = NULL;
	uint8_t without[WISH_MAX];
	size_t size;

	if (!lists || ledger_wish_of(repairs->server->ledger, &r->key, &bytes, &size) < 0)
		return;
	size = wish_yielding(&(struct wire_memory){ .base = lists, .size = LISTS_MAX }, bytes, size, job->operation, &job->request,
	                     without);
	if (size == 0)
		return;
	(void)ledger_wish(repairs->server->ledger, &r->key, without, size);
	/* whoever looks just now has compared it with what was wanted before */
	r->noted_us = server_now_us();
}

void repair_amend(const struct key_view *v)
{
	struct repairs *repairs = &v->job->server->repairs;
	_cleanup_free_ uint8_t *lists = NULL;
	_cleanup_free_ void *bytes = NULL;
	uint8_t amended[WISH_MAX];
	struct ledger_key key;
	struct repair *r;
	size_t size;

	if (repairs->n == 0 || !op_wished(v->job->operation->number)->amends)
		return;
	lists = malloc(LISTS_MAX);
	key_of(v, 0, &key);
	pthread_mutex_lock(&repairs->lock);
	r = repair_find(repairs, &key);
	if (r && lists && ledger_wish_of(repairs->server->ledger, &key, &bytes, &size) == 0) {
		size = wish_amended(&(struct wire_memory){ .base = lists, .size = LISTS_MAX }, bytes, size, v->job->operation,
		                    v->request, amended);
		if (size > 0)
			(void)ledger_wish(repairs->server->ledger, &key, amended, size);
		/* whoever looks just now has compared it with what was wanted before */
		r->noted_us = server_now_us();
	}
	pthread_mutex_unlock(&repairs->lock);
}

static bool is_on(const struct ledger_key *key, const struct ledger_key *link)
{
	return key->netns == link->netns && key->size > link->size && memcmp(key->identity, link->identity, link->size) == 0;
}

void repair_yield(struct repairs *repairs, const struct key_view *v, size_t item, const struct ledger_key *key)
{
	struct ledger_key link;
	struct repair *r;

	/* who states all of a list has said it of each of them */
	if (!op_wished(v->job->operation->number)->yields || !key_of_link(v, item, &link))
		return;
	for (size_t i = 0; i < REPAIR_LISTS; i++)
		LIST_FOREACH(r, &repairs->list[i], entry)
	if (r->drift == HYCAN_DRIFT_REPAIR && r->key.kind == key->kind && is_on(&r->key, &link) && !key_same(&r->key, key))
		yield_one(repairs, r, v->job);
}

/* Wishes that speak of a link which is called otherwise now. */
struct renaming {
	struct repairs *repairs;
	uint64_t netns;
	const char *from, *to;
	struct ledger_key *keys; /* of those that it may be about, for free() */
	size_t n;
};

/* Rules and what is in our table mean a name, whatever link has it; what is on a link goes by another name with it. */
static bool follows(const struct ledger_key *key)
{
	const struct op_effect *effect = op_effect_of_kind(key->kind);

	return key->kind == HYCAN_OBJECT_KIND_LINK || (effect && effect->on.position >= 0);
}

static void collect(const struct ledger_key *key, const void *bytes, size_t size, void *userdata)
{
	struct renaming *r = userdata;
	struct wish_head head;
	struct repair *repair = repair_find(r->repairs, key);

	if (key->netns != r->netns || !follows(key) || !wish_read(bytes, size, &head))
		return;
	if (!repair)
		repair = repair_put(r->repairs, key, &head);
	/* whoever looks just now may have asked for the other name */
	if (repair)
		repair->noted_us = server_now_us();
	if (memmem(bytes, size, r->from, strlen(r->from)) && array_grow(&r->keys, r->n, sizeof(*r->keys)) == 0)
		r->keys[r->n++] = *key;
}

static void rename_wish(struct repairs *repairs, const struct ledger_key *key, const struct renaming *renaming,
                        struct wire_memory memory)
{
	_cleanup_free_ void *bytes = NULL;
	uint8_t renamed[WISH_MAX];
	size_t size;

	if (ledger_wish_of(repairs->server->ledger, key, &bytes, &size) < 0)
		return;
	size = wish_renamed(&memory, bytes, size, renaming->from, renaming->to, renamed);
	if (size > 0)
		(void)ledger_wish(repairs->server->ledger, key, renamed, size);
}

/* What went by the old name is known by the new one. */
static void forget_renamed(struct repairs *repairs, uint64_t netns)
{
	struct repair *r, *next;

	for (size_t i = 0; i < REPAIR_LISTS; i++)
		for (r = LIST_FIRST(&repairs->list[i]); r; r = next) {
			next = LIST_NEXT(r, entry);
			if (r->key.netns == netns && follows(&r->key) && !ledger_is_held(repairs->server->ledger, &r->key))
				repair_drop(repairs, r);
		}
}

void repair_renamed(struct repairs *repairs, uint64_t netns, const char *from, const char *to)
{
	struct renaming renaming = { .repairs = repairs, .netns = netns, .from = from, .to = to };
	_cleanup_free_ uint8_t *lists = NULL;

	if (repairs->n == 0)
		return;
	lists = malloc(LISTS_MAX);
	pthread_mutex_lock(&repairs->lock);
	forget_renamed(repairs, netns);
	ledger_list_wishes(repairs->server->ledger, collect, &renaming);
	for (size_t i = 0; lists && i < renaming.n; i++)
		rename_wish(repairs, &renaming.keys[i], &renaming, (struct wire_memory){ .base = lists, .size = LISTS_MAX });
	pthread_mutex_unlock(&repairs->lock);
	free(renaming.keys);
}
