/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dispatcher: the one place where policy meets bytes. */
#ifndef SERVER_DISPATCH_H
#define SERVER_DISPATCH_H

#include <linux/netlink.h>

#include "peer.h"

enum dispatched {
	DISPATCH_DONE,         /* answered */
	DISPATCH_ELSEWHERE,    /* a worker has it */
	DISPATCH_WAIT,         /* no worker is free: try the same frame again */
	DISPATCH_REST,         /* refused, for a quota: nothing more of this peer for a while */
	DISPATCH_WAIT_SLOW,    /* the same for a slow operation, which may not have every worker */
	DISPATCH_WAIT_PROGRAM, /* the same, for one that may wait for another program, where nobody stands in */
	DISPATCH_WAIT_OWN,     /* the same, until a request of its own user that waits for another program is done */
};

/*
 * Dispatches a whole frame. The descriptors are the dispatcher's, unless it waits. A long frame that is all there is in
 * peer->input goes to a worker as it is, with the queue that it is in.
 */
enum dispatched dispatch_frame(struct peer *peer, const struct nlmsghdr *header, const uint8_t *bytes, const int *fds, size_t n_fds,
                               bool fds_lost);

/* The loop's job for a frame that is refused as it is; dispatch_refuse() answers it with what op_refuse() returned. */
struct job *dispatch_unread(struct peer *peer, const struct nlmsghdr *header);
void dispatch_refuse(struct job *job, int refusal);

/* Whether a job is free for an operation, a slow one or another. */
bool dispatch_has_room(const struct server *server, bool slow);

/* A worker's job, of which dispatch_has_room() has said that there is one. */
struct job *dispatch_free_job(struct server *server);

/* Starts the worker whose job it is. */
void dispatch_give_work(struct server *server, struct job *job);

/* The part of a request that is a worker's: all behind finding it a job, or the carrying out alone. */
void dispatch_on_worker(struct job *job);

/* The same for a request that came by the classic protocol: decoded already, answered by classic.c. */
enum dispatched dispatch_request(struct peer *peer, const struct hycan_operation *operation, const void *request);

/* Asks policy and the ledger about a request that is decoded; 0, or the refusal. */
int dispatch_judge(struct job *job);

/*
 * Writes down who asked for what, and what became of it. cause: why the daemon did it by itself (“the client is gone”);
 * or "".
 */
void dispatch_audit(struct job *job, uint64_t duration_us, const char *cause);

/* The same with words for what it was about. */
void dispatch_audit_object(const struct job *job, const char *object, uint64_t duration_us, const char *cause);

/* A job is done, here or on a worker: counted, written to the log, wiped. */
void dispatch_finish(struct job *job);

#endif
