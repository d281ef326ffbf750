/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event.subscribe: the snapshot, every change, and who caused it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "routing.h"

#define NOBODY 65534

/* One more than a connection may have. */
#define N_MANY 17

static void add_address(struct hycan *h, const char *link, const char *address)
{
	struct hycan_link_address a = { .address = prefix_of(address) };

	snprintf(a.link, sizeof(a.link), "%s", link);
	assert_done(h, hycan_address_add(h, &a));
}

static void test_snapshot(void **state)
{
	struct world *w = *state;
	struct events e;

	free(shell("ip link set lo up; ip link add b0 type bridge; ip addr add 10.1.0.1/24 dev b0; ip link set b0 up; "
	           "ip route add 10.9.0.0/16 via 10.1.0.2; ip rule add from 10.7.0.0/16 table 7 priority 70"));
	events_begin(&e, w->h, NULL);
	events_until(&e, "snapshot");
	events_until(&e, "complete");
	/* in whatever order, and as it is when a change is told beside it */
	assert_true(events_know(&e, "link lo up"));
	assert_true(events_know(&e, "link b0 up"));
	assert_true(events_know(&e, "address b0 10.1.0.1/24"));
	assert_true(events_know(&e, "route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev b0"));
	assert_true(events_know(&e, "rule ipv4 70"));
	/* requests go on beside it */
	assert_done(w->h, hycan_link_down(w->h, "b0"));
	events_until(&e, "changed link b0");
	events_end(&e);
}

static void test_changes(void **state)
{
	struct world *w = *state;
	struct events e;

	events_begin_complete(&e, w->h, NULL);
	free(shell("ip link add b0 type bridge"));
	events_until(&e, "new link b0 by stranger");
	free(shell("ip link set b0 up"));
	events_until(&e, "changed link b0 up by stranger");
	free(shell("ip addr add 10.1.0.1/24 dev b0"));
	events_until(&e, "new address b0 10.1.0.1/24 by stranger");
	free(shell("ip route add 10.9.0.0/16 via 10.1.0.2"));
	events_until(&e, "new route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev b0 by stranger");
	free(shell("ip route replace 10.9.0.0/16 via 10.1.0.3"));
	events_until(&e, "changed route 10.9.0.0/16 table 254 metric 0 via 10.1.0.3 dev b0 by stranger");
	free(shell("ip route del 10.9.0.0/16"));
	events_until(&e, "gone route 10.9.0.0/16 table 254");
	free(shell("ip -6 addr add fd00::1/64 dev b0 nodad"));
	/* announced when it is complete, which may be later */
	events_until(&e, "new address b0 fd00::1/64 by stranger");
	free(shell("ip -6 route add fd01::/64 via fd00::2"));
	events_until(&e, "new route fd01::/64 table 254 metric 1024 via fd00::2 dev b0 by stranger");
	free(shell("ip -6 route del fd01::/64"));
	events_until(&e, "gone route fd01::/64");
	free(shell("ip rule add from 10.7.0.0/16 table 7 priority 70"));
	events_until(&e, "new rule ipv4 70 by stranger");
	/* it is known still when the memory that it was read into has held other messages */
	free(shell("ip link add other type bridge; ip link set other mtu 1400"));
	events_until(&e, "changed link other");
	free(shell("ip rule del priority 70"));
	events_until(&e, "gone rule ipv4 70 by stranger");
	free(shell("ip link set b0 down; ip link set b0 name b1"));
	events_until(&e, "changed link b1 by stranger");
	free(shell("ip link del b1"));
	events_until(&e, "gone link b1 by stranger");
	assert_int_equal(e.n_overflows, 0);
	events_end(&e);
}

/* IPv4 routes go with their link, and the kernel says nothing. */
static void test_silent(void **state)
{
	struct world *w = *state;
	struct events e;

	free(shell("ip link add b0 type bridge; ip addr add 10.1.0.1/24 dev b0; ip addr add 10.2.0.1/24 dev b0; ip link set b0 up; "
	           "ip route add 10.9.0.0/16 via 10.1.0.2; ip route add 10.8.0.0/16 dev b0 src 10.2.0.1"));
	events_begin_complete(&e, w->h, NULL);
	free(shell("ip addr del 10.2.0.1/24 dev b0"));
	events_until(&e, "gone route 10.8.0.0/16");
	free(shell("ip link set b0 down"));
	events_until(&e, "changed link b0");
	events_until(&e, "gone route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev b0 by stranger");
	free(shell("ip link set b0 up; ip route add 10.9.0.0/16 via 10.1.0.2"));
	events_until(&e, "new route 10.9.0.0/16");
	free(shell("ip link del b0"));
	/* its name is known still */
	events_until(&e, "gone route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev b0");
	events_end(&e);
}

