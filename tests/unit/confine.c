/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each stage of the confinement, in a child that passes it and then tries what it must prevent, and what must still work.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "confine_stage.h"

#define KILLED (-SIGSYS)

/* What a child does; its result is the exit status. */
typedef int attempt(void);

/* Exit status, or the signal as a negative number. */
static int child(attempt *stage, attempt *action)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (stage() != 0)
			_exit(120);
		_exit(action());
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* The errno of a call that failed, as an exit status; 0 when it did not. */
#define FAILURE(call) ((call) < 0 ? errno : 0)

/* ----------------------------------------------------------------------------------------------------------- process */

static int stage_process(void)
{
	setenv("SECRET", "of somebody", 1);
	setenv("NOTIFY_SOCKET", "@kept", 1);
	close(STDIN_FILENO);
	return dup2(STDERR_FILENO, 50) == 50 && dup2(STDERR_FILENO, 51) == 51 ? confine_process(51) : -1;
}

static int try_inheritance(void)
{
	struct rlimit core;
	struct stat st;

	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 2;
	if (getenv("SECRET") || !getenv("NOTIFY_SOCKET"))
		return 3;
	if (fcntl(50, F_GETFD) >= 0 || fcntl(51, F_GETFD) < 0)
		return 4;
	/* nothing that is opened later can be standard input */
	return fstat(STDIN_FILENO, &st) == 0 ? 0 : 5;
}

static void test_process(void **state)
{
	(void)state;
	assert_int_equal(child(stage_process, try_inheritance), 0);
}

/* -------------------------------------------------------------------------------------------------------------- view */

static char folder[] = "/tmp/hycan-confine-XXXXXX";

static int stage_view(void)
{
	const char *const folders[] = { folder, NULL };

	return confine_view(folders);
}

static int try_shadow(void)
{
	return FAILURE(open("/etc/shadow", O_RDONLY));
}

static int try_parent(void)
{
	return FAILURE(open("/proc/1/../../../../etc/passwd", O_RDONLY));
}

static int try_new_file(void)
{
	return FAILURE(open("/new", O_WRONLY | O_CREAT, 0600));
}

static int try_core_pattern(void)
{
	int r = FAILURE(open("/proc/sys/kernel/core_pattern", O_WRONLY));

	/* a sanitizer has /proc, read-only */
	return r == EROFS && CONFINE_SANITIZER ? ENOENT : r;
}

static int try_what_is_needed(void)
{
	char file[64];
	int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDWR);

	if (fd < 0 || write(fd, "0\n", 2) != 2)
		return 1;
	fd = open("/proc/thread-self/ns/net", O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return 2;
	if (open("/proc/sys/kernel/random/boot_id", O_RDONLY) < 0)
		return 3;
	snprintf(file, sizeof(file), "%s/ledger", folder);
	fd = open(file, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || fallocate(fd, 0, 0, 4096) < 0)
		return 4;
	/* to run a program from there it would have to be executable */
	return unlink(file) < 0 ? 5 : 0;
}

static void *wait_for_ever(void *userdata)
{
	(void)userdata;
	pause();
	return NULL;
}

static int stage_thread(void)
{
	pthread_t thread;

	return -pthread_create(&thread, NULL, wait_for_ever, NULL);
}

static int try_view_with_threads(void)
{
	return -confine_view(NULL);
}

static void test_view(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(child(stage_view, try_shadow), ENOENT);
	assert_int_equal(child(stage_view, try_parent), ENOENT);
	assert_int_equal(child(stage_view, try_new_file), EROFS);
	assert_int_equal(child(stage_view, try_core_pattern), ENOENT);
	assert_int_equal(child(stage_view, try_what_is_needed), 0);
	assert_int_equal(child(stage_thread, try_view_with_threads), EBUSY);
	/* and nobody else has noticed */
	assert_int_equal(access("/etc/passwd", R_OK), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* ------------------------------------------------------------------------------------------------------ capabilities */

static int stage_capabilities(void)
{
	return confine_capabilities(CONFINE_CAP_NETWORK);
}

static int try_file_of_another(void)
{
	return FAILURE(open("/tmp/hycan-confine-other", O_RDONLY));
}

static int try_another_user(void)
{
	return FAILURE(setresuid(1, 1, 1));
}

static int try_capability(void)
{
	/* CAP_SETPCAP went with the others */
	return FAILURE(prctl(PR_CAPBSET_DROP, 0));
}

static int try_ambient(void)
{
	return FAILURE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 12, 0, 0));
}

