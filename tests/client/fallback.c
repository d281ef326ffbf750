/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without a daemon to be reached: a private one for whoever holds CAP_NET_ADMIN, and one clear sentence for the others.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Some user without privileges. */
#define STRANGER 12345

static volatile sig_atomic_t children;

static void count_child(int signal)
{
	(void)signal;
	children++;
}

static int begin(void **state)
{
	int r = world_begin(state);

	setenv("HYCAN_DAEMON_SOCKET", "/nowhere/hycan.sock", 1);
	setenv("HYCAN_DAEMON_EXECUTABLE", world_daemon_path(), 1);
	unsetenv("HYCAN_NO_FALLBACK");
	return r;
}

static pid_t daemon_pid(struct hycan *h)
{
	struct hycan_daemon_status_reply *status;
	pid_t pid;

	assert_done(h, hycan_daemon_status(h, &status));
	pid = status->pid;
	free(status);
	return pid;
}

static void until_gone(pid_t pid)
{
	shell_until(60, "! test -e /proc/%d || grep -q '^State:.Z' /proc/%d/status", pid, pid);
}

static void a_private_daemon_serves_root(void **state)
{
	struct world *w = *state;
	struct hycan_link link;
	struct hycan *h;
	pid_t pid;

	/* ours, and not that of a daemon which runs elsewhere */
	free(shell("ip link add br7 type bridge"));
	assert_done(h, hycan_open(&h, NULL));
	assert_string_equal(hycan_path(h), "");
	assert_done(h, hycan_link_get(h, "br7", &link));
	assert_done(h, hycan_link_up(h, "br7"));
	free(shell("ip link show br7 up | grep br7"));
	pid = daemon_pid(h);
	assert_true(pid > 0 && pid != getpid() && pid != w->daemon);
	hycan_close(h);
	until_gone(pid);
}

/* It ends with the program, so nobody could confirm anything later, with a token. */
static void nothing_waits_behind_the_program(void **state)
{
	struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *h;

	(void)state;
	free(shell("ip link add br7 type bridge"));
	assert_done(h, hycan_open(&h, NULL));
	for (int detached = 1; detached >= 0; detached--) {
		options.detached = detached;
		assert_done(h, hycan_transaction_begin(h));
		assert_done(h, hycan_link_up(h, "br7"));
		if (detached)
			assert_refused(h, hycan_transaction_commit(h, &options, &reply), HYCAN_REFUSAL_UNSUPPORTED);
		else
			assert_done(h, hycan_transaction_commit(h, &options, &reply));
		assert_int_equal(shell_status(NULL, "ip link show br7 up | grep -q br7"), detached);
	}
	assert_done(h, hycan_transaction_confirm(h, reply->token));
	free(reply);
	hycan_close(h);
	free(shell("ip link show br7 up | grep -q br7"));
}

