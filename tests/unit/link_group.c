/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deleting many links at once, on the real kernel in a network namespace of its own: all of them, and nobody else's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alone.h"
#include "kernel/link.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void make(unsigned int n)
{
	free(shell("for i in $(seq %u); do echo link add i$i type ifb; done | ip -batch -", n));
}

static void name_them(char (*names)[HYCAN_IFNAME_SIZE], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		snprintf(names[i], sizeof(names[i]), "i%u", i + 1);
}

static void deletes_its_own(void **state)
{
	char names[52][HYCAN_IFNAME_SIZE] = { { 0 } };

	need_kind("ifb");
	make(50);
	free(shell("ip link add other type ifb; ip link add b0 type bridge"));
	name_them(names, 50);
	/* there is none; and the other end of a pair goes with the first */
	strcpy(names[50], "nobody");
	free(shell("ip link add v0 type veth peer name v1"));
	strcpy(names[51], "v0");
	assert_int_equal(kernel_link_delete_many(*state, (const char(*)[HYCAN_IFNAME_SIZE])names, 52), 0);
	assert_int_equal(shell_status(NULL, "ip -o link | grep -Eq ' (i[0-9]+|v[01])[:@]'"), 1);
	free(shell("ip link show other; ip link show b0"));
	/* again: none is there */
	assert_int_equal(kernel_link_delete_many(*state, (const char(*)[HYCAN_IFNAME_SIZE])names, 52), 0);
	assert_int_equal(kernel_link_delete_many(*state, NULL, 0), 0);
}

/* lo cannot be deleted, and has no kind: it is left alone. */
static void leaves_others_alone(void **state)
{
	char names[3][HYCAN_IFNAME_SIZE] = { "i1", "lo", "i2" };
	char *groups;

	need_kind("ifb");
	make(2);
	free(shell("ip link set i2 group 77"));
	assert_int_equal(kernel_link_delete_many(*state, (const char(*)[HYCAN_IFNAME_SIZE])names, 3), 0);
	assert_int_equal(shell_status(NULL, "ip link show i1"), 1);
	groups = shell("ip -o link show lo");
	assert_contains(groups, "group default");
	free(groups);
}

static void takes_little_more_than_the_kernel(void **state)
{
	static char names[1000][HYCAN_IFNAME_SIZE];
	double began, ours, theirs;

	need_kind("ifb");
	name_them(names, 1000);
	make(1000);
	began = now();
	assert_int_equal(kernel_link_delete_many(*state, (const char(*)[HYCAN_IFNAME_SIZE])names, 1000), 0);
	ours = now() - began;
	make(1000);
	free(shell("for i in $(seq 1000); do echo link set i$i group 5; done | ip -batch -"));
	began = now();
	free(shell("ip link delete group 5"));
	theirs = now() - began;
	print_message("1000 links: %.0f ms; the kernel's own deletion by group: %.0f ms\n", ours * 1e3, theirs * 1e3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deletes_its_own, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(leaves_others_alone, alone_begin, alone_end),
		cmocka_unit_test_setup_teardown(takes_little_more_than_the_kernel, alone_begin, alone_end),
	};

	return cmocka_run_group_tests_name("link_group", tests, NULL, NULL);
}