static int try_packet(void)
{
	return FAILURE(socket(AF_INET, SOCK_RAW, 1));
}

static int try_program_of_root(void)
{
	/* root's uid alone gives a program nothing */
	execl("/bin/sh", "sh", "-c", "grep -q '^CapEff:.*0000000000000000$' /proc/self/status", NULL);
	return 1;
}

static int try_namespace(void)
{
	return FAILURE(unshare(CLONE_NEWNET));
}

static void test_capabilities(void **state)
{
	int fd = open("/tmp/hycan-confine-other", O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, 1, 1), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(child(stage_capabilities, try_file_of_another), EACCES);
	assert_int_equal(child(stage_capabilities, try_another_user), EPERM);
	assert_int_equal(child(stage_capabilities, try_capability), EPERM);
	assert_int_equal(child(stage_capabilities, try_ambient), EPERM);
	assert_int_equal(child(stage_capabilities, try_packet), EPERM);
	assert_int_equal(child(stage_capabilities, try_program_of_root), 0);
	assert_int_equal(child(stage_capabilities, try_namespace), 0);
	assert_int_equal(child(stage_capabilities, stage_capabilities), 0);
	assert_int_equal(unlink("/tmp/hycan-confine-other"), 0);
}

/* -------------------------------------------------------------------------------------------------------- privileges */

static int try_no_new_privileges(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 1;
	/* it stays, and asking twice is no failure */
	return prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 || confine_privileges() != 0;
}

/* test(1) with root's set-uid bit; it ends with 0 if what belongs to root belongs to whom it runs as. */
static char program_of_root[] = "/tmp/hycan-confine-XXXXXX/test";

static int try_set_uid(void)
{
	if (setresuid(1, 1, 1) < 0)
		return 2;
	execl(program_of_root, "test", "-O", "/", NULL);
	return 3;
}

static int stage_none(void)
{
	return 0;
}

static void test_privileges(void **state)
{
	char *name = strrchr(program_of_root, '/');

	(void)state;
	assert_int_equal(child(confine_privileges, try_no_new_privileges), 0);
	need_success("set-uid programs in /tmp", "! findmnt --noheadings --output OPTIONS --target /tmp | grep -q nosuid");
	*name = '\0';
	assert_non_null(mkdtemp(program_of_root));
	*name = '/';
	free(shell("chmod 711 $(dirname %s) && cp /usr/bin/test %s && chmod 4755 %s", program_of_root, program_of_root,
	           program_of_root));
	assert_int_equal(child(stage_none, try_set_uid), 0);
	assert_int_equal(child(confine_privileges, try_set_uid), 1);
	free(shell("rm -r $(dirname %s)", program_of_root));
}

/* ------------------------------------------------------------------------------------------------------------- calls */

static int stage_calls(void)
{
	return confine_privileges() == 0 ? confine_calls() : -1;
}

