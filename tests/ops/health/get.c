/* SPDX-License-Identifier: GPL-2.0-or-later */
/* health.get: well, and what is not. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "full.h"
#include "health.h"
#include "nat.h"
#include "objects.h"
#include "text.h"
#include "world.h"

static void test_well(void **state)
{
	struct world *w = *state;
	struct hycan_health_get_reply *health = NULL;

	assert_done(w->h, hycan_health_get(w->h, &health));
	assert_true(health->healthy);
	assert_true(strlen(health->version) > 0);
	assert_int_equal(health->clients, 1);
	assert_int_equal(health->objects, 0);
	free(health);
}

/* The ledger's file system is full; and its file, or the folder that it is in, is taken away. */
static void test_ledger(void **state)
{
	struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 1000, .has_table = true, .table = 100
	};
	struct world *w = *state;
	char path[128];

	full_path(w, path);
	assert_well(w->h);
	full_fill(w);
	for (; rule.priority < 10000 && health_is_well(w->h); rule.priority += 10)
		for (uint32_t i = 0; i < 10; i++) {
			struct hycan_rule one = rule;

			one.priority += i;
			(void)hycan_rule_add(w->h, &one);
		}
	assert_problem(w->h, "ledger", "No space left on device");
	full_empty(w);
	assert_well(w->h);
	free(shell("mv %s %s.away", path, path));
	assert_problem(w->h, "ledger", "Its file is gone");
	free(shell("cp %s.away %s", path, path));
	assert_problem(w->h, "ledger", "another one is in its place");
	free(shell("mv %s.away %s", path, path));
	assert_well(w->h);
	free(shell("rm -r %s/state/kept", w->directory));
	assert_problem(w->h, "ledger", "Its file is gone");
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
	assert_well(w->h);
	free(shell("nft flush chain inet hycan postrouting"));
	assert_problem(w->h, "rules", "gone");
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	assert_well(w->h);
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 80 }'"));
	assert_problem(w->h, "mappings", "The port mapping “tcp 80 host_address 0.0.0.0” of uid 0 is gone.");
	free(shell("nft flush set inet hycan masquerade_ipv4_24"));
	assert_problem(w->h, "masquerade", "The masqueraded subnet “10.0.0.0/24” of uid 0 is gone.");
	free(shell("nft delete table inet hycan"));
	assert_problem(w->h, "masquerade", "is gone");
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_well(w->h);
}

/* One is taken out and another one put in at once: so many as there were, and not those. */
static void test_others(void **state)
{
	struct hycan_port_mapping mapping = nat_mapping("tcp 8081 10.0.0.2 80");
	struct world *w = *state;

	need_command("nft");
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	free(shell("nft 'delete element inet hycan port_ipv4 { tcp . 8081 }; "
	           "add element inet hycan port_ipv4 { tcp . 8082 : 10.0.0.2 . 80 }'"));
	assert_problem(w->h, "mappings", "“tcp 8081 host_address 0.0.0.0” of uid 0 is gone");
	assert_problem(w->h, "mappings",
	               "“tcp 8082 host_address 0.0.0.0” is in the table inet hycan, and the daemon did not make it");
	mapping = nat_mapping("tcp 8082 10.0.0.2 80");
	assert_done(w->h, nat_remove_mapping(w->h, &mapping));
	mapping = nat_mapping("tcp 8081 10.0.0.2 80");
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_well(w->h);
}

static void lead_elsewhere(const char *to)
{
	free(shell("nft 'delete element inet hycan port_ipv4 { tcp . 8080 }; "
	           "add element inet hycan port_ipv4 { tcp . 8080 : %s }'",
	           to));
}

