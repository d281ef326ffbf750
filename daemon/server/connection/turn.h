/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns: who is served when.
 *
 * In a round each user gets fifty microseconds, for all of its peers together, and a peer as much in one go: so nobody waits
 * longer for a user with a thousand connections than for one with one. What is left waits with its user, first come, first
 * served. Between the turns of two users who wait, the loop looks for who is ready: whoever has not had its part of the round
 * need not wait for the end of it. Whoever needs a worker when none is free waits in one of three other queues, in which users
 * take turns likewise: those with a slow operation wait for each other alone, and so do, of these, those that may wait for another
 * program where nobody would stand in (worker.h). Nobody who comes overtakes those who wait. In a fourth one are those whose user has
 * enough requests that wait for another program.
 *
 * Among those who wait for the processor are the clients, and our own workers. Not every kernel takes it from the loop before
 * the next tick, so the loop gives it away itself when it has run for a tenth of a millisecond.
 *
 * Whoever is over a quota rests a tenth of a second behind the refusal, so that a flood costs ten refusals a second.
 */
#ifndef SERVER_TURN_H
#define SERVER_TURN_H

#include <stdbool.h>

#include "server.h"

/* Nobody waits yet; and what wakes those who rest. */
void turn_init(struct server *server);
int turn_open(struct server *server);

/* The loop has looked for who is ready, and had nothing else to do since then; it has done one thing, and looks for the next. */
void turn_woke(struct server *server);
void turn_slept(struct server *server, uint64_t since_us);
void turn_done(struct server *server);

/* What is done now, up to turn_done(), is a peer's turn, and counts for its user: its end, too, where it ends. */
void turn_end(struct peer *peer);

/* The peer ends: it waits no more, and its user may be gone with it. */
void turn_gone(struct peer *peer);

/* It was long enough. */
bool turn_is_over(struct peer *peer);

/* Its user has had its part of the round, or others of it wait already: it has to wait behind them. */
bool turn_was_had(struct peer *peer);

/* The peer goes on later: when everybody else had a turn, or when there is a worker. */
void turn_wait(struct peer *peer, enum turn_queue queue);

/* It is not looked at for a while. */
void turn_rest(struct peer *peer);

/* It waits no more. */
void turn_forget(struct peer *peer);

/* Whether somebody who waits can go on now. */
bool turn_any(const struct server *server);

/* Lets one user who waits go on, and one peer of each who wait for a worker. */
void turn_serve(struct server *server);

/* Lets other processes have the processor, when the loop has had it long enough. */
void turn_share(struct server *server);

#endif
