/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a network namespace by its number: what cannot be opened for want of a descriptor is not gone. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "kernel/namespace.h"
#include "world.h"

/* A process in one of its own. */
static pid_t inhabit(uint64_t *ret_inode)
{
	const pid_t parent = getpid();
	char path[64], c;
	struct stat st;
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || unshare(CLONE_NEWNET) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	assert_int_equal(stat(path, &st), 0);
	*ret_inode = st.st_ino;
	return pid;
}

static void leave(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void is_found(void **state)
{
	_cleanup_close_ int netns = -1;
	struct stat st;
	uint64_t inode;
	const pid_t pid = inhabit(&inode);

	(void)state;
	assert_int_equal(kernel_namespace_find(inode, &netns), 0);
	assert_int_equal(fstat(netns, &st), 0);
	assert_int_equal(st.st_ino, inode);
	leave(pid);
	assert_int_equal(kernel_namespace_find(1, &netns), -ENOENT);
}

/* One more at a time: for a folder, the namespace, and whose it is. */
static void without_descriptors(void **state)
{
	struct rlimit before, few;
	uint64_t inode;
	const pid_t pid = inhabit(&inode);
	int netns = -1, r, n = 0, next;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(STDERR_FILENO);
	close(next);
	do {
		few = (struct rlimit){ .rlim_cur = (rlim_t)(next + n), .rlim_max = before.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		r = kernel_namespace_find(inode, &netns);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_true(r == 0 || r == -EMFILE);
		n += r < 0;
	} while (r < 0);
	assert_int_equal(n, 3);
	close(netns);
	leave(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_found),
		cmocka_unit_test(without_descriptors),
	};

	return cmocka_run_group_tests_name("finding a network namespace", tests, NULL, NULL);
}
