/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes along with what a transaction does to a link, or follows it: a plan says that, too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/values.h>

#include "names.h"
#include "planned.h"
#include "text.h"

/* ------------------------------------------------------------------------------------------- a link goes, and others */

/*
 * Links that name “tx0”, or one that does, of kinds of which this kernel has some: those in the first list go with it, and
 * those in the second stay.
 */
#define STANDING                                                                                                                   \
	"ip link add link tx0 name u-vlan type vlan id 1; ip link add link tx0 name u-ipvlan type ipvlan; "                        \
	"ip link add link tx1 name u-macvtap type macvtap; ip link add u-vxlan type vxlan id 1 dstport 4789 remote 10.1.0.9 dev "  \
	"tx0; "                                                                                                                    \
	"ip link add link u-vxlan name u-macvlan type macvlan; ip link add link u-vlan name u-macsec type macsec; "
#define STAYING                                                                                                                    \
	"four='local 10.1.0.1 remote 10.1.0.9 dev tx0'; six='local fd00::1 remote fd00::9 dev tx0'; "                              \
	"more='erspan_ver 1 erspan 5 seq key 1'; ip link add t-gre type gre $four; ip link add t-gretap type gretap $four; "       \
	"ip link add t-erspan type erspan $more $four; ip link add t-ipip type ipip $four; ip link add t-sit type sit $four; "     \
	"ip link add t-vti type vti key 1 $four; ip link add t-ip6tnl type ip6tnl mode any $six; "                                 \
	"ip link add t-ip6gre type ip6gre $six; ip link add t-ip6gretap type ip6gretap $six; "                                     \
	"ip link add t-ip6erspan type ip6erspan $more $six; ip link add t-vti6 type vti6 key 1 $six; "                             \
	"ip link add t-xfrm type xfrm dev tx0 if_id 1; ip link add link t-gretap name t-vlan type vlan id 1; "                     \
	"ip link add t-vxlan type vxlan id 2 dstport 4790 remote 10.1.0.9; ip link add t-bridge type bridge; "                     \
	"ip link set t-gretap master t-bridge; "

static void make_pair(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 addrgenmode none && "
	           "ip link set tx1 addrgenmode none && ip link set tx0 up && ip link set tx1 up"));
}

static void make_stack(void)
{
	need_kind("gre");
	need_kind("vlan");
	make_pair();
	free(shell("{ " STANDING STAYING "} 2>/dev/null; true"));
}

static void below(struct hycan *h)
{
	hycan_link_delete(h, "tx0");
}

/* Those that stand on it go, and tunnels that take it stay. */
static void deleted(void **state)
{
	struct world *w = *state;
	char *text;

	make_stack();
	text = planned(w->h, below);
	assert_contains(text, "- link tx1\n");
	assert_contains(text, "- link u-vlan\n");
	assert_contains(text, "- link u-macvlan\n");
	assert_lacks(text, "- link t-");
	free(text);
	planned_assert_says(w, below);
}

/* The names that are left, and what else is made of them: a tunnel is there for who comes behind. */
static void below_and_on(struct hycan *h)
{
	below(h);
	hycan_link_up(h, "t-gre");
	hycan_link_down(h, "t-gre");
	hycan_link_rename(h, "t-gre", "g");
	hycan_link_set(h, "g", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1300 });
}

static void left(void **state)
{
	make_stack();
	planned_assert_says(*state, below_and_on);
}

/* ------------------------------------------------------------------------------------------------ VLANs on a link */

/* One up, one down, one that is bound loosely, one on the first, and what else has no larger mtu. */
static void make_vlans(void)
{
	need_kind("vlan");
	make_pair();
	free(shell(
		"sysctl -qw net.ipv6.conf.default.addr_gen_mode=1; ip link add link tx0 name v1 type vlan id 1 && "
		"ip link add link tx0 name v2 type vlan id 2 && ip link add link tx0 name loose type vlan id 3 loose_binding on && "
		"ip link add link v1 name q1 type vlan id 4 && ip link add link tx0 name mac type macvlan && ip link set v1 up && "
		"ip link set loose up && ip link set q1 up && ip link set mac up && ip address add 10.5.0.1/24 dev v1 && "
		"ip address add fd05::1/64 dev v1 nodad && ip address add fd06::1/64 dev loose nodad && "
		"ip address add fd07::1/64 dev q1 nodad"));
}

