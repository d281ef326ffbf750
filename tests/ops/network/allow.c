/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.allow: a way, in one direction. What it does to packets is told by stories/router.c. */
#include <stdlib.h>
#include <string.h>

#include "health.h"
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

static void assert_set(const char *set, const char *way, bool there)
{
	char *text = shell("nft list set inet hycan %s", set);

	assert_int_equal(strstr(text, way) != NULL, there);
	free(text);
}

static void make_blue_and_red(struct world *w)
{
	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
}

/* What a stranger closes or opens is told, and put right when the network that it leads from is asked for again. */
static void test_stranger(void **state)
{
	struct world *w = *state;
	struct hycan_network_state *s;

	make_blue_and_red(w);
	assert_no_drift(w->h, 100);
	assert_well(w->h);
	free(shell("nft delete element inet hycan network_way '{ \"net100\" . \"net101\" }'"));
	assert_drift(w->h, 100, "The way to net101 was asked for, and is closed.");
	assert_no_drift(w->h, 101);
	assert_problem(w->h, "networks", "A stranger closed the way from the network “blue” to net101");
	s = network_state(w->h, 100);
	assert_int_equal(s->n_ways, 0);
	free(s);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_set("network_way", "\"net100\" . \"net101\"", true);
	assert_no_drift(w->h, 100);
	free(shell("nft add element inet hycan network_way '{ \"net101\" . \"net100\" }'"));
	assert_drift(w->h, 101, "The way to net100 is open, and was not asked for.");
	assert_problem(w->h, "networks", "A stranger opened the way from the network “red” to net100");
	/* of another network's */
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_set("network_way", "\"net101\" . \"net100\"", true);
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_set("network_way", "\"net101\" . \"net100\"", false);
	assert_well(w->h);
	/* or asked for */
	free(shell("nft add element inet hycan network_way '{ \"net101\" . \"net100\" }'"));
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, true, NULL));
	assert_no_drift(w->h, 101);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_set("network_way", "net100", false);
	assert_set("network_allowed", "net100", false);
}

/* What says which ways were asked for goes alone: they stay as they are, and whoever asks for the network puts that back. */
static void test_forgotten(void **state)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;

	make_blue_and_red(w);
	free(shell("nft flush set inet hycan network_allowed"));
	assert_drift(w->h, 100, "That the way to net101 was asked for is not in the table");
	assert_problem(w->h, "networks", "that the way from the network “blue” to net101 was asked for");
	/* also over what is taken back */
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	assert_set("network_way", "\"net100\" . \"net101\"", true);
	free(shell(
		"nft flush set inet hycan network_allowed; nft add element inet hycan network_way '{ \"net101\" . \"net100\" }'"));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_set("network_allowed", "\"net100\" . \"net101\"", true);
	assert_set("network_way", "\"net100\" . \"net101\"", true);
	assert_set("network_way", "\"net101\" . \"net100\"", false);
	assert_no_drift(w->h, 100);
	assert_well(w->h);
}

/* What somebody left of ways by the name of a link is not a new network's. */
static void test_stale(void **state)
{
	struct world *w = *state;

	make_blue_and_red(w);
	free(shell("nft 'add element inet hycan network_allowed { \"net100\" . \"net102\", \"net102\" . \"net101\" }; "
	           "add element inet hycan network_way { \"net100\" . \"net102\" }'"));
	assert_done(w->h, network_create(w->h, "102 10.7.0.0/24 10.7.0.1 green"));
	assert_set("network_allowed", "net102", false);
	assert_set("network_way", "\"net100\" . \"net102\"", false);
	assert_set("network_allowed", "\"net100\" . \"net101\"", true);
	for (uint16_t i = 100; i < 103; i++)
		assert_no_drift(w->h, i);
	/* what says which were asked for may be gone as well */
	assert_done(w->h, hycan_network_delete(w->h, 102, NULL));
	free(shell("nft 'flush set inet hycan network_allowed; "
	           "add element inet hycan network_way { \"net102\" . \"net101\", \"net100\" . \"net102\" }'"));
	assert_done(w->h, network_create(w->h, "102 10.7.0.0/24 10.7.0.1 green"));
	assert_set("network_way", "\"net102\" . \"net101\"", false);
	assert_set("network_way", "\"net100\" . \"net102\"", false);
	assert_set("network_way", "\"net100\" . \"net101\"", true);
	assert_no_drift(w->h, 102);
}

/* A table without the set that says which ways were asked for is that of a former release: those that there are. */
static void test_former(void **state)
{
	struct world *w = *state;

	make_blue_and_red(w);
	free(shell("nft delete set inet hycan network_allowed"));
	assert_no_drift(w->h, 100);
	assert_well(w->h);
	assert_done(w->h, hycan_network_nat(w->h, 101, false, NULL));
	assert_set("network_allowed", "\"net100\" . \"net101\"", true);
	free(shell("nft delete set inet hycan network_allowed"));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, false, NULL));
	assert_set("network_way", "\"net100\" . \"net101\"", false);
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, true, NULL));
	free(shell("nft delete set inet hycan network_allowed"));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	assert_set("network_allowed", "\"net101\" . \"net100\"", true);
	assert_no_drift(w->h, 100);
	assert_no_drift(w->h, 101);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_int_equal(shell_status(NULL, "nft list table inet hycan"), 1);
}

/* Ways to and from networks that are gone are not kept for ever: so many that there were room for no more of them are no harm. */
static void test_gone(void **state)
{
	struct hycan_network_allow_options there = { true, "net100", true, "no-more-for-all" },
					   back = { true, "no-more-for-all", true, "net100" };
	struct hycan_network other = network_of("200 10.8.0.0/24 10.8.0.1 red");
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	other.has_link = true;
	memcpy(other.link, there.to_link, sizeof(other.link));
	for (uint16_t i = 0; i < 80; i++) {
		other.vlan_id = (uint16_t)(200 + i);
		assert_done(w->h, hycan_network_create(w->h, &other, NULL, NULL));
		assert_done(w->h, hycan_network_allow(w->h, 100, other.vlan_id, true, &there));
		assert_done(w->h, hycan_network_allow(w->h, other.vlan_id, 100, true, &back));
		assert_done(w->h, hycan_network_delete(w->h, other.vlan_id,
		                                       &(struct hycan_network_delete_options){ true, "no-more-for-all" }));
	}
	assert_int_equal(shell_status(NULL, "grep 'could not be written down' %s", w->log), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_allow, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_stranger, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_forgotten, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_stale, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_former, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.allow", tests, NULL, NULL);
}
