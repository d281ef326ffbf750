/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sealed keys: in the place of a key stands what tells whether another one is the same.
 *
 * That is 64 bits of a hash, and the random number that it was made with. Of a key of 256 random bits they tell a quarter at
 * most, whatever is done with them; two keys are taken for the same once in 2^64.
 */
#ifndef SERVER_SEAL_H
#define SERVER_SEAL_H

#include <stdbool.h>

struct hycan_key;
struct op;

/* Seals a key; the one of zeros stands for none, and stays. 0 or -errno. */
int seal_key(struct hycan_key *key);

/* Whether it is the key that was sealed, or where nothing is sealed the same one (op.h). */
bool seal_fits(const struct op *op, const struct hycan_key *sealed, const struct hycan_key *key);

#endif
