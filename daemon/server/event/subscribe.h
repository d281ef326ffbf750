/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subscriptions, as the loop sees them: who may have one, and the way of its events to the socket. */
#ifndef SERVER_SUBSCRIBE_H
#define SERVER_SUBSCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "op.h"

struct buffer;
struct peer;
struct server;

/* Opens the observer. */
int subscribe_open(struct server *server);

/* event.subscribe and event.unsubscribe. */
int subscribe_begin(struct op *op, const struct hycan_event_subscribe_request *request);
int subscribe_end(struct op *op, uint32_t request);

/* The policy is another one: connections that hear what they may not any more are dropped, so that they ask again. */
void subscribe_review(struct server *server);

/* Events for a peer that has room for them. False: there are none now. */
bool subscribe_next(struct peer *peer, struct buffer *ret_output);

struct subscription_record;

/* Whether another daemon will find them: where the connection is now, that is. */
bool subscribe_can_leave(const struct peer *peer);

/*
 * The peer is left to another daemon: what its subscriptions have told is in its output, and where they are in up to
 * SUBSCRIPTIONS_PER_PEER records. Returns how many; or -ENOBUFS, with which the connection must end.
 */
int subscribe_leave(struct peer *peer, struct subscription_record *records);

/* They go on: with an overflow, and a snapshot. 0 or -errno. */
int subscribe_resume(struct peer *peer, const struct subscription_record *records, size_t n);

/* The peer goes, and all of its subscriptions. */
void subscribe_forget(struct peer *peer);

#endif
