/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: who comes, which signals arrive, which workers are done, whose patience ends.
 *
 * Signals, timers, the watchdog and newcomers are sd-event's. The peers are in an epoll set beside it, because sd-event
 * looks at every descriptor that is ready again for each one that it serves: with a thousand busy peers that is where the
 * time goes. The loop waits on the peers' set, in which all of sd-event is one more member.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "about.h"
#include "charge.h"
#include "cleanup.h"
#include "dispatch.h"
#include "ledger.h"
#include "listen.h"
#include "log.h"
#include "observer.h"
#include "patience.h"
#include "peer.h"
#include "porter.h"
#include "recovery.h"
#include "scribe.h"
#include "server.h"
#include "subscribe.h"
#include "turn.h"
#include "vsock.h"

/* One for each peer, and some more for those who act in other namespaces or send some. */
#define SERVER_DESCRIPTORS (UINT64_C(2) * SERVER_PEERS_MAX)

/* Newcomers that are let in before the others are looked at. */
#define ACCEPTS 4u

uint64_t server_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int listen_to_all(struct server *server, int enabled)
{
	int r = 0;

	for (size_t i = 0; i < N_LISTENERS && r >= 0; i++)
		if (server->listener[i])
			r = sd_event_source_set_enabled(server->listener[i], enabled);
	return r;
}

/* Nobody more can be served until somebody goes, or the system has descriptors again: it is tried again after a while. */
static int listen_later(struct server *server)
{
	server->listener_waits = true;
	patience_with_listener(server);
	return listen_to_all(server, SD_EVENT_OFF);
}

void server_listen_again(struct server *server)
{
	if (!server->listener_waits)
		return;
	(void)listen_to_all(server, SD_EVENT_ON);
	server->listener_waits = false;
	server->rearm = true;
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *server = userdata;
	int peer;

	(void)source;
	(void)revents;
	/* one at a time, newcomers would wait for seconds behind a thousand busy peers */
	for (unsigned int i = 0; i < ACCEPTS; i++) {
		if (server->n_peers >= SERVER_PEERS_MAX)
			return listen_later(server);
		peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (peer < 0)
			return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : listen_later(server);
		/* why it is not served, it says itself */
		(void)peer_open(server, peer);
	}
	return 0;
}

static void worker_finish(struct server *server, struct worker *worker)
{
	struct job *job = &worker->job;
	struct peer *peer = job->peer;

	atomic_store_explicit(&worker->done, false, memory_order_relaxed);
	server->n_busy--;
	observer_working(server->observer, false);
	server->n_busy_slow -= job->slow;
	if (job->errand) {
		worker->busy = false;
		errand_finish(job);
		return;
	}
	dispatch_finish(job);
	worker->busy = false;
	peer_job_done(peer, job);
}

static int on_worker_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *server = userdata;
	uint64_t n;

	(void)source;
	(void)revents;
	if (read(fd, &n, sizeof(n)) < 0)
		return 0;
	for (size_t i = 0; i < WORKERS; i++)
		if (server->worker[i].busy && atomic_load_explicit(&server->worker[i].done, memory_order_acquire))
			worker_finish(server, &server->worker[i]);
	return 0;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct server *server = userdata;
	struct policy *policy = NULL;
	char reason[512];

	(void)source;
	(void)info;
	sd_notify(0, "RELOADING=1");
	if (policy_read(server->policy_path, &policy, reason, sizeof(reason)) < 0) {
		log_write(LOG_ERR, "%s. The policy stays as it was.", reason);
	} else {
		policy_free(&server->policy);
		server->policy = policy;
		charge_reload(server);
		subscribe_review(server);
		log_write(LOG_INFO, "The policy was read again.");
	}
	sd_notify(0, "READY=1");
	return 0;
}

