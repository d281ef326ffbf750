/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ledger is told of a request. */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include <stdbool.h>
#include <stddef.h>

struct hycan_operation;
struct job;

/* Whether there is room for what a request makes: 0, the refusal, or -ENOMEM. */
int record_check(struct job *job);

/* Whether the ledger is told nothing of such a request: it makes, takes away and renames nothing. */
bool record_is_empty(const struct hycan_operation *operation);

/* How many objects a request makes, at most. */
size_t record_count(struct job *job);

/* Whether the job's user, or its session, itself holds what the request takes away. */
bool record_holds(struct job *job);

/*
 * Records what was made and taken away by a request that was carried out; on any thread. -EAGAIN: something that was there
 * went meanwhile, and the request is to be carried out once more. The refusal: somebody else is taking something of it away, and was
 * waited for in vain. What else fails is in the log.
 */
int record_done(struct job *job);

/*
 * The same of one that was to take away what is not there. What the ledger has by the very key that the request names
 * went, and not by a request, maybe with what an earlier step took away: it is let go of as if it had been there. What has the name
 * alone is another thing, and stays: a route by another gateway, a link that is called as a network's.
 * any: also what others hold (own_any()); else what the caller does, and others go on to. Returns whether that was anything.
 */
bool record_gone(struct job *job, bool any);

/*
 * Records items of the request's list, from one on up to another in the job's order, while the handler is about those
 * behind: all of them are there, and were not before. 0 or -ENOMEM.
 */
int record_items(struct job *job, size_t from, size_t to);

#endif
