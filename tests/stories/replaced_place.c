/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strangers make routes in the places of those that a client asked for, and the client gives his other ways (route.replace). His are the ones
 * that go, wherever they stand, and the strangers' stay as they are.
 */
#include "routing.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "objects.h"
#include "planned.h"
#include "unconfirmed.h"

/* Of each place what the client asks for first; what the stranger makes there; and what there is when the client's has another way. */
static const struct {
	const char *destination, *via; /* NULL: over va */
	uint32_t metric;
	const char *strangers, *show;
} places[] = {
	{ "10.20.0.0/16", "10.0.0.2", 0, "ip route prepend 10.20.0.0/16 via 10.0.0.9",
	  "10.20.0.0/16 via 10.0.0.9 dev va \n10.20.0.0/16 via 10.0.0.3 dev va proto static \n" },
	{ "10.21.0.0/16", "10.0.0.2", 7, "ip route prepend 10.21.0.0/16 via 10.0.0.9 metric 7",
	  "10.21.0.0/16 via 10.0.0.9 dev va metric 7 \n10.21.0.0/16 via 10.0.0.3 dev va proto static metric 7 \n" },
	{ "10.22.0.0/16", "10.0.0.2", 0, "ip route prepend 10.22.0.0/16 via 10.0.0.9; ip route append blackhole 10.22.0.0/16",
	  "10.22.0.0/16 via 10.0.0.9 dev va \nblackhole 10.22.0.0/16 \n10.22.0.0/16 via 10.0.0.3 dev va proto static \n" },
	{ "10.23.0.0/16", "10.0.0.2", 0, "ip route prepend 10.23.0.0/16 via 10.0.0.2 proto static mtu 1400",
	  "10.23.0.0/16 via 10.0.0.2 dev va proto static mtu 1400 \n10.23.0.0/16 via 10.0.0.3 dev va proto static \n" },
	{ "10.24.0.0/16", NULL, 0, "ip route prepend blackhole 10.24.0.0/16",
	  "blackhole 10.24.0.0/16 \n10.24.0.0/16 via 10.0.0.3 dev va proto static \n" },
	{ "10.25.0.0/16", NULL, 0, "ip route append 10.25.0.0/16 via 10.0.0.9",
	  "10.25.0.0/16 via 10.0.0.3 dev va proto static \n10.25.0.0/16 via 10.0.0.9 dev va \n" },
	{ "fd20::/32", NULL, 0, "ip -6 route append fd20::/32 via fd00::9",
	  "fd20::/32 metric 1024 pref medium\n\tnexthop via fd00::9 dev va weight 1 \n\tnexthop via fd00::3 dev va weight 1 \n" },
	{ "fd21::/32", NULL, 7, "ip -6 route append blackhole fd21::/32 metric 7",
	  "fd21::/32 via fd00::3 dev va proto static metric 7 pref medium\nblackhole fd21::/32 dev lo metric 7 pref medium\n" },
	/* of several ways of IPv6 the kernel makes one route, and replaces that */
	{ "fd22::/32", "fd00::2", 0, "ip -6 route append fd22::/32 via fd00::9",
	  "fd22::/32 via fd00::3 dev va proto static metric 1024 pref medium\n" },
};

#define N_PLACES (sizeof(places) / sizeof(*places))
#define N_IPV4   6

static struct hycan_route route_in(size_t i, const char *via)
{
	struct hycan_route route = via ? route_via(places[i].destination, via) : route_to(places[i].destination);

	route.has_link = !via;
	snprintf(route.link, sizeof(route.link), "%s", via ? "" : "va");
	route.has_metric = places[i].metric;
	route.metric = places[i].metric;
	return route;
}

static void make_ours(struct hycan *h)
{
	for (size_t i = 0; i < N_PLACES; i++) {
		const struct hycan_route route = route_in(i, places[i].via);

		assert_done(h, hycan_route_add(h, &route));
	}
}

static void make_strangers(size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(shell("%s", places[i].strangers));
}

static void replace(struct hycan *h)
{
	for (size_t i = 0; i < N_PLACES; i++) {
		const struct hycan_route route = route_in(i, strchr(places[i].destination, '.') ? "10.0.0.3" : "fd00::3");

		assert_int_equal(hycan_route_replace(h, &route), 0);
	}
}

/* All that there is to those destinations, in its order. */
static char *view(void)
{
	return shell(
		"for i in 0 1 2 3 4 5; do ip route show 10.2$i.0.0/16; done; for i in 0 1 2; do ip -6 route show fd2$i::/32; done");
}

static void assert_replaced(struct hycan *h)
{
	char expected[2048] = "", *is = view();

	for (size_t i = 0; i < N_PLACES; i++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "%s", places[i].show);
	assert_string_equal(is, expected);
	free(is);
	objects_expect(h, HYCAN_OBJECT_KIND_ROUTE, N_PLACES, 0);
}

/* What was there before is there now. */
static void assert_same(char **before)
{
	char *is = view();

	assert_string_equal(is, *before);
	free(is);
	free(*before);
	*before = NULL;
}

