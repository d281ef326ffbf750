/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each thread of the daemon's but its loop is stopped at each of its system calls until it is the one; so none is missed, whoever runs
 * how fast.
 */
#include "held.h"
#include "clock.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS (30000 * SLOWEST)

/* Workers, the scribe, the observer. */
#define THREADS_MAX 16

static pid_t thread[THREADS_MAX]; /* that are traced; 0: no more */
static size_t n_threads;
static bool is_held; /* there is one, which is stopped */

static unsigned int messages; /* until the one; 0: it is a pause */

/* ptrace(2) takes them as a pointer. */
static void *options(void)
{
	return (void *)(intptr_t)PTRACE_O_TRACESYSGOOD;
}

static void trace(const struct world *w)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;

	held_end();
	snprintf(path, sizeof(path), "/proc/%d/task", w->daemon);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		const pid_t id = atoi(entry->d_name);

		if (id <= 0 || id == w->daemon)
			continue;
		assert_true(n_threads < THREADS_MAX);
		assert_int_equal(ptrace(PTRACE_SEIZE, id, NULL, options()), 0);
		thread[n_threads++] = id;
		assert_int_equal(ptrace(PTRACE_INTERRUPT, id, NULL, NULL), 0);
	}
	closedir(tasks);
}

/* A thread that runs is stopped for that. One that is dying is waited for, since its process would wait for us. */
static void untrace(pid_t id, bool is_stopped)
{
	int status = 0;

	if (!is_stopped && ptrace(PTRACE_INTERRUPT, id, NULL, NULL) == 0)
		(void)waitpid(id, &status, __WALL);
	if (ptrace(PTRACE_DETACH, id, NULL, NULL) < 0)
		(void)waitpid(id, &status, __WALL);
}

/* Of a thread that sends, a message to the kernel: answers are the loop's. */
static bool is_it(uint64_t number)
{
	if (messages > 0)
		return (number == SYS_sendto || number == SYS_sendmsg) && --messages == 0;
#ifdef SYS_nanosleep
	if (number == SYS_nanosleep)
		return true;
#endif
	return number == SYS_clock_nanosleep;
}

static bool is_there(pid_t id, int status)
{
	struct __ptrace_syscall_info call = { 0 };

	if (WSTOPSIG(status) != (SIGTRAP | 0x80))
		return false;
	assert_true(ptrace(PTRACE_GET_SYSCALL_INFO, id, sizeof(call), &call) > 0);
	return call.op == PTRACE_SYSCALL_INFO_ENTRY && is_it(call.entry.nr);
}

/* Whether it is there, and stopped; what else has stopped goes on. */
static bool look(size_t i)
{
	int status;

	if (!thread[i] || waitpid(thread[i], &status, __WALL | WNOHANG) != thread[i])
		return false;
	if (!WIFSTOPPED(status)) {
		thread[i] = 0;
		return false;
	}
	if (is_there(thread[i], status))
		return true;
	/* all signals are blocked in these threads: what stops them is ours */
	assert_int_equal(ptrace(PTRACE_SYSCALL, thread[i], NULL, NULL), 0);
	return false;
}

/* One is held; the others go on without us. */
static void keep(size_t held)
{
	for (size_t i = 0; i < n_threads; i++)
		if (i != held && thread[i])
			untrace(thread[i], false);
	thread[0] = thread[held];
	n_threads = 1;
	is_held = true;
}

static void until_there(pid_t child)
{
	const int64_t deadline = now_ms() + DEADLINE_MS;
	int status;

	for (;;) {
		for (size_t i = 0; i < n_threads; i++)
			if (look(i)) {
				keep(i);
				return;
			}
		if (waitpid(child, &status, WNOHANG) == child)
			fail_msg("The child ended with %#x, and the daemon was not held.", status);
		assert_true(now_ms() < deadline);
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	}
}

static pid_t begin(const struct world *w, held_asks *asks, const void *userdata)
{
	struct hycan *h = NULL;
	pid_t child;

	trace(w);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(hycan_open(&h, w->socket) == 0 ? asks(h, userdata) : 1);
	}
	until_there(child);
	return child;
}

pid_t held_in_pause(const struct world *w, held_asks *asks, const void *userdata)
{
	messages = 0;
	return begin(w, asks, userdata);
}

pid_t held_at_message(const struct world *w, unsigned int n, held_asks *asks, const void *userdata)
{
	messages = n;
	return begin(w, asks, userdata);
}

void held_end(void)
{
	for (size_t i = 0; i < n_threads; i++)
		if (thread[i])
			untrace(thread[i], is_held);
	n_threads = 0;
	is_held = false;
}
