/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions to which a transaction gives something back when it is taken back: so they are not forgotten as long as it may be, though
 * they hold nothing for the time being. That is known from before the ledger is told that a step took it away, until the ledger has it
 * again, or nobody takes the transaction back any more.
 */
#ifndef SERVER_GIVING_H
#define SERVER_GIVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct giving;
struct job;
struct ledger_holders;
struct server;

LIST_HEAD(giving_list, giving);

/* The job's transaction is about to begin. 0 or -ENOMEM. */
int giving_begin(struct job *job);

/* They held what it is about to take away. 0 or -ENOMEM. */
int giving_note(struct giving *giving, const struct ledger_holders *holders);

void giving_end(struct giving **giving);

/* What a session has, and may get back, all at one moment. */
struct giving_look {
	size_t n_held;
	bool any;               /* some may come back */
	uint64_t lease_ends_us; /* the last lease among that, as far as is known; 0: none is one */
};

/* renewed_us: when all of its leases were renewed last; 0: never. On any thread. */
void giving_look(struct server *server, uint64_t session, uint64_t renewed_us, struct giving_look *ret_look);

#endif
