/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to a peer. */
#ifndef SERVER_OUTPUT_H
#define SERVER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

struct peer;

/* With so much unsent, a peer's further requests wait; a buffer for answers keeps so much room. */
#define OUTPUT_KEEP (256u << 10)

/* Whether so much is unsent that further requests wait; and whether it would be with more. */
bool output_is_high(const struct peer *peer);
bool output_would_be_high(const struct peer *peer, size_t more);

/* Sends more of what the socket did not take before. 0, or -errno: the connection is broken. */
int output_flush(struct peer *peer);

/* Sends what was answered; what the socket does not take stays with the peer. */
int output_send(struct peer *peer, struct buffer *output);

#endif
