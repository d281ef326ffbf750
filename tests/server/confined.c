/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real daemon, as it runs: what /proc says of it and of the porter, and what needs the porter.
 */
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_status(void **state)
{
	struct world *w = *state;

	/* every thread: CAP_NET_ADMIN, CAP_NET_BIND_SERVICE and CAP_SYS_ADMIN */
	free(shell("for t in /proc/%d/task/*; do grep -q '^CapEff:.*0000000000201400$' $t/status && "
	           "grep -q '^CapPrm:.*0000000000201400$' $t/status && grep -q '^CapBnd:.*0000000000201400$' $t/status && "
	           "grep -q '^NoNewPrivs:.*1$' $t/status && grep -q '^Seccomp:.*2$' $t/status || exit 1; done",
	           w->daemon));
	free(shell("test $(ls /proc/%d/task | wc -l) -gt 1", w->daemon));
}

static void test_view(void **state)
{
	struct world *w = *state;
	char *root = shell("ls /proc/%d/root | tr '\\n' ' '", w->daemon);

	/* the ledger's folder is below /tmp */
	assert_true(strcmp(root, "proc tmp ") == 0 || strcmp(root, "proc run tmp ") == 0);
	free(root);
	root = shell("ls -A /proc/%d/root%s", w->daemon, w->directory);
	assert_string_equal(root, "socket.d\n");
	free(root);
	/* nothing can be written but /proc/sys/net and that folder */
	root = shell("awk '$6 ~ /^rw/ { print $5 }' /proc/%d/mountinfo | sort | tr '\\n' ' '", w->daemon);
	assert_contains(root, "/proc/sys/net ");
	assert_contains(root, "socket.d ");
	assert_lacks(root, "/ ");
	free(root);
	free(shell("! grep -qv nosuid,nodev,noexec /proc/%d/mountinfo", w->daemon));
}

/* It has no power over the network, and goes with the daemon. */
static void test_porter(void **state)
{
	struct world *w = *state;
	char *porter =
		shell("for p in /proc/[0-9]*; do grep -q '^PPid:.%d$' $p/status 2>/dev/null && basename $p; done; true", w->daemon);
	int pid = atoi(porter);

	free(porter);
	assert_true(pid > 0);
	free(shell("grep -q '^CapEff:.*000000000008000a$' /proc/%d/status && grep -q '^NoNewPrivs:.*1$' /proc/%d/status", pid,
	           pid));
	/* it holds neither the listening socket nor a client's */
	free(shell("test $(ls -l /proc/%d/fd | grep -c socket:) -eq 1", pid));
	assert_int_equal(world_stop_daemon(w, SIGKILL), SIGKILL);
	shell_until(30, "! test -e /proc/%d", pid);
	world_start_daemon(w, NULL);
}

/* The policy and the users are those of the moment, not of the start: both files are replaced. */
static void test_reload(void **state)
{
	struct world *w = *state;

	free(shell("printf 'allow root read\\ndeny * all\\n' > %s/new && mv %s/new %s/policy.conf && kill -HUP %d", w->directory,
	           w->directory, w->directory, w->daemon));
	shell_until(30, "grep -q 'policy was read again' %s", w->log);
	assert_refused(w->h, hycan_link_up(w->h, "lo"), HYCAN_REFUSAL_DENIED);
	free(shell("printf 'allow nobody-of-this-name all\\n' > %s/policy.conf && kill -HUP %d", w->directory, w->daemon));
	shell_until(30, "grep -q 'The policy stays as it was' %s", w->log);
	free(shell("printf 'allow nobody all\\nallow root all\\n' > %s/policy.conf && kill -HUP %d", w->directory, w->daemon));
	shell_until(30, "test $(grep -c 'policy was read again' %s) -eq 2", w->log);
	assert_done(w->h, hycan_link_up(w->h, "lo"));
}

static void test_end(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_stop_daemon(w, SIGTERM), 0);
	free(shell("! test -e %s && ! test -e %s.d", w->socket, w->socket));
	world_start_daemon(w, NULL);
}

static void test_options(void **state)
{
	const struct world_options options = { .arguments = { "--unconfined=calls,view" } };
	struct world *w;
	char *text;

	*state = w = world_start(&options);
	free(shell("grep -q '^Seccomp:.*0$' /proc/%d/status && grep -q '^NoNewPrivs:.*1$' /proc/%d/status", w->daemon, w->daemon));
	free(shell("test -e /proc/%d/root/etc/passwd", w->daemon));
	assert_int_equal(shell_status(&text, "%s --unconfined=views", world_daemon_path()), 2);
	assert_contains(text, "“views” is no stage");
	free(text);
}

/* Without CAP_SYS_ADMIN there is no view; everything else is as it should be. */
static void test_container(void **state)
{
	struct world *w = *state;

	need_command("capsh");
	free(shell("timeout 200 capsh --drop=cap_sys_admin -- -c '%s --state none %s/other & "
	           "until test -S %s/other && grep -q \"^CapEff:.*0000000000001400\" /proc/$!/status; do sleep 0.1; done; "
	           "kill $! && wait $!' > %s/said 2>&1 && grep -q 'there is no CAP_SYS_ADMIN' %s/said",
	           world_daemon_path(), w->directory, w->directory, w->directory, w->directory));
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_status),
		WITNESS(test_view),
		WITNESS(test_porter),
		WITNESS(test_reload),
		WITNESS(test_container),
		WITNESS(test_end),
		cmocka_unit_test_teardown(test_options, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
