/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is taken back when a transaction fails: each operation is a step before one that fails, and then everything that
 * ip, wg and nft show must be as before, to the byte.
 *
 * Links go up and down once before, since the kernel gives a link its first queue then and keeps it.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"
#include "network.h"
#include "text.h"
#include "view.h"
#include "world.h"

typedef int step(struct hycan *h);

/* The steps, and one that fails. What they would have done without it is done first, so that they are known to do something. */
static void assert_taken_back(struct world *w, step *steps)
{
	char *before, *after;

	view_settle();
	before = view_everything();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(steps(w->h), 0);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“none”");
	view_settle();
	view_assert_same(w, before);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(steps(w->h), 0);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	view_settle();
	after = view_everything();
	assert_string_not_equal(before, after);
	free(before);
	free(after);
}

#define NEIGHBOURS "ip neigh show nud permanent | sort; ip -4 neigh show proxy; ip -6 neigh show proxy"

/* Permanent ones, and proxies. */
static void add_neighbours(const char *link)
{
	free(shell("ip neigh add 10.1.0.71 lladdr 02:00:00:00:00:71 dev %s && ip neigh add proxy 10.1.0.72 dev %s && "
	           "ip neigh add 2001:db8:1::71 lladdr 02:00:00:00:00:71 router proto 77 dev %s && "
	           "ip neigh add proxy 2001:db8:1::72 dev %s",
	           link, link, link, link));
}

static void make_pair(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 up && ip link set tx1 up && "
	           "ip link set tx0 down && ip link set tx0 up && "
	           "ip addr add 10.1.0.1/24 dev tx0 && ip addr add 10.1.0.2/24 dev tx0 && ip addr add 2001:db8:1::1/64 dev tx0 && "
	           "ip addr add 2001:db8:1::2/64 dev tx0 preferred_lft 0 && "
	           "ip route add 10.2.0.0/16 via 10.1.0.9 src 10.1.0.1 metric 7 && ip route add 10.3.0.0/16 dev tx0 table 100 && "
	           "ip route add 10.4.0.0/16 mtu 1300 nexthop via 10.1.0.8 weight 2 nexthop via 10.1.0.9 && "
	           "ip route add blackhole 10.5.0.0/16 && "
	           "ip -6 route add 2001:db8:2::/48 via 2001:db8:1::9 && ip -6 route add 2001:db8:3::/48 dev tx0 metric 9"));
	add_neighbours("tx0");
}

static int down(struct hycan *h)
{
	return hycan_link_down(h, "tx0");
}

static int down_and_up(struct hycan *h)
{
	int r = hycan_link_down(h, "tx0");

	return r ? r : hycan_link_set(h, "tx0", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1400 });
}

static int up(struct hycan *h)
{
	return hycan_link_up(h, "tx2");
}

static int set(struct hycan *h)
{
	struct hycan_link_set_options o = { .has_mtu = true,
		                            .mtu = 1400,
		                            .has_alias = true,
		                            .alias = "outer",
		                            .has_mac = true,
		                            .mac = { { 2, 0, 0, 0, 0, 9 } },
		                            .has_txqueuelen = true,
		                            .txqueuelen = 7 };

	return hycan_link_set(h, "tx2", &o);
}

static int shrink(struct hycan *h)
{
	return hycan_link_set(h, "tx0", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1000 });
}

static int rename_link(struct hycan *h)
{
	int r = hycan_link_rename(h, "tx2", "other");

	return r ? r : hycan_link_set(h, "other", &(struct hycan_link_set_options){ .has_alias = true, .alias = "other" });
}

static void test_links(void **state)
{
	struct world *w = *state;

	make_pair();
	free(shell("ip link add tx2 type veth peer name tx3 && ip link set tx2 up && ip link set tx3 up"));
	/* with its first carrier tx3 is given an address, and keeps it */
	view_settle();
	free(shell("ip link set tx2 down && ip link set tx2 alias before && ip addr add 2001:db8:4::1/64 dev tx2 nodad"));
	add_neighbours("tx2");
	assert_taken_back(w, up);
	free(shell("ip link set tx2 down"));
	assert_taken_back(w, set);
	assert_taken_back(w, rename_link);
}

static void test_down(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_taken_back(w, down);
}

static void test_down_and_more(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_taken_back(w, down_and_up);
}

static void test_shrink(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_taken_back(w, shrink);
}

/*
 * Routes by gateways that no prefix leads to any more: each outlived an address of tx0, or is to outlive one; and by gateways of IPv6, over two
 * links, or of an IPv4 route. Some are ours.
 */
