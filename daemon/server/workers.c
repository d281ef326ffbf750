/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers of the server, and taking over from them what is done. */
#include "workers.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "about.h"
#include "cleanup.h"
#include "dispatch.h"
#include "hands.h"
#include "observer.h"
#include "peer.h"
#include "scribe.h"
#include "server.h"
#include "turn.h"

static void finish(struct server *server, struct worker *worker)
{
	struct job *job = &worker->job;
	struct peer *peer = job->peer;

	atomic_store_explicit(&worker->done, false, memory_order_relaxed);
	server->n_busy--;
	observer_working(server->observer, worker->hand, false);
	server->n_busy_slow -= job->slow;
	if (job->errand) {
		worker->busy = false;
		errand_finish(job);
		turn_done(server);
		return;
	}
	dispatch_finish(job);
	worker->busy = false;
	peer_job_done(peer, job);
	turn_done(server);
}

void workers_finish(struct server *server)
{
	for (size_t i = 0; i < WORKERS && server->n_busy > 0; i++)
		if (server->worker[i].busy && atomic_load_explicit(&server->worker[i].done, memory_order_acquire))
			finish(server, &server->worker[i]);
}

static int on_worker_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *server = userdata;
	uint64_t n;

	(void)source;
	(void)revents;
	if (read(fd, &n, sizeof(n)) >= 0)
		workers_finish(server);
	return 0;
}

int workers_open(struct server *server)
{
	_cleanup_close_ int notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r;

	if (notify < 0)
		return -errno;
	for (size_t i = 0; i < WORKERS; i++) {
		r = worker_open(&server->worker[i], server, notify);
		if (r < 0)
			return r;
		server->worker[i].hand = HAND_OF_LOOP + 1 + (unsigned int)i;
		server->worker[i].job.op.server = &about_server;
		server->worker[i].job.op.resolver = server->resolver;
	}
	r = scribe_open(&server->scribe);
	if (r < 0)
		return r;
	r = sd_event_add_io(server->event, &server->worker_done, notify, EPOLLIN, on_worker_done, server);
	if (r < 0)
		return r;
	sd_event_source_set_io_fd_own(server->worker_done, 1);
	steal_fd(&notify);
	return 0;
}

void workers_close(struct server *server)
{
	for (size_t i = 0; i < WORKERS; i++)
		worker_stop(&server->worker[i]);
	scribe_free(&server->scribe);
	/* what they did is written down, and told as far as it can be */
	for (size_t i = 0; i < WORKERS; i++) {
		if (server->worker[i].busy)
			finish(server, &server->worker[i]);
		job_close(&server->worker[i].job);
	}
	sd_event_source_disable_unref(server->worker_done);
	server->worker_done = NULL;
}
