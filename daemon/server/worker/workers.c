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
#include "pending.h"
#include "scribe.h"
#include "server.h"
#include "subject.h"
#include "turn.h"

/* Where a job takes long and no worker can take its place, it is looked at again after: */
#define LOOK_AGAIN_US 100000

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

/*
 * It waits for another program, or takes so long that others should not wait for it, or no more: another worker takes its place
 * meanwhile, as long as there is one.
 */
static void look(struct server *server, struct worker *worker)
{
	const bool waits = atomic_load(&worker->waits), is_held_up = waits || server->clock_us >= worker->long_at_us;

	if (waits && worker->asked)
		server->waits[worker->asked->index] = true;
	if (is_held_up)
		atomic_store(&worker->waited, true);
	if (is_held_up == worker->is_away)
		return;
	if (is_held_up && (server->n_away == WORKERS_AWAY ||
	                   (server->n_workers == WORKERS + server->n_away && open_worker(server, worker->notify) < 0)))
		return;
	worker->is_away = is_held_up;
	if (is_held_up) {
		server->n_away++;
		server->n_busy--;
		server->n_busy_slow -= worker->slow;
	} else {
		server->n_away--;
		server->n_busy++;
		server->n_busy_slow += worker->slow;
	}
}

static void run_timer(struct server *server, uint64_t at_us)
{
	if (sd_event_source_get_enabled(server->worker_long, NULL) > 0)
		return;
	(void)sd_event_source_set_time(server->worker_long, at_us);
	(void)sd_event_source_set_enabled(server->worker_long, SD_EVENT_ONESHOT);
	server->rearm = true;
}

void workers_give(struct server *server, struct worker *worker)
{
	const struct job *job = &worker->job;

	worker->asked = job->errand ? NULL : job->operation;
	worker->slow = job->slow;
	worker->subject = job->peer ? job->peer->identity.subject : SUBJECT_NOBODY;
	worker->long_at_us = server->clock_us + server->worker_patience_us;
	server->n_busy++;
	server->n_busy_slow += job->slow;
	observer_working(server->observer, worker->hand, true);
	if (job->slow)
		run_timer(server, worker->long_at_us);
	worker_start(worker);
}

bool workers_are_enough(const struct server *server, uint64_t subject, bool slow)
{
	bool waits = false;
	size_t n = 0;

	for (size_t i = 0; i < server->n_workers; i++) {
		const struct worker *worker = &server->worker[i];

		if (!worker->busy || worker->slow != slow || worker->subject != subject)
			continue;
		n++;
		waits = waits || worker->is_away || atomic_load(&worker->waits);
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
	worker->long_at_us = UINT64_MAX;
	look(server, worker);
	if (atomic_exchange(&worker->waited, false) || workers_are_enough(server, worker->subject, worker->slow))
		server->n_own_due = server->line[TURN_OWN].n_peers;
	server->n_busy--;
	observer_working(server->observer, worker->hand, false);
	server->n_busy_slow -= worker->slow;
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
	pending_awake(server);
	return 0;
}

/* Those who are at it for long do not say so. Where there is no stand-in there may be one soon. */
static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	const uint64_t soon_us = server->clock_us + LOOK_AGAIN_US;
	uint64_t next_us = UINT64_MAX;

	(void)source;
	(void)usec;
	workers_finish(server);
	for (size_t i = 0; i < server->n_workers; i++) {
		const struct worker *worker = &server->worker[i];

		if (worker->busy && worker->slow && !worker->is_away && worker->long_at_us < next_us)
			next_us = worker->long_at_us;
	}
	if (next_us < UINT64_MAX)
		run_timer(server, next_us > soon_us ? next_us : soon_us);
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
	r = sd_event_add_time(server->event, &server->worker_long, CLOCK_MONOTONIC, 0, 10000, on_timer, server);
	return r < 0 ? r : sd_event_source_set_enabled(server->worker_long, SD_EVENT_OFF);
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
	sd_event_source_disable_unref(server->worker_long);
	server->worker_long = NULL;
}
