/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masquerade.remove: exactly that one, and the table with the last. */
#include <stdlib.h>

#include "nat.h"

static void add(struct world *w, const char *text)
{
	struct hycan_masquerade m = nat_masquerade(text);

	assert_done(w->h, hycan_masquerade_add(w->h, &m));
}

static int remove_it(struct world *w, const char *text)
{
	struct hycan_masquerade m = nat_masquerade(text);

	return hycan_masquerade_remove(w->h, &m);
}

static void assert_left(struct world *w, const char *expected)
{
	char *text = nat_list_masquerades(w->h);

	assert_string_equal(text, expected);
	free(text);
}

static void test_only_that_one(void **state)
{
	struct world *w = *state;

	add(w, "10.0.0.0/8");
	add(w, "10.0.0.0/9");
	add(w, "10.0.0.0/16");
	add(w, "10.0.0.0/16 wan");
	add(w, "10.0.0.0/16 wan2");
	add(w, "2001:db8::/32");
	assert_done(w->h, remove_it(w, "10.0.0.0/9"));
	assert_left(w, "10.0.0.0/8\n10.0.0.0/16\n10.0.0.0/16 wan\n10.0.0.0/16 wan2\n2001:db8::/32\n");
	assert_done(w->h, remove_it(w, "10.0.0.0/16"));
	assert_left(w, "10.0.0.0/8\n10.0.0.0/16 wan\n10.0.0.0/16 wan2\n2001:db8::/32\n");
	assert_done(w->h, remove_it(w, "10.0.0.0/16 wan"));
	assert_left(w, "10.0.0.0/8\n10.0.0.0/16 wan2\n2001:db8::/32\n");
	assert_done(w->h, remove_it(w, "2001:db8::/32"));
	assert_done(w->h, remove_it(w, "10.0.0.0/8"));
	assert_left(w, "10.0.0.0/16 wan2\n");
}

static void test_nothing_is_left_over(void **state)
{
	struct world *w = *state;
	char *text;

	need_command("nft");
	add(w, "10.0.0.0/8");
	add(w, "10.0.0.0/8 wan");
	assert_done(w->h, remove_it(w, "10.0.0.0/8"));
	free(shell("nft list table inet hycan"));
	assert_done(w->h, remove_it(w, "10.0.0.0/8 wan"));
	text = shell("nft list ruleset");
	assert_string_equal(text, "");
	free(text);
	/* and it begins anew */
	add(w, "10.0.0.0/8");
	assert_left(w, "10.0.0.0/8\n");
}

/* The table holds the elements of both; what a stranger put there, or took away, is counted as it is. */
static void test_last_of_all(void **state)
{
	struct world *w = *state;
	struct hycan_port_mapping m = nat_mapping("tcp 8080 172.18.0.2 80");
	char *text;

	need_command("nft");
	add(w, "10.0.0.0/8");
	assert_done(w->h, hycan_port_add(w->h, &m));
	assert_done(w->h, remove_it(w, "10.0.0.0/8"));
	text = nat_list_mappings(w->h);
	assert_string_equal(text, "tcp 8080 172.18.0.2 80\n");
	free(text);
	add(w, "10.0.0.0/8");
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 8080 }'"));
	assert_done(w->h, remove_it(w, "10.0.0.0/8"));
	assert_int_not_equal(shell_status(NULL, "nft list table inet hycan"), 0);
	add(w, "10.0.0.0/8");
	free(shell("nft add element inet hycan masquerade_ipv4_8 '{ 11.0.0.0 . 11.0.0.0 }'"));
	assert_done(w->h, remove_it(w, "10.0.0.0/8"));
	assert_left(w, "11.0.0.0/8\n");
}

static void test_not_found(void **state)
{
	struct world *w = *state;
	struct nat_watch *watch;
	char *text;

	assert_refused(w->h, remove_it(w, "10.0.0.0/8"), HYCAN_REFUSAL_NOT_FOUND);
	add(w, "10.0.0.0/8");
	watch = nat_watch_begin(w);
	assert_refused(w->h, remove_it(w, "10.0.0.0/9"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "10.0.0.0/9 is not masqueraded through every link");
	assert_refused(w->h, remove_it(w, "10.0.0.0/8 wan"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "through the link wan");
	assert_string_equal(hycan_error_field(w->h), "subnet");
	text = nat_watch_end(watch);
	assert_string_equal(text, "");
	free(text);
	assert_left(w, "10.0.0.0/8\n");
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_only_that_one),
		WITNESS(test_nothing_is_left_over),
		WITNESS(test_last_of_all),
		WITNESS(test_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
