/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions that are done and wait for somebody to confirm them: those that nobody confirms in time are taken back.
 * They are bound to the connection that asked, and taken back when it goes, or detached, and bound to their token alone.
 *
 * What takes one back was said when a later one was not there yet. So those that came later in the same network namespace, of the same
 * user or about the same things, are taken back before it. Of one user there is one at work there at a time, which is carried out or taken
 * back; the others wait for that, but not for long.
 *
 * A daemon that ends confirms nothing: what is not confirmed is taken back, by it or by its successor.
 */
#ifndef SERVER_PENDING_H
#define SERVER_PENDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/* That wait at a time, of one user and of all. */
#define PENDING_PER_USER 16
#define PENDING_MAX      256

/*
 * Bytes that are kept for them, of one user and of all: what takes them back, in memory, and the notes in the ledger's file, with what is
 * promised there. They are kept for as long as the user likes, and what is full is full for everybody. Root has what is left of all.
 */
#define PENDING_BYTES_PER_USER ((size_t)8 << 20)
#define PENDING_BYTES_MAX      ((size_t)128 << 20)

struct job;
struct ledger_key;
struct op;
struct peer;
struct pending;
struct server;
struct undo_log;

TAILQ_HEAD(pending_list, pending);

int pending_open_timer(struct server *server);

/*
 * Before the job's transaction does anything: room for it among those that wait, and in what takes it back. 0, the refusal
 * when the user has too many or another one is at work for too long, or -errno. On any thread but the loop's.
 */
int pending_reserve(struct job *job, struct undo_log *undo, uint32_t seconds, bool detached, struct pending **ret_pending);

/* So many bytes in all are to be kept for it, before they are: room among those of the user. 0, or -EDQUOT: they are too many. */
int pending_claim(struct pending *pending, size_t bytes);

/* The refusal where they were too many; else 0. */
int pending_refuse(const struct pending *pending, struct op *op);

/* It is about to come about, and that takes it back: what it made or changed is noted, for those who list objects. 0 or -ENOMEM. */
int pending_prepare(struct pending *pending, struct job *job, struct undo_log *undo);

/* It did not come about, or changed nothing. */
void pending_discard(struct pending **pending);

/* It came about, and the ledger knows: it is the job's from now on, with what takes it back. */
void pending_keep(struct pending *pending, struct job *job, struct undo_log *undo);

/* Its token. */
const char *pending_token(const struct pending *pending);

/* A namespace has ended: there is nothing to take back there. */
void pending_end_place(struct server *server, uint64_t netns);

/* In the loop: the job is done. The time of the one that it made begins, and it is the turn of others. */
void pending_settle(struct job *job);

/* In the loop: somebody may wait for one that rests (pending_wake()). */
void pending_awake(struct server *server);

/* A peer is gone. */
void pending_lost(struct server *server, const struct peer *peer);

/* The server is about to end: nobody waits for his turn any more. */
void pending_hurry(struct server *server);

/* It ends: all of them are taken back, here and now. */
void pending_end_all(struct server *server);

/* Whether an object was made or changed by one that waits; and how many milliseconds it still does. On any thread. */
bool pending_has(struct server *server, const struct ledger_key *key, uint64_t now_us, uint64_t *ret_ms);

/* What operations ask. */
int pending_confirm(struct op *op, const char *token);
int pending_cancel(struct op *op, const char *token);

/*
 * Takes back all that wait of a user, or NULL: of anybody; what of them cannot be is in the log. 0, or the refusal: somebody else is at it
 * for too long. Sets whether there were any.
 */
int pending_clear(struct op *op, const uint64_t *subject, bool *ret_any);

int pending_list(struct op *op);

#endif