/* No child to wait for, no signal, no descriptor that it should not have. */
static void the_program_does_not_notice(void **state)
{
	struct sigaction action = { .sa_handler = count_child }, before;
	struct world *w = *state;
	char marker[128], *listing;
	struct hycan *h;
	pid_t pid;
	int fd;

	world_stop_daemon(w, SIGTERM);
	children = 0;
	assert_int_equal(sigaction(SIGCHLD, &action, &before), 0);
	snprintf(marker, sizeof(marker), "%s/marker", w->directory);
	fd = open(marker, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
	assert_done(h, hycan_open(&h, NULL));
	pid = daemon_pid(h);
	assert_int_equal(children, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	sigaction(SIGCHLD, &before, NULL);
	listing = shell("ls -l /proc/%d/fd", pid);
	assert_lacks(listing, "/marker");
	free(listing);
	assert_int_equal(sigaction(SIGCHLD, &action, NULL), 0);
	hycan_close(h);
	sigaction(SIGCHLD, &before, NULL);
	until_gone(pid);
	assert_int_equal(children, 0);
	close(fd);
}

/* A program that closed its standard descriptors gets low numbers for everything; the daemon wants its own at 3. */
static void descriptors_may_have_any_number(void **state)
{
	(void)state;
	for (int first = 0; first <= 5; first++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			struct hycan *h;

			/* from here on nothing can be said */
			for (int fd = first; fd < 64; fd++)
				close(fd);
			_exit(hycan_open(&h, NULL) == 0 && hycan_link_up(h, "lo") == 0 ? 0 : 1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

static void a_private_daemon_that_died_is_replaced(void **state)
{
	struct hycan *h;
	pid_t pid;

	(void)state;
	assert_done(h, hycan_open(&h, NULL));
	pid = daemon_pid(h);
	assert_int_equal(kill(pid, SIGKILL), 0);
	until_gone(pid);
	assert_done(h, hycan_link_up(h, "lo"));
	assert_int_not_equal(daemon_pid(h), pid);
	assert_string_equal(hycan_path(h), "");
	hycan_close(h);
}

/* It ends with its program: a lease would have nobody who ends it. What is held while connected goes. */
static void there_are_no_leases(void **state)
{
	const struct hycan_session_lifetime_options minute = { .has_seconds = true, .seconds = 60 };
	const struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 70, .has_table = true, .table = 7
	};
	struct hycan *h;
	pid_t pid;

	(void)state;
	assert_done(h, hycan_open(&h, NULL));
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_refused(h, hycan_session_lifetime(h, HYCAN_LIFETIME_LEASE, &minute), HYCAN_REFUSAL_UNSUPPORTED);
	assert_string_equal(hycan_error_field(h), "lifetime");
	assert_contains(hycan_error_message(h), "systemctl start hycan-daemon");
	assert_done(h, hycan_rule_add(h, &rule));
	pid = daemon_pid(h);
	hycan_close(h);
	until_gone(pid);
	assert_int_equal(shell_status(NULL, "ip rule | grep -q ^70:"), 1);
}

static void the_environment_forbids_it(void **state)
{
	struct hycan *h;

	(void)state;
	setenv("HYCAN_NO_FALLBACK", "1", 1);
	assert_int_equal(hycan_open(&h, NULL), -ENOENT);
	assert_contains(hycan_error_message(h), "HYCAN_NO_FALLBACK");
	hycan_close(h);
	setenv("HYCAN_NO_FALLBACK", "0", 1);
	assert_done(h, hycan_open(&h, NULL));
	hycan_close(h);
}

static void an_executable_that_is_not_there(void **state)
{
	struct hycan *h;

	(void)state;
	setenv("HYCAN_DAEMON_EXECUTABLE", "/nowhere/hycan_daemon", 1);
	assert_int_equal(hycan_open(&h, NULL), -ENOENT);
	assert_contains(hycan_error_message(h), "a private daemon could not be started: /nowhere/hycan_daemon: No such file");
	hycan_close(h);
	/* one that is no daemon ends at once */
	setenv("HYCAN_DAEMON_EXECUTABLE", "/bin/true", 1);
	assert_int_equal(hycan_open(&h, NULL), 0);
	assert_int_equal(hycan_link_up(h, "lo"), -ECONNRESET);
	hycan_close(h);
}

static void with_an_explicit_path_there_is_none(void **state)
{
	struct hycan *h;

	(void)state;
	assert_int_equal(hycan_open(&h, "/nowhere/hycan.sock"), -ENOENT);
	assert_lacks(hycan_error_message(h), "private");
	hycan_close(h);
}

static void as_stranger(struct world *w)
{
	struct hycan *h;

	(void)w;
	unsetenv("HYCAN_DAEMON_SOCKET");
	if (access("/var/run/hycan_daemon.sock", F_OK) == 0 || access("/tmp/hycan_daemon.sock", F_OK) == 0)
		return;
	assert_int_equal(hycan_open(&h, NULL), -ENOENT);
	assert_contains(hycan_error_message(h), "/var/run/hycan_daemon.sock: No such file or directory");
	assert_contains(hycan_error_message(h), "/tmp/hycan_daemon.sock: No such file or directory");
	assert_contains(hycan_error_message(h), "CAP_NET_ADMIN");
	assert_contains(hycan_error_message(h), "systemctl start hycan-daemon");
	hycan_close(h);
}

static void strangers_get_a_sentence(void **state)
{
	world_as(STRANGER, STRANGER, as_stranger, *state);
}

/* A user who holds the capability and nothing else. */
static void with_the_capability_alone(void **state)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = 1u << CAP_NET_ADMIN, .permitted = 1u << CAP_NET_ADMIN } };
	struct world *w = *state;
	pid_t child;
	int status;

	/* where that user may execute it, wherever it was built */
	free(shell("chmod 755 %s && cp %s %s/hycan_daemon", w->directory, world_daemon_path(), w->directory));
	free(shell("chmod 755 %s/hycan_daemon", w->directory));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char path[128];
		struct hycan *h;

		snprintf(path, sizeof(path), "%s/hycan_daemon", w->directory);
		setenv("HYCAN_DAEMON_EXECUTABLE", path, 1);
		if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setresgid(STRANGER, STRANGER, STRANGER) < 0 ||
		    setresuid(STRANGER, STRANGER, STRANGER) < 0 || syscall(SYS_capset, &header, data) < 0)
			_exit(126);
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		assert_done(h, hycan_open(&h, NULL));
		assert_done(h, hycan_link_down(h, "lo"));
		assert_done(h, hycan_link_up(h, "lo"));
		hycan_close(h);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, world_end)
		TEST(a_private_daemon_serves_root),
		TEST(nothing_waits_behind_the_program),
		TEST(the_program_does_not_notice),
		TEST(descriptors_may_have_any_number),
		TEST(a_private_daemon_that_died_is_replaced),
		TEST(there_are_no_leases),
		TEST(the_environment_forbids_it),
		TEST(an_executable_that_is_not_there),
		TEST(with_an_explicit_path_there_is_none),
		TEST(strangers_get_a_sentence),
		TEST(with_the_capability_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
