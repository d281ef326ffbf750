/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The classic HyCAN protocol: [operation:1][length:1][name], one request and one answer a connection. */
#ifndef SERVER_CLASSIC_H
#define SERVER_CLASSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"

struct job;

/* Whether a connection that begins with that byte is a classic client's: no frame can begin with 1, 2 or 3. */
static inline bool classic_begins(uint8_t first)
{
	return first >= 1 && first <= 3;
}

/* Takes the request, if it is whole. Sets how many bytes it took; none: more must come. */
enum dispatched classic_request(struct peer *peer, const uint8_t *bytes, size_t size, size_t *ret_taken);

/* Replaces the answer of a job by the classic one. */
void classic_answer(struct job *job);

#endif
