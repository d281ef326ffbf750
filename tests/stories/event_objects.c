/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ledger has, as events: who made it, who holds it besides, who let go, and who took it away. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "events.h"
#include "objects.h"
#include "routing.h"

#define NOBODY 65534

static const enum hycan_event_family objects[] = { HYCAN_EVENT_FAMILY_OBJECT };
static const struct hycan_event_subscribe_options only_objects = { .has_families = true, .families = objects, .n_families = 1 };

static struct hycan_link_address on_link(const char *link, const char *address)
{
	struct hycan_link_address a = { .address = prefix_of(address) };

	snprintf(a.link, sizeof(a.link), "%s", link);
	return a;
}

static void hold(struct hycan *h, enum hycan_lifetime lifetime)
{
	assert_done(h, hycan_session_lifetime(h, lifetime, NULL));
}

static void test_changes(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = on_link("va", "10.1.0.1/24");
	const struct hycan_route route = route_via("10.9.0.0/16", "10.1.0.2");
	struct hycan *own = NULL, *other = NULL;
	struct events e;

	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_int_equal(hycan_open(&own, w->socket), 0);
	assert_int_equal(hycan_open(&other, w->socket), 0);
	events_begin(&e, own, &only_objects);
	events_until(&e, "snapshot");
	events_until(&e, "present object address va 10.1.0.1/24 uid 0 holders 1");
	events_until(&e, "complete");
	assert_done(w->h, hycan_route_add(w->h, &route));
	events_until(&e, "new object route 10.9.0.0/16 table main uid 0 holders 1 by request 0 route.add");
	/* a second holder, who dies */
	hold(other, HYCAN_LIFETIME_CONNECTION);
	assert_done(other, hycan_route_add(other, &route));
	events_until(&e, "changed object route 10.9.0.0/16 table main uid 0 holders 2 by request 0 route.add");
	hycan_close(other);
	events_until(&e, "changed object route 10.9.0.0/16 table main uid 0 holders 1 by daemon");
	assert_done(w->h, hycan_route_remove(w->h, &route.destination, NULL));
	events_until(&e, "gone object route 10.9.0.0/16 table main uid 0 holders 1 by request 0 route.remove");
	/* a stranger */
	free(shell("ip addr del 10.1.0.1/24 dev va"));
	events_until(&e, "gone object address va 10.1.0.1/24 uid 0 holders 1 by stranger");
	assert_int_equal(events_count(&e, "object"), 0);
	assert_int_equal(events_count(&e, "link"), 0);
	assert_int_equal(e.n_overflows, 0);
	events_end(&e);
	hycan_close(own);
}

/* Things of a connection go with it, and what they are on takes them along. */
static void test_teardown(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = on_link("va", "10.1.0.1/24");
	struct hycan_event_subscribe_options named = only_objects;
	struct hycan *own = NULL;
	struct events e, f;

	named.has_name = true;
	snprintf(named.name, sizeof(named.name), "v*");
	events_begin_complete(&e, w->h, &only_objects);
	events_begin_complete(&f, w->h, &named);
	assert_int_equal(hycan_open(&own, w->socket), 0);
	hold(own, HYCAN_LIFETIME_CONNECTION);
	assert_done(own, hycan_address_add(own, &a));
	assert_done(own, hycan_route_add(own, &(struct hycan_route){
						      .destination = prefix_of("10.9.0.0/16"), .has_link = true, .link = "va" }));
	events_until(&e, "new object address va 10.1.0.1/24");
	events_until(&e, "new object route 10.9.0.0/16");
	hycan_close(own);
	events_until(&e, "gone object route 10.9.0.0/16 table main uid 0 holders 0 by daemon");
	events_until(&e, "gone object address va 10.1.0.1/24 uid 0 holders 0 by daemon");
	events_until(&f, "new object address va");
	events_until(&f, "gone object address va");
	a = on_link("va", "10.2.0.1/24");
	assert_done(w->h, hycan_address_add(w->h, &a));
	events_until(&e, "new object address va 10.2.0.1/24");
	assert_done(w->h, hycan_link_rename(w->h, "va", "vc"));
	events_until(&e, "gone object address va 10.2.0.1/24");
	events_until(&e, "new object address vc 10.2.0.1/24");
	assert_done(w->h, hycan_link_delete(w->h, "vc"));
	events_until(&e, "gone object address vc 10.2.0.1/24 uid 0 holders 1 by request 0 link.delete");
	assert_false(events_heard(&f, "new object route"));
	events_end(&e);
	events_end(&f);
}