static void make_lost(struct hycan *h)
{
	struct hycan_route a = { .destination = prefix_of("10.79.0.0/16"), .has_via = true, .via = address_of("10.77.0.9") };
	struct hycan_route b = { .destination = prefix_of("2001:db8:79::/48"),
		                 .has_via = true,
		                 .via = address_of("2001:db8:77::9") };
	struct hycan_route c = { .destination = prefix_of("10.89.0.0/16"), .has_via = true, .via = address_of("10.87.0.9") };

	/* what the kernel has by itself over the link that goes down comes behind the others' */
	free(shell("ip link add tx2 type veth peer name tx3 && ip link set tx3 up && ip link set tx2 up && "
	           "ip addr add 2001:db8:2::1/64 dev tx2 && ip addr add 10.6.0.1/24 dev tx2"));
	view_settle();
	make_pair();
	free(shell(
		"ip addr add 10.87.0.1/24 dev tx0 && ip addr add 2001:db8:87::1/64 dev tx0 nodad && "
		"ip addr add 10.77.0.1/24 dev tx0 && ip addr add 2001:db8:77::1/64 dev tx0 nodad && "
		"ip route add 10.78.0.0/16 via 10.77.0.9 && ip route add 10.78.0.0/16 via 10.77.0.8 table 100 metric 3 && "
		"ip route add 10.88.0.0/16 mtu 1300 nexthop via 10.87.0.9 weight 2 nexthop dev tx2 && "
		"ip route add 2001:db8:78::/48 via 2001:db8:77::9 && ip route add 2001:db8:88::/48 via 2001:db8:87::9 table 100 && "
		"ip route add 2001:db8:68::/48 nexthop via 2001:db8:1::9 dev tx0 nexthop via 2001:db8:2::9 dev tx2 weight 3 && "
		"ip route add 10.13.0.0/16 via inet6 2001:db8:1::7 dev tx0"));
	assert_done(h, hycan_route_add(h, &a));
	assert_done(h, hycan_route_add(h, &b));
	assert_done(h, hycan_route_add(h, &c));
	free(shell("ip addr del 10.87.0.1/24 dev tx0 && ip addr del 2001:db8:87::1/64 dev tx0"));
}

static int unaddress_and_down(struct hycan *h)
{
	const struct hycan_prefix ipv4 = prefix_of("10.77.0.1/24"), ipv6 = prefix_of("2001:db8:77::1/64");
	int r = hycan_address_remove(h, "tx0", &ipv4);

	r = r ? r : hycan_address_remove(h, "tx0", &ipv6);
	return r ? r : hycan_link_down(h, "tx0");
}

static int shrink_and_down(struct hycan *h)
{
	int r = shrink(h);

	return r ? r : hycan_link_down(h, "tx0");
}

static int down_up_and_shrink(struct hycan *h)
{
	int r = hycan_link_down(h, "tx0");

	r = r ? r : hycan_link_up(h, "tx0");
	r = r ? r : hycan_link_down(h, "tx0");
	return r ? r : shrink(h);
}

/* The transaction that was begun fails, and everything is as it was before: freed. */
static void fail_without_a_trace(struct world *w, char *before)
{
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_null(strstr(hycan_error_message(w->h), "could not be taken back"));
	view_settle();
	view_assert_same(w, before);
	free(before);
}

/* Replaced and removed. */
static int change_lost(struct hycan *h)
{
	struct hycan_route a = { .destination = prefix_of("10.89.0.0/16"), .has_link = true, .link = "tx2" };
	struct hycan_route b = { .destination = prefix_of("2001:db8:78::/48"), .has_link = true, .link = "tx2" };
	const struct hycan_prefix c = prefix_of("10.88.0.0/16"), d = prefix_of("2001:db8:88::/48");
	int r = hycan_route_replace(h, &a);

	r = r ? r : hycan_route_replace(h, &b);
	r = r ? r : hycan_route_remove(h, &c, NULL);
	return r ? r : hycan_route_remove(h, &d, &(struct hycan_route_remove_options){ .has_table = true, .table = 100 });
}

static void test_lost_gateways(void **state)
{
	static step *const steps[] = { change_lost, down, unaddress_and_down, shrink, shrink_and_down, down_up_and_shrink };
	struct world *w = *state;
	char *before;

	make_lost(w->h);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		view_settle();
		before = view_everything();
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_int_equal(steps[i](w->h), 0);
		fail_without_a_trace(w, before);
	}
}

/* The kernel looks for an IPv4 gateway as it would send a packet there, by the rules: what they refuse is put back all the same. */
static void test_refused_gateways(void **state)
{
	static const char *const rules[] = { "prohibit", "unreachable", "blackhole", "not fwmark 7 unreachable",
		                             "to 10.1.0.0/24 lookup 99" };
	const struct hycan_route_remove_options in_100 = { .has_table = true, .table = 100 };
	const struct hycan_prefix destination = prefix_of("10.98.0.0/16");
	struct world *w = *state;
	char *before;

	make_pair();
	free(shell(
		"ip route add blackhole default table 99 && ip route add 10.98.0.0/16 nexthop via 10.1.0.9 nexthop via 10.1.0.8 && "
		"ip route add 10.98.0.0/16 via 10.1.0.9 table 100"));
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		free(shell("ip rule add pref 50 %s", rules[i]));
		view_settle();
		before = view_everything();
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_remove(w->h, &destination, NULL));
		assert_done(w->h, hycan_route_remove(w->h, &destination, &in_100));
		fail_without_a_trace(w, before);
		free(shell("ip rule del pref 50"));
	}
}

static int remove_dead(struct hycan *h)
{
	const struct hycan_prefix p = prefix_of("10.98.0.0/16");

	return hycan_route_remove(h, &p, NULL);
}

static int replace_dead(struct hycan *h)
{
	struct hycan_route r = { .destination = prefix_of("2001:db8:98::/48"), .has_link = true, .link = "tx0" };

	return hycan_route_replace(h, &r);
}

