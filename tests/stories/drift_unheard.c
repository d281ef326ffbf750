/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What strangers take away while the daemon begins to keep what there is, or after more was told than it could read: nothing tells of it, and
 * it is noticed all the same.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "events.h"
#include "held.h"
#include "objects.h"

static const struct world_options options = { .arguments = { "--event-buffer", "4" } };

/* The kernel may be ahead of the daemon by some messages. */
static int begin(void **state)
{
	routing_begin(state);
	world_stop_daemon(*state, SIGTERM);
	world_start_daemon(*state, &options);
	hycan_close(((struct world *)*state)->h);
	return hycan_open(&((struct world *)*state)->h, ((struct world *)*state)->socket);
}

/* Hears of routes for as long as it is let. */
static int hear_of_routes(struct hycan *h, const void *userdata)
{
	const enum hycan_event_family families[] = { HYCAN_EVENT_FAMILY_ROUTE };
	const struct hycan_event_subscribe_options routes = { .has_families = true, .families = families, .n_families = 1 };
	struct events e;

	(void)userdata;
	events_begin_complete(&e, h, &routes);
	return pause();
}

static void add_route(struct hycan *h)
{
	const struct hycan_route route = route_via("10.9.0.0/16", "10.1.0.2");

	assert_done(h, hycan_route_add(h, &route));
}

static void add_address(struct hycan *h, const char *address)
{
	const struct hycan_link_address a = { .link = "va", .address = prefix_of(address) };

	assert_done(h, hycan_address_add(h, &a));
}

/* What is suspected since the daemon has started is looked at: what is noticed later has another reason. */
static void settle(struct world *w)
{
	add_address(w->h, "10.1.0.9/24");
	free(shell("ip address delete 10.1.0.9/24 dev va"));
	objects_wait(w->h, 0);
}

/* Somebody begins to hear of routes, of which the daemon kept nothing before: when it asks the kernel for them one is gone. */
static void test_before_it_is_read(void **state)
{
	struct world *w = *state;
	pid_t child;

	settle(w);
	add_address(w->h, "10.1.0.1/24");
	add_route(w->h);
	child = held_at_message(w, 1, hear_of_routes, NULL);
	free(shell("ip route delete 10.9.0.0/16"));
	held_end();
	objects_wait(w->h, 1);
	client_kill(child);
}

/* An address comes and goes behind more than the daemon can read. */
static void test_behind_what_was_lost(void **state)
{
	struct world *w = *state;
	pid_t child;

	settle(w);
	child = held_at_message(w, 1, hear_of_routes, NULL);
	free(shell("for i in $(seq 200); do ip address add 10.50.$i.1/32 dev vb; done"));
	add_address(w->h, "10.1.0.1/24");
	free(shell("ip address delete 10.1.0.1/24 dev va"));
	held_end();
	objects_wait(w->h, 0);
	shell_until(20, "grep -q 'told more than was read' %s", w->log);
	client_kill(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_it_is_read, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_behind_what_was_lost, begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