/* An address behind the one that goes, and what prefers one of them or has no other on its link. */
static void make_what_goes_along(struct hycan *h)
{
	const struct hycan_link_address first = on_link("va", "10.1.0.1/24"), second = on_link("va", "10.1.0.5/24");
	struct hycan_route link = route_to("10.8.0.0/16"), from = route_to("10.9.0.0/16");

	link.has_link = from.has_link = from.has_source = true;
	snprintf(link.link, sizeof(link.link), "va");
	snprintf(from.link, sizeof(from.link), "vb");
	from.source = address_of("10.1.0.5");
	assert_done(h, hycan_address_add(h, &first));
	assert_done(h, hycan_address_add(h, &second));
	assert_done(h, hycan_route_add(h, &link));
	assert_done(h, hycan_route_add(h, &from));
}

static void expect_gone_along(struct events *e, const char *by)
{
	static const char *const things[] = { "address va 10.1.0.5/24", "route 10.8.0.0/16 table main",
		                              "route 10.9.0.0/16 table main" };

	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++) {
		e->at = 0;
		events_until(e, "gone object %s uid 0 holders 1 by %s", things[i], by);
	}
	events_forget(e);
}

/* The request that took the address is the one that took the rest; also where the kernel says nothing of that. */
static void test_along(void **state)
{
	const struct hycan_prefix first = prefix_of("10.1.0.1/24");
	struct world *w = *state;
	struct events e;
	char *log;

	free(shell(
		"echo 0 >/proc/sys/net/ipv4/conf/all/promote_secondaries; echo 0 >/proc/sys/net/ipv4/conf/va/promote_secondaries"));
	/* nobody hears of routes, so that none is kept; and somebody does */
	for (int i = 0; i < 2; i++) {
		struct hycan *h = NULL;

		assert_int_equal(hycan_open(&h, w->socket), 0);
		events_begin_complete(&e, h, i ? NULL : &only_objects);
		/* what strangers did to the links at first is over when that is found */
		make_what_goes_along(w->h);
		free(shell("ip address del 10.1.0.1/24 dev va"));
		expect_gone_along(&e, "stranger");
		make_what_goes_along(w->h);
		assert_done(w->h, hycan_address_remove(w->h, "va", &first));
		expect_gone_along(&e, "consequence 0 address.remove");
		events_end(&e);
		hycan_close(h);
	}
	log = world_log(w);
	assert_contains(log, "10.9.0.0/16 table main, which uid 0 had asked for, is gone along with what address.remove of uid 0 "
	                     "took away.");
	free(log);
}

/* Those who are not root hear of what they hold, and from where they stand. */
static void as_nobody(struct world *w)
{
	struct hycan_link_address mine = on_link("va", "10.7.0.1/24"), shared = on_link("va", "10.1.0.1/24");
	const struct hycan_event_subscribe_options of_root = { .has_owner = true, .owner = 0 };
	struct hycan *h = NULL;
	struct events e;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	events_begin_complete(&e, h, &only_objects);
	assert_int_equal(events_count(&e, "object"), 0);
	assert_done(h, hycan_address_add(h, &mine));
	events_until(&e, "new object address va 10.7.0.1/24 uid 65534 holders 1 by request 65534 address.add");
	assert_done(h, hycan_address_add(h, &shared));
	events_until(&e, "new object address va 10.1.0.1/24 uid 65534 holders 2 by request 65534 address.add");
	assert_done(h, hycan_address_remove(h, "va", &shared.address));
	events_until(&e, "gone object address va 10.1.0.1/24 uid 65534 holders 1 by request 65534 address.remove");
	events_end(&e);
	events_begin(&e, h, &of_root);
	while (!e.ended)
		hycan_wait(h, 1000);
	assert_int_equal(e.result, HYCAN_REFUSAL_DENIED);
	events_end(&e);
	hycan_close(h);
}