static void down(struct hycan *h)
{
	hycan_link_down(h, "tx0");
}

static void up(struct hycan *h)
{
	hycan_link_up(h, "tx0");
}

static void set_mtu(struct hycan *h, const char *link, uint32_t mtu)
{
	hycan_link_set(h, link, &(struct hycan_link_set_options){ .has_mtu = true, .mtu = mtu });
}

static void smaller(struct hycan *h)
{
	set_mtu(h, "tx0", 1400);
}

static void larger(struct hycan *h)
{
	set_mtu(h, "tx0", 1500);
}

/* A step behind sees what one before did to those on the link. */
static void down_and_up(struct hycan *h)
{
	const struct hycan_prefix address = prefix_of("fd07::2/64");

	smaller(h);
	set_mtu(h, "v1", 1300);
	larger(h);
	set_mtu(h, "v1", 1450);
	down(h);
	hycan_vlan_create(h, "tx0", 5, NULL, NULL);
	hycan_link_rename(h, "q1", "q2");
	up(h);
	hycan_address_add(h, &(struct hycan_link_address){ .link = "q2", .address = address, .has_no_dad = true, .no_dad = true });
	hycan_link_down(h, "v1");
	hycan_link_down(h, "v2");
	hycan_link_delete(h, "loose");
}

/* VLANs one on another: so many as the kernel lets be. */
static int nest(struct hycan *h, unsigned int n)
{
	const struct hycan_transaction_run_options options = { .has_plan = true, .plan = true };
	struct hycan_transaction_run_reply *reply = NULL;
	char on[16] = "tx0";
	int r;

	assert_done(h, hycan_transaction_begin(h));
	hycan_link_down(h, "tx0");
	for (unsigned int i = 1; i <= n; i++) {
		struct hycan_vlan_create_options named = { .has_name = true };

		snprintf(named.name, sizeof(named.name), "nest%u", i);
		hycan_vlan_create(h, on, 5, &named, NULL);
		memcpy(on, named.name, sizeof(on));
	}
	up(h);
	r = hycan_transaction_commit(h, &options, &reply);
	free(reply);
	return r;
}

static void nested(void **state)
{
	struct world *w = *state;

	free(shell("ip link add tx0 type veth peer name tx1"));
	assert_done(w->h, nest(w->h, 7));
	for (unsigned int n = 8; n <= 4000; n += 3992) {
		assert_refused(w->h, nest(w->h, n), HYCAN_REFUSAL_KERNEL);
		assert_contains(hycan_error_message(w->h), "Too many links");
	}
	if (shell_status(NULL, "ip link add link tx0 name n1 type vlan id 1") != 0)
		return;
	free(shell("for i in 2 3 4 5 6 7; do ip link add link n$((i - 1)) name n$i type vlan id 1 || exit 1; done;"
	           "! ip link add link n7 name n8 type vlan id 1"));
}

static void vlans(void **state)
{
	struct world *w = *state;
	char *text;

	make_vlans();
	text = planned(w->h, down);
	assert_string_equal(text, "0 ~ link.down tx0\n0 ~ link v1: up -> down\n0 - address v1 fd05::1/64\n"
	                          "0 ~ link q1: up -> down\n0 - address q1 fd07::1/64\n");
	free(text);
	planned_assert_says(w, down);
	planned_assert_says(w, up);
	planned_assert_says(w, smaller);
	planned_assert_says(w, larger);
}

static void vlans_in_turn(void **state)
{
	make_vlans();
	planned_assert_says(*state, down_and_up);
}

/* ----------------------------------------------------------------------------------------- routes of a list, and over a link */

