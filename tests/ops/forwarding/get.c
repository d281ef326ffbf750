/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forwarding.get: what the kernel's own files say, in whichever namespace the connection acts. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

static int get(struct world *w, enum hycan_family family, const char *link, bool *ret_on)
{
	struct hycan_forwarding_get_options options = { .has_interface = link };

	strncpy(options.interface, link ? link : "", sizeof(options.interface) - 1);
	return hycan_forwarding_get(w->h, family, &options, ret_on);
}

static void assert_on(struct world *w, enum hycan_family family, const char *link, bool expected)
{
	bool on = !expected;

	assert_done(w->h, get(w, family, link, &on));
	assert_int_equal(on, expected);
}

static void test_whole_namespace(void **state)
{
	struct world *w = *state;

	free(shell("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=0"));
	assert_on(w, HYCAN_FAMILY_IPV4, NULL, true);
	assert_on(w, HYCAN_FAMILY_IPV6, NULL, false);
	free(shell("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=1"));
	assert_on(w, HYCAN_FAMILY_IPV4, NULL, false);
	assert_on(w, HYCAN_FAMILY_IPV6, NULL, true);
}

static void test_one_link(void **state)
{
	struct world *w = *state;

	free(shell("ip link add eth0.100 type veth peer name other; sysctl -qw net.ipv4.ip_forward=0"));
	free(shell("echo 1 >/proc/sys/net/ipv4/conf/eth0.100/forwarding; echo 1 >/proc/sys/net/ipv6/conf/other/forwarding"));
	assert_on(w, HYCAN_FAMILY_IPV4, "eth0.100", true);
	assert_on(w, HYCAN_FAMILY_IPV4, "other", false);
	assert_on(w, HYCAN_FAMILY_IPV6, "eth0.100", false);
	assert_on(w, HYCAN_FAMILY_IPV6, "other", true);
}

static void test_no_such_link(void **state)
{
	struct world *w = *state;
	bool on = true;

	assert_refused(w->h, get(w, HYCAN_FAMILY_IPV4, "nothere", &on), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "There is no link “nothere”");
	assert_refused(w->h, get(w, HYCAN_FAMILY_IPV6, "all", &on), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_not_equal(get(w, HYCAN_FAMILY_IPV6, "..", &on), 0);
}

/* The files are those of the namespace that the connection acts in, and the daemon stays in its own. */
static void test_another_namespace(void **state)
{
	struct world *w = *state;
	uint64_t inode;
	int fd;

	free(shell("ip netns add there; ip netns exec there sysctl -qw net.ipv4.ip_forward=1; sysctl -qw net.ipv4.ip_forward=0"));
	fd = open("/run/netns/there", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_done(w->h, hycan_session_netns(w->h, fd, &inode));
	close(fd);
	assert_on(w, HYCAN_FAMILY_IPV4, NULL, true);
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, false, NULL));
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV6, true, NULL));
	free(shell("test $(ip netns exec there cat /proc/sys/net/ipv4/ip_forward) = 0"));
	free(shell("test $(ip netns exec there cat /proc/sys/net/ipv6/conf/all/forwarding) = 1"));
	free(shell("test $(cat /proc/sys/net/ipv6/conf/all/forwarding) = 0"));
	free(shell("ip netns delete there"));
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_whole_namespace),
		WITNESS(test_one_link),
		WITNESS(test_no_such_link),
		WITNESS(test_another_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
