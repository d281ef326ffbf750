/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pending.c and pending_end.c share: the list of transactions that are to be confirmed, those that came about last first. One is
 * in it from before its first step until it is confirmed, or taken back.
 *
 * It has a lock, since requests look at it on workers. Whoever works at one has what takes it back alone, without the lock.
 */
#ifndef SERVER_WAITING_H
#define SERVER_WAITING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "ledger.h"
#include "owing.h"
#include "pending.h"
#include "undo_log.h"

#define NEVER UINT64_MAX

struct giving;
struct job;
struct peer;
struct server;

/* Of keys: in order, each once. */
struct pending_hashes {
	uint64_t *hash;
	size_t n;
};

/* What one is about. */
struct pending_about {
	struct pending_hashes shown;   /* what it made or changed, which is told of to who lists objects */
	struct pending_hashes touched; /* what it made, changed or took away */
	struct pending_hashes under;   /* links, by the names that they have for what is on them, of that */
	struct pending_hashes below;   /* links that it puts something back on */
	struct pending_hashes down;    /* links that it set down */
	struct pending_hashes renamed; /* links that have another name */
};

struct pending {
	struct server *server;
	const struct peer *peer; /* NULL: detached */
	bool works;              /* it is carried out, or some of it taken back, just now */
	bool is_asked_for;       /* somebody takes it back himself, and waits for what is before it */
	bool waits;              /* its time has begun */
	const char *why;         /* it is taken back; NULL: it is not */
	char token[33];
	struct ledger_holder holder;
	uint64_t began_us; /* when it was asked for */
	uint64_t netns;
	uint64_t cookie; /* of that namespace; 0: not known */
	struct undo_log undo;
	size_t bytes;        /* that are kept for it, */
	size_t refused;      /* and as many as all of them would have been: more than */
	size_t most;         /* may be; 0: none were refused */
	bool is_noted;       /* in the ledger's file, for the next daemon, */
	unsigned int number; /* by that number */
	struct pending_about about;
	struct giving *giving; /* sessions that get something back with it, */
	struct owing owing;    /* and what, as long as it is not taken back */
	bool is_prepared;      /* what it is about is known */
	unsigned int slot;     /* tells it from all others in the list */
	bool on[PENDING_MAX];  /* slots of those that it stands on: it is taken back before them */
	uint32_t seconds;
	uint64_t ends_us;
	unsigned int patience;
	uint64_t rests_us; /* it is taken back, and tried again then; 0: it does not rest, */
	uint32_t rest_s;   /* nor ever did; else how long at last, */
	uint64_t tried_us; /* since when, */
	bool is_woken;     /* and not to its end, since somebody waits for it */
	TAILQ_ENTRY(pending) entry;
};

extern pthread_mutex_t pending_lock;

/* One that was worked at is not any more. */
extern pthread_cond_t pending_moved;

void pending_free(struct pending *p);

/* With the lock: out of the list. */
void pending_take_out(struct pending *p);

/*
 * With the lock: whose turn it is, of a user in a network namespace. That is the one that is worked at, and else the newest
 * of those that are taken back. NULL: nobody's.
 */
struct pending *pending_turn(const struct server *server, uint64_t subject, uint64_t netns);

/* Until when somebody waits who begins now. */
struct timespec pending_patience(void);

/*
 * With the lock, which is not held meanwhile: waits for one that is before his, until any was worked at. If it rests, it is tried soon.
 * False: for too long.
 */
bool pending_wait(struct pending *p, const struct timespec *until);

/* With the lock: who waits for one that rests has it tried soon. The loop is to look, which worker_wait() tells it. */
void pending_wake(struct pending *p);

/* With the lock: one is taken back, and before it those that stand on it. */
void pending_end(struct pending *p, const char *why);

/*
 * With the lock, which is not held meanwhile, and where it was nobody's turn: takes one back, and before it those that stand on it, to
 * the end. Returns how many of their requests could not be taken back.
 */
size_t pending_take_back(struct pending *p, const char *why, struct job *job);

#endif
