/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events when there are more of them than anybody reads: a client that does not, a daemon that is slower than the kernel,
 * and a thousand subscriptions. Whatever is lost, it is said, and who reads again knows everything.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "events.h"
#include "routing.h"

#define ROUTES 20000u

/* What the subscriber knows is what there is: as many of each family, and each route of the list. */
static void assert_knows_all(struct events *e, struct hycan *h)
{
	struct hycan_route_list_options all = { .has_table = true };
	struct hycan_link_address *addresses = NULL;
	struct hycan_route *routes = NULL;
	struct hycan_link *links = NULL;
	const int64_t deadline = now_ms() + 10000 * SLOWEST;
	size_t n_routes, n_links, n_addresses;

	/* some of it is on its way, and the kernel tells of some routes a while after it tells of their link */
	for (;;) {
		assert_done(h, hycan_link_list(h, NULL, &links, &n_links));
		assert_done(h, hycan_address_list(h, NULL, &addresses, &n_addresses));
		assert_done(h, hycan_route_list(h, &all, &routes, &n_routes));
		if ((events_count(e, "route") == n_routes && events_count(e, "link") == n_links &&
		     events_count(e, "address") == n_addresses) ||
		    now_ms() > deadline)
			break;
		free(links);
		free(addresses);
		free(routes);
		events_settle(e, 200);
	}
	assert_int_equal(events_count(e, "link"), n_links);
	assert_int_equal(events_count(e, "address"), n_addresses);
	assert_int_equal(events_count(e, "route"), n_routes);
	for (size_t i = 0; i < n_links; i++) {
		char text[64];

		snprintf(text, sizeof(text), "link %s", links[i].name);
		assert_true(events_know(e, text));
	}
	free(links);
	free(addresses);
	free(routes);
}

static void until_complete(struct events *e)
{
	events_forget(e);
	events_until(e, "overflow");
	do {
		events_until(e, "complete");
		events_settle(e, 200);
	} while (!e->complete || events_heard(e, "overflow"));
}

/* The daemon has told its subscribers all that there is to tell until now, of the kernel and of the ledger. */
static void until_told(struct events *of_b0, struct hycan *h)
{
	const struct hycan_link_address last = { .link = "b0", .address = prefix_of("10.6.0.1/24") };

	assert_done(h, hycan_address_add(h, &last));
	do
		events_settle(of_b0, 50);
	while (!events_know(of_b0, "address b0 10.6.0.1/24") || !events_know(of_b0, "object address"));
}

/* A client that does not read for a while loses nothing without being told, and keeps nobody waiting. */
static void test_unread(void **state)
{
	const struct hycan_event_subscribe_options only_b0 = { .has_name = true, .name = "b0" };
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e, of_b0;

	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	events_begin_complete(&of_b0, w->h, &only_b0);
	free(routing_load(w->h, ROUTES));
	free(shell("ip link add b0 type bridge; ip route del 11.0.0.7/32"));
	assert_done(w->h, hycan_link_set(w->h, "b0", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1400 }));
	/* so that what is read behind that is all */
	until_told(&of_b0, w->h);
	events_end(&of_b0);
	until_complete(&e);
	/* more than one, where a snapshot had room in between: of what there was when little was loaded */
	assert_int_equal(e.n_snapshots, e.n_overflows + 1);
	assert_true(events_know(&e, "link b0"));
	assert_false(events_know(&e, "route 11.0.0.7/32"));
	assert_knows_all(&e, w->h);
	/* and it goes on */
	free(shell("ip route del 11.0.0.8/32"));
	events_until(&e, "gone route 11.0.0.8/32");
	events_end(&e);
	hycan_close(own);
}

/* A client that reads everything misses nothing. */
static void test_read(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;

	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	for (int i = 0; i < 200; i += 10) {
		free(shell("for i in $(seq %d %d); do echo \"link add b$i type bridge\"; echo \"addr add 10.5.$i.1/24 dev b$i\"; "
		           "echo \"link set b$i up\"; echo \"link del b$i\"; done | ip -batch -",
		           i + 1, i + 10));
		/* so that it reads as fast as the daemon tells, however fast that is */
		events_until(&e, "gone link b%d", i + 10);
	}
	free(shell("ip link add last type bridge"));
	events_until(&e, "new link last");
	assert_int_equal(e.n_overflows, 0);
	events_settle(&e, 200);
	assert_knows_all(&e, w->h);
	events_end(&e);
	hycan_close(own);
}

