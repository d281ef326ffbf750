/* SPDX-License-Identifier: GPL-2.0-or-later */
/* health.get beside requests and transactions under way: what they have half done is no problem, and what is one is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "health.h"
#include "held.h"
#include "nat.h"
#include "objects.h"
#include "text.h"
#include "world.h"

/* Somebody else at work; ends with whether all went as it should. */
static pid_t begin(struct world *w, bool (*work)(struct hycan *h))
{
	const pid_t pid = fork();
	struct hycan *h = NULL;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(hycan_open(&h, w->socket) == 0 && work(h) ? 0 : 1);
}

static bool make_and_remove(struct hycan *h)
{
	const struct hycan_masquerade masquerade = nat_masquerade("10.0.0.0/24");
	bool done = true;
	char text[64];

	for (int i = 0; i < 2000 && done; i++) {
		struct hycan_port_mapping mapping;

		snprintf(text, sizeof(text), "tcp %d 10.0.0.2 80", 8000 + i % 7);
		mapping = nat_mapping(text);
		done = hycan_port_add(h, &mapping) == 0 && hycan_masquerade_add(h, &masquerade) == 0 &&
		       nat_remove_mapping(h, &mapping) == 0 && hycan_masquerade_remove(h, &masquerade) == 0;
	}
	return done;
}

/* Requests that make and take away all the time. */
static void test_requests(void **state)
{
	struct world *w = *state;

	need_command("nft");
	assert_int_equal(assert_well_beside(w->h, begin(w, make_and_remove)), 0);
}

/*
 * Takes one away and makes another one, and is then at something that the kernel refuses, and that is tried again and again,
 * since there is no way back behind the deletion of a link.
 */
static int make_and_wait(struct hycan *h, const void *userdata)
{
	const struct hycan_port_mapping made = nat_mapping("tcp 8080 10.0.0.2 80"), gone = nat_mapping("tcp 8081 10.0.0.2 80");
	const struct hycan_route nowhere = { .destination = prefix_of("10.9.0.0/16"),
		                             .has_via = true,
		                             .via = prefix_of("203.0.113.1/32").address };

	(void)userdata;
	return hycan_transaction_begin(h) || hycan_port_add(h, &made) || nat_remove_mapping(h, &gone) ||
	       hycan_link_delete(h, "tx0") || hycan_route_add(h, &nowhere) ||
	       hycan_transaction_commit(h, NULL, NULL) != HYCAN_REFUSAL_INVALID;
}

/* It is held there. */
static pid_t begin_waiting(struct world *w)
{
	const struct hycan_port_mapping gone = nat_mapping("tcp 8081 10.0.0.2 80"), other = nat_mapping("udp 53 10.0.0.2 53");

	need_command("nft");
	free(shell("ip link add tx0 type veth peer name tx1"));
	assert_done(w->h, hycan_port_add(w->h, &gone));
	assert_done(w->h, hycan_port_add(w->h, &other));
	return held_in_pause(w, make_and_wait, NULL);
}

static void test_transaction(void **state)
{
	struct world *w = *state;
	pid_t child;
	char *text;

	child = begin_waiting(w);
	assert_well(w->h);
	held_end();
	assert_int_equal(assert_well_beside(w->h, child), 0);
	/* it was taken back */
	text = nat_list_mappings(w->h);
	assert_contains(text, "tcp 8081");
	assert_lacks(text, "tcp 8080");
	free(text);
	assert_well(w->h);
}

/* What a stranger takes away beside it is told while it lasts; what the transaction is about is told when it is over. */
static void test_loss(void **state)
{
	struct hycan_health_get_reply *health = NULL;
	struct world *w = *state;
	pid_t child;
	int status;

	child = begin_waiting(w);
	free(shell("nft delete element inet hycan port_ipv4 '{ udp . 53 }'"));
	free(shell("nft add element inet hycan port_ipv4 '{ udp . 54 : 10.0.0.2 . 54 }'"));
	assert_done(w->h, hycan_health_get(w->h, &health));
	assert_int_equal(health->n_problems, 2);
	assert_string_equal(health->problems[0].message, "The port mapping “udp 53 host_address 0.0.0.0” of uid 0 is gone.");
	assert_contains(health->problems[1].message, "“udp 54 host_address 0.0.0.0” is in the table inet hycan");
	free(health);
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 8080 }'"));
	held_end();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 8081 }'"));
	assert_problem(w->h, "mappings", "“tcp 8081 host_address 0.0.0.0” of uid 0 is gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_requests, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_transaction, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_loss, world_begin_patiently, world_end),
	};

	return cmocka_run_group_tests_name("health.get beside others", tests, NULL, NULL);
}
