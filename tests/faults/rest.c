/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who does something in the daemon, and when nobody does.
 *
 * The loop says that the daemon rests, since all that is asked goes by way of it: when it has nothing to do itself, no worker
 * works, and the observer waits and there is nothing for it to read.
 */
#include "rest.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "later.h"

static struct plan *plan;
static pid_t daemon_pid;
static __thread enum party party = PARTY_REQUEST;

void rest_open(struct plan *p)
{
	plan = p;
	daemon_pid = getpid();
	/* what the one before said, which was killed */
	plan->rests = REST_NOT;
}

enum party rest_party(void)
{
	return getpid() == daemon_pid ? party : PARTY_PROCESS;
}

/* The names are the linker's (--wrap). */
struct job;
struct observer;
void *__real_observer_run(void *userdata);
void *__wrap_observer_run(void *userdata);
int __real_record_items(struct job *job, size_t from, size_t to);
int __wrap_record_items(struct job *job, size_t from, size_t to);
void __real_observer_working(struct observer *observer, unsigned int hand, bool begins);
void __wrap_observer_working(struct observer *observer, unsigned int hand, bool begins);

/* The scribe alone calls it. */
int __wrap_record_items(struct job *job, size_t from, size_t to)
{
	party = PARTY_SCRIBE;
	return __real_record_items(job, from, to);
}

/* --------------------------------------------------------------------------------------------------------------- rest */

/* The hands that have something to do, a bit each; the loop's. */
static unsigned int working;

/* What the observer waits for, while it waits. */
static struct {
	pthread_mutex_t lock;
	bool is_there;
	bool waits;
	struct pollfd fds[80];
	nfds_t n;
	int timeout;
} observer = { .lock = PTHREAD_MUTEX_INITIALIZER };

void __wrap_observer_working(struct observer *o, unsigned int hand, bool begins)
{
	working = begins ? working | 1u << hand : working & ~(1u << hand);
	__real_observer_working(o, hand, begins);
}

static int real_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	return (int)syscall(SYS_poll, fds, n, timeout);
}

static void observer_waits(const struct pollfd *fds, nfds_t n, int timeout)
{
	pthread_mutex_lock(&observer.lock);
	observer.is_there = true;
	observer.waits = fds && n <= sizeof(observer.fds) / sizeof(*observer.fds);
	observer.n = observer.waits ? n : 0;
	for (nfds_t i = 0; i < observer.n; i++)
		observer.fds[i] = fds[i];
	observer.timeout = timeout;
	pthread_mutex_unlock(&observer.lock);
}

void *__wrap_observer_run(void *userdata)
{
	party = PARTY_OBSERVER;
	observer_waits(NULL, 0, 0);
	return __real_observer_run(userdata);
}

REPLACES int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int r;

	if (!plan || party != PARTY_OBSERVER || timeout == 0)
		return real_poll(fds, n, timeout);
	observer_waits(fds, n, timeout);
	r = real_poll(fds, n, timeout);
	observer_waits(NULL, 0, 0);
	return r;
}

static enum rest rest(void)
{
	enum rest rest = REST_NOT;

	if (working)
		return REST_NOT;
	pthread_mutex_lock(&observer.lock);
	if (!observer.is_there)
		rest = REST_DEEP;
	else if (observer.waits && real_poll(observer.fds, observer.n, 0) == 0)
		rest = observer.timeout < 0 ? REST_DEEP : REST_NOW;
	pthread_mutex_unlock(&observer.lock);
	return rest;
}

/* How often the loop looks at the others while it has nothing to do. */
#define LOOK_MS 1

/* The loop waits. It says so when there is nothing to wait for but what others will ask. */
REPLACES int epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
	const bool is_loop = plan && timeout != 0 && getpid() == daemon_pid;
	int r;

	if (is_loop)
		later_look();
	r = (int)syscall(SYS_epoll_wait, fd, events, n, is_loop ? 0 : timeout);
	if (!is_loop || r)
		return r;
	while (r == 0 && timeout != 0 && (plan->rests = rest()) != REST_DEEP) {
		const int slice = timeout > 0 && timeout < LOOK_MS ? timeout : LOOK_MS;

		r = (int)syscall(SYS_epoll_wait, fd, events, n, slice);
		timeout -= timeout > 0 ? slice : 0;
	}
	if (r == 0)
		r = (int)syscall(SYS_epoll_wait, fd, events, n, timeout);
	plan->rests = REST_NOT;
	return r;
}
