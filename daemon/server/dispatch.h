/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dispatcher: the one place where policy meets bytes. */
#ifndef SERVER_DISPATCH_H
#define SERVER_DISPATCH_H

#include <linux/netlink.h>

#include "peer.h"

enum dispatched {
	DISPATCH_DONE,      /* answered */
	DISPATCH_ELSEWHERE, /* a worker has it */
	DISPATCH_WAIT,      /* no worker is free: try the same frame again */
};

/* Dispatches a whole frame. The descriptors are the dispatcher's, unless it waits. */
enum dispatched dispatch_frame(struct peer *peer, const struct nlmsghdr *header, const void *attributes, size_t size,
                               const int *fds, size_t n_fds, bool fds_lost);

/* The same for a request that came by the classic protocol: decoded already, answered by classic.c. */
enum dispatched dispatch_request(struct peer *peer, const struct hycan_operation *operation, const void *request);

/* A job is done, here or on a worker: counted, written to the log, wiped. */
void dispatch_finish(struct job *job);

#endif
