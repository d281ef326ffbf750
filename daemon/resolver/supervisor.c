/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's loop.
 *
 * As a service it survives the daemon: when the connection ends, the zones go on for a while, and a daemon that comes back
 * and wants them as they are finds them so. Where it is the daemon's child it ends with the daemon, and so does everything.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "datagram.h"
#include "supervisor_state.h"

/* How long the zones of a daemon that is gone go on. */
#define GRACE_US UINT64_C(30000000)

/* Without memory it looks again so soon. */
#define NO_MEMORY_MS 20

/* Signals, the daemon, and the socket, before what the zones have. */
#define POLL_FIXED 3u

/* ---------------------------------------------------------------------------------------------------------- connection */

static void lose_peer(struct supervisor *s)
{
	struct instance *instance;

	cleanup_close(&s->peer);
	/* nobody waits for it any more */
	LIST_FOREACH(instance, &s->instances, entries)
	instance->start_us = 0;
	s->alone_us = instance_now_us();
	/* its child */
	if (s->listener < 0)
		s->ends = true;
}

static void receive(struct supervisor *s)
{
	_cleanup_close_ int netns = -1;
	struct order order;
	int r = datagram_receive(s->peer, &order, sizeof(order), MSG_DONTWAIT, &netns);

	if (r == -EAGAIN)
		return;
	if (r < 0) {
		lose_peer(s);
		return;
	}
	supervisor_carry_out(s, &order, &netns);
}

/* The daemon that came last is the one: the former is gone, or about to be. */
static void receive_peer(struct supervisor *s)
{
	int peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);

	if (peer < 0)
		return;
	if (s->peer >= 0)
		lose_peer(s);
	s->peer = peer;
	s->alone_us = 0;
}

/* ----------------------------------------------------------------------------------------------------------- processes */

static void reap(struct supervisor *s)
{
	struct signalfd_siginfo info;
	struct instance *instance;
	pid_t pid;
	int status;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->ends = s->ends || info.ssi_signo != SIGCHLD;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		LIST_FOREACH(instance, &s->instances, entries)
		if (instance->pid == pid)
			break;
		if (instance)
			instance_ended(instance, status);
	}
}

/* What is to be done by now; returns when something else is, or UINT64_MAX. */
static uint64_t look(struct supervisor *s)
{
	uint64_t now = instance_now_us(), next = UINT64_MAX;
	struct instance *instance;

	LIST_FOREACH(instance, &s->instances, entries)
	{
		uint64_t soon = instance_look(instance, now);

		next = soon < next ? soon : next;
		if (instance->again_us && instance->again_us <= now)
			instance_try_again(instance, s->program);
		if (instance->again_us && instance->again_us < next)
			next = instance->again_us;
	}
	if (s->listener >= 0 && s->peer < 0) {
		uint64_t end = s->alone_us + GRACE_US;

		s->ends = s->ends || now >= end;
		next = end < next ? end : next;
	}
	return next;
}

static void hear(struct supervisor *s, struct pollfd *fds, nfds_t n)
{
	struct instance *instance;
	nfds_t at = POLL_FIXED;

	/* in the order in which they were put */
	LIST_FOREACH(instance, &s->instances, entries)
	{
		if (at + 1 >= n)
			break;
		if (fds[at++].revents)
			instance_listen(instance);
		if (fds[at++].revents)
			instance_hear(instance);
	}
	if (fds[0].revents)
		reap(s);
	if (fds[1].revents && s->peer >= 0)
		receive(s);
	if (fds[2].revents)
		receive_peer(s);
}

static int turn(struct supervisor *s)
{
	uint64_t next = look(s), now = instance_now_us();
	_cleanup_free_ struct pollfd *fds = calloc(POLL_FIXED + 2 * s->n, sizeof(*fds));
	int timeout = next == UINT64_MAX ? -1 : next <= now ? 0 : (int)((next - now) / 1000 + 1);
	struct instance *instance;
	nfds_t n = 0;

	/* with the supervisor all zones would go: it waits for memory instead */
	if (!fds) {
		(void)poll(NULL, 0, NO_MEMORY_MS);
		return 0;
	}
	fds[n++] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = s->peer, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
	LIST_FOREACH(instance, &s->instances, entries)
	{
		fds[n++] = (struct pollfd){ .fd = instance->output, .events = POLLIN };
		fds[n++] = (struct pollfd){ .fd = instance->asked ? instance->probe : -1, .events = POLLIN };
	}
	if (s->ends)
		return 0;
	if (poll(fds, n, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	hear(s, fds, n);
	return 0;
}

static int open_signals(struct supervisor *s)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	s->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : 0;
}

int supervisor_loop(struct supervisor *s)
{
	int r = open_signals(s);

	while (r == 0 && !s->ends)
		r = turn(s);
	while (!LIST_EMPTY(&s->instances))
		supervisor_forget(s, LIST_FIRST(&s->instances));
	(void)rmdir(s->folder);
	return r;
}