/* Several routes in one place: the kernel's messages tell of one, and do not say which. */
static void test_several(void **state)
{
	struct world *w = *state;
	struct events e;

	free(shell("ip link add b0 type bridge; ip link set b0 up; ip addr add 10.1.0.1/24 dev b0; "
	           "ip -6 addr add fd00::1/64 dev b0 nodad"));
	events_begin_complete(&e, w->h, NULL);
	free(shell("ip route add 10.9.0.0/16 via 10.1.0.2; ip route append 10.9.0.0/16 via 10.1.0.3"));
	events_until(&e, "new route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2");
	events_until(&e, "new route 10.9.0.0/16 table 254 metric 0 via 10.1.0.3");
	free(shell("ip route del 10.9.0.0/16 via 10.1.0.3"));
	events_until(&e, "gone route 10.9.0.0/16 table 254 metric 0 via 10.1.0.3");
	free(shell("ip route del 10.9.0.0/16"));
	events_until(&e, "gone route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2");
	free(shell("ip -6 route add fd01::/64 via fd00::2; ip -6 route append fd01::/64 via fd00::3"));
	events_until(&e, "new route fd01::/64 table 254 metric 1024 via fd00::2");
	events_until(&e, "changed route fd01::/64 table 254 metric 1024");
	free(shell("ip -6 route del fd01::/64 via fd00::3"));
	events_until(&e, "changed route fd01::/64 table 254 metric 1024 via fd00::2");
	events_end(&e);
}

static void test_cause(void **state)
{
	struct world *w = *state;
	struct hycan_route route = { .destination = prefix_of("10.9.0.0/16"), .has_via = true };
	struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 70, .has_from = true };
	struct hycan *own = NULL;
	struct events e;

	free(shell("ip link add b0 type bridge; ip link add b1 type bridge"));
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	assert_done(w->h, hycan_link_up(w->h, "b0"));
	events_until(&e, "changed link b0 up by consequence 0 link.up");
	add_address(w->h, "b0", "10.1.0.1/24");
	events_until(&e, "new address b0 10.1.0.1/24 by request 0 address.add pid %d request %u", getpid(), hycan_sequence(w->h));
	events_until(&e, "new route 10.1.0.0/24 table 254 metric 0 dev b0 by consequence 0 address.add pid %d request %u", getpid(),
	             hycan_sequence(w->h));
	route.via = prefix_of("10.1.0.2/32").address;
	assert_done(w->h, hycan_route_add(w->h, &route));
	events_until(&e, "new route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev b0 by request 0 route.add");
	rule.from = prefix_of("10.7.0.0/16");
	rule.has_table = true;
	rule.table = 7;
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	events_until(&e, "new rule ipv4 70 by request 0 rule.add");
	/* the kernel names nobody for an IPv6 address */
	add_address(w->h, "b0", "fd00::1/64");
	events_until(&e, "new address b0 fd00::1/64 by consequence 0 address.add pid %d request %u", getpid(),
	             hycan_sequence(w->h));
	route = route_via("fd09::/64", "fd00::2");
	assert_done(w->h, hycan_route_add(w->h, &route));
	events_until(&e, "new route fd09::/64 table 254 metric 1024 via fd00::2 dev b0 by request 0 route.add");
	assert_done(w->h, hycan_route_remove(w->h, &route.destination, NULL));
	events_until(&e, "gone route fd09::/64 table 254 metric 1024 via fd00::2 dev b0 by request 0 route.remove");
	free(shell("ip link set b1 up"));
	events_until(&e, "changed link b1 up by stranger");
	assert_done(w->h, hycan_link_down(w->h, "b0"));
	events_until(&e, "changed link b0 by consequence 0 link.down");
	events_until(&e, "gone route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev b0 by consequence 0 link.down");
	assert_done(w->h, hycan_link_delete(w->h, "b0"));
	assert_contains(events_until(&e, "gone link b0 by "), "0 link.delete");
	events_end(&e);
	hycan_close(own);
}

