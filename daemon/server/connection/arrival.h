/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that came from a peer, and to which frame they belong. */
#ifndef SERVER_ARRIVAL_H
#define SERVER_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msghdr;
struct peer;

/* Keeps the descriptors of a message that was read; end is the position behind its bytes. */
void arrival_take(struct peer *peer, struct msghdr *msg, uint64_t end);

/* How many of those that are kept came with bytes up to that position, and whether there were more than can be kept. */
size_t arrival_until(const struct peer *peer, uint64_t position, bool *ret_lost);

/* The first n are somebody else's now, and what was lost is told. */
void arrival_pass(struct peer *peer, size_t n, bool lost);

/* Closes those that came with bytes up to that position: they belong to nobody. */
void arrival_close(struct peer *peer, uint64_t position);

#endif
