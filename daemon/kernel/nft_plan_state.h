/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of our table as it is kept, for its two files alone:
 *
 *   nft_plan.c       what is found in it
 *   nft_plan_note.c  batches that come into it
 *
 * An element is kept as the message that would have added or deleted it, in an image (image.h), and the last word about it
 * counts. Intervals, of which there are few, are kept as such, since they are found by any key in them; they never overlap,
 * so the newest one around a key tells what will be there.
 */
#ifndef KERNEL_NFT_PLAN_STATE_H
#define KERNEL_NFT_PLAN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

#include "image.h"
#include "nft.h"
#include "nft_table.h"

/* Registers of the longest key of an interval, and of what one leads to. */
#define NFT_PLAN_KEY_MAX  16
#define NFT_PLAN_DATA_MAX HYCAN_IFNAME_SIZE

/* More sets than our table can have. */
#define NFT_PLAN_SETS_MAX 512

struct interval {
	TAILQ_ENTRY(interval) order;
	char set[NFT_SET_NAME_SIZE];
	uint8_t first[NFT_PLAN_KEY_MAX];
	uint8_t behind[NFT_PLAN_KEY_MAX]; /* the first key behind it */
	size_t key_size;
	uint8_t data[NFT_PLAN_DATA_MAX];
	size_t data_size;
	bool gone;
};

TAILQ_HEAD(interval_list, interval);

struct planned_set {
	char name[NFT_SET_NAME_SIZE];
	bool gone;
	bool told; /* the kernel has it, too */
};

/* Where a batch is that is noted. */
struct noting {
	uint16_t type; /* of the message */
	const char *set;
	bool has_last; /* an element that may be the first of an interval: its end is the next one */
	struct nft_element last;
	uint16_t last_type;
	const char *last_set;
	bool has_rules;
};

struct nft_plan {
	struct noting noting;
	struct image elements;
	struct interval_list intervals; /* in the order of planning */
	struct planned_set set[NFT_PLAN_SETS_MAX];
	size_t n_sets;
	bool table_gone;
	bool has_rules;
	size_t rules;
};

/* The key of an element in the image: its set, and its own. */
static inline void nft_plan_put_key(struct image_key *key, const char *set, const void *bytes, size_t size)
{
	size_t n = strnlen(set, NFT_SET_NAME_SIZE - 1) + 1;

	memcpy(key->bytes, set, n);
	memcpy(key->bytes + n, bytes, size);
	key->size = (uint16_t)(n + size);
}

/* The text of an attribute of a message about our table, or "". */
const char *nft_plan_read_name(const struct nlmsghdr *nlh, uint16_t type);

#endif
