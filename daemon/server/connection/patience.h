/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patience: with peers that send half a request, or do not read their answers.
 *
 * They are in a list, the one without progress for the longest time first; a timer runs while somebody is in it.
 * Memory is what they cost, so it is counted here too.
 */
#ifndef SERVER_PATIENCE_H
#define SERVER_PATIENCE_H

#include <stdbool.h>

#include "server.h"

int patience_open(struct server *server);

/* The peer keeps us waiting from now on, or no more. Again, while it does: it made progress. */
void patience_set(struct peer *peer, bool slow);

/* Whether it made progress with the request that it sends since patience_set(). */
bool patience_has_progress(const struct peer *peer);

/* The listening socket waits; it is tried again after a while. */
void patience_with_listener(struct server *server);

/*
 * Counts the memory of the peer's buffers. When all peers together have too much, those who keep us waiting with the
 * most are dropped, which may be this one: the last thing that is done with it.
 */
void patience_count_memory(struct peer *peer);

#endif
