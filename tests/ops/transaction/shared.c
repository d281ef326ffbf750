/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that take away what others hold, too: the caller lets go of it and it stays, and a second time there is nothing to do. */
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "objects.h"
#include "planned.h"
#include "text.h"
#include "world.h"

#define ONE   4242
#define OTHER 4243

#define N 5

static int begin(void **state)
{
	static const struct world_options for_all = { .policy = "allow * all\n", .open_to_all = true };

	*state = world_start(&for_all);
	free(shell("ip link add left up type veth peer name right && ip link set right up"));
	return 0;
}

static const struct hycan_rule rule = {
	.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 9, .has_table = true, .table = 7
};

/* One of each kind that every kernel has. */
static void ask_to_hold(struct hycan *h)
{
	const struct hycan_link_address address = { .link = "left", .address = prefix_of("10.1.0.1/24") };
	const struct hycan_route route = { .destination = prefix_of("10.2.0.0/16"), .has_link = true, .link = "left" };
	const struct hycan_masquerade masquerade = { .subnet = prefix_of("10.3.0.0/16") };

	assert_done(h, hycan_address_add(h, &address));
	assert_done(h, hycan_route_add(h, &route));
	assert_done(h, hycan_rule_add(h, &rule));
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL));
	assert_done(h, hycan_masquerade_add(h, &masquerade));
}

static void hold(struct world *w)
{
	struct hycan *h = client_open(w);

	ask_to_hold(h);
	hycan_close(h);
}

static void ask_to_remove(struct hycan *h)
{
	const struct hycan_prefix address = prefix_of("10.1.0.1/24"), route = prefix_of("10.2.0.0/16");
	const struct hycan_masquerade masquerade = { .subnet = prefix_of("10.3.0.0/16") };

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_remove(h, "left", &address));
	assert_done(h, hycan_route_remove(h, &route, NULL));
	assert_done(h, hycan_rule_remove(h, &rule));
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, false, NULL));
	assert_done(h, hycan_masquerade_remove(h, &masquerade));
}

/* Asks for all removals at once; how many of the steps change nothing, and that what each is about stays. */
static struct hycan_transaction_run_reply *run(struct hycan *h, bool plan, uint32_t confirm_within, size_t n_unchanged)
{
	const struct hycan_transaction_run_options options = { .has_may_be_gone = true,
		                                               .may_be_gone = true,
		                                               .has_plan = true,
		                                               .plan = plan,
		                                               .has_confirm_within = confirm_within,
		                                               .confirm_within = confirm_within };
	struct hycan_transaction_run_reply *reply = NULL;
	size_t n = 0;

	ask_to_remove(h);
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_int_equal(reply->n_results, N);
	for (size_t i = 0; i < N; i++) {
		assert_true(reply->results[i].has_stays && reply->results[i].stays);
		n += reply->results[i].unchanged;
	}
	assert_int_equal(n, n_unchanged);
	assert_int_equal(reply->unchanged, n_unchanged == N);
	assert_int_equal(reply->has_token, confirm_within && n_unchanged < N);
	return reply;
}

static void expect_plan(struct hycan *h, size_t n_unchanged, const char *expected)
{
	struct hycan_transaction_run_reply *reply = run(h, true, 0, n_unchanged);
	char *lines = planned_lines(reply);

	assert_string_equal(lines, expected);
	free(lines);
	free(reply);
}

static void remove_twice(struct world *w)
{
	const struct hycan_prefix address = prefix_of("10.1.0.1/24");
	struct hycan *h = client_open(w);

	expect_plan(h, 0,
	            "0 ~ address left 10.1.0.1/24 -> let go of, others hold it\n"
	            "1 ~ route 10.2.0.0/16 table main -> let go of, others hold it\n"
	            "2 ~ rule ipv4 priority 9 table 7 action lookup protocol 4 -> let go of, others hold it\n"
	            "3 ~ forwarding ipv4 -> let go of, others hold it\n"
	            "4 ~ masquerade 10.3.0.0/16 -> let go of, others hold it\n");
	assert_int_equal(objects_count(h), N);
	free(run(h, false, 0, 0));
	assert_int_equal(objects_count(h), 0);
	expect_plan(h, N, "");
	free(run(h, false, 0, N));
	free(run(h, false, 60, N));
	/* what is others' is theirs, for whoever does not say that it may be gone */
	assert_refused(h, hycan_address_remove(h, "left", &address), HYCAN_REFUSAL_DENIED);
	ask_to_remove(h);
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_DENIED);
	assert_int_equal(hycan_error_step(h), 0);
	hycan_close(h);
}

static void expect_all(void)
{
	free(shell(
		"ip addr show left | grep -q 10.1.0.1/24 && ip route show 10.2.0.0/16 | grep -q left && ip rule | grep -q ^9: && "
		"grep -q 1 /proc/sys/net/ipv4/ip_forward && nft list ruleset | grep -q 10.3.0.0"));
}

static void test_twice(void **state)
{
	struct world *w = *state;

	need_success("nf_tables in this kernel", "nft list ruleset");
	world_as(ONE, ONE, hold, w);
	world_as(OTHER, OTHER, hold, w);
	world_as(ONE, ONE, remove_twice, w);
	expect_all();
	assert_int_equal(objects_count(w->h), N);
}