static int both_down(struct hycan *h)
{
	int r = hycan_link_down(h, "tx2");

	return r ? r : hycan_link_down(h, "tx0");
}

static int down_and_remove(struct hycan *h)
{
	int r = hycan_link_down(h, "tx2");

	return r ? r : remove_dead(h);
}

/* The kernel makes no route over a link that is down: who may have to put one back refuses, unless an earlier step takes the link down. */
static void test_dead_ways(void **state)
{
	static step *const refused[] = { remove_dead, replace_dead, down };
	struct world *w = *state;

	/* the last that goes down is the last in the lists */
	make_pair();
	free(shell("ip link add tx2 type veth peer name tx3 && ip link set tx3 up && ip link set tx2 up && ip link set tx2 down && "
	           "ip link set tx2 up && ip addr add 10.6.0.1/24 dev tx2 && "
	           "ip route add 10.98.0.0/16 nexthop via 10.1.0.9 nexthop via 10.6.0.9 && "
	           "ip route add 2001:db8:98::/48 nexthop via fe80::9 dev tx0 nexthop via fe80::9 dev tx2"));
	assert_taken_back(w, down_and_remove);
	/* that is done now: tx2 is down */
	free(shell("ip route add 10.98.0.0/16 dev tx0 && ip link set tx2 up && "
	           "ip route replace 10.98.0.0/16 nexthop via 10.1.0.9 nexthop via 10.6.0.9 && ip link set tx2 down"));
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		char *before = (view_settle(), view_everything());

		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_int_equal(refused[i](w->h), 0);
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
		assert_contains(hycan_error_message(w->h), "has a way over a link that is down");
		view_assert_same(w, before);
		free(before);
	}
	free(shell("ip link set tx2 up"));
	assert_taken_back(w, both_down);
}

static int add_to_tx2(struct hycan *h)
{
	const struct hycan_link_address a = { .link = "tx2", .address = prefix_of("10.6.0.1/24") };

	return hycan_address_add(h, &a);
}

