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

static void assert_nat(struct hycan *h, bool on)
{
	struct hycan_network_state *s = network_state(h, 100);

	assert_int_equal(s->nat, on);
	free(s);
}

/* What is asked for about it is known while a network is internal, too. */
static void test_internal(void **state)
{
	const struct hycan_network_create_options replace = { .has_replace = true, .replace = true };
	struct hycan_network blue = network_of("100 10.9.0.0/24 10.9.0.1 blue");
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, hycan_network_create(w->h, &blue, NULL, NULL));
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	for (int nat = 0; nat < 2; nat++) {
		blue.has_internal = blue.internal = true;
		assert_done(w->h, hycan_network_create(w->h, &blue, &replace, NULL));
		assert_nat(w->h, false);
		assert_no_drift(w->h, 100);
		blue.internal = false;
		assert_done(w->h, hycan_network_create(w->h, &blue, &replace, NULL));
		assert_nat(w->h, nat);
		assert_no_drift(w->h, 100);
		assert_done(w->h, hycan_network_nat(w->h, 100, true, NULL));
	}
}

/* What a stranger makes of it is told, and put right when the network is asked for again. */
static void test_stranger(void **state)
{
	const char *blue = "100 10.9.0.0/24 10.9.0.1 blue";
	struct hycan_network red = network_of("101 10.8.0.0/24 10.8.0.1 red");
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, blue));
	free(shell("nft delete element inet hycan network_nat '{ net100 }'"));
	assert_drift(w->h, 100, "NAT is off, and was asked to be on.");
	assert_nat(w->h, false);
	assert_done(w->h, network_create(w->h, blue));
	assert_no_drift(w->h, 100);
	assert_nat(w->h, true);
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	free(shell("nft add element inet hycan network_nat '{ net100 }'"));
	assert_drift(w->h, 100, "NAT is on, and was asked to be off.");
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	assert_no_drift(w->h, 100);
	red.has_internal = red.internal = true;
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	free(shell("nft flush set inet hycan network_internal"));
	assert_drift(w->h, 101, "It is to be internal, and has a way out.");
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	assert_no_drift(w->h, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nat, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_internal, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_stranger, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.nat", tests, NULL, NULL);
}
