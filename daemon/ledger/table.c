/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger's table: a hash table that grows by one bucket for each entry (linear hashing, Litwin 1980), in address space
 * that is reserved at once: there is no moment at which everything is moved, and memory is what the entries take. The hash
 * has a key of its own, since the names in it are chosen by strangers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "entry.h"
#include "siphash.h"

int table_open(struct ledger *l)
{
	l->bucket = mmap(NULL, BUCKETS_MAX * sizeof(*l->bucket), PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (l->bucket == MAP_FAILED) {
		l->bucket = NULL;
		return -errno;
	}
	l->n_buckets = l->level = BUCKETS_MIN;
	return getrandom(l->hash_key, sizeof(l->hash_key), 0) == sizeof(l->hash_key) ? 0 : -EIO;
}

void table_close(struct ledger *l)
{
	for (uint32_t i = 0; l->bucket && i < l->n_buckets; i++)
		for (struct entry *e = l->bucket[i], *next; e; e = next) {
			next = e->next;
			hold_drop_all(l, e);
			free(e);
		}
	while (l->spare) {
		struct spare *next = l->spare->next;

		free(l->spare);
		l->spare = next;
	}
	if (l->bucket)
		munmap(l->bucket, BUCKETS_MAX * sizeof(*l->bucket));
}

uint32_t table_hash(const struct ledger *l, const struct ledger_key *key)
{
	const uint64_t own[2] = { l->hash_key[0] ^ key->netns, l->hash_key[1] ^ key->kind };

	return (uint32_t)siphash(own, key->identity, key->size);
}

/* Buckets from n_buckets on are still together with the one half a power of two below. */
static struct entry **bucket_of(const struct ledger *l, uint32_t hash)
{
	uint32_t i = hash & (2 * l->level - 1);

	return &l->bucket[i < l->n_buckets ? i : i - l->level];
}

/* One bucket more: its entries come from the one that they were in. */
static void grow(struct ledger *l)
{
	struct entry **from = &l->bucket[l->n_buckets - l->level], **to = &l->bucket[l->n_buckets];

	while (*from) {
		struct entry *e = *from;

		if ((e->hash & (2 * l->level - 1)) == l->n_buckets) {
			*from = e->next;
			e->next = NULL;
			*to = e;
			to = &e->next;
		} else {
			from = &e->next;
		}
	}
	if (++l->n_buckets == 2 * l->level)
		l->level *= 2;
}

struct entry *table_find_hashed(const struct ledger *l, const struct ledger_key *key, uint32_t hash)
{
	struct entry *e;

	for (e = *bucket_of(l, hash); e; e = e->next)
		if (e->hash == hash && e->kind == key->kind && e->netns == key->netns && e->size == key->size &&
		    memcmp(e->identity, key->identity, key->size) == 0)
			break;
	return e;
}

struct entry *table_find(const struct ledger *l, const struct ledger_key *key)
{
	return table_find_hashed(l, key, table_hash(l, key));
}

void table_prefetch(const struct ledger *l, const uint32_t *hashes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(bucket_of(l, hashes[i]), 1);
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(*bucket_of(l, hashes[i]));
		/* whose entries grow() will divide */
		__builtin_prefetch(l->bucket[l->n_buckets - l->level + i]);
	}
}

/* Where a hold stands in the memory of an entry. */
static size_t room_at(const struct entry *e)
{
	size_t end = sizeof(*e) + e->size, align = _Alignof(struct hold);

	return (end + align - 1) / align * align;
}

struct hold *table_room(struct entry *e)
{
	return e->room ? (struct hold *)((char *)e + room_at(e)) : NULL;
}

void *table_memory(struct ledger *l, size_t size)
{
	void *p = malloc(size);

	if (p || !l->spare || size > SPARE_SIZE)
		return p;
	p = l->spare;
	l->spare = l->spare->next;
	l->n_spare--;
	return p;
}

struct entry *table_obtain(struct ledger *l, const struct ledger_key *key, uint32_t hash, bool room)
{
	struct entry *e = table_find_hashed(l, key, hash), **bucket;

	if (e)
		return e;
	e = table_memory(l, sizeof(*e) + key->size + (room ? sizeof(struct hold) + _Alignof(struct hold) : 0));
	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->netns = key->netns;
	e->kind = (uint8_t)key->kind;
	e->size = key->size;
	e->room = room;
	memcpy(e->identity, key->identity, key->size);
	e->hash = hash;
	if (l->n_entries >= l->n_buckets && l->n_buckets < BUCKETS_MAX)
		grow(l);
	bucket = bucket_of(l, e->hash);
	e->next = *bucket;
	*bucket = e;
	l->n_entries++;
	return e;
}

void table_remove(struct ledger *l, struct entry *e)
{
	struct entry **at;

	for (at = bucket_of(l, e->hash); *at != e;)
		at = &(*at)->next;
	*at = e->next;
	l->n_entries--;
}

void table_release(struct ledger *l, struct entry *e)
{
	if (e->object || e->pinned || e->grave || !LIST_EMPTY(&e->things))
		return;
	table_remove(l, e);
	free(e);
}

void entry_key(const struct entry *e, struct ledger_key *key)
{
	key->netns = e->netns;
	key->kind = e->kind;
	key->size = e->size;
	memcpy(key->identity, e->identity, e->size);
}
