/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns: who is served when.
 *
 * A peer that sends request behind request gets a turn of a quarter of a millisecond at a time, so the others wait no
 * longer for it than it for them. Whoever has more to do, or needs a worker that is not free, waits in one of two
 * queues, first come, first served: those with a slow operation wait for each other alone.
 *
 * Whoever is over a quota rests a tenth of a second behind the refusal, so that a flood costs ten refusals a second.
 */
#ifndef SERVER_TURN_H
#define SERVER_TURN_H

#include <stdbool.h>

#include "server.h"

int turn_open(struct server *server);

/* The loop woke up; it has done one thing, and looks for the next. */
void turn_woke(struct server *server);
void turn_done(struct server *server);

/* A peer's turn begins. */
void turn_begin(struct server *server);

/* It was long enough. */
bool turn_is_over(const struct server *server);

/* The peer goes on later: when everybody had a turn, or with a slow operation, when there is a worker for that. */
void turn_wait(struct peer *peer, bool slow);

/* It is not looked at for a while. */
void turn_rest(struct peer *peer);

/* It waits no more. */
void turn_forget(struct peer *peer);

/* Whether somebody who waits can go on now. */
bool turn_any(const struct server *server);

/* Lets those who wait go on, as far as they can: each once. */
void turn_serve(struct server *server);

#endif
