/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.netns: into another namespace, for those who may. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "world.h"

static void test_root(void **state)
{
	struct world *w = *state;
	struct hycan_session_whoami_reply *me = NULL;
	struct hycan *other = NULL;
	uint64_t inode = 0;
	struct stat st;
	char *text;
	int fd;

	free(shell("ip netns add blue"));
	fd = open("/run/netns/blue", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_done(w->h, hycan_open(&other, w->socket));
	assert_done(other, hycan_session_netns(other, fd, &inode));
	close(fd);
	assert_int_equal(inode, st.st_ino);
	assert_done(other, hycan_session_whoami(other, &me));
	assert_true(me->has_netns);
	assert_int_equal(me->netns, st.st_ino);
	free(me);
	/* what the one does is seen there and not here; the other connection stays where it was */
	assert_done(other, hycan_link_up(other, "lo"));
	assert_done(w->h, hycan_link_down(w->h, "lo"));
	text = shell("ip netns exec blue ip link show lo");
	assert_contains(text, ",UP");
	free(text);
	text = shell("ip link show lo");
	assert_lacks(text, ",UP");
	free(text);
	hycan_close(other);
	/* the daemon holds the namespace no longer */
	free(shell("ip netns delete blue"));
	shell_until(20, "! ls -l /proc/%d/fd | grep -q 'net:.%lu'", w->daemon, (unsigned long)st.st_ino);
}

static void test_not_a_namespace(void **state)
{
	struct world *w = *state;
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	assert_refused(w->h, hycan_session_netns(w->h, STDIN_FILENO, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "netns");
	assert_refused(w->h, hycan_session_netns(w->h, fd, NULL), HYCAN_REFUSAL_INVALID);
	assert_true(hycan_session_netns(w->h, -1, NULL) < 0);
	close(fd);
	assert_done(w->h, hycan_link_up(w->h, "lo"));
}

/* The namespace that everybody lives in belongs to root, and one's own to oneself. */
static void as_nobody(struct world *w)
{
	struct hycan *h = NULL;
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_done(h, hycan_open(&h, w->socket));
	assert_refused(h, hycan_session_netns(h, fd, NULL), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(h), "uid 0");
	close(fd);
	assert_int_equal(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_done(h, hycan_session_netns(h, fd, NULL));
	close(fd);
	/* allowed by policy, and in its own namespace */
	assert_done(h, hycan_link_up(h, "lo"));
	hycan_close(h);
}

/* One that nothing leads to but the descriptor. */
static int new_namespace(void)
{
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* However many sessions are in a namespace, it is one descriptor, beside that with which each connection acts there. */
static void test_one_descriptor(void **state)
{
	struct world *w = *state;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fds[4];
	struct hycan *h[8] = { NULL };

	for (size_t k = 0; k < 4; k++)
		fds[k] = new_namespace();
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(hycan_open(&h[i], w->socket), 0);
		for (size_t k = 0; k < 4; k++)
			assert_done(h[i], hycan_session_netns(h[i], fds[k], NULL));
	}
	free(shell("test $(ls -l /proc/%d/fd | grep -c 'net:') -le 12", w->daemon));
	for (size_t i = 0; i < 8; i++)
		hycan_close(h[i]);
	shell_until(20, "! ls -l /proc/%d/fd | grep -q 'net:'", w->daemon);
	for (size_t k = 0; k < 4; k++)
		close(fds[k]);
	close(home);
}

/* A user has so many of them; who is in one already may come back, and where a session ends there is room. */
static void as_greedy(struct world *w)
{
	struct hycan *h[17] = { NULL };
	int fd = -1, first = -1;
	int64_t deadline;

	assert_int_equal(unshare(CLONE_NEWUSER), 0);
	for (size_t i = 0; i < 256; i++) {
		if (i % 16 == 0)
			assert_int_equal(hycan_open(&h[i / 16], w->socket), 0);
		fd = new_namespace();
		assert_done(h[i / 16], hycan_session_netns(h[i / 16], fd, NULL));
		if (i > 0)
			close(fd);
		else
			first = fd;
	}
	assert_int_equal(hycan_open(&h[16], w->socket), 0);
	fd = new_namespace();
	assert_refused(h[16], hycan_session_netns(h[16], fd, NULL), HYCAN_REFUSAL_LIMIT);
	assert_string_equal(hycan_error_field(h[16]), "netns");
	assert_contains(hycan_error_message(h[16]), "256");
	assert_done(h[16], hycan_session_netns(h[16], first, NULL));
	hycan_close(h[15]);
	deadline = now_ms() + 20000 * SLOWEST;
	for (int r = 1; r != 0;) {
		r = hycan_session_netns(h[16], fd, NULL);
		assert_true(r == 0 || (r == HYCAN_REFUSAL_LIMIT && now_ms() < deadline));
		usleep(r ? 20000 : 0);
	}
	for (size_t i = 0; i < 17; i++)
		if (i != 15)
			hycan_close(h[i]);
	close(fd);
	close(first);
}

static void test_greedy(void **state)
{
	struct world *w;

	need_success("user namespaces for everybody", "setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Un true");
	w = world_start(&(struct world_options){ .policy = "allow nobody all\n", .open_to_all = true });
	world_as(65534, 65534, as_greedy, w);
	*state = w;
	assert_int_equal(world_end(state), 0);
}

static void test_owner(void **state)
{
	struct world *w;

	need_success("user namespaces for everybody", "setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Un true");
	w = world_start(&(struct world_options){ .policy = "allow nobody all\n", .open_to_all = true });
	world_as(65534, 65534, as_nobody, w);
	*state = w;
	assert_int_equal(world_end(state), 0);
}

static uint64_t netns_of(struct hycan *h)
{
	struct hycan_session_whoami_reply *me = NULL;
	uint64_t netns;

	assert_done(h, hycan_session_whoami(h, &me));
	netns = me->netns;
	free(me);
	return netns;
}

/* Wherever the daemon finds no room for one more descriptor, that is what it says, and the connection is where it was. */
static void test_no_room(void **state)
{
	struct world *w = *state;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = new_namespace(), r;
	const uint64_t before = netns_of(w->h);
	struct rlimit own, few;
	unsigned int n_refused = 0;
	struct stat st;

	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, NULL, &own), 0);
	few = own;
	few.rlim_cur = 3;
	do {
		few.rlim_cur++;
		assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &few, NULL), 0);
		r = hycan_session_netns(w->h, fd, NULL);
		if (r == 0)
			break;
		assert_refused(w->h, r, HYCAN_REFUSAL_LIMIT);
		assert_int_equal(netns_of(w->h), before);
		n_refused++;
	} while (few.rlim_cur < own.rlim_cur);
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &own, NULL), 0);
	assert_true(n_refused > 0);
	assert_int_equal(netns_of(w->h), st.st_ino);
	assert_done(w->h, hycan_link_up(w->h, "lo"));
	close(fd);
	close(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_not_a_namespace, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_one_descriptor, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_no_room, world_begin, world_end),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_greedy),
	};

	return cmocka_run_group_tests_name("session.netns", tests, NULL, NULL);
}