/* The kernel has told more than the daemon could read: that is said, and everything is read anew. */
static void test_lost(void **state)
{
	const struct world_options options = { .arguments = { "--event-buffer", "4" } };
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;
	char *log;

	world_stop_daemon(w, SIGTERM);
	world_start_daemon(w, &options);
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	assert_int_equal(kill(w->daemon, SIGSTOP), 0);
	free(shell("seq 5000 | sed 's/.*/route add 11.0.0.0\\/32 dev va metric &/' | ip -batch -"));
	assert_int_equal(kill(w->daemon, SIGCONT), 0);
	until_complete(&e);
	assert_knows_all(&e, w->h);
	log = world_log(w);
	assert_contains(log, "told more than was read");
	free(log);
	free(shell("ip link set va down"));
	do
		events_settle(&e, 300);
	while (events_count(&e, "route 11.") > 0 || !e.complete);
	assert_knows_all(&e, w->h);
	events_end(&e);
	hycan_close(own);
}

/* What changes while everything is read anew is not lost, either. */
static void test_lost_meanwhile(void **state)
{
	const struct world_options options = { .arguments = { "--event-buffer", "4" } };
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;

	world_stop_daemon(w, SIGTERM);
	world_start_daemon(w, &options);
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	for (unsigned int i = 0; i < 8; i++) {
		free(shell("for i in $(seq 400); do echo route add 11.%u.$((i / 250)).$((i %% 250)) dev va; [ $((i %% 3)) = 0 ] || "
		           "echo route del 11.%u.$((i / 250)).$((i %% 250)) dev va; done | ip -batch -",
		           i, i));
		assert_knows_all(&e, w->h);
	}
	events_end(&e);
	hycan_close(own);
}

/* Many who do not read: they cost what their buffers hold, and nobody else waits. */
static void test_many(void **state)
{
	enum { CONNECTIONS = 63, EACH = 16 };
	struct world *w = *state;
	/* what the kernel has: with the ledger's objects it would be twice as much for the same */
	const enum hycan_event_family families[] = { HYCAN_EVENT_FAMILY_LINK, HYCAN_EVENT_FAMILY_ADDRESS,
		                                     HYCAN_EVENT_FAMILY_ROUTE };
	const struct hycan_event_subscribe_options kernel = { .has_families = true, .families = families, .n_families = 3 };
	struct hycan *h[CONNECTIONS] = { 0 };
	struct events *e = calloc((size_t)CONNECTIONS * EACH, sizeof(*e)), own;

	assert_non_null(e);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		assert_int_equal(hycan_open(&h[i], w->socket), 0);
		for (size_t k = 0; k < EACH; k++)
			events_begin(&e[i * EACH + k], h[i], &kernel);
		assert_true(hycan_process(h[i]) >= 0);
	}
	events_begin_complete(&own, w->h, &kernel);
	free(routing_load(w->h, 100));
	assert_done(w->h, hycan_link_down(w->h, "va"));
	events_until(&own, "changed link va");
	events_until(&own, "gone route 11.0.0.0/32");
	events_end(&own);
	for (size_t i = 0; i < (size_t)CONNECTIONS * EACH; i++) {
		events_until(&e[i], "snapshot");
		/* the others end with their connections */
		if (i % EACH == 0)
			events_until(&e[i], "complete");
	}
	for (size_t i = 0; i < CONNECTIONS; i++)
		hycan_close(h[i]);
	for (size_t i = 0; i < (size_t)CONNECTIONS * EACH; i++)
		events_end(&e[i]);
	free(e);
	assert_done(w->h, hycan_link_up(w->h, "va"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unread, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_read, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_lost_meanwhile, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_lost, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_many, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