/* With the last IPv4 address of a link a way over it is dead, though the route stays. */
static void test_dying_way(void **state)
{
	struct world *w = *state;

	make_pair();
	free(shell("ip link add tx2 type veth peer name tx3 && ip link set tx3 up && ip link set tx2 up && "
	           "ip route add 10.98.0.0/16 nexthop via 10.1.0.9 nexthop dev tx2"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(add_to_tx2(w->h), 0);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "One way of the route to 10.98.0.0/16 is over the link “tx2”");
	assert_done(w->h, add_to_tx2(w->h));
}

/* The kernel leaves a way of IPv6 dead whose link comes up again and has no carrier. */
static void test_way_without_carrier(void **state)
{
	struct world *w = *state;

	make_pair();
	free(shell("ip link add tx2 type veth peer name tx3 && ip link set tx2 up && "
	           "ip route add 2001:db8:98::/48 nexthop via fe80::9 dev tx0 nexthop via fe80::9 dev tx2"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_down(w->h, "tx2"));
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	free(shell("ip -6 route show 2001:db8:98::/48 | grep -q 'dev tx2.*linkdown' && ! ip -6 route show 2001:db8:98::/48 | grep "
	           "dead"));
}

/* A proxy that is entered again stays when the link loses its carrier. */
static void test_proxy(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(down(w->h), 0);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	free(shell("ip neigh show proxy | grep -q '10.1.0.72 dev tx0'; ip link set tx1 down"));
	shell_until(20, "ip link show tx0 | grep -q 'state LOWERLAYERDOWN'");
	free(shell("ip -4 neigh show proxy | grep -q '10.1.0.72 dev tx0' && ip -6 neigh show proxy | grep -q '2001:db8:1::72 dev "
	           "tx0'"));
}

static int remove_kernels(struct hycan *h)
{
	const struct hycan_prefix a = prefix_of("10.1.0.0/24"), b = prefix_of("2001:db8:1::/64");
	int r = hycan_route_remove(h, &a, NULL);

	return r ? r : hycan_route_remove(h, &b, NULL);
}

static int replace_kernels(struct hycan *h)
{
	struct hycan_route a = { .destination = prefix_of("10.1.0.0/24"), .has_type = true, .type = HYCAN_ROUTE_TYPE_UNREACHABLE };
	struct hycan_route b = {
		.destination = prefix_of("2001:db8:1::/64"), .has_link = true, .link = "tx1", .has_metric = true, .metric = 256
	};
	int r = hycan_route_replace(h, &a);

	return r ? r : hycan_route_replace(h, &b);
}

/* What the kernel made it makes again with an address or a link, and not when that route itself was taken away. */
static void test_kernels_routes(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_taken_back(w, remove_kernels);
	free(shell("ip link set tx0 down && ip link set tx0 up"));
	view_settle();
	free(shell("ip route | grep -q '10.1.0.0/24 dev tx0' || ip route add 10.1.0.0/24 dev tx0 proto kernel scope link src "
	           "10.1.0.1"));
	assert_taken_back(w, replace_kernels);
}

/* The kernel makes no link-local address where the link carries no IPv6: nothing is waited for. */
static int down_when_small(struct hycan *h)
{
	int r = shrink(h);

	return r ? r : hycan_link_down(h, "tx0");
}

static void test_small_and_down(void **state)
{
	struct world *w = *state;
	char *log;

	make_pair();
	assert_taken_back(w, down_when_small);
	log = world_log(w);
	assert_null(strstr(log, "IPv6 is disabled on this device"));
	free(log);
}

static int lo_down(struct hycan *h)
{
	return hycan_link_down(h, "lo");
}

static int readdress_lo(struct hycan *h)
{
	return hycan_link_set(h, "lo", &(struct hycan_link_set_options){ .has_mac = true, .mac = { { 2, 0, 0, 0, 0, 1 } } });
}

/* Routes that go nowhere go with lo, of IPv6; and its hardware address would be refused. */
static void test_loopback(void **state)
{
	struct world *w = *state;

	free(shell("ip link set lo down && ip link set lo up && ip addr add 10.1.0.1/24 dev lo && ip addr add 2001:db8:1::1/64 dev "
	           "lo && "
	           "ip route add 10.2.0.0/16 via 10.1.0.9 && ip route add 2001:db8:2::/48 dev lo && "
	           "ip route add unreachable 2001:db8:60::/48 && ip route add blackhole 2001:db8:61::/48 table 100 && "
	           "ip route add unreachable 10.3.0.0/16"));
	assert_taken_back(w, lo_down);
	free(shell("ip link set lo up"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(readdress_lo(w->h), 0);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_string_equal(hycan_error_field(w->h), "mac");
}

/* The kernel makes a link-local address of the hardware address by itself, but not always. */
static void test_link_local(void **state)
{
	struct world *w = *state;

	make_pair();
	free(shell("ip link set tx0 addrgenmode none && ip link set tx0 address 02:00:00:00:00:01 && "
	           "ip -6 addr flush dev tx0 scope link && ip addr add fe80::ff:fe00:1/64 dev tx0 nodad"));
	assert_taken_back(w, down);
	free(shell("ip link set tx0 addrgenmode eui64 && ip link set tx0 up && ip -6 addr flush dev tx0 scope link && "
	           "ip addr add fe80::ff:fe00:1/10 dev tx0 nodad"));
	assert_taken_back(w, down);
	free(shell("ip link set tx0 up && ip -6 addr flush dev tx0 scope link"));
	assert_taken_back(w, down);
	/* without a carrier it waits for one */
	free(shell("ip link set tx0 up && ip -6 addr flush dev tx0 && ip addr add fe80::ff:fe00:1/64 dev tx0 nodad && "
	           "ip link set tx1 down"));
	assert_taken_back(w, down);
}

/* A bridge whose last port goes down loses its carrier, and with that its nexthop objects. */
static void test_nexthop_objects(void **state)
{
	struct world *w = *state;
	char *before, *after;

	make_pair();
	free(shell("ip link add tx4 type bridge && ip link set tx0 master tx4 && ip link set tx4 up && ip addr add 10.7.0.1/24 dev "
	           "tx4"));
	shell_until(20, "ip link show tx4 | grep -q LOWER_UP");
	free(shell("ip nexthop add id 9 via 10.7.0.9 dev tx4 && ip route add 10.77.0.0/16 nhid 9"));
	before = shell("ip route; ip nexthop");
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(down(w->h), 0);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "The route to 10.77.0.0/16 has its way from a nexthop object");
	after = shell("ip route; ip nexthop");
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_done(w->h, down(w->h));
}

static int readdress(struct hycan *h)
{
	return hycan_link_set(h, "tx2", &(struct hycan_link_set_options){ .has_mac = true, .mac = { { 2, 0, 0, 0, 0, 1 } } });
}

static int remove_last(struct hycan *h)
{
	struct hycan_prefix p = prefix_of("10.6.0.1/24");

	return hycan_address_remove(h, "tx2", &p);
}

/* The kernel drops them with the last address of a link; with its hardware address also those of a bridge, which takes it over. */
static void test_neighbours(void **state)
{
	struct world *w = *state;
	char *before, *after;

	free(shell("ip link add tx2 type veth peer name tx3 && ip link set tx3 up && ip link set tx2 up && "
	           "ip link set tx2 down && ip link set tx2 up && ip addr add 10.6.0.1/24 dev tx2"));
	add_neighbours("tx2");
	assert_taken_back(w, remove_last);
	/* ip(8) shows timers of a bridge */
	free(shell("ip link add tx4 type bridge && ip link set tx2 master tx4 && ip link set tx4 up"));
	add_neighbours("tx4");
	before = shell(NEIGHBOURS);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(readdress(w->h), 0);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	after = shell(NEIGHBOURS);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static int shrink_a_bit(struct hycan *h)
{
	return hycan_link_set(h, "tx0", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1450 });
}

/* What a link has otherwise than a new one: without enough for IPv6 the kernel forgets all of it. */
static void test_shrink_settings(void **state)
{
	struct world *w = *state;

	make_pair();
	view_settle();
	free(shell(
		"cd /proc/sys/net/ipv6 && echo 1400 >conf/tx0/mtu && echo 77 >conf/tx0/hop_limit && echo 0 >conf/tx0/accept_ra && "
		"echo 1 >conf/tx0/disable_policy && echo 1 >conf/tx0/forwarding && echo 99 >neigh/tx0/gc_stale_time && "
		"echo 1 >conf/tx0/addr_gen_mode && ip -6 addr flush dev tx0 scope link"));
	assert_taken_back(w, shrink_a_bit);
	free(shell("ip link set tx0 mtu 1500 && echo 1400 >/proc/sys/net/ipv6/conf/tx0/mtu"));
	assert_taken_back(w, shrink);
	free(shell("ip link set tx0 mtu 1500 && echo 1 >/proc/sys/net/ipv6/conf/tx0/disable_ipv6"));
	assert_taken_back(w, shrink);
	/* one without ARP is made otherwise than one that loses it */
	free(shell("ip link set tx0 mtu 1500 && ip link set tx0 arp off && echo 1 >/proc/sys/net/ipv6/conf/tx0/accept_dad"));
	assert_taken_back(w, shrink);
	free(shell("ip link set tx0 arp on"));
	/* a new link is otherwise, too */
	free(shell("ip link set tx0 mtu 1500 && echo 0 >/proc/sys/net/ipv6/conf/tx0/accept_ra && "
	           "cd /proc/sys/net/ipv6/conf/default && echo 1 >addr_gen_mode && echo 1 >disable_ipv6"));
	assert_taken_back(w, shrink);
}

/* The secret is in no file of ours. */
static void test_shrink_secret(void **state)
{
	struct world *w = *state;

	make_pair();
	free(shell("echo 2001:db8::1 >/proc/sys/net/ipv6/conf/tx0/stable_secret"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(shrink(w->h), 0);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "stable_secret");
	free(shell("grep -q 2001:0db8 /proc/sys/net/ipv6/conf/tx0/stable_secret"));
	assert_done(w->h, shrink_a_bit(w->h));
	assert_done(w->h, shrink(w->h));
}

static int shrink_to_60(struct hycan *h)
{
	return hycan_link_set(h, "d0", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 60 });
}

/* Then there is no IPv4, either. */
static void test_shrink_ipv4(void **state)
{
	struct world *w = *state;

	need_kind("dummy");
	free(shell("ip link add d0 type dummy && ip link set d0 up && ip link set d0 down && ip link set d0 up && "
	           "ip neigh add 10.1.0.71 lladdr 02:00:00:00:00:71 dev d0 && "
	           "cd /proc/sys/net/ipv4 && echo 2 >conf/d0/rp_filter && echo 1 >conf/d0/forwarding && echo 99 "
	           ">neigh/d0/gc_stale_time"));
	assert_taken_back(w, shrink_to_60);
	free(shell("ip link set d0 mtu 1500 && ip addr add 10.1.0.1/24 dev d0"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(shrink_to_60(w->h), 0);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "Below 68 bytes");
	free(shell("ip addr show d0 | grep -q 10.1.0.1/24"));
	assert_done(w->h, shrink_to_60(w->h));
}

static int add_addresses(struct hycan *h)
{
	struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	struct hycan_link_address b = { .link = "tx1", .address = prefix_of("2001:db8:9::1/64") };
	int r = hycan_address_add(h, &a);

	return r ? r : hycan_address_add(h, &b);
}

static int remove_primary(struct hycan *h)
{
	struct hycan_prefix p = prefix_of("10.1.0.1/24");

	return hycan_address_remove(h, "tx0", &p);
}

static int remove_ipv6(struct hycan *h)
{
	struct hycan_prefix p = prefix_of("2001:db8:1::1/64");

	return hycan_address_remove(h, "tx0", &p);
}

static void test_addresses(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_taken_back(w, add_addresses);
	assert_taken_back(w, remove_primary);
}

static int add_first(struct hycan *h)
{
	const struct hycan_link_address a = { .link = "first", .address = prefix_of("10.8.0.1/24") };

	return hycan_address_add(h, &a);
}

/* With the last IPv4 address of a link go all its routes, and neighbours. */
static void test_first_address(void **state)
{
	struct world *w = *state;

	free(shell("ip link add first type veth peer name second && ip link set first up && ip link set second up && "
	           "ip route add 10.250.0.0/16 dev first && ip route add 10.251.0.0/16 via 10.250.0.1 && "
	           "ip route add 10.252.0.0/16 dev first table 77 && "
	           "ip neigh add 10.250.0.9 lladdr 02:00:00:00:00:71 dev first"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(add_first(w->h), 0);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	free(shell("ip neigh show nud permanent | grep -q '10.250.0.9 dev first lladdr 02:00:00:00:00:71'"));
	assert_taken_back(w, add_first);
}

static void test_address_ipv6(void **state)
{
	struct world *w = *state;

	make_pair();
	view_settle();
	free(shell("ip addr del 2001:db8:1::2/64 dev tx0"));
	free(shell("ip -6 route add 2001:db8:7::/48 dev tx0 src 2001:db8:1::1"));
	assert_taken_back(w, remove_ipv6);
}

/* What could not be put back as it was stays; by itself the request takes it away. */
static void test_address_without_words(void **state)
{
	const char *const flags[] = { "mngtmpaddr", "home" };
	const struct hycan_prefix p = prefix_of("2001:db8:7::1/64");
	struct world *w = *state;
	char *before;

	make_pair();
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		free(shell("ip addr add 2001:db8:7::1/64 dev tx0 nodad %s", flags[i]));
		view_settle();
		before = view_everything();
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_address_remove(w->h, "tx0", &p));
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
		assert_contains(hycan_error_message(w->h), "2001:db8:7::1/64 has properties that HyCAN has no words for");
		assert_string_equal(hycan_error_field(w->h), "address");
		view_assert_same(w, before);
		free(before);
		assert_done(w->h, hycan_address_remove(w->h, "tx0", &p));
	}
}

static int routes(struct hycan *h)
{
	struct hycan_route a = { .destination = prefix_of("10.20.0.0/16"), .has_via = true, .via = address_of("10.1.0.7") };
	struct hycan_route b = { .destination = prefix_of("2001:db8:20::/48"), .has_link = true, .link = "tx0" };
	struct hycan_route c = {
		.destination = prefix_of("10.2.0.0/16"), .has_link = true, .link = "tx0", .has_metric = true, .metric = 7
	};
	struct hycan_route d = { .destination = prefix_of("10.4.0.0/16"), .has_type = true, .type = HYCAN_ROUTE_TYPE_UNREACHABLE };
	struct hycan_route e = { .destination = prefix_of("2001:db8:2::/48"), .has_link = true, .link = "tx0" };
	struct hycan_prefix five = prefix_of("10.5.0.0/16"), three = prefix_of("10.3.0.0/16"), six = prefix_of("2001:db8:3::/48");
	int r = hycan_route_add(h, &a);

	r = r ? r : hycan_route_add(h, &b);
	r = r ? r : hycan_route_replace(h, &c);
	r = r ? r : hycan_route_replace(h, &d);
	r = r ? r : hycan_route_replace(h, &e);
	r = r ? r : hycan_route_remove(h, &five, NULL);
	r = r ? r : hycan_route_remove(h, &six, NULL);
	return r ? r : hycan_route_remove(h, &three, &(struct hycan_route_remove_options){ .has_table = true, .table = 100 });
}

static int load(struct hycan *h)
{
	struct hycan_route list[3] = {
		{ .destination = prefix_of("10.30.0.0/16"), .has_link = true, .link = "tx0" },
		{ .destination = prefix_of("10.5.0.0/16"), .has_type = true, .type = HYCAN_ROUTE_TYPE_BLACKHOLE },
		{ .destination = prefix_of("2001:db8:30::/48"), .has_link = true, .link = "tx0" },
	};

	return hycan_route_load(h, list, 3, NULL, NULL);
}

static void test_routes(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_taken_back(w, load);
	assert_taken_back(w, routes);
}

/* A load that fails in the middle is all or nothing in a transaction, too. */
static void test_half_a_load(void **state)
{
	struct world *w = *state;
	struct hycan_route list[3] = {
		{ .destination = prefix_of("10.30.0.0/16"), .has_link = true, .link = "tx0" },
		{ .destination = prefix_of("10.5.0.0/16"), .has_link = true, .link = "tx0" },
		{ .destination = prefix_of("10.31.0.0/16"), .has_link = true, .link = "tx0" },
	};
	char *before;

	make_pair();
	view_settle();
	before = view_everything();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_load(w->h, list, 3, NULL, NULL));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "Step 1 of 1, route.load: Route 1 (counted from 0): Another route");
	view_assert_same(w, before);
	free(before);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_load(w->h, list, 1,
	                                   &(struct hycan_route_load_options){ .has_replace = true, .replace = true }, NULL));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_INVALID);
}

