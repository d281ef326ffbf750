/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written down of the connections that are left with the service manager, for those who write it (handover.c) and
 * read it (handover_take.c).
 */
#ifndef SERVER_HANDOVER_STATE_H
#define SERVER_HANDOVER_STATE_H

#include <stdint.h>

#include "handover.h"
#include "peer.h"
#include "session.h"
#include "statement.h"
#include "subscription.h"

#define HANDOVER_PEER  "hycan-peer"
#define HANDOVER_STATE "hycan-state"

#define HANDOVER_MAGIC UINT32_C(0x48794832)

struct handover_head {
	uint32_t magic;
	uint32_t peer_size; /* another release may know more of a peer */
	uint64_t n_peers;
	uint64_t n_sessions;          /* of connections that are gone; behind the peers */
	struct statements statements; /* the objects follow at once */
};

struct handover_peer {
	struct handover_place socket;
	struct handover_place netns; /* zero: the daemon's own */
	struct handover_place fd[WIRE_FDS_MAX];
	uint64_t fd_position[WIRE_FDS_MAX];
	uint64_t n_fds;
	uint64_t position;
	uint64_t skip;
	uint64_t lost_position;
	uint64_t input; /* bytes of it that follow */
	uint64_t output;
	struct statement_record statement;
	struct session_record session; /* where hello was done */
	uint8_t protocol;
	/* no bool: that has two values */
	uint8_t hello;
	uint8_t eof;
	uint8_t out_of_step;
	uint8_t fds_lost;
	char client[sizeof(((struct peer *)NULL)->client)];
	struct subscription_record subscription[SUBSCRIPTIONS_PER_PEER];
	uint64_t n_subscriptions;
};

/* Where a descriptor leads. 0 or -errno. */
int handover_place(int fd, struct handover_place *ret_place);

#endif