/* What is only let go of, or held from now on, can be taken back, and waits: then it is not so that nothing was done. */
static void remove_and_cancel(struct world *w)
{
	const struct hycan_transaction_run_options confirm = { .has_confirm_within = true, .confirm_within = 600 };
	const struct hycan_link_address address = { .link = "left", .address = prefix_of("10.1.0.1/24") };
	struct hycan_transaction_run_reply *reply;
	struct hycan *h = client_open(w);

	reply = run(h, false, 600, 0);
	assert_int_equal(objects_count(h), 0);
	assert_done(h, hycan_transaction_cancel(h, reply->token));
	free(reply);
	assert_int_equal(objects_count(h), N);
	free(run(h, false, 0, 0));
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_add(h, &address));
	reply = NULL;
	assert_done(h, hycan_transaction_commit(h, &confirm, &reply));
	assert_true(reply->has_token && !reply->unchanged && reply->results[0].unchanged && !reply->results[0].has_stays);
	assert_done(h, hycan_transaction_cancel(h, reply->token));
	free(reply);
	assert_int_equal(objects_count(h), 0);
	hycan_close(h);
}

static void test_back(void **state)
{
	struct world *w = *state;

	need_success("nf_tables in this kernel", "nft list ruleset");
	world_as(OTHER, OTHER, hold, w);
	world_as(ONE, ONE, hold, w);
	world_as(ONE, ONE, remove_and_cancel, w);
	expect_all();
	assert_int_equal(objects_count(w->h), N);
}

/* Asks for all at once, which is there; with others, or not any more. */
static void join(struct hycan *h, bool plan, const char *expected)
{
	const struct hycan_transaction_run_options options = { .has_plan = true, .plan = plan };
	struct hycan_transaction_run_reply *reply = NULL;
	char *lines;

	assert_done(h, hycan_transaction_begin(h));
	ask_to_hold(h);
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	lines = planned_lines(reply);
	assert_string_equal(lines, plan ? expected : "");
	for (size_t i = 0; i < N; i++)
		assert_true(reply->results[i].unchanged);
	assert_int_equal(reply->unchanged, !*expected);
	free(lines);
	free(reply);
}

static void join_twice(struct world *w)
{
	static const char joined[] = "0 ~ address left 10.1.0.1/24 -> held, others hold it, too\n"
				     "1 ~ route 10.2.0.0/16 table main -> held, others hold it, too\n"
				     "2 ~ rule ipv4 priority 9 table 7 action lookup protocol 4 -> held, others hold it, too\n"
				     "3 ~ forwarding ipv4 -> held, others hold it, too\n"
				     "4 ~ masquerade 10.3.0.0/16 -> held, others hold it, too\n";
	struct hycan *h = client_open(w);

	join(h, true, joined);
	assert_int_equal(objects_count(h), 0);
	join(h, false, joined);
	assert_int_equal(objects_count(h), N);
	join(h, true, "");
	join(h, false, "");
	hycan_close(h);
}

/* Who comes to hold what others hold is told so beforehand, and that something was done; a second time there is nothing to do. */
static void test_join(void **state)
{
	struct world *w = *state;

	need_success("nf_tables in this kernel", "nft list ruleset");
	world_as(ONE, ONE, hold, w);
	world_as(OTHER, OTHER, join_twice, w);
}

static void hold_one(struct world *w)
{
	const struct hycan_link_address address = { .link = "right", .address = prefix_of("10.4.0.1/24") };
	struct hycan *h = client_open(w);

	assert_done(h, hycan_address_add(h, &address));
	hycan_close(h);
}

static void prune(struct world *w)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true, .has_prune = true, .prune = true };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *h = client_open(w);
	char *lines;

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_transaction_commit(h, &plan, &reply));
	lines = planned_lines(reply);
	assert_contains(lines, "0 - address right 10.4.0.1/24\n");
	assert_contains(lines, "0 ~ address left 10.1.0.1/24 -> let go of, others hold it\n");
	assert_lacks(lines, "0 - address left");
	assert_int_equal(reply->pruned, N + 1);
	free(lines);
	free(reply);
	hycan_close(h);
}

static void test_prune(void **state)
{
	struct world *w = *state;

	need_success("nf_tables in this kernel", "nft list ruleset");
	world_as(OTHER, OTHER, hold, w);
	world_as(ONE, ONE, hold, w);
	world_as(ONE, ONE, hold_one, w);
	world_as(ONE, ONE, prune, w);
}

/* A link that is not deleted cannot be taken back less than before. */
static void delete_twice(struct world *w)
{
	const struct hycan_transaction_run_options gone = { .has_may_be_gone = true, .may_be_gone = true };
	const struct hycan_link_address nowhere = { .link = "nowhere", .address = prefix_of("10.4.0.1/24") };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *h = client_open(w);

	for (int again = 0; again < 2; again++) {
		assert_done(h, hycan_transaction_begin(h));
		assert_done(h, hycan_link_delete(h, "c0"));
		assert_done(h, hycan_transaction_commit(h, &gone, &reply));
		assert_true(reply->results[0].stays);
		assert_int_equal(reply->unchanged, again);
		free(reply);
		reply = NULL;
	}
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_delete(h, "c0"));
	assert_done(h, hycan_address_add(h, &nowhere));
	assert_refused(h, hycan_transaction_commit(h, &gone, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_lacks(hycan_error_message(h), "stay so");
	hycan_close(h);
}

static void make_link(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_vcan_create(h, "c0", NULL, NULL));
	hycan_close(h);
}

static void test_link(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(OTHER, OTHER, make_link, w);
	world_as(ONE, ONE, make_link, w);
	world_as(ONE, ONE, delete_twice, w);
	free(shell("ip link show c0"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_LINK, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_twice, begin, world_end),
		cmocka_unit_test_setup_teardown(test_back, begin, world_end),
		cmocka_unit_test_setup_teardown(test_join, begin, world_end),
		cmocka_unit_test_setup_teardown(test_prune, begin, world_end),
		cmocka_unit_test_setup_teardown(test_link, begin, world_end),
	};

	return cmocka_run_group_tests_name("transaction, of what others hold, too", tests, NULL, NULL);
}