/* What is refused before anything is done is not put back: it was never there. */
static void test_never_begun(void **state)
{
	const struct hycan_masquerade m = { .subnet = prefix_of("10.44.0.0/16") };
	struct world *w = *state;
	struct hycan_masquerade *list = NULL;
	size_t n;

	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_masquerade_remove(w->h, &m));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_masquerade_list(w->h, &list, &n));
	assert_int_equal(n, 0);
	free(list);
}

static int rules(struct hycan *h)
{
	struct hycan_rule a = {
		.family = HYCAN_FAMILY_IPV4, .has_from = true, .from = prefix_of("10.0.0.0/8"), .has_table = true, .table = 100
	};
	struct hycan_rule b = { .family = HYCAN_FAMILY_IPV6, .has_priority = true, .priority = 77 };
	struct hycan_rule c = { .family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 78 };
	int r = hycan_rule_add(h, &a);

	r = r ? r : hycan_rule_remove(h, &b);
	return r ? r : hycan_rule_remove(h, &c);
}

static void test_rules(void **state)
{
	struct world *w = *state;

	free(shell("ip -6 rule add pref 77 from 2001:db8::/32 iif lo lookup 9; "
	           "ip rule add pref 78 fwmark 0x10/0xf0 not to 10.0.0.0/8 blackhole"));
	assert_taken_back(w, rules);
}