static void make_routes(void)
{
	make_pair();
	free(shell("ip address add 10.1.0.1/24 dev tx0 && ip address add fd01::1/64 dev tx0 nodad && "
	           "ip route add 10.6.0.0/16 via 10.1.0.9 && ip route add 10.7.0.0/16 dev tx1"));
}

static struct hycan_route over(const char *destination, const char *via, const char *link)
{
	struct hycan_route r = { .destination = prefix_of(destination), .has_via = via, .has_link = link };

	if (via)
		assert_int_equal(hycan_address_parse(via, &r.via), 0);
	snprintf(r.link, sizeof(r.link), "%s", link ? link : "");
	return r;
}

static void load(struct hycan *h)
{
	const struct hycan_route routes[] = { over("10.20.0.0/16", "10.1.0.9", NULL), over("10.21.0.0/16", NULL, "tx0"),
		                              over("10.22.0.0/16", NULL, "tx1"), over("fd20::/48", NULL, "tx0"),
		                              over("10.6.0.0/16", "10.1.0.9", NULL) };

	hycan_route_load(h, routes, sizeof(routes) / sizeof(*routes), NULL, NULL);
}

static void add_route(struct hycan *h, const char *destination, const char *via, const char *link)
{
	const struct hycan_route r = over(destination, via, link);

	hycan_route_add(h, &r);
}

static void remove_route(struct hycan *h, const char *destination)
{
	const struct hycan_prefix prefix = prefix_of(destination);

	hycan_route_remove(h, &prefix, NULL);
}

static void load_and_remove(struct hycan *h)
{
	load(h);
	add_route(h, "10.21.0.0/16", NULL, "tx0");
	remove_route(h, "10.20.0.0/16");
	remove_route(h, "10.6.0.0/16");
	remove_route(h, "fd20::/48");
}

/* What was over the link is gone, with a gateway on it, too; it does not come back. */
static void load_and_down(struct hycan *h)
{
	load(h);
	hycan_link_down(h, "tx0");
	remove_route(h, "10.20.0.0/16");
	remove_route(h, "10.6.0.0/16");
	remove_route(h, "10.22.0.0/16");
	remove_route(h, "10.7.0.0/16");
	hycan_link_up(h, "tx0");
	add_route(h, "10.21.0.0/16", NULL, "tx0");
	remove_route(h, "fd20::/48");
}

/* Which steps change nothing is the same in a plan and when it is done, of what may be gone. */
static void assert_routes(struct world *w, step *steps, const char *expected)
{
	struct hycan_transaction_run_options options = {
		.has_plan = true, .plan = true, .has_may_be_gone = true, .may_be_gone = true
	};
	struct hycan_transaction_run_reply *plan = NULL, *done = NULL;
	char *text;

	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &plan));
	text = planned_lines(plan);
	assert_string_equal(text, expected);
	options.plan = false;
	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &done));
	assert_int_equal(plan->n_results, done->n_results);
	for (size_t i = 0; i < plan->n_results; i++)
		if (plan->results[i].unchanged != done->results[i].unchanged)
			fail_msg("step %zu changes %s. The plan:\n%s", i, done->results[i].unchanged ? "nothing" : "something",
			         text);
	free(text);
	free(plan);
	free(done);
}

static void routes(void **state)
{
	struct world *w = *state;

	make_routes();
	assert_routes(w, load_and_remove,
	              "0 + route 10.20.0.0/16 table main\n0 + route 10.21.0.0/16 table main\n"
	              "0 + route 10.22.0.0/16 table main\n0 + route fd20::/48 table main\n2 - route 10.20.0.0/16 table main\n"
	              "3 - route 10.6.0.0/16 table main\n4 - route fd20::/48 table main\n");
}

