/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A daemon of our own, for a caller that holds CAP_NET_ADMIN where no daemon runs.
 *
 * It is the same executable, served over a socket pair, and it ends when the connection does. The program that uses the
 * library must not notice that there is a child: no signal when it ends, nothing to wait for. So a helper is cloned
 * without an exit signal, starts the daemon, and ends at once; the daemon belongs to init from then on. Between clone
 * and exec there are only system calls, since the program may have threads that held any lock.
 *
 * What this file does not do: decide whether a private daemon is wanted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hycan/client.h>

#include "connection.h"

/* Where the daemon expects its end of the socket pair. */
#define PRIVATE_FD 3

static int read_capabilities(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, data) < 0 ? -errno : 0;
}

bool private_allowed(void)
{
	struct __user_cap_data_struct data[2] = { 0 };

	return read_capabilities(data) == 0 && (data[0].effective & (1u << CAP_NET_ADMIN));
}

/* A caller that is not root keeps its capability over exec only this way (capabilities(7)). */
static void pass_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (read_capabilities(data) < 0)
		return;
	data[0].inheritable |= data[0].permitted & (1u << CAP_NET_ADMIN);
	if (syscall(SYS_capset, &header, data) == 0)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

/* Handlers are the program's, and so is what it ignores and blocks. */
static void reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the daemon's process: becomes the daemon, or tells why not and ends. */
__attribute__((noreturn)) static void become_daemon(const char *path, char *const argv[], char *const envp[], int fd, int report)
{
	int e;

	/* both go above the number that one of them gets, so that neither is overwritten */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, PRIVATE_FD + 1);
	report = fcntl(report, F_DUPFD_CLOEXEC, PRIVATE_FD + 1);
	if (fd < 0 || report < 0 || dup2(fd, PRIVATE_FD) < 0)
		_exit(127);
	/* descriptors of the program are none of the daemon's */
	syscall(SYS_close_range, PRIVATE_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	setsid();
	pass_capability();
	reset_signals();
	execve(path, argv, envp);
	e = errno;
	if (write(report, &e, sizeof(e)) < 0)
		_exit(126);
	_exit(127);
}

/* Starts the daemon behind a helper that ends at once. Returns 0, or -errno. */
static int start(const char *path, int fd, int report)
{
	/* what it has to tell goes over the socket; the program's own output is not the place */
	char level[] = "--log-level=err", option[] = "--private", number[] = { '0' + PRIVATE_FD, '\0' };
	char variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *argv[] = { (char *)path, level, option, number, NULL };
	char *clean[] = { variable, NULL };
	/* what the user of a set-uid program put into the environment must not steer a daemon with its privileges */
	char **envp = getauxval(AT_SECURE) ? clean : environ;
	sigset_t all, old;
	long pid;
	int e = 0;

	/* no handler of the program may run in the helper */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	/* as fork(2), but with no signal at its end; with everything 0 the order of the parameters does not matter */
	pid = syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
	if (pid < 0)
		e = errno;
	if (pid == 0) {
		pid = syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
		if (pid == 0)
			become_daemon(path, argv, envp, fd, report);
		e = errno;
		if (pid < 0 && write(report, &e, sizeof(e)) < 0)
			_exit(126);
		_exit(0);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return -e;
	while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return 0;
}

int private_start(char *reason, size_t reason_size)
{
	const char *path = secure_getenv("HYCAN_DAEMON_EXECUTABLE");
	int pair[2], report[2], e = 0, r;
	ssize_t n;

	if (!path || !*path)
		path = HYCAN_DAEMON_EXECUTABLE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		r = -errno;
		snprintf(reason, reason_size, "socketpair: %s", hycan_result_name(r));
		return r;
	}
	if (pipe2(report, O_CLOEXEC) < 0) {
		r = -errno;
		snprintf(reason, reason_size, "pipe: %s", hycan_result_name(r));
		close(pair[0]);
		close(pair[1]);
		return r;
	}
	r = start(path, pair[1], report[1]);
	close(pair[1]);
	close(report[1]);
	/* the pipe closes when the daemon runs; a number in it tells why it does not */
	if (r == 0) {
		do
			n = read(report[0], &e, sizeof(e));
		while (n < 0 && errno == EINTR);
		if (n == (ssize_t)sizeof(e))
			r = -e;
	}
	close(report[0]);
	if (r < 0) {
		snprintf(reason, reason_size, "%s: %s", path, hycan_result_name(r));
		close(pair[0]);
		return r;
	}
	return pair[0];
}