static void test_others(void **state)
{
	struct world_options options = { .open_to_all = true, .policy = "allow root all\nallow * all\n" };
	struct world *w = world_start(&options);
	struct hycan_link_address a = on_link("va", "10.1.0.1/24");

	*state = w;
	free(shell("ip link add va type veth peer name vb; ip link set va up; ip link set vb up"));
	assert_done(w->h, hycan_address_add(w->h, &a));
	world_as(NOBODY, NOBODY, as_nobody, w);
}

/* What one user holds, of every family, whoever changes it. */
static void make_as_nobody(struct world *w)
{
	struct hycan_link_address a = on_link("va", "10.7.0.1/24"), b = on_link("va", "10.8.0.1/24");
	struct hycan *h = NULL;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_address_add(h, &a));
	assert_done(h, hycan_address_add(h, &b));
	hycan_close(h);
}

static void until_known(struct events *e, const char *thing)
{
	const int64_t deadline = now_ms() + 20000 * SLOWEST;

	while (!events_know(e, thing)) {
		assert_true(now_ms() < deadline);
		hycan_wait(e->h, 100);
	}
}

static void test_owner(void **state)
{
	const struct hycan_event_subscribe_options owner = { .has_owner = true, .owner = NOBODY };
	struct world_options options = { .open_to_all = true, .policy = "allow root all\nallow * all\n" };
	struct world *w = world_start(&options);
	struct hycan_link_address a = on_link("va", "10.1.0.1/24");
	const struct hycan_prefix address = prefix_of("10.7.0.1/24");
	struct events e, f;
	size_t at;

	*state = w;
	free(shell("ip link add va type veth peer name vb; ip link set va up; ip link set vb up"));
	events_begin_complete(&e, w->h, &owner);
	assert_int_equal(events_count(&e, "link"), 0);
	assert_int_equal(events_count(&e, "address"), 0);
	assert_done(w->h, hycan_address_add(w->h, &a));
	world_as(NOBODY, NOBODY, make_as_nobody, w);
	events_until(&e, "new address va 10.7.0.1/24 by request 65534 address.add");
	/* what the ledger tells and what the kernel tells come in any order */
	until_known(&e, "address va 10.7.0.1/24");
	until_known(&e, "address va 10.8.0.1/24");
	until_known(&e, "object address va 10.7.0.1/24 uid 65534");
	until_known(&e, "object address va 10.8.0.1/24 uid 65534");
	/* another subscriber finds the same */
	events_begin_complete(&f, w->h, &owner);
	assert_true(events_know(&f, "address va 10.7.0.1/24"));
	assert_true(events_know(&f, "address va 10.8.0.1/24"));
	assert_true(events_know(&f, "object address va 10.7.0.1/24"));
	assert_int_equal(events_count(&f, "address"), 2);
	/* root takes one away, and a stranger the other */
	assert_done(w->h, hycan_address_remove(w->h, "va", &address));
	events_until(&e, "gone address va 10.7.0.1/24 by request 0 address.remove");
	free(shell("ip addr del 10.8.0.1/24 dev va"));
	at = e.at;
	events_until(&e, "gone address va 10.8.0.1/24 by stranger");
	e.at = at;
	events_until(&e, "gone object address va 10.8.0.1/24 uid 65534 holders 1 by stranger");
	assert_false(events_know(&e, "address va 10.1.0.1"));
	assert_int_equal(events_count(&e, "address"), 0);
	assert_int_equal(events_count(&e, "object"), 0);
	events_end(&e);
	events_end(&f);
}