/* What the kernel announces of an IPv6 address when its request is long done: it is the request's, until a stranger takes it away. */
static void test_late(void **state)
{
	struct hycan_link_address undetected = { .link = "b0", .has_no_dad = true, .no_dad = true };
	struct world *w = *state;
	struct hycan *own = NULL;
	uint32_t first, second;
	struct events e;

	free(shell("ip link add b0 type bridge; ip link set b0 up"));
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	add_address(w->h, "b0", "fd00::1/64");
	first = hycan_sequence(w->h);
	undetected.address = prefix_of("fd00::2/64");
	assert_done(w->h, hycan_address_add(w->h, &undetected));
	second = hycan_sequence(w->h);
	events_until(&e, "new address b0 fd00::2/64 by consequence 0 address.add pid %d request %u", getpid(), second);
	events_until(&e, "new route fd00::2/128 table 255 metric 0 dev b0 by consequence 0 address.add pid %d request %u", getpid(),
	             second);
	/* when nobody else on the link has it */
	events_until(&e, "new route fd00::1/128 table 255 metric 0 dev b0 by consequence 0 address.add pid %d request %u", getpid(),
	             first);
	/* one goes when it is complete, another one before */
	add_address(w->h, "b0", "fd00::3/64");
	free(shell("for a in 2 3; do ip -6 address del fd00::$a/64 dev b0; ip -6 address add fd00::$a/64 dev b0 nodad; done"));
	events_until(&e, "gone address b0 fd00::2/64 by stranger");
	events_until(&e, "new address b0 fd00::2/64 by stranger");
	events_until(&e, "new route fd00::2/128 table 255 metric 0 dev b0 by stranger");
	events_until(&e, "new address b0 fd00::3/64 by stranger");
	events_until(&e, "new route fd00::3/128 table 255 metric 0 dev b0 by stranger");
	events_end(&e);
	hycan_close(own);
}

static void test_filters(void **state)
{
	struct world *w = *state;
	const enum hycan_event_family links[] = { HYCAN_EVENT_FAMILY_LINK };
	struct hycan_event_subscribe_options only_links = { .has_families = true, .families = links, .n_families = 1 };
	struct hycan_event_subscribe_options named = { .has_name = true, .name = "b*" };
	struct events e, f;

	free(shell("ip link add a0 type bridge; ip link add b0 type bridge; ip addr add 10.1.0.1/24 dev a0"));
	events_begin_complete(&e, w->h, &only_links);
	events_begin_complete(&f, w->h, &named);
	assert_true(events_know(&e, "link a0"));
	assert_int_equal(events_count(&e, "address"), 0);
	assert_true(events_know(&f, "link b0"));
	assert_false(events_know(&f, "link a0"));
	free(shell("ip addr add 10.1.0.2/24 dev a0; ip addr add 10.1.0.3/24 dev b0; ip link set b0 up"));
	events_until(&f, "new address b0 10.1.0.3/24");
	events_until(&e, "changed link b0 up");
	assert_int_equal(events_count(&e, "address"), 0);
	assert_false(events_know(&f, "address a0"));
	/* a link that is called otherwise comes with what is on it */
	free(shell("ip link set a0 name b7"));
	events_until(&f, "overflow");
	events_until(&f, "complete");
	assert_true(events_know(&f, "link b7"));
	assert_true(events_know(&f, "address b7 10.1.0.1/24"));
	events_end(&e);
	events_end(&f);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	struct hycan_event_subscribe_options none = { .has_families = true };
	struct events e, many[N_MANY];

	events_begin(&e, w->h, &none);
	while (!e.ended)
		hycan_wait(w->h, 1000);
	assert_int_equal(e.result, HYCAN_REFUSAL_INVALID);
	events_end(&e);
	assert_int_equal(hycan_call(w->h, hycan_operation_by_name("event.subscribe"), &none, NULL, NULL), -EINVAL);
	for (size_t i = 0; i < N_MANY; i++)
		events_begin(&many[i], w->h, NULL);
	while (!many[N_MANY - 1].ended)
		hycan_wait(w->h, 1000);
	assert_int_equal(many[N_MANY - 1].result, HYCAN_REFUSAL_LIMIT);
	for (size_t i = 0; i < N_MANY; i++)
		events_end(&many[i]);
}

static void as_nobody(struct world *w)
{
	const enum hycan_event_family routes[] = { HYCAN_EVENT_FAMILY_ROUTE };
	struct hycan_event_subscribe_options options = { .has_families = true, .families = routes, .n_families = 1 };
	struct hycan *h = NULL;
	struct events e;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	events_begin_complete(&e, h, NULL);
	assert_true(events_know(&e, "link lo"));
	assert_int_equal(events_count(&e, "address"), 1);
	assert_int_equal(events_count(&e, "route"), 0);
	events_end(&e);
	events_begin(&e, h, &options);
	while (!e.ended)
		hycan_wait(h, 1000);
	assert_int_equal(e.result, HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(h), "route.list");
	events_end(&e);
	hycan_close(h);
}

