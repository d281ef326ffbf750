/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What strangers had where a transaction that is taken back did something: what it did not take from them is not touched, and what it did is
 * there again with everything that ip(8) shows of it, and in its order.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"
#include "text.h"
#include "unconfirmed.h"
#include "view.h"
#include "world.h"

typedef int step(struct hycan *h);

/* The order of the routes to a destination is what matters, not that of the links to which the kernel gives its own. */
#define IPV6_ORDER "for i in 6:1 6:2 6:3 6:4; do ip -6 -d route show 2001:db8:$i::/64; done"

static void assert_same(struct world *w, const char *before, const char *order)
{
	char *now;

	view_settle();
	view_assert_same(w, before);
	now = shell(IPV6_ORDER);
	assert_string_equal(now, order);
	free(now);
}

/* The step is taken back since another one fails. */
static void assert_taken_back(struct world *w, step *does)
{
	char *before, *order;

	view_settle();
	before = view_everything();
	order = shell(IPV6_ORDER);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(does(w->h), 0);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_lacks(hycan_error_message(w->h), "could not be taken back");
	assert_same(w, before, order);
	free(before);
	free(order);
}

/* And since it is canceled, and since the daemon was killed before it was confirmed. */
static void assert_taken_back_later(struct world *w, step *does)
{
	char *before, *order, *done;
	char token[33];

	view_settle();
	before = view_everything();
	order = shell(IPV6_ORDER);
	for (int killed = 0; killed < 2; killed++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_int_equal(does(w->h), 0);
		unconfirmed_commit(w->h, token);
		done = view_everything();
		assert_string_not_equal(before, done);
		free(done);
		if (killed) {
			(void)world_stop_daemon(w, SIGKILL);
			world_start_daemon(w, NULL);
			hycan_close(w->h);
			assert_done(w->h, hycan_open(&w->h, w->socket));
		} else {
			assert_done(w->h, hycan_transaction_cancel(w->h, token));
		}
		assert_same(w, before, order);
	}
	free(before);
	free(order);
}

/* Links with addresses of each kind, two of them in the same network. */
static void make_links(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 up && ip link set tx1 up && "
	           "ip link set tx0 down && ip link set tx0 up && "
	           "ip addr add 10.1.0.1/24 dev tx0 && ip addr add 10.1.0.3/24 dev tx0 && ip addr add 10.8.0.1/24 dev tx0 && "
	           "ip addr add 10.7.0.1/24 dev tx1 && "
	           "ip addr add 2001:db8:1::1/64 dev tx0 nodad && ip addr add 2001:db8:1::3/64 dev tx0 nodad"));
}

/* Routes with what the schema has no words for. */
static void make_routes(void)
{
	free(shell("ip route add 10.90.0.0/16 via 10.1.0.7 advmss 1200 && "
	           "ip route add 10.91.0.0/16 via 10.1.0.7 src 10.1.0.3 initcwnd 30 && "
	           "ip route add 10.92.0.0/16 via 10.1.0.7 tos 8 && ip route add 10.92.0.0/16 via 10.1.0.8 && "
	           "ip route add 10.93.0.0/16 via 10.1.0.7 mtu lock 1300 && "
	           "ip route add 10.94.0.0/16 advmss 1100 nexthop via 10.1.0.7 nexthop via 10.7.0.7 weight 3 && "
	           "ip route add 10.95.0.0/16 via 10.90.0.1 onlink dev tx0 table 100 proto 77 hoplimit 3 && "
	           "ip -6 route add 2001:db8:6:1::/64 via 2001:db8:1::7 pref high && "
	           "ip -6 route add 2001:db8:6:2::/64 via 2001:db8:1::7 advmss 1200 src 2001:db8:1::3 && "
	           "ip -6 route add 2001:db8:6:3::/64 via 2001:db8:1::7 mtu lock 1400 hoplimit 9 && "
	           "ip -6 route add 2001:db8:6:4::/64 pref low nexthop via 2001:db8:1::7 nexthop via 2001:db8:1::8"));
	/* some kernels have no realms */
	(void)shell_status(NULL, "ip route add 10.96.0.0/16 via 10.1.0.7 realm 5");
}

