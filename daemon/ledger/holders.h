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
	uint64_t
		owner; /* the caller's: to whom it falls when it is put back, and who lets go of it then, unless he is one of them */
	uint64_t n;    /* of those that follow; the oldest, where there are more */
	struct {
		struct ledger_holder holder;
		uint64_t at_us; /* from when a lease counts */
	} by[LEDGER_HOLDERS_MAX];
};

/* Bytes of what is used of it. */
size_t ledger_holders_size(const struct ledger_holders *holders);

/* Who does; false: nobody. The number of all, of which the oldest are kept, is in ret_n. */
bool ledger_list_holders(struct ledger *ledger, const struct ledger_key *key, struct ledger_holders *ret_holders, size_t *ret_n);

/* Whether it is that one alone. */
bool ledger_holders_are(const struct ledger_holders *holders, const struct ledger_holder *holder);

/*
 * They hold it again, and the one who got it since a moment for them does not, unless it is one of them: who has it from before asked
 * for it meanwhile. Where it is not there, nobody does; where nobody holds it any more, it is a stranger's.
 */
void ledger_give_back(struct ledger *ledger, const struct ledger_holders *holders, const struct ledger_holder *now,
                      uint64_t since_us);

#endif
