/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.netns: into another namespace, for those who may. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void test_owner(void **state)
{
	struct world *w;

	need_success("user namespaces for everybody", "setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Un true");
	w = world_start(&(struct world_options){ .policy = "allow nobody all\n", .open_to_all = true });
	world_as(65534, 65534, as_nobody, w);
	*state = w;
	assert_int_equal(world_end(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_not_a_namespace, world_begin, world_end),
		cmocka_unit_test(test_owner),
	};

	return cmocka_run_group_tests_name("session.netns", tests, NULL, NULL);
}
