/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers: threads that carry out what would make the loop wait.
 *
 * A worker has one job, its own, and its own kernel sockets. The loop fills the job and starts the worker; the worker
 * carries it out and tells the loop through an eventfd; the loop then finishes the job. So the two never touch a job at
 * the same time, and nothing else is shared.
 *
 * A worker whose job waits for another program (dnsmasq), or for what another request is busy with, says so, and another one is
 * started in its place: so it is not the others that wait. Of such requests a user has only so many, slow ones and others; what
 * else it asks for waits for them. Where all
 * stand-ins are out, what is known to wait is begun one by one: so it never has all workers for slow operations, and what does
 * not wait after all is soon done. Who is at a job for long is as one who waits.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "job.h"

/* One more than slow operations may occupy, so that the others never queue behind two of them. */
#define WORKERS      3
#define WORKERS_SLOW 2

/* So long a job may take until another worker takes its place, unless it is said otherwise. */
#define WORKERS_PATIENCE_US 500000

/* So many may be away, waiting. A user who has so many slow requests under way, one of which waits, begins no other; so with others. */
#define WORKERS_AWAY     4
#define WORKERS_AWAY_FOR 2
#define WORKERS_ALL      (WORKERS + WORKERS_AWAY)

struct worker {
	struct job job;
	pthread_t thread;
	sem_t start;
	atomic_bool done;
	atomic_bool waited;                  /* its job was held up at all */
	atomic_bool waits;                   /* it does: what the thread says, */
	bool is_away;                        /* and that another one is in its place */
	bool running;                        /* the thread exists */
	bool busy;                           /* it has a job; the loop's view */
	bool pending;                        /* a job was given to it; the thread's view */
	bool slow;                           /* of the job, as the next two */
	uint64_t subject;                    /* whose it is; of an errand nobody's */
	uint64_t long_at_us;                 /* from then on it takes long */
	unsigned int hand;                   /* hands.h */
	const struct hycan_operation *asked; /* what the job is about, whatever the thread makes of it meanwhile; NULL: an errand */
	int notify;                          /* eventfd that tells the loop */
};

int worker_open(struct worker *worker, struct server *server, int notify);

/* Waits for the job under way, and ends the thread. What it has done is there to be finished; then job_close(). */
void worker_stop(struct worker *worker);

/* Starts the job, which is prepared. */
void worker_start(struct worker *worker);

/* What this thread does waits for another program or request from now on, or no more. Of a thread that is no worker's: nothing. */
void worker_wait(bool begins);

#endif
