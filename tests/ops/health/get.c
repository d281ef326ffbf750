/* SPDX-License-Identifier: GPL-2.0-or-later */
/* health.get: well, and what is not. */
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "world.h"

static struct hycan_health_get_reply *ask(struct world *w)
{
	struct hycan_health_get_reply *health = NULL;

	assert_done(w->h, hycan_health_get(w->h, &health));
	return health;
}

static void assert_well(struct world *w)
{
	struct hycan_health_get_reply *health = ask(w);

	for (size_t i = 0; i < health->n_problems; i++)
		print_error("%s: %s\n", health->problems[i].check, health->problems[i].message);
	assert_true(health->healthy);
	assert_int_equal(health->n_problems, 0);
	free(health);
}

/* There is that problem, and its message has that part. */
static void assert_problem(struct world *w, const char *check, const char *part)
{
	struct hycan_health_get_reply *health = ask(w);
	bool found = false;

	assert_false(health->healthy);
	for (size_t i = 0; i < health->n_problems; i++)
		found |= strcmp(health->problems[i].check, check) == 0 && strstr(health->problems[i].message, part);
	if (!found)
		fail_msg("%zu problems, the first: %s: %s", health->n_problems, health->problems[0].check,
		         health->problems[0].message);
	free(health);
}

static void test_well(void **state)
{
	struct world *w = *state;
	struct hycan_health_get_reply *health = ask(w);

	assert_true(health->healthy);
	assert_true(strlen(health->version) > 0);
	assert_int_equal(health->clients, 1);
	assert_int_equal(health->objects, 0);
	free(health);
}

/* What a stranger does to our table shows, and the next change mends the rules. */
static void test_table(void **state)
{
	struct world *w = *state;
	struct hycan_masquerade masquerade = { .subnet = prefix_of("10.0.0.0/24") };
	struct hycan_port_mapping mapping = {
		.protocol = HYCAN_TRANSPORT_TCP, .host_port = { 80, 80 }, .to_address = address_of("10.0.0.2"), .to_port = 8080
	};

	need_command("nft");
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_well(w);
	free(shell("nft flush chain inet hycan postrouting"));
	assert_problem(w, "rules", "gone");
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	assert_well(w);
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 80 }'"));
	assert_problem(w, "mappings", "The daemon made 1 port mappings here, and only 0 are there.");
	free(shell("nft flush set inet hycan masquerade_ipv4_24"));
	assert_problem(w, "masquerade", "only 0");
	free(shell("nft delete table inet hycan"));
	assert_problem(w, "masquerade", "only 0");
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_well(w);
}

/* What the ledger has is compared with what there is before it forgets what is gone, however slow the machine. */
static int begin_patiently(void **state)
{
	const struct world_options options = { .arguments = { "--drift-patience", "60000" } };

	*state = world_start(&options);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_well, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_table, begin_patiently, world_end),
	};

	return cmocka_run_group_tests_name("health.get", tests, NULL, NULL);
}