static int down(struct hycan *h)
{
	return hycan_link_down(h, "tx0");
}

static int remove_address(struct hycan *h, const char *address)
{
	const struct hycan_prefix p = prefix_of(address);

	return hycan_address_remove(h, "tx0", &p);
}

static int remove_second(struct hycan *h)
{
	return remove_address(h, "10.1.0.3/24");
}

static int remove_first(struct hycan *h)
{
	return remove_address(h, "10.1.0.1/24");
}

static int remove_ipv6(struct hycan *h)
{
	return remove_address(h, "2001:db8:1::3/64");
}

static void test_without_words(void **state)
{
	struct world *w = *state;

	make_links();
	make_routes();
	assert_taken_back(w, remove_second);
	assert_taken_back(w, remove_ipv6);
	assert_taken_back(w, down);
	assert_taken_back_later(w, down);
	assert_taken_back(w, remove_first);
	/* and with the last one all of its routes */
	free(shell("sysctl -qw net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.tx0.promote_secondaries=0"));
	assert_taken_back(w, remove_first);
	free(shell("ip addr del 10.8.0.1/24 dev tx0"));
	assert_taken_back(w, remove_first);
}

/* With a link that goes down its nexthop objects go, and no request brings those back. */
static void test_nexthop_object(void **state)
{
	struct world *w = *state;
	char *before, *after, *log;

	make_links();
	if (shell_status(NULL, "ip nexthop add id 5 via 10.1.0.7 dev tx0 2>/dev/null") != 0)
		skip();
	free(shell("ip route add 10.80.0.0/16 nhid 5"));
	assert_taken_back(w, remove_second);
	/* it stayed, so nothing was done about it */
	log = world_log(w);
	assert_contains(log, "address.add");
	assert_lacks(log, "route.replace");
	free(log);
	before = view_everything();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_down(w->h, "tx0"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "10.80.0.0/16");
	assert_contains(hycan_error_message(w->h), "nexthop object");
	after = view_everything();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static int remove_route(struct hycan *h, const char *destination, const char *via)
{
	const struct hycan_route_remove_options options = { .has_via = true, .via = address_of(via) };
	const struct hycan_prefix p = prefix_of(destination);

	return hycan_route_remove(h, &p, &options);
}

static int remove_7(struct hycan *h)
{
	return remove_route(h, "10.80.0.0/16", "10.1.0.7");
}

static int remove_8(struct hycan *h)
{
	return remove_route(h, "10.80.0.0/16", "10.1.0.8");
}

static int remove_9(struct hycan *h)
{
	return remove_route(h, "10.80.0.0/16", "10.1.0.9");
}

static int replace(struct hycan *h)
{
	const struct hycan_route route = { .destination = prefix_of("10.80.0.0/16"),
		                           .has_via = true,
		                           .via = address_of("10.1.0.6") };

	return hycan_route_replace(h, &route);
}

/* Several to one destination, of which the kernel takes the first. */
static void test_order(void **state)
{
	struct world *w = *state;

	make_links();
	free(shell("ip route add 10.80.0.0/16 via 10.1.0.7 && ip route append 10.80.0.0/16 via 10.1.0.8 src 10.1.0.3 && "
	           "ip route append 10.80.0.0/16 via 10.1.0.9 && ip route append 10.80.0.0/16 via 10.7.0.9 && "
	           "ip route add 10.80.0.0/16 via 10.1.0.5 metric 9"));
	assert_taken_back(w, remove_7);
	assert_taken_back(w, remove_8);
	assert_taken_back_later(w, remove_8);
	assert_taken_back(w, remove_9);
	assert_taken_back(w, replace);
	assert_taken_back(w, remove_second);
	assert_taken_back(w, down);
}

/* A step that waits is taken back behind what others did meanwhile; then the command shows that. */
static void assert_taken_back_behind(struct world *w, step *does, const char *meanwhile, const char *shows, const char *expected)
{
	char token[33];
	char *now;

	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(does(w->h), 0);
	unconfirmed_commit(w->h, token);
	free(shell("%s", meanwhile));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	now = shell("%s", shows);
	assert_string_equal(now, expected);
	free(now);
}

#define SHOWN "ip -o route show 10.80.0.0/16 | sed 's/ *$//'"

/* What others take away while it waits stays away, and what they made of it is not known to the transaction. */
static void test_taken_meanwhile(void **state)
{
	make_links();
	free(shell("ip route add 10.80.0.0/16 via 10.1.0.7 && ip route append 10.80.0.0/16 via 10.1.0.8 && "
	           "ip route append 10.80.0.0/16 via 10.1.0.9 && ip route add 10.80.0.0/16 via 10.1.0.5 metric 7"));
	assert_taken_back_behind(*state, remove_7, "ip route del 10.80.0.0/16 via 10.1.0.8 && ip route del 10.80.0.0/16 metric 7",
	                         SHOWN, "10.80.0.0/16 via 10.1.0.7 dev tx0\n10.80.0.0/16 via 10.1.0.9 dev tx0\n");
}

static int remove_on_link(struct hycan *h)
{
	const struct hycan_prefix p = prefix_of("2001:db8:6:1::/64");

	return hycan_route_remove(h, &p, NULL);
}

/* What others made meanwhile in the place of what comes back is there, too. */
static void test_made_meanwhile(void **state)
{
	make_links();
	free(shell("ip route add 10.80.0.0/16 via 10.1.0.7 && ip -6 route add 2001:db8:6:1::/64 dev tx0"));
	assert_taken_back_behind(*state, remove_7, "ip route add 10.80.0.0/16 via 10.1.0.9", SHOWN,
	                         "10.80.0.0/16 via 10.1.0.7 dev tx0\n10.80.0.0/16 via 10.1.0.9 dev tx0\n");
	assert_taken_back_behind(*state, remove_on_link, "ip -6 route add 2001:db8:6:1::/64 dev tx1",
	                         "ip -6 -o route show 2001:db8:6:1::/64 | cut -d ' ' -f 1-3",
	                         "2001:db8:6:1::/64 dev tx1\n2001:db8:6:1::/64 dev tx0\n");
}

/* And what they made of one that stayed is so still. */
static void test_changed_meanwhile(void **state)
{
	make_links();
	free(shell("ip route add 10.80.0.0/16 via 10.1.0.7 && ip route append 10.80.0.0/16 via 10.1.0.8"));
	assert_taken_back_behind(*state, remove_7, "ip route change 10.80.0.0/16 via 10.1.0.8 advmss 1200", SHOWN,
	                         "10.80.0.0/16 via 10.1.0.7 dev tx0\n10.80.0.0/16 via 10.1.0.8 dev tx0 advmss 1200\n");
}

/* The networks of two links are one: the kernel puts back its own behind the other. */
static void test_order_of_links(void **state)
{
	struct world *w = *state;

	make_links();
	free(shell("ip addr add 10.1.0.4/24 dev tx1 && "
	           "ip -6 route add 2001:db8:6:1::/64 dev tx0 && ip -6 route append 2001:db8:6:1::/64 dev tx1 && "
	           "ip -6 route add 2001:db8:6:2::/64 dev tx1 && ip -6 route append 2001:db8:6:2::/64 dev tx0"));
	assert_taken_back(w, remove_first);
	assert_taken_back(w, down);
}

static int mtu(struct hycan *h, uint32_t bytes)
{
	return hycan_link_set(h, "tx0", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = bytes });
}

