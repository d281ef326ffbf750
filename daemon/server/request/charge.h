/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Charging: what a peer's user has of the daemon, against its quotas.
 *
 * A peer is judged by its own limits, which may come from a group that another connection of the same user does not have;
 * what is compared with them is all that the user has. A private daemon charges nobody.
 */
#ifndef SERVER_CHARGE_H
#define SERVER_CHARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"

struct job;
struct op;
struct hycan_session_whoami_reply;
struct server;

/* Opens the counts; the ledger tells them of its objects. */
int charge_open(struct server *server);

/*
 * Charges a new connection. One over the quota becomes a surplus peer: its first request is refused, and then it is
 * closed. -EUSERS: there are too many of those, too.
 */
int charge_peer(struct peer *peer);
void charge_peer_gone(struct peer *peer);

/* Reads the limits of all peers from a new policy. */
void charge_reload(struct server *server);

/* Charges a request, once however often it has to wait for a worker. False: refuse it, charge_refuse() says why. */
bool charge_request(struct peer *peer);

/* Whether there is room for so many more bytes of a request that came in part. False: refuse it. */
bool charge_bytes(const struct peer *peer, size_t more);

/* Whether the user has more bytes than it may, so that a peer with answers that are not read gets no more of them. */
static inline bool charge_is_over(const struct peer *peer)
{
	return peer->user && peer->user->bytes > peer->limit_bytes.value;
}

/* Refuses the request of the job's peer that was not charged; more: the bytes that it would still need. */
int charge_refuse(struct job *job, size_t more);

/* Counts the memory of a peer. */
void charge_memory(struct peer *peer, size_t memory);

/* Reserves what the request makes; on any thread. 0, the refusal, or -errno. */
int charge_objects(struct job *job);

/*
 * The request is a step of a transaction that may be carried out: what it takes away from the user is free for those behind it. 0 or
 * -ENOMEM.
 */
int charge_frees(struct job *job);

/* Gives back what was reserved. */
void charge_objects_done(struct job *job);

/* The quotas that apply to the caller, and what it has of them. */
int charge_tell(struct op *op, struct hycan_session_whoami_reply *reply);

#endif
