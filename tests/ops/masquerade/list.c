/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masquerade.list: what the kernel has, whoever put it there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"

static void add(struct world *w, const char *text)
{
	struct hycan_masquerade m = nat_masquerade(text);

	assert_done(w->h, hycan_masquerade_add(w->h, &m));
}

static void assert_listed(struct world *w, const char *expected)
{
	char *text = nat_list_masquerades(w->h);

	assert_string_equal(text, expected);
	free(text);
}

static void test_in_order(void **state)
{
	struct world *w = *state;

	assert_listed(w, "");
	add(w, "2001:db8::/32 b");
	add(w, "192.0.2.0/24");
	add(w, "2001:db8::/32");
	add(w, "10.0.0.0/16");
	add(w, "10.0.0.0/8 wan");
	add(w, "2001:db8::/32 a");
	assert_listed(w, "10.0.0.0/8 wan\n10.0.0.0/16\n192.0.2.0/24\n2001:db8::/32\n2001:db8::/32 a\n2001:db8::/32 b\n");
}

static void test_every_length(void **state)
{
	struct world *w = *state;
	char expected[8192], *p = expected;
	char text[64];

	for (unsigned int length = 1; length <= 32; length++) {
		snprintf(text, sizeof(text), "128.0.0.0/%u", length);
		add(w, text);
		p += sprintf(p, "%s\n", text);
	}
	for (unsigned int length = 1; length <= 128; length++) {
		snprintf(text, sizeof(text), "8000::/%u", length);
		add(w, text);
		p += sprintf(p, "%s\n", text);
	}
	assert_listed(w, expected);
}

static void test_truth_is_the_kernels(void **state)
{
	struct world *w = *state;

	need_command("nft");
	add(w, "10.0.0.0/8");
	add(w, "11.0.0.0/8");
	free(shell("nft add element inet hycan masquerade_ipv4_8 '{ 12.0.0.0 . 12.0.0.0 }'"));
	free(shell("nft delete element inet hycan masquerade_ipv4_8 '{ 11.0.0.0 . 11.0.0.0 }'"));
	/* what looks like ours and is not */
	free(shell(
		"nft add set inet hycan masquerade_ipv4_33 '{ type ipv4_addr . ipv4_addr; elements = { 1.1.1.1 . 1.1.1.1 }; }'"));
	free(shell("nft add table ip hycan"));
	assert_listed(w, "10.0.0.0/8\n12.0.0.0/8\n");
	free(shell("nft flush ruleset"));
	assert_listed(w, "");
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_in_order),
		WITNESS(test_every_length),
		WITNESS(test_truth_is_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
