/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.nat: on, off, and not for an internal network. What it does to packets is told by stories/router.c. */
#include <stdlib.h>
#include <string.h>

#include "network.h"

static void test_nat(void **state)
{
	struct hycan_network internal = network_of("101 10.8.0.0/24 10.8.0.1 red");
	struct world *w = *state;
	struct hycan_network_state *s;
	char *text;

	assert_refused(w->h, hycan_network_nat(w->h, 100, true, NULL), HYCAN_REFUSAL_NOT_FOUND);
	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_network_nat(w->h, 100, true, NULL));
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	s = network_state(w->h, 100);
	assert_false(s->nat);
	free(s);
	text = shell("nft list set inet hycan network_nat");
	assert_lacks(text, "net100");
	free(text);
	/* asked for again without a word about it, it stays so */
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	s = network_state(w->h, 100);
	assert_false(s->nat);
	free(s);
	internal.has_internal = internal.internal = true;
	assert_done(w->h, hycan_network_create(w->h, &internal, NULL, NULL));
	assert_refused(w->h, hycan_network_nat(w->h, 101, true, NULL), HYCAN_REFUSAL_INVALID);
	assert_done(w->h, hycan_network_nat(w->h, 101, false, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nat, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.nat", tests, NULL, NULL);
}