static void routes_of_a_link(void **state)
{
	struct world *w = *state;

	make_routes();
	assert_routes(w, load_and_down,
	              "0 + route 10.20.0.0/16 table main\n0 + route 10.21.0.0/16 table main\n"
	              "0 + route 10.22.0.0/16 table main\n0 + route fd20::/48 table main\n1 ~ link.down tx0\n"
	              "1 - address tx0 fd01::1/64\n4 - route 10.22.0.0/16 table main\n5 - route 10.7.0.0/16 table main\n"
	              "6 ~ link.up tx0\n7 + route 10.21.0.0/16 table main\n");
}

static void down_and_again(struct hycan *h)
{
	hycan_link_down(h, "tx0");
	hycan_link_up(h, "tx0");
	add_route(h, "10.6.0.0/16", "10.1.0.9", NULL);
	add_route(h, "fd06::/48", NULL, "tx0");
}

/* The kernel still has what went with the link. */
static void routes_again(void **state)
{
	struct world *w = *state;

	make_routes();
	free(shell("ip route add fd06::/48 dev tx0"));
	assert_routes(w, down_and_again,
	              "0 ~ link.down tx0\n0 - address tx0 fd01::1/64\n1 ~ link.up tx0\n2 + route 10.6.0.0/16 table main\n"
	              "3 + route fd06::/48 table main\n");
}

static void add_in_table(struct hycan *h, const char *destination, uint32_t table, uint32_t metric)
{
	struct hycan_route r = over(destination, NULL, "tx0");

	r.has_table = r.has_metric = true;
	r.table = table;
	r.metric = metric;
	hycan_route_add(h, &r);
}

static void remove_in_table(struct hycan *h, const char *destination, uint32_t table)
{
	const struct hycan_route_remove_options options = { .has_table = true, .table = table };
	const struct hycan_prefix prefix = prefix_of(destination);

	hycan_route_remove(h, &prefix, &options);
}

static void side_by_side(struct hycan *h)
{
	static const char *const destinations[] = { "10.30.0.0/16", "::/0" };

	for (size_t i = 0; i < sizeof(destinations) / sizeof(*destinations); i++) {
		add_in_table(h, destinations[i], 1000, 7);
		add_in_table(h, destinations[i], 100, 7);
		add_in_table(h, destinations[i], 100, 8);
		add_in_table(h, destinations[i], 100, 7);
		remove_in_table(h, destinations[i], 1000);
		remove_in_table(h, destinations[i], 1000);
		add_in_table(h, destinations[i], 1000, 7);
	}
}

/* What is planned in one place is seen there, and what is planned in others is not in its way. */
static void routes_side_by_side(void **state)
{
	struct world *w = *state;

	make_routes();
	assert_routes(w, side_by_side,
	              "0 + route 10.30.0.0/16 metric 7 table 1000\n"
	              "1 + route 10.30.0.0/16 metric 7 table 100\n"
	              "2 + route 10.30.0.0/16 metric 8 table 100\n"
	              "4 - route 10.30.0.0/16 table 1000\n"
	              "6 + route 10.30.0.0/16 metric 7 table 1000\n"
	              "7 + route ::/0 metric 7 table 1000\n"
	              "8 + route ::/0 metric 7 table 100\n"
	              "9 + route ::/0 metric 8 table 100\n"
	              "11 - route ::/0 table 1000\n"
	              "13 + route ::/0 metric 7 table 1000\n");
}

static void load_another(struct hycan *h)
{
	const struct hycan_route routes[] = { over("10.20.0.0/16", NULL, "tx0"), over("10.6.0.0/16", "10.1.0.8", NULL) };

	hycan_route_load(h, routes, 2, NULL, NULL);
}

static void load_nowhere(struct hycan *h)
{
	const struct hycan_route routes[] = { over("10.20.0.0/16", NULL, "tx0"), over("10.23.0.0/16", NULL, "none") };

	hycan_route_load(h, routes, 2, NULL, NULL);
}