static int rule_that_says_less(struct hycan *h)
{
	struct hycan_rule r = { .family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 50, .has_table = true, .table = 7 };

	return hycan_rule_remove(h, &r);
}

/* The kernel takes one that has more to it for the same. */
static void test_rule_that_says_less(void **state)
{
	struct world *w = *state;

	free(shell("ip rule add pref 50 lookup 7; ip rule add pref 50 from 10.0.0.0/24 lookup 7"));
	assert_taken_back(w, rule_that_says_less);
}

static int forward(struct hycan *h)
{
	int r = hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL);

	r = r ? r : hycan_forwarding_set(h, HYCAN_FAMILY_IPV6, true, NULL);
	return r ? r
	         : hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, false,
	                                &(struct hycan_forwarding_set_options){ .has_interface = true, .interface = "tx0" });
}

static void test_forwarding(void **state)
{
	struct world *w = *state;

	make_pair();
	free(shell("cd /proc/sys/net && echo 1 >ipv4/conf/tx0/forwarding && echo 1 >ipv6/conf/tx1/forwarding && "
	           "echo 1 >ipv4/conf/default/forwarding && echo 1 >ipv6/conf/default/forwarding && "
	           "echo 0 >ipv4/conf/all/accept_redirects"));
	assert_taken_back(w, forward);
}