enum way { BY_CLEAR, BY_REPLACE, BY_PRUNE, BY_CANCEL, WAYS };

static enum way way;

/* What one user made and takes away again, where it is the daemon that does so. */
static void take_away_as_nobody(struct world *w)
{
	const struct hycan_transaction_run_options prune = { .has_prune = true, .prune = true };
	const struct hycan_transaction_run_options confirm = { .has_confirm_within = true, .confirm_within = 600 };
	const struct hycan_link_address a = on_link("va", "10.7.0.1/24");
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *h = NULL;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	if (way == BY_CANCEL)
		assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_add(h, &a));
	switch (way) {
	case BY_CLEAR:
		assert_done(h, hycan_object_clear(h, NULL, NULL));
		break;
	case BY_REPLACE:
		assert_done(h, hycan_object_replace_begin(h, NULL));
		assert_done(h, hycan_object_replace_end(h, NULL));
		break;
	case BY_PRUNE:
		assert_done(h, hycan_transaction_begin(h));
		assert_done(h, hycan_link_up(h, "vb"));
		assert_done(h, hycan_transaction_commit(h, &prune, NULL));
		break;
	case BY_CANCEL:
		assert_done(h, hycan_transaction_commit(h, &confirm, &reply));
		assert_done(h, hycan_transaction_cancel(h, reply->token));
		free(reply);
		break;
	case WAYS:
		break;
	}
	hycan_close(h);
}

/* His is what he has the daemon take away, and what goes along with it, though the daemon does so with its own rights. */
static void test_taken_away(void **state)
{
	static const enum hycan_event_family families[] = { HYCAN_EVENT_FAMILY_ADDRESS, HYCAN_EVENT_FAMILY_ROUTE };
	const struct hycan_event_subscribe_options kernel = { .has_families = true, .families = families, .n_families = 2 };
	struct world_options options = { .open_to_all = true, .policy = "allow root all\nallow * all\n" };
	struct world *w = world_start(&options);
	struct events e;
	size_t at;

	*state = w;
	free(shell("ip link add va type veth peer name vb; ip link set va up; ip link set vb up"));
	events_begin_complete(&e, w->h, &kernel);
	for (way = BY_CLEAR; way < WAYS; way++) {
		world_as(NOBODY, NOBODY, take_away_as_nobody, w);
		events_until(&e, "new address va 10.7.0.1/24 by request %d address.add", NOBODY);
		at = e.at;
		events_until(&e, "gone address va 10.7.0.1/24 by request %d address.remove", NOBODY);
		e.at = at;
		events_until(&e, "gone route 10.7.0.1/32 table 255 metric 0 dev va by consequence %d address.remove", NOBODY);
	}
	events_end(&e);
}

/* More objects than a client reads, made and taken away meanwhile: the snapshot and what is told beside it are the truth. */
static void test_many(void **state)
{
	enum { N = 3000 };
	struct world *w = *state;
	struct hycan_route *routes = routing_load(w->h, N);
	struct hycan *own = NULL;
	struct events e;
	int64_t deadline;

	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin(&e, own, &only_objects);
	events_until(&e, "snapshot");
	for (size_t i = 0; i < N; i += 2)
		assert_done(w->h, hycan_route_remove(w->h, &routes[i].destination, NULL));
	free(routes);
	deadline = now_ms() + 20000 * SLOWEST;
	do
		events_settle(&e, 300);
	while ((!e.complete || events_count(&e, "object") != N / 2) && now_ms() < deadline);
	assert_int_equal(objects_count(w->h), N / 2);
	assert_int_equal(events_count(&e, "object"), N / 2);
	events_end(&e);
	hycan_close(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_teardown, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_along, routing_begin, world_end),
		cmocka_unit_test_teardown(test_others, world_end),
		cmocka_unit_test_teardown(test_owner, world_end),
		cmocka_unit_test_teardown(test_taken_away, world_end),
		cmocka_unit_test_setup_teardown(test_many, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("event_objects", tests, NULL, NULL);
}
