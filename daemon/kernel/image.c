/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image: a hash table, and a list by age. What this file does not do: know what a message means. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "image.h"

#define BUCKETS_MIN 64u

int image_open(struct image *image)
{
	memset(image, 0, sizeof(*image));
	TAILQ_INIT(&image->entries);
	if (getrandom(&image->seed, sizeof(image->seed), 0) != sizeof(image->seed))
		return -EIO;
	image->bucket = calloc(BUCKETS_MIN, sizeof(*image->bucket));
	if (!image->bucket)
		return -ENOMEM;
	image->n_buckets = BUCKETS_MIN;
	return 0;
}

void image_close(struct image *image)
{
	struct image_entry *e;

	if (!image->bucket)
		return;
	while ((e = TAILQ_FIRST(&image->entries))) {
		TAILQ_REMOVE(&image->entries, e, order);
		free(e);
	}
	free(image->bucket);
	image->bucket = NULL;
}

/* Multiply and fold; the seed keeps strangers from choosing what ends in one bucket. */
static uint32_t hash_of(const struct image *image, uint8_t kind, const struct image_key *key)
{
	uint64_t h = image->seed ^ kind, word;

	for (size_t i = 0; i < key->size; i += sizeof(word)) {
		word = 0;
		memcpy(&word, key->bytes + i, key->size - i < sizeof(word) ? key->size - i : sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h = (h ^ h >> 29) + image->seed;
	}
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(h >> 32);
}

static struct image_entry **bucket_of(const struct image *image, uint32_t hash)
{
	return &image->bucket[hash & (image->n_buckets - 1)];
}

static const uint8_t *key_of(const struct image_entry *e)
{
	return e->bytes + image_message(e)->nlmsg_len;
}

struct image_entry *image_find(const struct image *image, uint8_t kind, const struct image_key *key)
{
	uint32_t hash = hash_of(image, kind, key);
	struct image_entry *e;

	for (e = *bucket_of(image, hash); e; e = e->next)
		if (e->hash == hash && e->kind == kind && e->key_size == key->size && memcmp(key_of(e), key->bytes, key->size) == 0)
			break;
	return e;
}

struct image_entry *image_first(const struct image *image, const struct image_entry *entry)
{
	struct image_entry *e = *bucket_of(image, entry->hash);

	while (e->hash != entry->hash || e->kind != entry->kind || e->key_size != entry->key_size ||
	       memcmp(key_of(e), key_of(entry), entry->key_size) != 0)
		e = e->next;
	return e;
}

struct image_entry *image_after(const struct image *image, uint64_t number, struct image_entry *hint)
{
	struct image_entry *e = hint ? hint : TAILQ_FIRST(&image->entries);

	while (e && e->number <= number)
		e = TAILQ_NEXT(e, order);
	return e;
}

/* Twice as many buckets. Without memory for them the old ones do. */
static void grow(struct image *image)
{
	const size_t n = image->n_buckets;
	struct image_entry **bucket = calloc(2 * n, sizeof(*bucket)), **former = image->bucket, *e, *next;

	if (!bucket)
		return;
	image->bucket = bucket;
	image->n_buckets = 2 * n;
	for (size_t i = 0; i < n; i++)
		for (e = former[i]; e; e = next) {
			next = e->next;
			e->next = *bucket_of(image, e->hash);
			*bucket_of(image, e->hash) = e;
		}
	free(former);
}

static struct image_entry *entry_new(const struct image_key *key, const struct nlmsghdr *nlh, uint32_t essence)
{
	struct image_entry *e = malloc(sizeof(*e) + nlh->nlmsg_len + key->size);

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->essence = essence;
	e->key_size = key->size;
	memcpy(e->bytes, nlh, nlh->nlmsg_len);
	memcpy(e->bytes + nlh->nlmsg_len, key->bytes, key->size);
	return e;
}

static void ring_put_before(struct image_entry *e, struct image_entry *other)
{
	e->behind = other;
	e->before = other->before;
	other->before->behind = e;
	other->before = e;
}

static void ring_take(struct image_entry *e)
{
	e->before->behind = e->behind;
	e->behind->before = e->before;
}

/* Where the bucket has an entry; NULL: another one is the first of its ring. */
static struct image_entry **link_to(const struct image *image, const struct image_entry *entry)
{
	struct image_entry **at = bucket_of(image, entry->hash);

	while (*at && *at != entry)
		at = &(*at)->next;
	return *at ? at : NULL;
}

struct image_entry *image_add(struct image *image, uint8_t kind, const struct image_key *key, const struct nlmsghdr *nlh,
                              uint32_t essence)
{
	struct image_entry *e = entry_new(key, nlh, essence), *first;

	if (!e)
		return NULL;
	if (image->n >= image->n_buckets)
		grow(image);
	e->kind = kind;
	e->hash = hash_of(image, kind, key);
	e->number = ++image->last;
	e->before = e->behind = e;
	first = image_find(image, kind, key);
	if (first) {
		ring_put_before(e, first);
	} else {
		e->next = *bucket_of(image, e->hash);
		*bucket_of(image, e->hash) = e;
	}
	TAILQ_INSERT_TAIL(&image->entries, e, order);
	image->n++;
	return e;
}

bool image_same(const struct image_entry *entry, const struct nlmsghdr *nlh, uint32_t essence)
{
	/* sequence number, sender and flags are of the message and not of the thing */
	return entry->essence == essence &&
	       memcmp(entry->bytes + NLMSG_HDRLEN, (const uint8_t *)nlh + NLMSG_HDRLEN, essence - NLMSG_HDRLEN) == 0;
}

/* The second one of a ring is the first one from now on, and that the last. */
static void turn(struct image_entry **at)
{
	struct image_entry *first = *at;

	first->behind->next = first->next;
	*at = first->behind;
}

void image_move_last(struct image *image, struct image_entry *entry)
{
	struct image_entry **at = link_to(image, entry), *first;

	if (image_is_alone(entry))
		return;
	if (at) {
		turn(at);
		return;
	}
	first = image_first(image, entry);
	ring_take(entry);
	ring_put_before(entry, first);
}

void image_take(struct image *image, struct image_entry *entry)
{
	struct image_entry **at = link_to(image, entry);

	if (at && image_is_alone(entry))
		*at = entry->next;
	else if (at)
		turn(at);
	ring_take(entry);
	TAILQ_REMOVE(&image->entries, entry, order);
	image->n--;
}

void image_succeed(struct image *image, struct image_entry *entry, struct image_entry *other)
{
	other->number = entry->number;
	other->again = entry->again;
	TAILQ_REMOVE(&image->entries, other, order);
	TAILQ_INSERT_BEFORE(entry, other, order);
	image_take(image, entry);
}

struct image_entry *image_change(struct image *image, struct image_entry *entry, const struct nlmsghdr *nlh, uint32_t essence)
{
	struct image_key key;
	struct image_entry *e;

	if (image_message(entry)->nlmsg_len == nlh->nlmsg_len) {
		memcpy(entry->bytes, nlh, nlh->nlmsg_len);
		entry->essence = essence;
		return entry;
	}
	key.size = entry->key_size;
	memcpy(key.bytes, key_of(entry), key.size);
	e = image_add(image, entry->kind, &key, nlh, essence);
	if (!e)
		return NULL;
	e->seen = entry->seen;
	image_succeed(image, entry, e);
	image_release(entry);
	return e;
}

void image_release(struct image_entry *entry)
{
	free(entry);
}
