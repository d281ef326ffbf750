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

static int open_worker(struct server *server, int notify)
{
	struct worker *worker = &server->worker[server->n_workers];
	int r = worker_open(worker, server, notify);

	if (r < 0)
		return r;
	worker->hand = HAND_OF_LOOP + 1 + (unsigned int)server->n_workers++;
	worker->job.op.server = &about_server;
	worker->job.op.resolver = server->resolver;
	return 0;
}

/* It waits for another program, or no more: another worker takes its place meanwhile, as long as there is one. */
static void look(struct server *server, struct worker *worker)
{
	const bool waits = atomic_load(&worker->waits);

	if (waits && worker->asked)
		server->waits[worker->asked->index] = true;
	if (waits == worker->is_away)
		return;
	if (waits && (server->n_away == WORKERS_AWAY ||
	              (server->n_workers == WORKERS + server->n_away && open_worker(server, worker->notify) < 0)))
		return;
	worker->is_away = waits;
	if (waits) {
		server->n_away++;
		server->n_busy--;
		server->n_busy_slow -= worker->job.slow;
	} else {
		server->n_away--;
		server->n_busy++;
		server->n_busy_slow += worker->job.slow;
	}
}

bool workers_are_enough(const struct server *server, uint64_t subject, bool slow)
{
	bool waits = false;
	size_t n = 0;

	for (size_t i = 0; i < server->n_workers; i++) {
		const struct worker *worker = &server->worker[i];

		if (!worker->busy || worker->job.slow != slow || !worker->job.peer || worker->job.peer->identity.subject != subject)
			continue;
		n++;
		waits = waits || atomic_load(&worker->waits);
	}
	return waits && n >= WORKERS_AWAY_FOR;
}

/*
 * Whether a worker that nobody would stand in for has something that may wait, or does. That it may is known of an operation, and
 * not of a request: a transaction waits for what is in it.
 */
static bool may_wait_here(const struct server *server)
{
	for (size_t i = 0; i < server->n_workers; i++) {
		const struct worker *worker = &server->worker[i];

		if (worker->busy && !worker->is_away &&
		    (atomic_load(&worker->waits) || (worker->asked && server->waits[worker->asked->index])))
			return true;
	}
	return false;
}

bool workers_lack_stand_in(const struct server *server)
{
	return server->n_away == WORKERS_AWAY && may_wait_here(server);
}

static void finish(struct server *server, struct worker *worker)
{
	struct job *job = &worker->job;
	struct peer *peer = job->peer;

	atomic_store_explicit(&worker->done, false, memory_order_relaxed);
	look(server, worker);
	if (atomic_exchange(&worker->waited, false) || (peer && workers_are_enough(server, peer->identity.subject, job->slow)))
		server->n_own_due = server->line[TURN_OWN].n_peers;
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
	for (size_t i = 0; i < server->n_workers && server->n_busy + server->n_away > 0; i++) {
		struct worker *worker = &server->worker[i];

		if (worker->busy && atomic_load_explicit(&worker->done, memory_order_acquire))
			finish(server, worker);
		else if (worker->busy)
			look(server, worker);
	}
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
		r = open_worker(server, notify);
		if (r < 0)
			return r;
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
	for (size_t i = 0; i < server->n_workers; i++)
		worker_stop(&server->worker[i]);
	scribe_free(&server->scribe);
	/* what they did is written down, and told as far as it can be */
	for (size_t i = 0; i < server->n_workers; i++) {
		if (server->worker[i].busy)
			finish(server, &server->worker[i]);
		job_close(&server->worker[i].job);
	}
	sd_event_source_disable_unref(server->worker_done);
	server->worker_done = NULL;
}