/* It is there, and leads elsewhere than it was asked for. */
static void test_elsewhere(void **state)
{
	static const char elsewhere[] = "A stranger made something else of the port mapping “tcp 8080 host_address 0.0.0.0”";
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80"), other = nat_mapping("tcp 8080 10.0.0.3 80");
	struct world *w = *state;
	char *text;

	need_command("nft");
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	lead_elsewhere("10.0.0.3 . 80");
	assert_problem(w->h, "mappings", elsewhere);
	/* what is there is not what anybody may ask for, and what was asked for is */
	assert_refused(w->h, hycan_port_add(w->h, &other), HYCAN_REFUSAL_EXISTS);
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_well(w->h);
	text = shell("nft list map inet hycan port_ipv4");
	assert_contains(text, "tcp . 8080 : 10.0.0.2 . 80");
	free(text);
	lead_elsewhere("10.0.0.2 . 81");
	assert_problem(w->h, "mappings", elsewhere);
	/* the next daemon knows it, too */
	hycan_close(w->h);
	world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, &(struct world_options){ .arguments = { "--drift-patience", "1000000" } });
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_problem(w->h, "mappings", elsewhere);
	assert_done(w->h, nat_remove_mapping(w->h, &mapping));
	assert_well(w->h);
	/* another one may be asked for then */
	assert_done(w->h, hycan_port_add(w->h, &other));
	assert_well(w->h);
}

/* -------------------------------------------------------------------------------------------------------------- losses */

/* A stranger takes it out, and the daemon has noticed. */
static void lose(struct hycan *h, const char *what)
{
	const size_t before = objects_count(h);

	free(shell("nft %s", what));
	objects_wait(h, before - 1);
}

#define LOST "A stranger took away the port mapping “tcp 8080 host_address 0.0.0.0” of uid 0; “port.add” makes it again"

/* Both are there, and then a stranger takes away the first, of port 8080. */
static void lose_first(struct world *w, const struct hycan_port_mapping *first, const struct hycan_port_mapping *other)
{
	need_command("nft");
	assert_done(w->h, hycan_port_add(w->h, first));
	assert_done(w->h, hycan_port_add(w->h, other));
	lose(w->h, "delete element inet hycan port_ipv4 '{ tcp . 8080 }'");
}

/* What the ledger has forgotten is missed until somebody asks for it again, or lets go of it. */
static void test_lost(void **state)
{
	const struct hycan_masquerade masquerade = nat_masquerade("10.0.0.0/24");
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80"), other = nat_mapping("udp 53 10.0.0.2 53");
	const struct hycan_object_clear_options ports = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_PORT };
	struct hycan_object_clear_reply *cleared = NULL;
	struct world *w = *state;

	need_command("nft");
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	lose(w->h, "delete element inet hycan port_ipv4 '{ tcp . 8080 }'");
	assert_problem(w->h, "mappings", LOST);
	assert_problem(w->h, "mappings", LOST);
	/* asked for again */
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_well(w->h);
	/* let go of, which nobody else can a second time */
	lose(w->h, "delete element inet hycan port_ipv4 '{ tcp . 8080 }'");
	assert_problem(w->h, "mappings", LOST);
	assert_done(w->h, nat_remove_mapping(w->h, &mapping));
	assert_well(w->h);
	assert_refused(w->h, nat_remove_mapping(w->h, &mapping), HYCAN_REFUSAL_NOT_FOUND);
	/* let go of with everything of its kind */
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_done(w->h, hycan_port_add(w->h, &other));
	lose(w->h, "delete element inet hycan port_ipv4 '{ tcp . 8080 }'");
	lose(w->h, "flush set inet hycan masquerade_ipv4_24");
	assert_done(w->h, hycan_object_clear(w->h, &ports, &cleared));
	assert_int_equal(cleared->removed, 1);
	free(cleared);
	assert_problem(w->h, "masquerade", "A stranger took away the masqueraded subnet “10.0.0.0/24” of uid 0");
	assert_done(w->h, hycan_masquerade_remove(w->h, &masquerade));
	assert_well(w->h);
}