static int more_nat(struct hycan *h)
{
	struct hycan_masquerade m = { .subnet = prefix_of("10.8.0.0/16"), .has_out_interface = true, .out_interface = "tx0" };
	struct hycan_masquerade old = { .subnet = prefix_of("10.7.0.0/16") };
	struct hycan_port_mapping p = {
		.protocol = HYCAN_TRANSPORT_TCP, .host_port = { 8080, 8081 }, .to_address = address_of("10.1.0.9"), .to_port = 80
	};
	struct hycan_port_range range = { 53, 53 };
	int r = hycan_masquerade_add(h, &m);

	r = r ? r : hycan_port_add(h, &p);
	r = r ? r : hycan_masquerade_remove(h, &old);
	return r ? r : hycan_port_remove(h, HYCAN_TRANSPORT_UDP, &range, NULL);
}

static void test_nat(void **state)
{
	struct world *w = *state;
	struct hycan_masquerade m = { .subnet = prefix_of("10.7.0.0/16") };
	struct hycan_port_mapping p = {
		.protocol = HYCAN_TRANSPORT_UDP, .host_port = { 53, 53 }, .to_address = address_of("10.1.0.9"), .to_port = 53
	};

	need_command("nft");
	assert_done(w->h, hycan_masquerade_add(w->h, &m));
	assert_done(w->h, hycan_port_add(w->h, &p));
	assert_taken_back(w, more_nat);
}

static int first_nat(struct hycan *h)
{
	struct hycan_masquerade m = { .subnet = prefix_of("10.8.0.0/16") };
	struct hycan_port_mapping p = {
		.protocol = HYCAN_TRANSPORT_TCP, .host_port = { 8080, 8080 }, .to_address = address_of("10.1.0.9"), .to_port = 80
	};
	int r = hycan_masquerade_add(h, &m);

	return r ? r : hycan_port_add(h, &p);
}

/* Of a table that was not there nothing is left. */
static void test_first_nat(void **state)
{
	need_command("nft");
	assert_taken_back(*state, first_nat);
}

/* --------------------------------------------------------------------------------------------- what a guest has alone */

static int create_links(struct hycan *h)
{
	int r = hycan_vcan_create(h, "can7", NULL, NULL);

	r = r ? r : hycan_vxcan_create(h, "vx0", "vx1", NULL, NULL);
	r = r ? r : hycan_vlan_create(h, "tx1", 7, NULL, NULL);
	r = r ? r : hycan_link_up(h, "can7");
	r = r ? r : hycan_link_up(h, "tx1.7");
	return r ? r : hycan_wireguard_create(h, "wg7", NULL, NULL);
}

/* A mapping of a network goes, another comes; a way, another NAT; and one network is another. */
static int other_networks(struct hycan *h)
{
	const struct hycan_port_mapping gone = nat_mapping("tcp 8080 10.9.0.2 80"),
					more = nat_mapping("udp 9000-9003 10.8.0.2 7000");
	int r = nat_remove_mapping(h, &gone);

	r = r ? r : hycan_port_add(h, &more);
	r = r ? r : hycan_network_allow(h, 100, 101, true, NULL);
	r = r ? r : hycan_network_allow(h, 101, 100, false, NULL);
	r = r ? r : hycan_network_nat(h, 101, false, NULL);
	return r ? r : network_replace(h, "100 10.9.0.0/25 10.9.0.1 green fd09::/64 fd09::1");
}

static int first_network(struct hycan *h)
{
	const struct hycan_port_mapping m = nat_mapping("tcp 8080 10.9.0.2 80");
	int r = network_create(h, "100 10.9.0.0/24 10.9.0.1 blue");

	return r ? r : hycan_port_add(h, &m);
}

static void test_networks(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.9.0.2 80");
	struct world *w = *state;

	network_make_parent();
	need_command("nft");
	/* a network turns on forwarding of IPv4 */
	free(shell("ip link add tx8 type veth peer name tx9 && cd /proc/sys/net/ipv4/conf && "
	           "echo 1 >tx8/forwarding && echo 1 >default/forwarding && echo 0 >all/accept_redirects"));
	assert_taken_back(w, first_network);
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, true, NULL));
	assert_taken_back(w, other_networks);
	/* the last mapping, too, and its network is noted with it as before */
	assert_refused(w->h, nat_remove_mapping(w->h, &mapping), HYCAN_REFUSAL_NOT_FOUND);
}

