/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time that goes by at once.
 *
 * The daemon's clock is the kernel's and the seconds that the plan has gone ahead; so an hour is over when the test says so,
 * and at no other moment. What it gives the kernel to wait for are times of its own clock, and translated: timers, which are set
 * anew when the clock goes ahead, and waiting for a condition.
 */
#include "later.h"

#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "rest.h"

/* Timers of CLOCK_MONOTONIC; sd-event has one. */
#define TIMERS_MAX 8

static struct plan *plan;

static struct {
	int fd;
	struct itimerspec at; /* by the daemon's clock; zero: it is not set */
} timers[TIMERS_MAX];
static size_t n_timers;

/* By how much the clock went ahead when they were set; the loop's. */
static int64_t ahead_s;

void later_open(struct plan *p)
{
	plan = p;
	ahead_s = plan->ahead_s;
}

static int64_t ahead(void)
{
	return plan ? plan->ahead_s : 0;
}

REPLACES int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, clock, ts);

	if (r == 0 && clock == CLOCK_MONOTONIC)
		ts->tv_sec += ahead();
	return r;
}

/* A time of the daemon's clock, by the kernel's: 0 would be none. */
static struct timespec translated(struct timespec at)
{
	at.tv_sec -= ahead();
	return at.tv_sec < 0 ? (struct timespec){ .tv_nsec = 1 } : at;
}

/* The name is the linker's (--wrap). */
int __real_pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *lock, clockid_t clock, const struct timespec *until);
int __wrap_pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *lock, clockid_t clock, const struct timespec *until);

int __wrap_pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *lock, clockid_t clock, const struct timespec *until)
{
	const struct timespec at = translated(*until);

	return __real_pthread_cond_clockwait(condition, lock, clock, &at);
}

REPLACES int timerfd_create(clockid_t clock, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, clock, flags);

	if (fd >= 0 && clock == CLOCK_MONOTONIC && n_timers < TIMERS_MAX)
		timers[n_timers++].fd = fd;
	return fd;
}

static bool is_due(struct timespec at)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > at.tv_sec || (now.tv_sec == at.tv_sec && now.tv_nsec >= at.tv_nsec);
}

/* One that is due has rung when this returns, so that nobody takes the daemon for one that rests. */
static int set(int fd, int flags, struct itimerspec at, struct itimerspec *ret_before)
{
	const bool waits = at.it_value.tv_sec || at.it_value.tv_nsec, due = waits && is_due(at.it_value);
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int r;

	if (waits)
		at.it_value = translated(at.it_value);
	r = (int)syscall(SYS_timerfd_settime, fd, flags, &at, ret_before);
	if (r == 0 && due)
		(void)syscall(SYS_poll, &pollfd, 1, 1000);
	return r;
}

REPLACES int timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *ret_before)
{
	for (size_t i = 0; i < n_timers && flags & TFD_TIMER_ABSTIME; i++)
		if (timers[i].fd == fd) {
			timers[i].at = *at;
			return set(fd, flags, *at, ret_before);
		}
	return (int)syscall(SYS_timerfd_settime, fd, flags, at, ret_before);
}

void later_look(void)
{
	if (ahead() == ahead_s)
		return;
	ahead_s = ahead();
	for (size_t i = 0; i < n_timers; i++)
		(void)set(timers[i].fd, TFD_TIMER_ABSTIME, timers[i].at, NULL);
}
