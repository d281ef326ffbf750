/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers of a server (worker.h) as a whole. */
#ifndef SERVER_WORKERS_H
#define SERVER_WORKERS_H

struct server;

/* Starts them, and the scribe. 0 or -errno. */
int workers_open(struct server *server);

/*
 * Takes over what they have done, and answers. To be called between the turns of others: who has waited for a worker does
 * not wait for the round's end, too.
 */
void workers_finish(struct server *server);

/* Ends them, when each is done with what it has. */
void workers_close(struct server *server);

#endif
