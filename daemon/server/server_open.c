/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server, put together and taken apart: what it consists of, in the order in which one thing needs the other.
 *
 * Every server has the loop, the ledger and what carries out requests. What is for several peers (policy, quotas, signals,
 * listening sockets, the ledger's file, names of networks) has none that is private to one.
 *
 * What this file deliberately does not do: start a thread. They come with server_run(), behind the confinement, which one that
 * was there before would lack.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "about.h"
#include "charge.h"
#include "cleanup.h"
#include "key.h"
#include "ledger.h"
#include "listen.h"
#include "listeners.h"
#include "log.h"
#include "namespaces.h"
#include "observe.h"
#include "observer.h"
#include "patience.h"
#include "peer.h"
#include "porter.h"
#include "resolver.h"
#include "server.h"
#include "subscribe.h"
#include "turn.h"
#include "workers.h"

/*
 * Of each peer: its socket, another namespace with three sockets of netlink in it, and descriptors that it sent (WIRE_FDS_MAX).
 * The rest is for the namespaces of sessions, and for the daemon itself.
 */
#define SERVER_DESCRIPTORS (UINT64_C(12) * SERVER_PEERS_MAX)

/* On failure reason has a sentence, without a full stop. */
static int read_policy(const struct server *server, struct policy **ret_policy, char *reason, size_t reason_size)
{
	/* who only ends judges nobody: a file that cannot be read is no reason to leave something over */
	int r = policy_read(server->only_ends ? NULL : server->policy_path, ret_policy, reason, reason_size);

	if (r == 0 && !server->only_ends && policy_is_built_in(*ret_policy))
		log_write(LOG_INFO, "There is no %s: the built-in policy holds.", server->policy_path);
	return r;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct server *server = userdata;
	struct policy *policy = NULL;
	char reason[512];

	(void)source;
	(void)info;
	sd_notify(0, "RELOADING=1");
	if (read_policy(server, &policy, reason, sizeof(reason)) < 0) {
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
	ledger_on_read(server->ledger, key_is_whole);
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
	r = namespaces_enter(server, server->job.scope);
	if (r < 0)
		log_write(LOG_WARNING, "Which network namespace this is could not be written down: %s", strerror(-r));
	return 0;
}

/* The zones are beside the ledger, where that is in a file. */
static int open_resolver(struct server *server, const struct server_options *options)
{
	const struct resolver_options wanted = {
		.state_path = ledger_is_kept(server->ledger) ? options->state_path : NULL,
		.program = options->dnsmasq,
		.patience_ms = options->dnsmasq_ms,
		.socket = options->resolver,
		.waits = worker_wait,
	};
	int r = resolver_open(&wanted, &server->resolver);

	server->job.op.resolver = server->resolver;
	return r;
}

/* What only a daemon for everybody has: policy, workers, signals, a listening socket. */
static int open_public(struct server *server, const struct server_options *options)
{
	char reason[512];
	int r;

	server->policy_path = options->policy_path ? options->policy_path : POLICY_PATH;
	r = read_policy(server, &server->policy, reason, sizeof(reason));
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
		r = listeners_open(server, options);
	if (r >= 0)
		r = open_state(server, options);
	if (r >= 0)
		r = open_resolver(server, options);
	if (r >= 0)
		r = sd_event_set_watchdog(server->event, true);
	return r < 0 ? r : 0;
}

static void init_queues(struct server *server)
{
	TAILQ_INIT(&server->peers);
	turn_init(server);
	TAILQ_INIT(&server->slow);
	TAILQ_INIT(&server->errands);
	LIST_INIT(&server->sessions);
	TAILQ_INIT(&server->pending);
}

static int open_loop(struct server *server)
{
	struct epoll_event others = { .events = EPOLLIN, .data.ptr = server };
	int r = sd_event_new(&server->event);

	if (r < 0)
		return r;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0 || epoll_ctl(server->epoll, EPOLL_CTL_ADD, sd_event_get_fd(server->event), &others) < 0)
		return -errno;
	return 0;
}

/* What carries out requests, and what is known of those that were. */
static int open_job(struct server *server)
{
	int r;

	repair_open(&server->repairs, server);
	r = underway_open(&server->underway);
	if (r < 0)
		return r;
	r = ledger_open(&server->ledger);
	if (r < 0)
		return r;
	ledger_on_wait(server->ledger, worker_wait);
	r = job_open(&server->job, server, &server->output);
	if (r < 0)
		return r;
	server->job.op.server = &about_server;
	losses_open(&server->losses, op_scope_inode(server->job.scope));
	return 0;
}

/* What rings in the loop. */
static int open_timers(struct server *server)
{
	int r = patience_open(server);

	if (r >= 0)
		r = turn_open(server);
	if (r >= 0)
		r = session_open_timer(server);
	if (r >= 0)
		r = pending_open_timer(server);
	return r;
}

int server_open(const struct server_options *options, struct server **ret_server)
{
	_cleanup_(server_free) struct server *server = NULL;
	int r;

	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	init_queues(server);
	server->started_us = server_now_us();
	server->private = options->private_fd >= 0;
	server->hands_over = options->hands_over;
	server->only_ends = options->only_ends;
	server->event_buffer = options->event_buffer;
	server->drift_patience_us = (uint64_t)options->drift_patience_ms * 1000;
	server->worker_patience_us =
		options->worker_patience_ms ? (uint64_t)options->worker_patience_ms * 1000 : WORKERS_PATIENCE_US;
	server->epoll = -1;
	server->handover.state = -1;
	r = open_loop(server);
	if (r >= 0)
		r = open_job(server);
	if (r >= 0)
		r = open_timers(server);
	if (r >= 0)
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

void server_start_resolver(struct server *server)
{
	int r = server->resolver && !server->only_ends ? resolver_start(server->resolver) : 0;

	if (r < 0)
		log_write(LOG_WARNING, "The names of networks cannot be told: %s", strerror(-r));
}

void server_free(struct server **server)
{
	struct server *s = *server;
	struct peer *peer;

	if (!s)
		return;
	if (!porter_end() && s->socket_path)
		listen_remove(s->socket_path, &s->socket_file);
	listeners_close(s);
	s->private = false;
	pending_hurry(s);
	workers_close(s);
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
	repair_close(&s->repairs);
	losses_close(&s->losses);
	underway_close(&s->underway);
	ledger_free(&s->ledger);
	resolver_free(&s->resolver);
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