static int parent_down(struct hycan *h)
{
	return hycan_link_down(h, "tx1");
}

static int parent_shrinks(struct hycan *h)
{
	return hycan_link_set(h, "tx1", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1300 });
}

static int parent_readdressed(struct hycan *h)
{
	return hycan_link_set(h, "tx1", &(struct hycan_link_set_options){ .has_mac = true, .mac = { { 2, 0, 0, 0, 0, 9 } } });
}

static void test_created(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	need_kind("vxcan");
	need_kind("vlan");
	need_kind("wireguard");
	make_pair();
	assert_taken_back(w, create_links);
	free(shell("ip addr add 10.77.0.1/24 dev tx1.7 && ip addr add 2001:db8:77::1/64 dev tx1.7 && "
	           "ip route add 10.78.0.0/16 via 10.77.0.2"));
	add_neighbours("tx1.7");
	assert_taken_back(w, parent_shrinks);
	assert_taken_back(w, parent_down);
	free(shell("ip link set tx1 up && ip link set tx1.7 up"));
	add_neighbours("tx1.7");
	assert_taken_back(w, parent_readdressed);
}

static struct hycan_key key(uint8_t byte)
{
	struct hycan_key k;

	memset(&k, byte, sizeof(k));
	return k;
}

static int wireguard(struct hycan *h)
{
	struct hycan_prefix moved[] = { prefix_of("10.0.1.0/24"), prefix_of("10.0.9.0/24") };
	struct hycan_wireguard_set_options o = {
		.has_private_key = true, .private_key = key(0x40), .has_listen_port = true, .listen_port = 5555
	};
	struct hycan_wireguard_peer_config a = {
		.public_key = key(9), .has_allowed_ips = true, .allowed_ips = moved, .n_allowed_ips = 2
	};
	struct hycan_wireguard_peer_config b = { .public_key = key(2),
		                                 .has_preshared_key = true,
		                                 .preshared_key = key(8),
		                                 .has_persistent_keepalive = true,
		                                 .persistent_keepalive = 9 };
	int r = hycan_wireguard_set(h, "wg7", &o);

	r = r ? r : hycan_wireguard_peer_set(h, "wg7", &a);
	return r ? r : hycan_wireguard_peer_set(h, "wg7", &b);
}

static int remove_last_peer(struct hycan *h)
{
	struct hycan_key k = key(2);

	return hycan_wireguard_peer_remove(h, "wg7", &k);
}

static int sync_peers(struct hycan *h)
{
	struct hycan_prefix ip = prefix_of("10.0.1.0/24");
	struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = key(1), .has_allowed_ips = true, .allowed_ips = &ip, .n_allowed_ips = 1 },
		{ .public_key = key(5) },
	};

	return hycan_wireguard_sync(h, "wg7", peers, 2, NULL);
}

/* A link with two peers. */
static void make_wireguard(struct world *w)
{
	struct hycan_prefix one = prefix_of("10.0.1.0/24"), two = prefix_of("10.0.2.0/24");
	struct hycan_wireguard_set_options o = { .has_private_key = true,
		                                 .private_key = key(0x50),
		                                 .has_listen_port = true,
		                                 .listen_port = 4444,
		                                 .has_fwmark = true,
		                                 .fwmark = 3 };
	struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = key(1),
		  .has_preshared_key = true,
		  .preshared_key = key(7),
		  .has_allowed_ips = true,
		  .allowed_ips = &one,
		  .n_allowed_ips = 1 },
		{ .public_key = key(2),
		  .has_endpoint = true,
		  .endpoint = { .address = address_of("192.0.2.1"), .port = 51820 },
		  .has_persistent_keepalive = true,
		  .persistent_keepalive = 25,
		  .has_allowed_ips = true,
		  .allowed_ips = &two,
		  .n_allowed_ips = 1 },
	};

	assert_done(w->h, hycan_wireguard_create(w->h, "wg7", NULL, NULL));
	assert_done(w->h, hycan_wireguard_set(w->h, "wg7", &o));
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg7", peers, 2, NULL));
}

static void test_wireguard(void **state)
{
	need_kind("wireguard");
	need_command("wg");
	make_wireguard(*state);
	assert_taken_back(*state, wireguard);
}

static void test_wireguard_remove(void **state)
{
	need_kind("wireguard");
	need_command("wg");
	make_wireguard(*state);
	assert_taken_back(*state, remove_last_peer);
}

static void test_wireguard_sync(void **state)
{
	need_kind("wireguard");
	need_command("wg");
	make_wireguard(*state);
	assert_taken_back(*state, sync_peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_links, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_down, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_down_and_more, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shrink, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_lost_gateways, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_refused_gateways, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_dead_ways, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_way_without_carrier, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_dying_way, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_proxy, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_kernels_routes, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_small_and_down, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_loopback, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_link_local, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_nexthop_objects, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shrink_settings, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shrink_secret, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shrink_ipv4, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_neighbours, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_addresses, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_first_address, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_address_ipv6, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_address_without_words, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_routes, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_half_a_load, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_never_begun, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_rules, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_rule_that_says_less, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_forwarding, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_nat, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_first_nat, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_created, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_networks, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_wireguard, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_wireguard_remove, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_wireguard_sync, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("transaction, taken back", tests, NULL, NULL);
}
