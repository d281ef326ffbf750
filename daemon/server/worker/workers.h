/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers of a server (worker.h) as a whole. */
#ifndef SERVER_WORKERS_H
#define SERVER_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

struct hycan_operation;
struct server;
struct worker;

/* Starts them, and the scribe. 0 or -errno. */
int workers_open(struct server *server);

/*
 * Takes over what they have done, and answers. To be called between the turns of others: who has waited for a worker does
 * not wait for the round's end, too.
 */
void workers_finish(struct server *server);

/* Gives a worker its job, which is prepared. */
void workers_give(struct server *server, struct worker *worker);

/* Whether a user is to begin nothing more now that is slow, or is not: two such of its own are under way, one of which waits or takes long. */
bool workers_are_enough(const struct server *server, uint64_t subject, bool slow);

/*
 * Whether nothing is to be begun now that may wait for another program: as many wait as there are stand-ins, and one that may wait
 * has a worker already.
 */
bool workers_lack_stand_in(const struct server *server);

/* Ends them, when each is done with what it has. */
void workers_close(struct server *server);

#endif