/* All of it, and as many as there are. */
static void test_lost_table(void **state)
{
	const struct hycan_masquerade masquerade = nat_masquerade("10.0.0.0/24");
	struct hycan_port_mapping mapping;
	struct world *w = *state;
	char text[64];

	need_command("nft");
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "tcp %d 10.0.0.2 80", 8080 + i);
		mapping = nat_mapping(text);
		assert_done(w->h, hycan_port_add(w->h, &mapping));
	}
	free(shell("nft flush ruleset"));
	objects_wait(w->h, 0);
	assert_problem(w->h, "mappings", "A stranger took away the port mapping “tcp 8081 host_address 0.0.0.0” of uid 0");
	assert_problem(w->h, "mappings", "So it is with 6 more port mappings.");
	assert_problem(w->h, "masquerade", "A stranger took away the masqueraded subnet “10.0.0.0/24”");
	assert_done(w->h, hycan_object_clear(w->h, NULL, NULL));
	assert_well(w->h);
}

/* What somebody else had is not another user's to let go of, and may be anybody's to have. */
static void as_somebody_else(struct world *w)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80");
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_refused(h, nat_remove_mapping(h, &mapping), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
}

static void asking_as_somebody_else(struct world *w)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.9 80");
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_port_add(h, &mapping));
	hycan_close(h);
}

static void test_anothers(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80"), other = nat_mapping("tcp 8081 10.0.0.2 80");
	struct world *w = *state;

	lose_first(w, &mapping, &other);
	world_as(4242, 4242, as_somebody_else, w);
	assert_problem(w->h, "mappings", LOST);
	world_as(4242, 4242, asking_as_somebody_else, w);
	assert_well(w->h);
}

static int begin_for_all(void **state)
{
	const struct world_options options = { .arguments = { "--drift-patience", "20" },
		                               .policy = "allow * port\n",
		                               .open_to_all = true };

	*state = world_start(&options);
	return 0;
}

/* What a stranger puts back is the stranger's, until its owner asks for it again. */
static void test_put_back(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80"), other = nat_mapping("tcp 8081 10.0.0.2 80");
	struct world *w = *state;

	lose_first(w, &mapping, &other);
	free(shell("nft add element inet hycan port_ipv4 '{ tcp . 8080 : 10.0.0.2 . 80 }'"));
	assert_problem(w->h, "mappings", "and the daemon did not make it");
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_int_equal(objects_count(w->h), 2);
	assert_well(w->h);
}

/* What would have gone with its connection is not missed after that. */
static void test_connection(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80"), other = nat_mapping("tcp 8081 10.0.0.2 80");
	struct world *w = *state;
	struct hycan *h = NULL;
	int64_t deadline;

	need_command("nft");
	assert_done(w->h, hycan_port_add(w->h, &other));
	assert_done(w->h, hycan_open(&h, w->socket));
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(h, hycan_port_add(h, &mapping));
	lose(w->h, "delete element inet hycan port_ipv4 '{ tcp . 8080 }'");
	assert_problem(w->h, "mappings", LOST);
	hycan_close(h);
	deadline = now_ms() + 20000 * SLOWEST;
	while (!health_is_well(w->h))
		assert_true(now_ms() < deadline);
}

/* What is not stated any more is not missed any more. */
static void test_stated(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.0.0.2 80"), other = nat_mapping("tcp 8081 10.0.0.2 80");
	struct world *w = *state;

	lose_first(w, &mapping, &other);
	assert_problem(w->h, "mappings", LOST);
	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	assert_done(w->h, hycan_port_add(w->h, &other));
	assert_done(w->h, hycan_object_replace_end(w->h, NULL));
	assert_well(w->h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_well, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ledger, full_begin, full_end),
		cmocka_unit_test_setup_teardown(test_table, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_others, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_elsewhere, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_lost, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_lost_table, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_anothers, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_put_back, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_connection, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_stated, world_begin_soon, world_end),
	};

	return cmocka_run_group_tests_name("health.get", tests, NULL, NULL);
}
