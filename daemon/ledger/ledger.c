/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger.
 *
 * A hash table that grows by one bucket for each entry (linear hashing, Litwin 1980), in address space that is reserved at
 * once: there is no moment at which everything is moved, and memory is what the entries take. The hash has a key of its
 * own, since the names in it are chosen by strangers.
 *
 * An entry stands for an object, or only for what objects are on; one that is neither is freed at once.
 *
 * What this file does not do: know what an identity means, or the kernel.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "cleanup.h"
#include "ledger.h"
#include "ledger_file.h"
#include "siphash.h"

/* Buckets at the beginning, and of as many entries at most: every object may be on a link of its own. */
#define BUCKETS_MIN 64u
#define BUCKETS_MAX ((size_t)2 * LEDGER_OBJECTS_MAX)

/* Entries that are handled before another thread gets its turn. */
#define SLICE 64u

struct entry {
	struct entry *next; /* in the bucket; what is compared stands together, in as few cache lines as can be */
	uint32_t hash;
	uint8_t kind;
	uint8_t size;
	bool object : 1;
	bool marked : 1; /* stays at the next sweep */
	bool pinned : 1; /* it is being looked through, or something will be on it */
	bool grave : 1;  /* in no bucket; freed when what is on it is gone */
	uid_t uid;
	uint64_t netns;
	TAILQ_ENTRY(entry) order; /* by age, for objects and cursors */
	struct entry *on;
	LIST_ENTRY(entry) sibling; /* what is on the same */
	LIST_HEAD(, entry) things; /* what is on this */
	uint64_t since_us;
	uint8_t identity[];
};

TAILQ_HEAD(entry_list, entry);

struct ledger {
	pthread_mutex_t lock;
	uint64_t hash_key[2];
	struct entry **bucket;
	uint32_t n_buckets;
	uint32_t level; /* the power of two that n_buckets has reached */
	uint32_t n_entries;
	size_t n_objects;
	unsigned int work; /* since others had their turn */
	struct entry_list objects;
	struct ledger_file *file; /* or NULL */
	bool is_written_anew;
	struct entry written_anew; /* a cursor: up to there, while the file is written anew */
};

static void lock(struct ledger *l)
{
	pthread_mutex_lock(&l->lock);
}

static void unlock(struct ledger *l)
{
	l->work = 0;
	pthread_mutex_unlock(&l->lock);
}

int ledger_open(struct ledger **ret_ledger)
{
	_cleanup_(ledger_free) struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	TAILQ_INIT(&l->objects);
	l->bucket = mmap(NULL, BUCKETS_MAX * sizeof(*l->bucket), PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (l->bucket == MAP_FAILED) {
		l->bucket = NULL;
		return -errno;
	}
	l->n_buckets = l->level = BUCKETS_MIN;
	pthread_mutex_init(&l->lock, NULL);
	if (getrandom(l->hash_key, sizeof(l->hash_key), 0) != sizeof(l->hash_key))
		return -EIO;
	*ret_ledger = steal(&l);
	return 0;
}

void ledger_free(struct ledger **ledger)
{
	struct ledger *l = *ledger;

	if (!l)
		return;
	ledger_file_free(&l->file);
	for (uint32_t i = 0; l->bucket && i < l->n_buckets; i++)
		for (struct entry *e = l->bucket[i], *next; e; e = next) {
			next = e->next;
			free(e);
		}
	if (l->bucket) {
		pthread_mutex_destroy(&l->lock);
		munmap(l->bucket, BUCKETS_MAX * sizeof(*l->bucket));
	}
	free(l);
	*ledger = NULL;
}

/* ------------------------------------------------------------------------------------------------------------- table */

static uint32_t hash_of(const struct ledger *l, const struct ledger_key *key)
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

static struct entry *find_hashed(const struct ledger *l, const struct ledger_key *key, uint32_t hash)
{
	struct entry *e;

	for (e = *bucket_of(l, hash); e; e = e->next)
		if (e->hash == hash && e->kind == key->kind && e->netns == key->netns && e->size == key->size &&
		    memcmp(e->identity, key->identity, key->size) == 0)
			break;
	return e;
}

static struct entry *find(const struct ledger *l, const struct ledger_key *key)
{
	return find_hashed(l, key, hash_of(l, key));
}

/*
 * Asks the processor for the memory that obtain() will look at. Many objects are put with buckets all over the table, and
 * waiting for each of them in turn is what takes the time. Inline, since gcc takes a function that does nothing else for
 * one that does nothing.
 */
static inline __attribute__((always_inline)) void prefetch(const struct ledger *l, const uint32_t *hashes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(bucket_of(l, hashes[i]), 1);
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(*bucket_of(l, hashes[i]));
		/* whose entries grow() will divide */
		__builtin_prefetch(l->bucket[l->n_buckets - l->level + i]);
	}
}

