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
	uint64_t h = image->seed ^ kind ^ (uint64_t)key->nth << 32, word;

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
		if (e->hash == hash && e->kind == kind && e->nth == key->nth && e->key_size == key->size &&
		    memcmp(key_of(e), key->bytes, key->size) == 0)
			break;
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
	size_t n = image->n_buckets * 2;
	struct image_entry **bucket = calloc(n, sizeof(*bucket)), *e;

	if (!bucket)
		return;
	free(image->bucket);
	image->bucket = bucket;
	image->n_buckets = n;
	TAILQ_FOREACH(e, &image->entries, order)
	{
		e->next = *bucket_of(image, e->hash);
		*bucket_of(image, e->hash) = e;
	}
}

static struct image_entry *entry_new(const struct image_key *key, const struct nlmsghdr *nlh, uint32_t essence)
{
	struct image_entry *e = malloc(sizeof(*e) + nlh->nlmsg_len + key->size);

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->essence = essence;
	e->key_size = key->size;
	e->nth = key->nth;
	memcpy(e->bytes, nlh, nlh->nlmsg_len);
	memcpy(e->bytes + nlh->nlmsg_len, key->bytes, key->size);
	return e;
}

struct image_entry *image_add(struct image *image, uint8_t kind, const struct image_key *key, const struct nlmsghdr *nlh,
                              uint32_t essence)
{
	struct image_entry *e = entry_new(key, nlh, essence);

	if (!e)
		return NULL;
	if (image->n >= image->n_buckets)
		grow(image);
	e->kind = kind;
	e->hash = hash_of(image, kind, key);
	e->number = ++image->last;
	e->next = *bucket_of(image, e->hash);
	*bucket_of(image, e->hash) = e;
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

static struct image_entry **link_to(const struct image *image, const struct image_entry *entry)
{
	struct image_entry **at;

	for (at = bucket_of(image, entry->hash); *at != entry;)
		at = &(*at)->next;
	return at;
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
	key.nth = entry->nth;
	memcpy(key.bytes, key_of(entry), key.size);
	e = entry_new(&key, nlh, essence);
	if (!e)
		return NULL;
	e->kind = entry->kind;
	e->hash = entry->hash;
	e->number = entry->number;
	e->seen = entry->seen;
	e->again = entry->again;
	e->next = entry->next;
	*link_to(image, entry) = e;
	TAILQ_INSERT_BEFORE(entry, e, order);
	TAILQ_REMOVE(&image->entries, entry, order);
	free(entry);
	return e;
}

void image_take(struct image *image, struct image_entry *entry)
{
	*link_to(image, entry) = entry->next;
	TAILQ_REMOVE(&image->entries, entry, order);
	image->n--;
}

void image_release(struct image_entry *entry)
{
	free(entry);
}
