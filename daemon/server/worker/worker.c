/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's thread. */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "dispatch.h"
#include "observer.h"
#include "server.h"
#include "thread.h"
#include "worker.h"

static _Thread_local struct worker *current;

static void tell_loop(const struct worker *worker)
{
	const uint64_t one = 1;

	/* an eventfd's counter does not overflow by ones */
	while (write(worker->notify, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void worker_wait(bool begins)
{
	if (!current)
		return;
	observer_waiting(current->job.server->observer, current->hand, begins ? current->job.touched : 0);
	atomic_store(&current->waited, true);
	atomic_store(&current->waits, begins);
	tell_loop(current);
}

static void *work(void *userdata)
{
	struct worker *worker = current = userdata;

	for (;;) {
		while (sem_wait(&worker->start) < 0)
			;
		/* woken without a job: the end, behind whatever was begun */
		if (!worker->pending)
			return NULL;
		worker->pending = false;
		dispatch_on_worker(&worker->job);
		atomic_store_explicit(&worker->done, true, memory_order_release);
		tell_loop(worker);
	}
}

int worker_open(struct worker *worker, struct server *server, int notify)
{
	int r;

	worker->notify = notify;
	r = job_open(&worker->job, server, NULL);
	if (r == 0 && sem_init(&worker->start, 0, 0) < 0)
		r = -errno;
	if (r == 0)
		r = thread_begin(&worker->thread, work, worker);
	worker->running = r == 0;
	/* the next one tries again in the same place */
	if (r < 0)
		job_close(&worker->job);
	return r;
}

void worker_stop(struct worker *worker)
{
	if (worker->running) {
		sem_post(&worker->start);
		pthread_join(worker->thread, NULL);
		sem_destroy(&worker->start);
	}
	worker->running = false;
}

void worker_start(struct worker *worker)
{
	worker->busy = worker->pending = true;
	sem_post(&worker->start);
}
