/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forwarding.set: the kernel's own files tell. Packets: tests/stories/nat.c. */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "clients.h"
#include "objects.h"
#include "planned.h"
#include "world.h"

static int set(struct world *w, enum hycan_family family, bool on, const char *link)
{
	struct hycan_forwarding_set_options options = { .has_interface = link };

	strncpy(options.interface, link ? link : "", sizeof(options.interface) - 1);
	return hycan_forwarding_set(w->h, family, on, &options);
}

static void assert_value(const char *path, const char *expected)
{
	char *text = shell("cat /proc/sys/net/%s", path);

	assert_string_equal(text, expected);
	free(text);
}

static void test_whole_namespace(void **state)
{
	struct world *w = *state;

	free(shell("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0"));
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, true, NULL));
	assert_value("ipv4/ip_forward", "1\n");
	assert_value("ipv6/conf/all/forwarding", "0\n");
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV6, true, NULL));
	assert_value("ipv6/conf/all/forwarding", "1\n");
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV6, true, NULL));
	assert_value("ipv6/conf/all/forwarding", "1\n");
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, false, NULL));
	assert_value("ipv4/ip_forward", "0\n");
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV6, false, NULL));
	assert_value("ipv6/conf/all/forwarding", "0\n");
}

static void test_one_link(void **state)
{
	struct world *w = *state;

	free(shell("ip link add eth0.100 type veth peer name other; sysctl -qw net.ipv4.ip_forward=0"));
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, true, "eth0.100"));
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV6, true, "eth0.100"));
	assert_value("ipv4/conf/eth0.100/forwarding", "1\n");
	assert_value("ipv6/conf/eth0.100/forwarding", "1\n");
	assert_value("ipv4/conf/other/forwarding", "0\n");
	assert_value("ipv6/conf/other/forwarding", "0\n");
	assert_value("ipv4/ip_forward", "0\n");
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, false, "eth0.100"));
	assert_value("ipv4/conf/eth0.100/forwarding", "0\n");
}

static void ask_tx0(struct hycan *h)
{
	hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true,
	                     &(struct hycan_forwarding_set_options){ .has_interface = true, .interface = "tx0" });
}

/* Who asks for a link while all are on holds it: it is on when those who asked for all have let go, and goes with him. */
static void test_link_of_all(void **state)
{
	struct world *w = *state, all = *w, one = *w;
	char *text;

	free(shell("ip link add tx0 type veth peer name tx1; sysctl -qw net.ipv4.ip_forward=0"));
	all.h = client_open(w);
	one.h = client_open(w);
	client_hold_while_connected(all.h, 0);
	client_hold_while_connected(one.h, 0);
	assert_done(all.h, set(&all, HYCAN_FAMILY_IPV4, true, NULL));
	text = planned(one.h, ask_tx0);
	assert_string_equal(text, "0 + forwarding ipv4 interface tx0\n");
	free(text);
	/* what is taken back is not held */
	assert_done(one.h, hycan_transaction_begin(one.h));
	ask_tx0(one.h);
	hycan_link_up(one.h, "none");
	assert_refused(one.h, hycan_transaction_commit(one.h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	objects_wait(w->h, 1);
	assert_value("ipv4/conf/tx0/forwarding", "1\n");
	assert_done(one.h, hycan_transaction_begin(one.h));
	ask_tx0(one.h);
	assert_done(one.h, hycan_transaction_commit(one.h, NULL, NULL));
	objects_wait(w->h, 2);
	assert_string_equal((text = planned(one.h, ask_tx0)), "");
	free(text);
	hycan_close(all.h);
	objects_wait(w->h, 1);
	assert_value("ipv4/ip_forward", "0\n");
	assert_value("ipv4/conf/tx0/forwarding", "1\n");
	assert_value("ipv4/conf/tx1/forwarding", "0\n");
	/* who lets go of it while all are on leaves it so */
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, true, NULL));
	objects_wait(w->h, 2);
	hycan_close(one.h);
	objects_wait(w->h, 1);
	assert_value("ipv4/conf/tx0/forwarding", "1\n");
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, false, NULL));
	assert_value("ipv4/conf/tx0/forwarding", "0\n");
}

/* Names that lead elsewhere below /proc/sys are no links. */
static void test_no_such_link(void **state)
{
	static const char *const names[] = { "nothere", "all", "default" };
	struct world *w = *state;

	for (size_t i = 0; i < 3; i++) {
		assert_refused(w->h, set(w, HYCAN_FAMILY_IPV4, true, names[i]), HYCAN_REFUSAL_NOT_FOUND);
		assert_string_equal(hycan_error_field(w->h), "interface");
		assert_refused(w->h, set(w, HYCAN_FAMILY_IPV6, true, names[i]), HYCAN_REFUSAL_NOT_FOUND);
	}
	assert_int_not_equal(set(w, HYCAN_FAMILY_IPV4, true, ".."), 0);
	assert_int_not_equal(set(w, HYCAN_FAMILY_IPV4, true, "../lo"), 0);
	/* links that take these names */
	if (shell_status(NULL, "ip link add all type veth peer name other") == 0)
		assert_refused(w->h, set(w, HYCAN_FAMILY_IPV4, true, "all"), HYCAN_REFUSAL_NOT_FOUND);
	assert_value("ipv6/conf/all/forwarding", "0\n");
}

static void test_link_without_the_family(void **state)
{
	struct world *w = *state;

	/* too small for IPv6 */
	free(shell("ip link add small type veth peer name other; ip link set small mtu 1000"));
	assert_refused(w->h, set(w, HYCAN_FAMILY_IPV6, true, "small"), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“small” does not carry IPv6");
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, true, "small"));
}

/* Read-only as for a service with ProtectKernelTunables=: a clear sentence; and what is as wanted is not written. */
static void test_read_only(void **state)
{
	struct world *w = *state;

	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, true, NULL));
	assert_int_equal(mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, true, NULL));
	assert_refused(w->h, set(w, HYCAN_FAMILY_IPV4, false, NULL), HYCAN_REFUSAL_KERNEL);
	assert_contains(hycan_error_message(w->h), "ProtectKernelTunables=");
	assert_value("ipv4/ip_forward", "1\n");
	assert_int_equal(umount("/proc/sys"), 0);
	assert_done(w->h, set(w, HYCAN_FAMILY_IPV4, false, NULL));
	assert_value("ipv4/ip_forward", "0\n");
}

/* A daemon that sees what the test mounts after its start. */
static int begin_in_sight(void **state)
{
	const struct world_options options = { .arguments = { "--unconfined=view" } };

	*state = world_start(&options);
	return 0;
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_whole_namespace),
		WITNESS(test_one_link),
		WITNESS(test_link_of_all),
		WITNESS(test_no_such_link),
		WITNESS(test_link_without_the_family),
		cmocka_unit_test_setup_teardown(test_read_only, begin_in_sight, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
