/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errands: slow work that the daemon does for itself, on a worker.
 *
 * One at a time, slice by slice, so that the slow work of peers has its turn in between. A daemon without workers does them
 * when it ends, as everything that is left then.
 */
#ifndef SERVER_ERRAND_H
#define SERVER_ERRAND_H

#include <stdbool.h>
#include <sys/queue.h>

struct job;
struct server;

struct errand {
	/* A slice of it, some milliseconds, on a worker. 1: there is more; else it is done. */
	int (*run)(struct errand *errand, struct job *job);
	/* It is done; in the loop. The errand is its own again. */
	void (*done)(struct errand *errand);
	TAILQ_ENTRY(errand) entry;
};

TAILQ_HEAD(errand_list, errand);

/* Behind those that wait already. */
void errand_add(struct server *server, struct errand *errand);

/* Whether one waits, and may have a worker now. */
bool errand_may_go_on(const struct server *server);

/* Gives the next one a worker, if it may have one. */
void errand_serve(struct server *server);

/* On the worker. */
void errand_on_worker(struct job *job);

/* The worker has done a slice. */
void errand_finish(struct job *job);

/* Does everything that is left, here and now. */
void errand_do_all(struct server *server);

#endif