static int try_mount(void)
{
	return FAILURE(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static int try_unshare(void)
{
	return FAILURE(unshare(CLONE_NEWUSER));
}

static int try_other_setns(void)
{
	return FAILURE(setns(0, CLONE_NEWNS));
}

static int try_inet(void)
{
	return FAILURE(socket(AF_INET, SOCK_DGRAM, 0));
}

static int try_packet_socket(void)
{
	return FAILURE(socket(AF_PACKET, SOCK_RAW, 0));
}

static int try_other_netlink(void)
{
	return FAILURE(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT));
}

static int try_bpf(void)
{
	return FAILURE(syscall(SYS_bpf, 0, NULL, 0));
}

static int try_keys(void)
{
	return FAILURE(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static int try_kexec(void)
{
	return FAILURE(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int try_module(void)
{
	return FAILURE(syscall(SYS_init_module, NULL, 0, ""));
}

static int try_reboot(void)
{
	/* without the magic numbers it would be refused */
	return FAILURE(syscall(SYS_reboot, 0, 0, 0, NULL));
}

static int try_ring(void)
{
	return FAILURE(syscall(SYS_io_uring_setup, 1, NULL));
}

static int try_chmod(void)
{
	return FAILURE(chmod("/tmp/nothing-there", 0777));
}

static int try_exec(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static int try_fork(void)
{
	return FAILURE(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int try_trace(void)
{
	return FAILURE(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int try_code_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 1 : FAILURE(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int try_another_filter(void)
{
	struct sock_filter everything = BPF_STMT(BPF_RET | BPF_K, 0x7fff0000);
	struct sock_fprog program = { .len = 1, .filter = &everything };

	return prctl(PR_SET_SECCOMP, 2, &program) < 0 ? errno : 0;
}

static int try_signal(void)
{
	return FAILURE(kill(getppid(), 0));
}

static void *set_flag(void *userdata)
{
	*(int *)userdata = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ? 2 : 1;
	return NULL;
}

/* In a thread too, and in a build with sanitizers this one is killed. */
static int try_in_a_thread(void)
{
	pthread_t thread;
	int flag = 0;

	return pthread_create(&thread, NULL, set_flag, &flag) == 0 && pthread_join(thread, NULL) == 0 && flag == 2 ? ENOSYS : 1;
}

static int try_work(void)
{
	const int buses[] = { NETLINK_ROUTE, NETLINK_GENERIC, NETLINK_NETFILTER };
	int fd;

	for (size_t i = 0; i < 3; i++)
		if (socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, buses[i]) < 0)
			return 1;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return 2;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? 3 : 0;
}

static int try_abort(void)
{
	abort();
}

static void test_calls_that_kill(void **state)
{
	static attempt *const deadly[] = { try_mount,  try_unshare, try_bpf,  try_keys, try_kexec,
		                           try_module, try_reboot,  try_ring, try_chmod };

	(void)state;
	for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
		assert_int_equal(child(stage_calls, deadly[i]), KILLED);
	/* a sanitizer needs them itself, in its own way */
	if (!CONFINE_SANITIZER) {
		assert_int_equal(child(stage_calls, try_exec), KILLED);
		assert_int_equal(child(stage_calls, try_trace), KILLED);
	}
}

static void test_calls_that_are_not_there(void **state)
{
	static attempt *const missing[] = { try_other_setns, try_inet, try_packet_socket, try_other_netlink, try_another_filter,
		                            try_in_a_thread, try_code, try_code_later,    try_fork,          try_signal };
	/* what a sanitizer needs is there in any form */
	static attempt *const sanitizer[] = { try_another_filter, try_code, try_code_later, try_fork, try_signal };

	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++) {
		bool needed = false;

		for (size_t j = 0; CONFINE_SANITIZER && j < sizeof(sanitizer) / sizeof(*sanitizer); j++)
			needed |= missing[i] == sanitizer[j];
		if (!needed)
			assert_int_equal(child(stage_calls, missing[i]), CONFINE_SANITIZER ? KILLED : ENOSYS);
	}
}

static void test_calls_that_work(void **state)
{
	(void)state;
	assert_int_equal(child(stage_calls, try_work), 0);
	assert_int_equal(child(stage_calls, try_abort), -SIGABRT);
}

/* ------------------------------------------------------------------------------------------------------------- names */

static void test_names(void **state)
{
	unsigned int stages = 0;

	(void)state;
	assert_int_equal(confine_parse("view,calls", &stages), 0);
	assert_int_equal(stages, CONFINE_VIEW | CONFINE_CALLS);
	assert_int_equal(confine_parse("all", &stages), 0);
	assert_int_equal(stages, CONFINE_ALL);
	assert_int_equal(confine_parse("", &stages), -EINVAL);
	assert_int_equal(confine_parse("view,", &stages), -EINVAL);
	assert_int_equal(confine_parse("views", &stages), -EINVAL);
	assert_int_equal(stages, CONFINE_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process),         cmocka_unit_test(test_view),
		cmocka_unit_test(test_capabilities),    cmocka_unit_test(test_privileges),
		cmocka_unit_test(test_calls_that_kill), cmocka_unit_test(test_calls_that_are_not_there),
		cmocka_unit_test(test_calls_that_work), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