/* Of what is shown by name, whoever may see some names alone has to say one. */
static void one_alone(struct world *w)
{
	const enum hycan_event_family wireguard[] = { HYCAN_EVENT_FAMILY_WIREGUARD };
	struct hycan_event_subscribe_options options = { .has_families = true, .families = wireguard, .n_families = 1 };
	static const char *const refused[] = { "", "wg*", "other" };
	struct hycan *h = NULL;
	struct events e;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		options.has_name = refused[i][0];
		snprintf(options.name, sizeof(options.name), "%s", refused[i]);
		events_begin(&e, h, &options);
		while (!e.ended)
			hycan_wait(h, 1000);
		assert_int_equal(e.result, HYCAN_REFUSAL_DENIED);
		events_end(&e);
	}
	options.has_name = true;
	snprintf(options.name, sizeof(options.name), "wg0");
	events_begin_complete(&e, h, &options);
	events_end(&e);
	hycan_close(h);
}

static void test_policy_of_names(void **state)
{
	struct world_options options = { .open_to_all = true, .policy = "allow root all\nallow * wireguard.get name=wg*\n" };
	struct world *w = world_start(&options);

	*state = w;
	world_as(NOBODY, NOBODY, one_alone, w);
}

/* What may not be listed is not heard of. */
static void test_policy(void **state)
{
	struct world_options options = { .open_to_all = true,
		                         .policy = "allow root all\nallow * link.list\nallow * address.list\n" };
	struct world *w = world_start(&options);

	*state = w;
	free(shell("ip link set lo up; ip addr flush dev lo; ip addr add 127.0.0.1/8 dev lo; ip route add 10.0.0.0/8 dev lo"));
	world_as(NOBODY, NOBODY, as_nobody, w);
}

/* What may be listed no more is heard of no more; what may be still goes on. */
static void test_policy_changes(void **state)
{
	const enum hycan_event_family links[] = { HYCAN_EVENT_FAMILY_LINK };
	struct hycan_event_subscribe_options only_links = { .has_families = true, .families = links, .n_families = 1 };
	struct world_options options = { .policy = "allow root all\n" };
	struct world *w = world_start(&options);
	struct hycan *own = NULL;
	struct events e, f;

	*state = w;
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, w->h, NULL);
	events_begin_complete(&f, own, &only_links);
	free(shell("echo 'deny * route.list' > %s/policy.conf; echo 'allow root all' >> %s/policy.conf", w->directory,
	           w->directory));
	assert_int_equal(kill(w->daemon, SIGHUP), 0);
	while (!e.ended)
		hycan_wait(w->h, 1000);
	assert_int_equal(e.result, -ECONNRESET);
	free(shell("ip link add b0 type bridge"));
	events_until(&f, "new link b0");
	events_end(&e);
	events_end(&f);
	hycan_close(own);
}

/* A subscription acts where its connection does. */
static void test_netns(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;
	int ns;

	need_command("unshare");
	free(shell("ip netns delete hycan-events 2>/dev/null; ip netns add hycan-events; ip -n hycan-events link add there type "
	           "bridge"));
	ns = open("/run/netns/hycan-events", O_RDONLY | O_CLOEXEC);
	assert_true(ns >= 0);
	assert_int_equal(hycan_open(&own, w->socket), 0);
	assert_done(own, hycan_session_netns(own, ns, NULL));
	close(ns);
	events_begin_complete(&e, own, NULL);
	assert_true(events_know(&e, "link there"));
	free(shell("ip link add here type bridge"));
	assert_done(own, hycan_link_up(own, "there"));
	events_until(&e, "changed link there up by consequence 0 link.up");
	assert_false(events_know(&e, "link here"));
	events_end(&e);
	hycan_close(own);
	free(shell("ip netns delete hycan-events"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_snapshot, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_changes, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_silent, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_several, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_cause, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_late, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_filters, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_refused, world_begin, world_end),
		cmocka_unit_test_teardown(test_policy, world_end),
		cmocka_unit_test_teardown(test_policy_of_names, world_end),
		cmocka_unit_test_teardown(test_policy_changes, world_end),
		cmocka_unit_test_setup_teardown(test_netns, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("event.subscribe", tests, NULL, NULL);
}
