/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transaction that waits to be confirmed will give back, where it is not: it counts for the quotas of those who will have it. Else
 * who takes away all that he may have, and asks for as much again, would have twice that when the first is back.
 */
#ifndef SERVER_OWING_H
#define SERVER_OWING_H

#include <stddef.h>
#include <stdint.h>

struct quota_table;

/* What is owed to a user. */
struct owed {
	uint64_t subject;
	uint64_t thing; /* a number that tells it from others */
	unsigned int kind;
};

struct owing {
	struct owed *owed;
	size_t n;
};

/* Something is, maybe once more. 0 or -ENOMEM. */
int owing_note(struct owing *owing, uint64_t subject, unsigned int kind, uint64_t thing);

/* It counts from now on, each thing once; and no more. Without memory some of it does not. */
void owing_begin(struct owing *owing, struct quota_table *quotas);
void owing_end(struct owing *owing, struct quota_table *quotas);

#endif
