/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image: what the kernel has, as it told last, in little memory. For the files of this room alone.
 *
 * An entry is the kernel's own message about a thing, cut down to what counts, under a key. Several may have the same one:
 * they stand in a ring. Entries stand in the order in which they came and have growing numbers, so that somebody can go
 * through them in steps while they change.
 */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define IMAGE_KEY_MAX 1024

struct image_key {
	uint16_t size;
	uint8_t bytes[IMAGE_KEY_MAX];
};

struct image_entry {
	struct image_entry *next;            /* in the bucket, of those that are the first in their ring */
	struct image_entry *before, *behind; /* in the ring of those with the same key */
	TAILQ_ENTRY(image_entry) order;
	uint64_t number;
	uint32_t hash;
	uint32_t seen; /* whatever its owner makes of it, and of again */
	uint32_t again;
	uint32_t essence; /* bytes of the message that make a difference */
	uint16_t key_size;
	uint8_t kind;
	_Alignas(8) uint8_t bytes[]; /* the message, and the key behind it */
};

TAILQ_HEAD(image_list, image_entry);

struct image {
	struct image_entry **bucket;
	size_t n_buckets; /* a power of two, or 0 */
	size_t n;
	uint64_t last; /* number of the entry that came last */
	uint64_t seed;
	struct image_list entries;
};

int image_open(struct image *image);
void image_close(struct image *image);

static inline const struct nlmsghdr *image_message(const struct image_entry *entry)
{
	return (const struct nlmsghdr *)entry->bytes;
}

/* The first of those with a key, or NULL; and of those with the key of an entry. */
struct image_entry *image_find(const struct image *image, uint8_t kind, const struct image_key *key);
struct image_entry *image_first(const struct image *image, const struct image_entry *entry);

static inline bool image_is_alone(const struct image_entry *entry)
{
	return entry->behind == entry;
}

/* An entry becomes the last of those with its key. */
void image_move_last(struct image *image, struct image_entry *entry);

/* The first entry with a number above that, or NULL. Quick where the one with that number was asked for last. */
struct image_entry *image_after(const struct image *image, uint64_t number, struct image_entry *hint);

/* Adds an entry, the last of those with its key. NULL: no memory. */
struct image_entry *image_add(struct image *image, uint8_t kind, const struct image_key *key, const struct nlmsghdr *nlh,
                              uint32_t essence);

/* Whether a message says the same of it. */
bool image_same(const struct image_entry *entry, const struct nlmsghdr *nlh, uint32_t essence);

/* Puts another message into its place. The entry may be another one afterwards; NULL: no memory, and it is as it was. */
struct image_entry *image_change(struct image *image, struct image_entry *entry, const struct nlmsghdr *nlh, uint32_t essence);

/* Takes an entry out for another one with the same key, which gets its number and its age; image_release() frees it. */
void image_succeed(struct image *image, struct image_entry *entry, struct image_entry *other);

/* Takes an entry out; image_release() frees it. */
void image_take(struct image *image, struct image_entry *entry);
void image_release(struct image_entry *entry);

#endif