/* What the kernel would not take of a list the plan does not take either. */
static void routes_refused(void **state)
{
	struct hycan_transaction_run_options options = { .has_plan = true };
	const struct {
		step *steps;
		enum hycan_refusal refusal;
	} refused[] = { { load_another, HYCAN_REFUSAL_EXISTS }, { load_nowhere, HYCAN_REFUSAL_NOT_FOUND } };
	struct world *w = *state;

	make_routes();
	for (size_t i = 0; i < 2 * sizeof(refused) / sizeof(*refused); i++) {
		options.plan = i % 2;
		assert_done(w->h, hycan_transaction_begin(w->h));
		refused[i / 2].steps(w->h);
		assert_refused(w->h, hycan_transaction_commit(w->h, &options, NULL), refused[i / 2].refusal);
	}
}

/* ---------------------------------------------------------------------------------------------------- allowed IPs move */

static void set_peer(struct hycan *h, uint8_t n, const char *allowed_ip)
{
	const struct hycan_prefix prefix = prefix_of(allowed_ip);
	const struct hycan_wireguard_peer_config peer = {
		.public_key = { .bytes = { n, [31] = 0x42 } }, .has_allowed_ips = true, .allowed_ips = &prefix, .n_allowed_ips = 1
	};

	hycan_wireguard_peer_set(h, "wg0", &peer);
}

static void three_peers(struct hycan *h)
{
	hycan_wireguard_create(h, "wg0", NULL, NULL);
	set_peer(h, 1, "10.1.0.0/16");
	set_peer(h, 2, "10.2.0.0/16");
	set_peer(h, 3, "10.3.0.0/16");
}

/* One that is there, one that is new, and one that had it for a while. */
static void in_a_ring(struct hycan *h)
{
	set_peer(h, 2, "10.1.0.0/16");
	set_peer(h, 4, "10.1.0.0/16");
	set_peer(h, 3, "10.1.0.0/16");
}

/* Of the first nothing is said that it loses, and of the others all. */
static void by_a_list(struct hycan *h)
{
	const struct hycan_prefix prefixes[] = { prefix_of("10.1.0.0/16"), prefix_of("10.3.0.0/16"), prefix_of("10.2.0.0/16") };
	const struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = { .bytes = { 1, [31] = 0x42 } }, .has_persistent_keepalive = true, .persistent_keepalive = 25 },
		{ .public_key = { .bytes = { 2, [31] = 0x42 } },
		  .has_allowed_ips = true,
		  .allowed_ips = &prefixes[0],
		  .n_allowed_ips = 1 },
		{ .public_key = { .bytes = { 3, [31] = 0x42 } },
		  .has_allowed_ips = true,
		  .allowed_ips = &prefixes[1],
		  .n_allowed_ips = 2 },
	};

	hycan_wireguard_sync(h, "wg0", peers, 3, NULL);
}

static void allowed_ips(void **state)
{
	struct world *w = *state;
	char *text;

	need_kind("wireguard");
	need_command("wg");
	planned_assert_says(w, three_peers);
	text = planned(w->h, by_a_list);
	assert_contains(text, ": allowed_ips 10.1.0.0/16 -> allowed_ips none\n");
	free(text);
	planned_assert_says(w, by_a_list);
	planned_assert_says(w, in_a_ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deleted, world_begin, world_end),
		cmocka_unit_test_setup_teardown(left, world_begin, world_end),
		cmocka_unit_test_setup_teardown(nested, world_begin, world_end),
		cmocka_unit_test_setup_teardown(vlans, world_begin, world_end),
		cmocka_unit_test_setup_teardown(vlans_in_turn, world_begin, world_end),
		cmocka_unit_test_setup_teardown(routes, world_begin, world_end),
		cmocka_unit_test_setup_teardown(routes_of_a_link, world_begin, world_end),
		cmocka_unit_test_setup_teardown(routes_again, world_begin, world_end),
		cmocka_unit_test_setup_teardown(routes_side_by_side, world_begin, world_end),
		cmocka_unit_test_setup_teardown(routes_refused, world_begin, world_end),
		cmocka_unit_test_setup_teardown(allowed_ips, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("a plan says what goes along", tests, NULL, NULL);
}