/* Finds an entry, or makes one that stands for nothing yet. */
static struct entry *obtain(struct ledger *l, const struct ledger_key *key, uint32_t hash)
{
	struct entry *e = find_hashed(l, key, hash), **bucket;

	if (e)
		return e;
	e = malloc(sizeof(*e) + key->size);
	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->netns = key->netns;
	e->kind = (uint8_t)key->kind;
	e->size = key->size;
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

static void remove_from_bucket(struct ledger *l, struct entry *e)
{
	struct entry **at;

	for (at = bucket_of(l, e->hash); *at != e;)
		at = &(*at)->next;
	*at = e->next;
	l->n_entries--;
}

/* Frees an entry that stands for nothing any more. */
static void release(struct ledger *l, struct entry *e)
{
	if (e->object || e->pinned || e->grave || !LIST_EMPTY(&e->things))
		return;
	remove_from_bucket(l, e);
	free(e);
}

/* ----------------------------------------------------------------------------------------------------------- objects */

/* Lets others have their turn; everything may be another afterwards. */
static void take_turns(struct ledger *l)
{
	if (++l->work < SLICE)
		return;
	unlock(l);
	sched_yield();
	lock(l);
}

static void leave(struct ledger *l, struct entry *e)
{
	struct entry *on = e->on;

	if (!on)
		return;
	LIST_REMOVE(e, sibling);
	e->on = NULL;
	release(l, on);
}

static void enter(struct entry *e, struct entry *on)
{
	LIST_INSERT_HEAD(&on->things, e, sibling);
	e->on = on;
}

/*
 * Takes an entry out with all that is on it. It leaves the table and everything that it is on first, so that nobody finds
 * it while the rest goes, slice by slice; two ends of a pair, which are on each other, end there, too.
 */
static void take_out(struct ledger *l, struct entry *e);

static void take_out_things(struct ledger *l, struct entry *grave)
{
	struct entry *thing;

	while ((thing = LIST_FIRST(&grave->things))) {
		take_out(l, thing);
		take_turns(l);
	}
}

static void take_out(struct ledger *l, struct entry *e)
{
	remove_from_bucket(l, e);
	e->grave = true;
	leave(l, e);
	if (e->object) {
		TAILQ_REMOVE(&l->objects, e, order);
		l->n_objects--;
	}
	take_out_things(l, e);
	free(e);
}

static void copy_key(const struct entry *e, struct ledger_key *key)
{
	key->netns = e->netns;
	key->kind = e->kind;
	key->size = e->size;
	memcpy(key->identity, e->identity, e->size);
}

/* Moves the objects of a kind that are on something to a grave; with deep, those on what is on that, too. */
static void bury(struct ledger *l, struct entry *on, enum hycan_object_kind kind, bool deep, struct entry *grave)
{
	struct entry *thing, *next;
	struct ledger_key key;

	/* two ends of a pair are on each other */
	if (on->pinned)
		return;
	on->pinned = true;
	for (thing = LIST_FIRST(&on->things); thing; thing = next) {
		next = LIST_NEXT(thing, sibling);
		if (thing->object && thing->kind == kind && !thing->marked) {
			copy_key(thing, &key);
			ledger_file_take(l->file, &key);
			LIST_REMOVE(thing, sibling);
			enter(thing, grave);
		} else if (deep) {
			bury(l, thing, kind, true, grave);
		}
		if (thing->kind == kind)
			thing->marked = false;
	}
	on->pinned = false;
}

static void take_on(struct ledger *l, const struct ledger_key *key, enum hycan_object_kind kind, bool deep)
{
	struct entry grave = { .grave = true }, *on = find(l, key);

	if (!on)
		return;
	bury(l, on, kind, deep, &grave);
	release(l, on);
	take_out_things(l, &grave);
}

static void copy_object(const struct entry *e, struct ledger_object *object)
{
	object->uid = e->uid;
	object->since_us = e->since_us;
	copy_key(e, &object->key);
}

static int put(struct ledger *l, const struct ledger_object *object, uint32_t hash, struct entry *on)
{
	struct entry *e = obtain(l, &object->key, hash);

	if (!e)
		return -ENOMEM;
	if (e->object)
		TAILQ_REMOVE(&l->objects, e, order);
	else
		l->n_objects++;
	TAILQ_INSERT_TAIL(&l->objects, e, order);
	e->object = true;
	e->uid = object->uid;
	e->since_us = object->since_us;
	if (e->on != on) {
		leave(l, e);
		if (on && on != e)
			enter(e, on);
	}
	return 0;
}

size_t ledger_count(struct ledger *ledger)
{
	size_t n;

	lock(ledger);
	n = ledger->n_objects;
	unlock(ledger);
	return n;
}

/* Whether it goes just now, with what it is on. Two ends of a pair are on each other. */
static bool is_going(const struct entry *e)
{
	for (int depth = 0; e && depth < 16; depth++, e = e->on)
		if (e->grave)
			return true;
	return false;
}

static void mark_written_anew(struct ledger *l, bool is)
{
	if (l->is_written_anew)
		TAILQ_REMOVE(&l->objects, &l->written_anew, order);
	if (is)
		TAILQ_INSERT_HEAD(&l->objects, &l->written_anew, order);
	l->is_written_anew = is;
}

/* Writes the next objects into the file that is written anew. */
static int write_slice(struct ledger *l, bool *ret_done)
{
	struct ledger_object object;
	struct ledger_key on;
	struct entry *e;
	int r = 0;

	for (unsigned int i = 0; i < SLICE && (e = TAILQ_NEXT(&l->written_anew, order)); i++) {
		if (e->object && !is_going(e)) {
			copy_object(e, &object);
			if (e->on)
				copy_key(e->on, &on);
			r = ledger_file_anew_put(l->file, &object, e->on ? &on : NULL);
			if (r < 0)
				return r;
		}
		TAILQ_REMOVE(&l->objects, &l->written_anew, order);
		TAILQ_INSERT_AFTER(&l->objects, e, &l->written_anew, order);
	}
	*ret_done = !e;
	return 0;
}

/* Goes on with writing the file anew, when that is due. */
static void write_anew(struct ledger *l)
{
	bool begins, done = false;

	if (!l->file || !ledger_file_is_due(l->file, l->n_objects))
		return;
	if (ledger_file_anew(l->file, &begins) < 0)
		return;
	if (begins)
		mark_written_anew(l, true);
	if (write_slice(l, &done) < 0 || (done && ledger_file_anew_done(l->file) < 0)) {
		ledger_file_anew_abandon(l->file);
		done = true;
	}
	if (done)
		mark_written_anew(l, false);
}

/* The same at once, before anything else is written. */
static int write_all_anew(struct ledger *l)
{
	bool begins, done = false;
	int r = ledger_file_anew(l->file, &begins);

	if (r == 0)
		mark_written_anew(l, true);
	while (r == 0 && !done)
		r = write_slice(l, &done);
	mark_written_anew(l, false);
	return r < 0 ? r : ledger_file_anew_done(l->file);
}

static int put_all(struct ledger *l, const struct ledger_object *objects, size_t n, const struct ledger_key *key_on)
{
	struct entry *on = NULL;
	uint32_t hashes[LEDGER_PUT_MAX];
	int r = 0;

	if (key_on) {
		on = obtain(l, key_on, hash_of(l, key_on));
		if (!on)
			return -ENOMEM;
		on->pinned = true;
	}
	for (size_t i = 0; i < n; i++)
		hashes[i] = hash_of(l, &objects[i].key);
	if (n > 1)
		prefetch(l, hashes, n);
	for (size_t i = 0; i < n && r == 0; i++)
		r = put(l, &objects[i], hashes[i], on);
	if (on) {
		on->pinned = false;
		release(l, on);
	}
	return r;
}

int ledger_put(struct ledger *ledger, const struct ledger_object *objects, size_t n, const struct ledger_key *on)
{
	int r, written;

	lock(ledger);
	/* it is there, whether it can be written down or not */
	written = ledger_file_put(ledger->file, objects, n, on);
	r = put_all(ledger, objects, n, on);
	write_anew(ledger);
	unlock(ledger);
	return r ? r : written;
}

void ledger_take(struct ledger *ledger, const struct ledger_key *key)
{
	struct entry *e;

	lock(ledger);
	e = find(ledger, key);
	if (e) {
		ledger_file_take(ledger->file, key);
		take_out(ledger, e);
		write_anew(ledger);
	}
	unlock(ledger);
}

/* Gives an entry another key, which nothing else has: another entry, in its place. NULL: no memory, nothing has changed. */
static struct entry *rekey(struct ledger *l, struct entry *e, const struct ledger_key *key)
{
	struct entry *to = obtain(l, key, hash_of(l, key)), *on = e->on, *thing;

