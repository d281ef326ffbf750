/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a thing, put down while it is not there, and given back. */
#ifndef LEDGER_HOLDERS_H
#define LEDGER_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

/* Who holds an object, to be kept as bytes while it is not there. */
#define LEDGER_HOLDERS_MAX 256
struct ledger_holders {
	struct ledger_key key;
	uint64_t owner; /* the caller's: for whom it is put back */
	uint64_t n;     /* of those that follow; the oldest, where there are more */
	struct {
		struct ledger_holder holder;
		uint64_t at_us; /* from when a lease counts */
	} by[LEDGER_HOLDERS_MAX];
};

/* Bytes of what is used of it. */
size_t ledger_holders_size(const struct ledger_holders *holders);

/* Who does. Returns how many all are, of whom it has the oldest. */
size_t ledger_list_holders(struct ledger *ledger, const struct ledger_key *key, struct ledger_holders *ret_holders);

/* Those of a kind on something that the holder holds with others: who holds each, told under the lock. */
typedef void ledger_shared(struct ledger_holders *holders, void *userdata);
void ledger_list_shared_on(struct ledger *ledger, const struct ledger_key *on, enum hycan_object_kind kind,
                           const struct ledger_holder *holder, ledger_shared *found, void *userdata);

/* Whether it is that one alone, in the same way, and for no lease. */
bool ledger_holders_are(const struct ledger_holders *holders, const struct ledger_holder *holder);

/* Who holds what is put back for a user, until each has his own again. */
struct ledger_holder ledger_holder_back(uint64_t owner);

/*
 * They hold it again, and the putting back does not any more. Where it is not there, nobody does; where nobody holds it then, it is a
 * stranger's. What somebody else takes away just now is waited for. A lease for which it was asked again up to a moment ends when it would
 * have without that; 0: none does.
 */
void ledger_give_back(struct ledger *ledger, const struct ledger_holders *holders, uint64_t until_us, const void *by);

#endif
