/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions that nobody confirms, about what a stranger had changed: it is the stranger's doing again, and no wish of anybody. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "nat.h"
#include "objects.h"

#define BOB 4712

static void assert_mapping(struct hycan *h, const char *expected)
{
	char *text = nat_list_mappings(h);

	assert_string_equal(text, expected);
	free(text);
}

/* It goes, or is put right; and that is taken back by the daemon or by the one behind it. */
static void change(struct world *w, const struct hycan_port_mapping *mapping, bool goes, bool killed)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)(goes ? nat_remove_mapping(w->h, mapping) : hycan_port_add(w->h, mapping));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_mapping(w->h, goes ? "" : "tcp 8080 10.0.0.2 80\n");
	if (killed) {
		world_stop_daemon(w, SIGKILL);
		world_start_daemon(w, &(struct world_options){ 0 });
		hycan_close(w->h);
		assert_done(w->h, hycan_open(&w->h, w->socket));
	} else {
		assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	}
	free(reply);
}

static void test_mapping(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80");
	struct world *w = *state;

	need_command("nft");
	for (int i = 0; i < 4; i++) {
		assert_done(w->h, hycan_port_add(w->h, &mapping));
		assert_well(w->h);
		free(shell("nft 'delete element inet hycan port_ipv4 { tcp . 8080 }; "
		           "add element inet hycan port_ipv4 { tcp . 8080 : 10.0.0.3 . 80 }'"));
		change(w, &mapping, i & 1, i & 2);
		assert_mapping(w->h, "tcp 8080 10.0.0.3 80\n");
		assert_int_equal(objects_count(w->h), 1);
		assert_problem(w->h, "mappings", "A stranger made something else of the port mapping “tcp 8080");
	}
}

/* Of one that nobody had changed nothing is said. */
static void test_unchanged(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80");
	struct world *w = *state;

	need_command("nft");
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	for (int killed = 0; killed < 2; killed++) {
		change(w, &mapping, true, killed);
		assert_mapping(w->h, "tcp 8080 10.0.0.2 80\n");
		assert_int_equal(objects_count(w->h), 1);
		assert_well(w->h);
	}
}

static void map_as_bob(struct world *w)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.9 80");
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_port_add(h, &mapping));
	hycan_close(h);
}

/* What somebody else maps where the mapping was is his, and stays. */
static void test_anothers(void **state)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80");
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;
	char *text;

	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)nat_remove_mapping(w->h, &mapping);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	world_as(BOB, BOB, map_as_bob, w);
	(void)hycan_transaction_cancel(w->h, reply->token);
	free(reply);
	assert_mapping(w->h, "tcp 8080 10.0.0.9 80\n");
	assert_int_equal(objects_count(w->h), 1);
	text = world_log(w);
	assert_contains(text, "There is a mapping already: tcp 8080 leads to 10.0.0.9:80");
	free(text);
}

static int begin_with_bob(void **state)
{
	*state = world_start(&(struct world_options){ .policy = "allow * port\n", .open_to_all = true });
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mapping, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_unchanged, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_anothers, begin_with_bob, world_end),
	};

	return cmocka_run_group_tests_name("transactions over what was changed", tests, NULL, NULL);
}