static int shrink(struct hycan *h)
{
	return mtu(h, 1400);
}

static int shrink_below_ipv6(struct hycan *h)
{
	return mtu(h, 1200);
}

static int grow(struct hycan *h)
{
	return mtu(h, 2000);
}

/* Of IPv6 a route has its link's MTU from when that is as small as the route's own. */
static void test_mtu(void **state)
{
	struct world *w = *state;

	make_links();
	free(shell("ip -6 route add 2001:db8:6:1::/64 via 2001:db8:1::7 mtu 1400 && "
	           "ip -6 route add 2001:db8:6:2::/64 via 2001:db8:1::7 mtu lock 1400 && "
	           "ip -6 route add 2001:db8:6:3::/64 dev tx0 mtu 1450 pref high && "
	           "ip -6 route add 2001:db8:6:4::/64 dev tx0 mtu 1500 && ip route add 10.80.0.0/16 via 10.1.0.7 mtu 1400 && "
	           "echo 77 >/proc/sys/net/ipv6/conf/tx0/hop_limit && echo 1400 >/proc/sys/net/ipv6/conf/tx0/mtu && "
	           "ip neigh add 2001:db8:1::71 lladdr 02:00:00:00:00:71 dev tx0 && ip neigh add proxy 2001:db8:1::72 dev tx0"));
	assert_taken_back(w, shrink);
	assert_taken_back(w, shrink_below_ipv6);
	assert_taken_back_later(w, shrink_below_ipv6);
	assert_taken_back(w, grow);
}

