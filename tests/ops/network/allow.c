/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.allow: a way, in one direction. What it does to packets is told by stories/router.c. */
#include <stdlib.h>
#include <string.h>

#include "network.h"

static void assert_ways(const char *expected)
{
	char *text = shell("nft -j list set inet hycan network_way | tr -d ' \\n' | grep -o '\"concat\":[^]]*' | grep -c .");

	assert_string_equal(text, expected);
	free(text);
}

static void test_allow(void **state)
{
	struct hycan_network_allow_options other = { .has_to_link = true, .to_link = "other" };
	struct world *w = *state;

	assert_refused(w->h, hycan_network_allow(w->h, 100, 100, true, NULL), HYCAN_REFUSAL_INVALID);
	assert_refused(w->h, hycan_network_allow(w->h, 100, 101, true, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "from");
	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_refused(w->h, hycan_network_allow(w->h, 100, 101, true, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "to");
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_refused(w->h, hycan_network_allow(w->h, 100, 101, true, &other), HYCAN_REFUSAL_NOT_FOUND);
	assert_ways("2\n");
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	assert_ways("3\n");
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, false, NULL));
	assert_ways("3\n");
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, false, NULL));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, false, NULL));
	assert_ways("2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_allow, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.allow", tests, NULL, NULL);
}