	if (!to)
		return NULL;
	to->uid = e->uid;
	to->since_us = e->since_us;
	to->marked = e->marked;
	to->object = e->object;
	if (e->object) {
		TAILQ_INSERT_BEFORE(e, to, order);
		TAILQ_REMOVE(&l->objects, e, order);
	}
	if (on) {
		LIST_REMOVE(e, sibling);
		enter(to, on);
	}
	while ((thing = LIST_FIRST(&e->things))) {
		LIST_REMOVE(thing, sibling);
		enter(thing, to);
	}
	remove_from_bucket(l, e);
	free(e);
	return to;
}

static int rename_entry(struct ledger *l, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds)
{
	struct entry *e = find(l, from), *thing, *next;
	struct ledger_key key = *to;

	if (!e)
		return 0;
	e = rekey(l, e, to);
	for (thing = e ? LIST_FIRST(&e->things) : NULL; thing; thing = next) {
		next = LIST_NEXT(thing, sibling);
		if (!(kinds & 1u << thing->kind) || thing->size < from->size ||
		    thing->size - from->size > LEDGER_IDENTITY_MAX - to->size ||
		    memcmp(thing->identity, from->identity, from->size) != 0)
			continue;
		key.kind = thing->kind;
		key.size = (uint8_t)(thing->size - from->size + to->size);
		memcpy(key.identity + to->size, thing->identity + from->size, thing->size - from->size);
		if (!find(l, &key) && !rekey(l, thing, &key))
			return -ENOMEM;
	}
	return e ? 0 : -ENOMEM;
}

int ledger_rename(struct ledger *ledger, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds)
{
	struct entry *gone;
	int r, written;

	lock(ledger);
	written = ledger_file_rename(ledger->file, from, to, kinds);
	while ((gone = find(ledger, to)))
		take_out(ledger, gone);
	r = rename_entry(ledger, from, to, kinds);
	write_anew(ledger);
	unlock(ledger);
	return r ? r : written;
}

void ledger_take_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind)
{
	lock(ledger);
	take_on(ledger, on, kind, true);
	write_anew(ledger);
	unlock(ledger);
}