/* As many descriptors as are needed and the administrator allows. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max < SERVER_DESCRIPTORS ? limit.rlim_max : SERVER_DESCRIPTORS;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int open_workers(struct server *server)
{
	_cleanup_close_ int notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r;

	if (notify < 0)
		return -errno;
	for (size_t i = 0; i < WORKERS; i++) {
		r = worker_open(&server->worker[i], server, notify);
		if (r < 0)
			return r;
		server->worker[i].job.op.server = &about_server;
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

static int add_listener(struct server *server, enum listener which, int *fd)
{
	int r;

	/* the one that systemd passes blocks (NonBlocking=, systemd.service(5)) */
	if (fcntl(*fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	r = sd_event_add_io(server->event, &server->listener[which], *fd, EPOLLIN, on_connection, server);
	if (r < 0)
		return r;
	sd_event_source_set_io_fd_own(server->listener[which], 1);
	steal_fd(fd);
	return 0;
}

static int open_listeners(struct server *server, const struct server_options *options)
{
	_cleanup_close_ int fd = -1, vsock = -1;
	const char *path = options->socket_path;
	int r = -ENOENT;

	if (!path)
		r = listen_passed(&fd, &vsock, &server->handover);
	if (r == -ENOENT) {
		server->socket_path = strdup(path ? path : LISTEN_DEFAULT);
		if (!server->socket_path)
			return -ENOMEM;
		r = listen_at(server->socket_path, &fd, &server->socket_file);
		if (r < 0) {
			/* it is not ours to remove */
			cleanup_free(&server->socket_path);
			return r;
		}
	}
	if (r == 0)
		r = add_listener(server, LISTENER_UNIX, &fd);
	if (r == 0 && vsock < 0 && options->vsock_port)
		r = listen_vsock(options->vsock_port, &vsock);
	if (r == 0 && vsock >= 0)
		r = add_listener(server, LISTENER_VSOCK, &vsock);
	return r;
}

static int open_signals(struct server *server)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_add_signal(server->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(server->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(server->event, NULL, SIGHUP, on_reload, server);
	return r;
}

/* What a former daemon had in its ledger is known from now on. */
static int open_state(struct server *server, const struct server_options *options)
{
	const char *path = options->state_path;
	bool broken;
	int r;

	if (!path)
		return 0;
	r = ledger_keep(server->ledger, path, &broken);
	if (r == -EBUSY && !options->state_asked) {
		log_write(LOG_WARNING, "%s is in use by another daemon: the ledger of this one ends with it.", path);
		return 0;
	}
	if (r == -EBUSY)
		log_write(LOG_ERR, "%s is in use by another daemon; choose another file by --state.", path);
	else if (r == -EPERM)
		log_write(LOG_ERR,
		          "%s is not a file of uid %u that nobody else can write to; remove it, or choose another by --state.",
		          path, geteuid());
	else if (r < 0)
		log_write(LOG_ERR, "%s cannot be used for the ledger: %s", path, strerror(-r));
	if (r < 0)
		return r;
	if (broken)
		log_write(LOG_ERR, "%s is broken: the ledger is what could be read of it. It is kept as %s.broken.", path, path);
	return 0;
}

/* What only a daemon for everybody has: policy, workers, signals, a listening socket. */
static int open_public(struct server *server, const struct server_options *options)
{
	char reason[512];
	int r;

	server->policy_path = options->policy_path ? options->policy_path : POLICY_PATH;
	r = policy_read(server->policy_path, &server->policy, reason, sizeof(reason));
	if (r < 0) {
		log_write(LOG_ERR, "%s.", reason);
		return r;
	}
	r = charge_open(server);
	if (r < 0)
		return r;
	raise_descriptor_limit();
	r = open_signals(server);
	if (r >= 0 && !options->only_ends)
		r = open_listeners(server, options);
	if (r >= 0)
		r = open_state(server, options);
	if (r >= 0)
		r = sd_event_set_watchdog(server->event, true);
	return r < 0 ? r : 0;
}

int server_open(const struct server_options *options, struct server **ret_server)
{
	_cleanup_(server_free) struct server *server = NULL;
	struct epoll_event others = { .events = EPOLLIN };
	int r;

	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	TAILQ_INIT(&server->peers);
	TAILQ_INIT(&server->users);
	TAILQ_INIT(&server->nobody.waiting);
	TAILQ_INIT(&server->waiting[TURN_WORKER]);
	TAILQ_INIT(&server->waiting[TURN_WORKER_SLOW]);
	TAILQ_INIT(&server->resting);
	TAILQ_INIT(&server->slow);
	TAILQ_INIT(&server->errands);
	LIST_INIT(&server->sessions);
	TAILQ_INIT(&server->pending);
	server->started_us = server_now_us();
	server->private = options->private_fd >= 0;
	server->hands_over = options->hands_over;
	server->only_ends = options->only_ends;
	server->epoll = -1;
	server->handover.state = -1;
	others.data.ptr = server;
	r = sd_event_new(&server->event);
	if (r < 0)
		return r;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0 || epoll_ctl(server->epoll, EPOLL_CTL_ADD, sd_event_get_fd(server->event), &others) < 0)
		return -errno;
	r = ledger_open(&server->ledger);
	if (r < 0)
		return r;
	r = job_open(&server->job, server, &server->output);
	if (r < 0)
		return r;
	server->job.op.server = &about_server;
	r = patience_open(server);
	if (r >= 0)
		r = turn_open(server);
	if (r < 0)
		return r;
	r = session_open_timer(server);
	if (r >= 0)
		r = pending_open_timer(server);
	if (r < 0)
		return r;
	server->event_buffer = options->event_buffer;
	r = subscribe_open(server);
	if (r < 0)
		return r;
	r = server->private ? peer_open(server, options->private_fd) : open_public(server, options);
	if (r < 0)
		return r;
	*ret_server = steal(&server);
	return 0;
}

static void remove_socket(void *userdata)
{
	struct server *server = userdata;

	if (server->socket_path)
		listen_remove(server->socket_path, &server->socket_file);
}

/* The ledger's, unless there is something in it (main.c). */
static void remove_folder(void *userdata)
{
	const struct server *server = userdata;
	char path[PATH_MAX];

	if (server->socket_path && snprintf(path, sizeof(path), "%s.d", server->socket_path) < (int)sizeof(path))
		(void)rmdir(path);
}

int server_start_porter(struct server *server)
{
	const struct porter_options options = {
		.policy_path = server->policy_path,
		.find_namespace = op_namespace_find,
		.at_end = remove_socket,
		.at_exit = remove_folder,
		.userdata = server,
	};

	return server->private ? 0 : porter_start(&options);
}

/* Serves the peers that are ready, each once, until there is something for sd-event. */
static int serve_peers(struct server *server)
{
	bool others = false;

	server->rearm = false;
	while (!others && !server->rearm) {
		server->n_ready = epoll_wait(server->epoll, server->ready, SERVER_TURN, turn_any(server) ? 0 : -1);
		if (server->n_ready < 0 && errno != EINTR)
			return -errno;
		turn_woke(server);
		for (int i = 0; i < server->n_ready; i++) {
			if (server->ready[i].data.ptr == server)
				others = true;
			else if (server->ready[i].data.ptr) {
				peer_ready(server->ready[i].data.ptr, server->ready[i].events);
				turn_done(server);
			}
		}
		server->n_ready = 0;
		turn_serve(server);
	}
	return 0;
}

static void say_what_is_served(const struct server *server)
{
	uint32_t port = 0;

	log_write(LOG_INFO, "Version %s serves %s.", HYCAN_VERSION,
	          server->socket_path ? server->socket_path : "the socket of systemd");
	if (server->listener[LISTENER_VSOCK] &&
	    vsock_listens(sd_event_source_get_io_fd(server->listener[LISTENER_VSOCK]), &port) == 0)
		log_write(LOG_INFO, "Port %u of vsock is served for machines that the policy allows something (cid:NUMBER).", port);
}

int server_run(struct server *server)
{
	int r = 0;

	if (!server->private) {
		/* not before: threads would not be confined with the rest */
		r = open_workers(server);
		if (r < 0) {
			log_write(LOG_ERR, "Cannot start: %s", strerror(-r));
			return r;
		}
		/* what is taken back now may be missing in the kernel until then */
		observer_working(server->observer, true);
		r = observer_guard(server->observer, server->job.scope, server->ledger);
		if (r < 0)
			log_write(LOG_WARNING, "Nobody will notice what strangers take away: %s", strerror(-r));
		r = 0;
		/* whoever comes now waits until what was under way is done */
		recovery_run(server);
		observer_working(server->observer, false);
		handover_take(server);
		session_restore_kept(server);
		session_end_unknown(server);
		/* server_free() does what that left to do */
		if (server->only_ends)
			return 0;
		say_what_is_served(server);
		sd_notify(0, "READY=1");
	}
	while (r >= 0 && sd_event_get_state(server->event) != SD_EVENT_FINISHED) {
		r = sd_event_prepare(server->event);
		if (r == 0)
			r = serve_peers(server);
		if (r == 0)
			r = sd_event_wait(server->event, 0);
		if (r > 0) {
			turn_woke(server);
			r = sd_event_dispatch(server->event);
			turn_done(server);
		}
	}
	sd_notify(0, "STOPPING=1");
	if (r < 0)
		server->hands_over = false;
	return r;
}

void server_free(struct server **server)
{
	struct server *s = *server;
	struct peer *peer;

	if (!s)
		return;
	if (!porter_end() && s->socket_path)
		listen_remove(s->socket_path, &s->socket_file);
	for (size_t i = 0; i < N_LISTENERS; i++) {
		sd_event_source_disable_unref(s->listener[i]);
		s->listener[i] = NULL;
	}
	s->private = false;
	for (size_t i = 0; i < WORKERS; i++)
		worker_stop(&s->worker[i]);
	scribe_free(&s->scribe);
	/* what they did is written down, and told as far as it can be */
	for (size_t i = 0; i < WORKERS; i++) {
		if (s->worker[i].busy)
			worker_finish(s, &s->worker[i]);
		job_close(&s->worker[i].job);
	}
	pending_end_all(s);
	if (s->hands_over)
		handover_give(s);
	while ((peer = TAILQ_FIRST(&s->peers)))
		peer_close(peer);
	handover_done(&s->handover);
	/* those of connections that are handed over go along */
	if (!s->hands_over)
		session_end_all(s);
	else
		session_leave_all(s);
	cleanup_close(&s->epoll);
	sd_event_source_disable_unref(s->worker_done);
	sd_event_source_disable_unref(s->patience);
	sd_event_source_disable_unref(s->session_timer);
	sd_event_source_disable_unref(s->rest);
	sd_event_source_disable_unref(s->events);
	observer_free(&s->observer);
	job_close(&s->job);
	buffer_release(&s->output);
	policy_free(&s->policy);
	if (s->ledger)
		ledger_end(s->ledger);
	ledger_free(&s->ledger);
	quota_free(&s->quotas);
	sd_event_unref(s->event);
	if (porter_is_there())
		porter_stop();
	else
		remove_folder(s);
	free(s->socket_path);
	free(s);
	*server = NULL;
}
