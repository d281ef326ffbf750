/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pending.c and pending_end.c share: the list of transactions that wait to be confirmed, the newest first.
 *
 * It has a lock, since requests look at it on workers: whoever takes one out of the list has it alone.
 */
#ifndef SERVER_WAITING_H
#define SERVER_WAITING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "errand.h"
#include "ledger.h"
#include "undo_log.h"

#define NEVER UINT64_MAX

struct peer;
struct server;

struct pending {
	struct errand errand;
	struct server *server;
	const struct peer *peer; /* NULL: detached */
	bool waits;              /* its time has begun */
	char token[33];
	struct ledger_holder holder;
	uint64_t netns;
	struct undo_log undo;
	bool is_noted;       /* in the ledger's file, for the next daemon, */
	unsigned int number; /* by that number */
	uint64_t hash_key[2];
	uint64_t *made; /* what it made: hashes of keys, in order */
	size_t n_made;
	uint32_t seconds;
	uint64_t ends_us;
	const char *why; /* it is taken back */
	unsigned int patience;
	size_t n_left;        /* of its requests, that could not be taken back */
	struct pending *then; /* which one is taken back after it */
	TAILQ_ENTRY(pending) entry;
};

extern pthread_mutex_t pending_lock;

void pending_free(struct pending *p);

/*
 * With the lock: takes one out of the list, for the reason that stands in it, and those that have to go before it. Returns
 * the first, from which the others hang.
 */
struct pending *pending_take_out(struct pending *p);

/* Takes all of them back, to the end; on any thread. */
void pending_take_back(struct pending *first, struct job *job);

#endif
