/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket as two streams of frames. */
#ifndef LIBCLIENT_STREAM_H
#define LIBCLIENT_STREAM_H

#include <linux/netlink.h>
#include <stdbool.h>

#include "connection.h"

/* Sends what can be sent without waiting. Returns 0, or -errno. */
int stream_send(struct hycan *h);

/*
 * Receives once; with wait, as long as the socket's timeout says. Returns 1 where as much came as there was room for, so
 * that more may be there; 0; -EAGAIN where nothing came; -ECONNRESET at the end; -errno.
 */
int stream_receive(struct hycan *h, bool wait);

/* The first whole frame among what was received: 1, 0 where there is none yet, -EPROTO where there cannot be one. */
int stream_frame(const struct hycan *h, const struct nlmsghdr **ret_frame);

/* The first frame has been read. */
void stream_consume(struct hycan *h);

#endif