/* What is left when the client lets go of everything; of several ways of IPv6 the kernel tells who made the first one. */
static void assert_strangers_alone(struct hycan *h, size_t n)
{
	struct hycan_object_clear_reply *reply = NULL;
	char *is, *alone;

	assert_done(h, hycan_object_clear(h, NULL, &reply));
	assert_int_equal(reply->failed, 0);
	free(reply);
	free(shell("ip -6 route show fd22::/32 | grep -q static && ip -6 route replace fd22::/32 via fd00::9 || true"));
	is = view();
	free(shell("for i in 0 1 2 3 4 5; do ip route flush 10.2$i.0.0/16; done; for i in 0 1 2; do ip -6 route flush fd2$i::/32; "
	           "done"));
	make_strangers(n);
	alone = view();
	assert_string_equal(is, alone);
	free(shell("for i in 0 1 2 3 4 5; do ip route flush 10.2$i.0.0/16; done; for i in 0 1 2; do ip -6 route flush fd2$i::/32; "
	           "done"));
	free(is);
	free(alone);
}

static void test_replaced(void **state)
{
	const struct hycan_route last = route_via("10.30.0.0/16", "10.0.0.2");
	struct world *w = *state;

	make_ours(w->h);
	make_strangers(N_PLACES);
	replace(w->h);
	assert_replaced(w->h);
	/* that is no drift; of IPv6 the kernel tells of a stranger's as if it were what becomes of ours */
	assert_done(w->h, hycan_route_add(w->h, &last));
	free(shell("ip route del 10.30.0.0/16"));
	shell_until(20, "grep -q '10.30.0.0/16 table main, which' %s", w->log);
	assert_output("1\n", "grep -c '10.* table main, which uid 0 had asked for' %s", w->log);
}

/* Who lets go of what he has now takes nothing else away. */
static void test_let_go(void **state)
{
	struct world *w = *state;

	make_ours(w->h);
	replace(w->h);
	make_strangers(N_PLACES);
	assert_strangers_alone(w->h, N_PLACES);
}

static void test_in_vain(void **state)
{
	struct world *w = *state;
	char *before;

	make_ours(w->h);
	make_strangers(N_PLACES);
	before = view();
	for (int i = 0; i < 2; i++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		replace(w->h);
		assert_int_equal(hycan_link_up(w->h, "none"), 0);
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
		assert_lacks(hycan_error_message(w->h), "could not be taken back");
	}
	assert_same(&before);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, N_PLACES, 0);
	assert_strangers_alone(w->h, N_PLACES);
}

static void test_not_confirmed(void **state)
{
	struct world *w = *state;
	char token[33], *before;

	for (unsigned int way = 0; way < UNCONFIRMED_WAYS; way++) {
		make_ours(w->h);
		make_strangers(N_PLACES);
		before = view();
		assert_done(w->h, hycan_transaction_begin(w->h));
		replace(w->h);
		unconfirmed_commit(w->h, token);
		unconfirmed_take_back(w, token, way);
		assert_same(&before);
		objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, N_PLACES, 0);
		assert_strangers_alone(w->h, N_PLACES);
	}
}

/* What comes while it waits to be confirmed stays, too. */
static void test_meanwhile(void **state)
{
	struct world *w = *state;
	char token[33];

	for (unsigned int way = 0; way < UNCONFIRMED_WAYS; way++) {
		make_ours(w->h);
		assert_done(w->h, hycan_transaction_begin(w->h));
		replace(w->h);
		unconfirmed_commit(w->h, token);
		make_strangers(N_IPV4);
		unconfirmed_take_back(w, token, way);
		objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, N_PLACES, 0);
		assert_strangers_alone(w->h, N_IPV4);
	}
}

/* What is asked for is a stranger's already: then that is held, and what was held goes. */
static void test_both(void **state)
{
	const struct hycan_route ours = route_in(0, "10.0.0.2"), other = route_in(0, "10.0.0.3");
	struct world *w = *state;
	char *before;

	assert_done(w->h, hycan_route_add(w->h, &ours));
	free(shell("ip route prepend 10.20.0.0/16 via 10.0.0.3 proto static"));
	before = view();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(hycan_route_replace(w->h, &other), 0);
	assert_int_equal(hycan_link_up(w->h, "none"), 0);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_same(&before);
	assert_done(w->h, hycan_route_replace(w->h, &other));
	assert_output("10.20.0.0/16 via 10.0.0.3 dev va proto static\n", "ip route show 10.20.0.0/16");
	assert_done(w->h, hycan_route_remove(w->h, &ours.destination, NULL));
	assert_output("", "ip route show 10.20.0.0/16");
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
}

static void test_planned(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;
	char *before, *lines;

	make_ours(w->h);
	make_strangers(N_PLACES);
	before = view();
	assert_done(w->h, hycan_transaction_begin(w->h));
	replace(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, &plan, &reply));
	lines = planned_lines(reply);
	free(reply);
	assert_contains(lines, "0 ~ route.replace 10.20.0.0/16: via 10.0.0.2, link va, scope global -> via 10.0.0.3, link default, "
	                       "scope default\n");
	assert_contains(lines, "7 ~ route.replace fd21::/32: via none, link va -> via fd00::3, link default\n");
	assert_lacks(lines, ".9");
	free(lines);
	assert_same(&before);
	planned_assert_says(w, (step *)replace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replaced, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_let_go, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_in_vain, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_not_confirmed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_meanwhile, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_both, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_planned, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests_name("replaced_place", tests, NULL, NULL);
}