void ledger_mark(struct ledger *ledger, const struct ledger_key *key)
{
	struct entry *e;

	lock(ledger);
	e = find(ledger, key);
	if (e)
		e->marked = true;
	unlock(ledger);
}

void ledger_sweep(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind)
{
	lock(ledger);
	take_on(ledger, on, kind, false);
	write_anew(ledger);
	unlock(ledger);
}

/* ---------------------------------------------------------------------------------------------------------- the file */

int ledger_keep(struct ledger *ledger, const char *path, bool *ret_broken)
{
	bool broken;
	int r = ledger_file_open(ledger, path, &ledger->file, &broken);

	if (r < 0)
		return r;
	if (broken) {
		lock(ledger);
		r = write_all_anew(ledger);
		unlock(ledger);
	}
	if (r < 0) {
		ledger_file_free(&ledger->file);
		return r;
	}
	*ret_broken = broken;
	return 0;
}

void ledger_end(struct ledger *ledger)
{
	if (ledger->file && ledger->n_objects == 0)
		ledger_file_remove(ledger->file);
}

bool ledger_is_kept(const struct ledger *ledger)
{
	return ledger->file != NULL;
}

int ledger_begin(struct ledger *ledger, const struct ledger_bytes *request, size_t n_parts, size_t n_objects,
                 unsigned int *ret_number)
{
	int r;

	lock(ledger);
	r = ledger_file_begin(ledger->file, request, n_parts, n_objects, ret_number);
	unlock(ledger);
	return r;
}

void ledger_commit(struct ledger *ledger, unsigned int number)
{
	lock(ledger);
	ledger_file_commit(ledger->file, number);
	unlock(ledger);
}

int ledger_unfinished(struct ledger *ledger, ledger_unfinished_request *found, void *userdata)
{
	return ledger_file_unfinished(ledger->file, found, userdata);
}

/* ----------------------------------------------------------------------------------------------------------- listing */

/* Copies the objects behind the cursor, SLICE at most, and moves it behind them. */
static size_t next_slice(struct ledger *l, struct entry *cursor, struct ledger_object *slice)
{
	struct entry *e;
	size_t n = 0;

	while (n < SLICE && (e = TAILQ_NEXT(cursor, order))) {
		if (e->object) {
			copy_object(e, &slice[n++]);
		}
		TAILQ_REMOVE(&l->objects, cursor, order);
		TAILQ_INSERT_AFTER(&l->objects, e, cursor, order);
	}
	return n;
}

int ledger_list(struct ledger *ledger, ledger_found *found, void *userdata)
{
	struct ledger_object slice[SLICE];
	struct entry cursor = { .grave = true };
	size_t n;
	int r = 0;

	lock(ledger);
	TAILQ_INSERT_HEAD(&ledger->objects, &cursor, order);
	while (r == 0 && (n = next_slice(ledger, &cursor, slice)) > 0) {
		unlock(ledger);
		for (size_t i = 0; i < n && r == 0; i++)
			r = found(&slice[i], userdata);
		lock(ledger);
	}
	TAILQ_REMOVE(&ledger->objects, &cursor, order);
	unlock(ledger);
	return r;
}