/* A link that stands on another has its MTU with it, and then its IPv6. */
static void test_mtu_along(void **state, const char *kind, const char *options)
{
	struct world *w = *state;

	if (!has_kind(kind))
		skip();
	make_links();
	free(shell("ip link add link tx0 name tx0.9 type %s %s && ip link set tx0.9 up && "
	           "ip addr add 2001:db8:9::1/64 dev tx0.9 nodad && ip -6 route add 2001:db8:6:1::/64 dev tx0.9 pref high",
	           kind, options));
	assert_taken_back(w, shrink);
	assert_taken_back(w, shrink_below_ipv6);
	assert_taken_back(w, grow);
}

static void test_macvlan(void **state)
{
	test_mtu_along(state, "macvlan", "");
}

static void test_ipvlan(void **state)
{
	test_mtu_along(state, "ipvlan", "");
}

static void test_macsec(void **state)
{
	test_mtu_along(state, "macsec", "");
}

/* What does not run down of itself, as the timers of a bridge do. */
#define BRIDGE "ip -o link && ip addr && ip -6 -d route show dev br0"

/* So has a bridge, of its smallest port. */
static void test_bridge(void **state)
{
	struct world *w = *state;
	char *before, *after;

	if (!has_kind("bridge"))
		skip();
	make_links();
	free(shell("ip link add br0 type bridge && ip link set tx0 master br0 && ip link set br0 up && "
	           "ip addr add 2001:db8:9::1/64 dev br0 nodad && ip -6 route add 2001:db8:6:1::/64 dev br0 pref high"));
	view_settle();
	before = shell(BRIDGE);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(shrink_below_ipv6(w->h), 0);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	view_settle();
	after = shell(BRIDGE);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static int forward(struct hycan *h)
{
	int r = hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL);

	return r ? r : hycan_forwarding_set(h, HYCAN_FAMILY_IPV6, true, NULL);
}

/* The kernel sets the values of links that will come along with the switch, and no redirects are accepted any more. */
static void test_forwarding(void **state)
{
	make_links();
	free(shell("cd /proc/sys/net && echo 1 >ipv4/conf/default/forwarding && echo 1 >ipv6/conf/default/forwarding && "
	           "echo 0 >ipv4/conf/all/accept_redirects"));
	assert_taken_back_later(*state, forward);
}

/* Beside a stranger's, and with what a stranger gave it, it is his to whom it was. */
static void test_held(void **state)
{
	const struct hycan_route route = { .destination = prefix_of("10.80.0.0/16"),
		                           .has_via = true,
		                           .via = address_of("10.1.0.7") };
	struct world *w = *state;
	char *before, *after;

	make_links();
	assert_done(w->h, hycan_route_add(w->h, &route));
	free(shell("ip route append 10.80.0.0/16 via 10.1.0.9"));
	before = objects_text(w->h, NULL);
	assert_taken_back(w, remove_7);
	assert_taken_back(w, down);
	assert_taken_back_later(w, down);
	free(shell("ip route change 10.80.0.0/16 via 10.1.0.7 advmss 1200"));
	assert_taken_back(w, down);
	after = objects_text(w->h, NULL);
	assert_contains(after, "10.80.0.0/16");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_without_words, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_nexthop_object, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_order, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_taken_meanwhile, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_made_meanwhile, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_changed_meanwhile, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_order_of_links, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_mtu, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_macvlan, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ipvlan, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_macsec, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bridge, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_forwarding, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_held, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("transaction, taken back, and strangers", tests, NULL, NULL);
}
