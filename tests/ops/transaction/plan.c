/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.run as a plan: nothing is done, nothing announced, and what it says is what is then done. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "names.h"
#include "nat.h"
#include "network.h"
#include "planned.h"
#include "text.h"
#include "watch.h"
#include "world.h"

#define VIEW "ip -d link; ip -d addr; ip route show table all; ip -6 route show table all; ip rule; nft list ruleset 2>/dev/null; "

/* Plans the steps, and compares; then does them, and plans again: nothing is left to be done. */
static void assert_plan(struct world *w, step *steps, const char *expected)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct hycan_transaction_run_reply *reply = NULL;
	int watch = watch_links();
	char *before = shell(VIEW), *after, *got;

	(void)watch_count(watch);
	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, &plan, &reply));
	got = planned_lines(reply);
	assert_string_equal(got, expected);
	free(got);
	free(reply);
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	after = shell(VIEW);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, &reply));
	assert_int_equal(reply->n_changes, 0);
	assert_false(reply->unchanged);
	free(reply);
	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, &plan, &reply));
	got = planned_lines(reply);
	assert_string_equal(got, "");
	assert_true(reply->unchanged);
	free(got);
	free(reply);
}

static void make_pair(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 up && ip link set tx1 up && "
	           "ip addr add 10.1.0.1/24 dev tx0 && ip route add 10.5.0.0/16 via 10.1.0.9 && ip link set tx1 alias old"));
	shell_until(10, "! ip -6 addr | grep -q tentative");
}

static void here(struct hycan *h)
{
	struct hycan_link_set_options set = {
		.has_mtu = true, .mtu = 1400, .has_alias = true, .alias = "new", .has_txqueuelen = true, .txqueuelen = 1000
	};
	struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.2.0.1/24") },
				  same = { .link = "tx0", .address = prefix_of("10.1.0.1/24") };
	struct hycan_route add = { .destination = prefix_of("10.6.0.0/16"), .has_link = true, .link = "tx0" };
	struct hycan_route replace = { .destination = prefix_of("10.5.0.0/16"), .has_link = true, .link = "tx0" };
	struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 9, .has_table = true, .table = 9
	};
	struct hycan_masquerade m = { .subnet = prefix_of("10.8.0.0/16") };

	hycan_link_set(h, "tx1", &set);
	hycan_link_up(h, "tx1");
	hycan_address_add(h, &a);
	hycan_address_add(h, &same);
	hycan_route_add(h, &add);
	hycan_route_replace(h, &replace);
	hycan_rule_add(h, &rule);
	hycan_masquerade_add(h, &m);
	hycan_forwarding_set(h, HYCAN_FAMILY_IPV6, true, NULL);
}

static void test_here(void **state)
{
	need_command("nft");
	make_pair();
	assert_plan(
		*state, here,
		"0 ~ link.set tx1: mtu 1500, alias old -> mtu 1400, alias new\n"
		"2 + address tx1 10.2.0.1/24\n"
		"4 + route 10.6.0.0/16 table main\n"
		"5 ~ route.replace 10.5.0.0/16: via 10.1.0.9, scope global, protocol 3 -> via default, scope default, protocol 4\n"
		"6 + rule ipv4 priority 9 table 9\n"
		"7 + masquerade 10.8.0.0/16\n"
		"8 + forwarding ipv6\n");
}

static const struct hycan_rule a_rule = {
	.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 9, .has_table = true, .table = 9
};

static void there_and_back(struct hycan *h)
{
	struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.2.0.1/24") },
				  b = { .link = "tx1", .address = prefix_of("fd02::1/64") };
	struct hycan_route r = { .destination = prefix_of("10.6.0.0/16"), .has_link = true, .link = "tx0" },
			   s = { .destination = prefix_of("fd06::/48"), .has_link = true, .link = "tx0" };

	for (int i = 0; i < 2; i++) {
		hycan_address_add(h, &a);
		hycan_address_add(h, &b);
		hycan_route_add(h, &r);
		hycan_route_add(h, &s);
		hycan_rule_add(h, &a_rule);
	}
	hycan_address_remove(h, "tx1", &a.address);
	hycan_address_remove(h, "tx1", &b.address);
	hycan_route_remove(h, &r.destination, NULL);
	hycan_route_remove(h, &s.destination, NULL);
	hycan_rule_remove(h, &a_rule);
}

/* What is there goes, comes again, and goes. */
static void away_and_back(struct hycan *h)
{
	struct hycan_link_address a = { .link = "tx0", .address = prefix_of("10.1.0.1/24") };
	struct hycan_route r = { .destination = prefix_of("10.5.0.0/16"), .has_link = true, .link = "tx0" };

	hycan_address_remove(h, "tx0", &a.address);
	hycan_address_add(h, &a);
	hycan_route_replace(h, &r);
	hycan_route_replace(h, &r);
	hycan_route_remove(h, &r.destination, NULL);
	hycan_route_add(h, &r);
	hycan_rule_remove(h, &a_rule);
	hycan_rule_add(h, &a_rule);
	hycan_rule_remove(h, &a_rule);
}

static void twice_away(struct hycan *h)
{
	struct hycan_prefix r = prefix_of("10.5.0.0/16");

	hycan_route_remove(h, &r, NULL);
	hycan_route_remove(h, &r, NULL);
}

static void rule_twice_away(struct hycan *h)
{
	hycan_rule_remove(h, &a_rule);
	hycan_rule_remove(h, &a_rule);
}

static void address_twice_away(struct hycan *h)
{
	struct hycan_prefix a = prefix_of("10.1.0.1/24");

	hycan_address_remove(h, "tx0", &a);
	hycan_address_remove(h, "tx0", &a);
}

static void other_behind(struct hycan *h)
{
	struct hycan_route r = { .destination = prefix_of("10.6.0.0/16"), .has_link = true, .link = "tx0" },
			   s = { .destination = prefix_of("10.6.0.0/16"), .has_link = true, .link = "tx1" };

	hycan_route_add(h, &r);
	hycan_route_add(h, &s);
}

/* What the steps before make is there, and what they take away is not. */
static void test_steps_before(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	const struct {
		step *steps;
		enum hycan_refusal refusal;
	} refused[] = {
		{ twice_away, HYCAN_REFUSAL_NOT_FOUND },
		{ rule_twice_away, HYCAN_REFUSAL_NOT_FOUND },
		{ address_twice_away, HYCAN_REFUSAL_NOT_FOUND },
		{ other_behind, HYCAN_REFUSAL_EXISTS },
	};
	struct world *w = *state;
	char *before, *after, *text;

	make_pair();
	before = shell(VIEW);
	text = planned(w->h, there_and_back);
	assert_string_equal(text, "0 + address tx1 10.2.0.1/24\n"
	                          "1 + address tx1 fd02::1/64\n"
	                          "2 + route 10.6.0.0/16 table main\n"
	                          "3 + route fd06::/48 table main\n"
	                          "4 + rule ipv4 priority 9 table 9\n"
	                          "10 - address tx1 10.2.0.1/24\n"
	                          "11 - address tx1 fd02::1/64\n"
	                          "12 - route 10.6.0.0/16 table main\n"
	                          "13 - route fd06::/48 table main\n"
	                          "14 - rule ipv4 priority 9 table 9 action lookup protocol 4\n");
	free(text);
	assert_done(w->h, hycan_transaction_begin(w->h));
	there_and_back(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	after = shell(VIEW);
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(shell("ip rule add priority 9 table 9 protocol static"));
	text = planned(w->h, away_and_back);
	assert_string_equal(text, "0 - address tx0 10.1.0.1/24\n"
	                          "1 + address tx0 10.1.0.1/24\n"
	                          "2 ~ route.replace 10.5.0.0/16: via 10.1.0.9, scope global, protocol 3 -> "
	                          "via default, scope default, protocol 4\n"
	                          "4 - route 10.5.0.0/16 table main\n"
	                          "5 + route 10.5.0.0/16 table main\n"
	                          "6 - rule ipv4 priority 9 table 9 action lookup protocol 4\n"
	                          "7 + rule ipv4 priority 9 table 9\n"
	                          "8 - rule ipv4 priority 9 table 9 action lookup protocol 4\n");
	free(text);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		refused[i].steps(w->h);
		assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), refused[i].refusal);
		assert_int_equal(hycan_error_step(w->h), 1);
	}
	/* of one plan the next knows nothing */
	assert_done(w->h, hycan_transaction_begin(w->h));
	away_and_back(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	text = shell("ip -4 route; ip rule; ip -4 addr show tx0");
	assert_contains(text, "10.5.0.0/16 dev tx0");
	assert_contains(text, "10.1.0.1/24");
	assert_lacks(text, "9:\t");
	free(text);
}

static void links(struct hycan *h)
{
	struct hycan_link_address a = { .link = "can7", .address = prefix_of("10.3.0.1/24") };
	struct hycan_route route = { .destination = prefix_of("10.7.0.0/16"), .has_link = true, .link = "tx1.7" };

	(void)a;
	hycan_vcan_create(h, "can7", NULL, NULL);
	hycan_link_up(h, "can7");
	hycan_vlan_create(h, "tx1", 7, NULL, NULL);
	hycan_vxcan_create(h, "vx0", "vx1", NULL, NULL);
	hycan_link_up(h, "vx1");
	hycan_link_up(h, "tx1.7");
	memcpy(a.link, "tx1.7", 6);
	hycan_address_add(h, &a);
	hycan_route_add(h, &route);
	hycan_wireguard_create(h, "wg7", NULL, NULL);
	hycan_wireguard_set(h, "wg7", &(struct hycan_wireguard_set_options){ .has_listen_port = true, .listen_port = 5555 });
}

/* What stands on a link that is planned finds it. */
static void test_planned(void **state)
{
	need_kind("vcan");
	need_kind("vlan");
	need_kind("vxcan");
	need_kind("wireguard");
	make_pair();
	assert_plan(*state, links,
	            "0 + link can7\n"
	            "1 ~ link.up can7\n"
	            "2 + link tx1.7\n"
	            "3 + link vx0\n"
	            "3 + link vx1\n"
	            "4 ~ link.up vx1\n"
	            "5 ~ link.up tx1.7\n"
	            "6 + address tx1.7 10.3.0.1/24\n"
	            "7 + route 10.7.0.0/16 table main\n"
	            "8 + link wg7\n"
	            "9 ~ wireguard.set wg7: listen_port 0 -> listen_port 5555\n");
}

static void ports(struct hycan *h)
{
	struct hycan_port_mapping a = nat_mapping("tcp 8080 172.18.0.2 80");
	struct hycan_port_mapping range = nat_mapping("udp 9000-9010 172.18.0.2 7000");
	struct hycan_masquerade m = nat_masquerade("10.8.0.0/16"), n = nat_masquerade("10.9.0.0/16 tx0");

	hycan_port_add(h, &a);
	hycan_port_add(h, &a);
	hycan_port_add(h, &range);
	hycan_masquerade_add(h, &m);
	hycan_masquerade_add(h, &n);
	hycan_masquerade_add(h, &m);
}

/* What is in our table by the steps before is there, or is there no more. */
static void test_table(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct hycan_port_mapping a = nat_mapping("tcp 8080 172.18.0.2 80"), b = nat_mapping("tcp 8080 172.18.0.3 80"),
				  part = nat_mapping("udp 9005 172.18.0.2 80"),
				  range = nat_mapping("udp 9000-9010 172.18.0.2 7000");
	struct world *w = *state;
	char *before, *after;

	need_command("nft");
	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_port_add(w->h, &a));
	assert_done(w->h, hycan_port_add(w->h, &b));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_EXISTS);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_port_add(w->h, &range));
	assert_done(w->h, hycan_port_add(w->h, &part));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_EXISTS);
	/* of what is there the same is true */
	assert_done(w->h, hycan_port_add(w->h, &a));
	before = shell("nft list ruleset");
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, nat_remove_mapping(w->h, &a));
	assert_done(w->h, nat_remove_mapping(w->h, &a));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, nat_remove_mapping(w->h, &a));
	assert_done(w->h, hycan_port_add(w->h, &b));
	assert_done(w->h, hycan_transaction_commit(w->h, &plan, NULL));
	after = shell("nft list ruleset");
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* what was planned is forgotten, and how many elements there are is known still: the last one takes the table along */
	assert_done(w->h, nat_remove_mapping(w->h, &a));
	assert_int_not_equal(shell_status(NULL, "nft list table inet hycan"), 0);
	assert_plan(w, ports,
	            "0 + port tcp 8080 host_address 0.0.0.0\n"
	            "2 + port udp 9000-9010 host_address 0.0.0.0\n"
	            "3 + masquerade 10.8.0.0/16\n"
	            "4 + masquerade 10.9.0.0/16 out_interface tx0\n");
}

static void networks(struct hycan *h)
{
	struct hycan_port_mapping m = nat_mapping("tcp 8080 10.9.0.2 80"), outside = nat_mapping("tcp 8081 192.0.2.7 80");

	network_create(h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1");
	network_create(h, "101 10.8.0.0/24 10.8.0.1 red");
	hycan_network_allow(h, 100, 101, true, NULL);
	hycan_network_allow(h, 100, 101, true, NULL);
	hycan_network_nat(h, 101, false, NULL);
	hycan_port_add(h, &m);
	outside.has_network = true;
	outside.network = 0;
	hycan_port_add(h, &outside);
}

static void other_network(struct hycan *h)
{
	network_replace(h, "101 10.7.0.0/24 10.7.0.1 red");
}

/* A network that is planned has ways and mappings; and what another would have to do without is refused. */
static void test_networks(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct hycan_port_mapping nowhere = nat_mapping("tcp 8080 10.7.0.2 80");
	struct world *w = *state;

	network_make_parent();
	need_command("nft");
	shell_until(10, "! ip -6 addr | grep -q tentative");
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_port_add(w->h, &nowhere));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_INVALID);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, network_create(w->h, "101 10.9.0.128/25 10.9.0.129 red"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_EXISTS);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_plan(w, networks,
	            "0 + link net100\n"
	            "0 + network 100 link net100\n"
	            "0 + table inet hycan\n"
	            "0 + element network net100 -> 100 blue up0 10.9.0.1/24 fd09::1/64 0 n\n"
	            "0 + element network_nat net100\n"
	            "0 + element network_way net100 . net100\n"
	            "0 + element network_vlan 100 -> net100\n"
	            "0 + element network_name blue . = . = -> net100\n"
	            "0 + element network_ipv4 10.9.0.0/24 -> net100\n"
	            "0 + element network_ipv6 fd09::/64 -> net100\n"
	            "0 + address net100 10.9.0.1/24\n"
	            "0 + address net100 fd09::1/64\n"
	            "0 ~ link net100: down -> up\n"
	            "0 + element network_forwarding ipv4\n"
	            "0 ~ forwarding ipv4: off -> on\n"
	            "0 + element network_forwarding ipv6\n"
	            "0 ~ forwarding ipv6: off -> on\n"
	            "1 + link net101\n"
	            "1 + network 101 link net101\n"
	            "1 + element network net101 -> 101 red up0 10.8.0.1/24 - 0 n\n"
	            "1 + element network_nat net101\n"
	            "1 + element network_way net101 . net101\n"
	            "1 + element network_vlan 101 -> net101\n"
	            "1 + element network_name red . = . = -> net101\n"
	            "1 + element network_ipv4 10.8.0.0/24 -> net101\n"
	            "1 + address net101 10.8.0.1/24\n"
	            "1 ~ link net101: down -> up\n"
	            "2 ~ network.allow 100 101 on: on off -> on on\n"
	            "2 + element network_way net100 . net101\n"
	            "2 + element network_allowed net100 . net101\n"
	            "4 ~ network.nat 101 off: on on -> on off\n"
	            "4 ~ element network net101 -> 101 red up0 10.8.0.1/24 - 0 -\n"
	            "4 - element network_nat net101\n"
	            "5 + port tcp 8080 host_address 0.0.0.0\n"
	            "6 + port tcp 8081 host_address 0.0.0.0\n");
	shell_until(10, "! ip -6 addr | grep -q tentative");
	assert_plan(w, other_network,
	            "0 ~ network.create 101 10.7.0.0/24 10.7.0.1 red: subnet 10.8.0.0/24, gateway 10.8.0.1 -> "
	            "subnet 10.7.0.0/24, gateway 10.7.0.1\n"
	            "0 ~ element network net101 -> 101 red up0 10.7.0.1/24 - 0 -\n"
	            "0 - element network_ipv4 10.8.0.0/24\n"
	            "0 + element network_ipv4 10.7.0.0/24 -> net101\n"
	            "0 - address net101 10.8.0.1/24\n"
	            "0 + address net101 10.7.0.1/24\n");
}

static void networks_again(struct hycan *h)
{
	struct hycan_port_mapping m = nat_mapping("tcp 8080 10.7.0.2 80");

	hycan_network_delete(h, 100, NULL);
	network_create(h, "100 10.7.0.0/24 10.7.0.1 blue");
	hycan_port_add(h, &m);
	hycan_network_delete(h, 101, NULL);
	network_create(h, "101 10.8.0.0/24 10.8.0.1 red");
	hycan_vcan_create(h, "tx0", NULL, NULL);
	hycan_link_up(h, "tx0");
	hycan_link_delete(h, "tx0");
	hycan_vlan_create(h, "up0", 7, NULL, NULL);
}

/* What goes is there no more for what is made again, and with it goes what is on it. */
static void test_again(void **state)
{
	struct hycan_link_address a = { .link = "up0.7", .address = prefix_of("10.3.0.1/24") };
	struct world *w = *state;
	char *text;

	need_command("nft");
	need_kind("vcan");
	network_make_parent();
	shell_until(10, "! ip -6 addr | grep -q tentative");
	networks(w->h);
	assert_done(w->h, hycan_vlan_create(w->h, "up0", 7, NULL, NULL));
	assert_done(w->h, hycan_address_add(w->h, &a));
	text = planned(w->h, networks_again);
	assert_string_equal(text, "0 - network 100 link net100\n"
	                          "0 - link net100\n"
	                          "0 - element port_ipv4 tcp . 8080\n"
	                          "0 - address net100 10.9.0.1/24\n"
	                          "0 - address net100 fd09::1/64\n"
	                          "0 ~ forwarding ipv6: on -> off\n"
	                          "0 - element network_forwarding ipv6\n"
	                          "0 - element network net100\n"
	                          "0 - element network_nat net100\n"
	                          "0 - element network_way net100 . net100\n"
	                          "0 - element network_vlan 100\n"
	                          "0 - element network_name blue . = . =\n"
	                          "0 - element network_ipv4 10.9.0.0/24\n"
	                          "0 - element network_ipv6 fd09::/64\n"
	                          "0 - element network_way net100 . net101\n"
	                          "0 - element network_allowed net100 . net101\n"
	                          "1 + link net100\n"
	                          "1 + network 100 link net100\n"
	                          "1 + element network net100 -> 100 blue up0 10.7.0.1/24 - 0 n\n"
	                          "1 + element network_nat net100\n"
	                          "1 + element network_way net100 . net100\n"
	                          "1 + element network_vlan 100 -> net100\n"
	                          "1 + element network_name blue . = . = -> net100\n"
	                          "1 + element network_ipv4 10.7.0.0/24 -> net100\n"
	                          "1 + address net100 10.7.0.1/24\n"
	                          "1 ~ link net100: down -> up\n"
	                          "2 + port tcp 8080 host_address 0.0.0.0\n"
	                          "3 - network 101 link net101\n"
	                          "3 - link net101\n"
	                          "3 - address net101 10.8.0.1/24\n"
	                          "3 - element network net101\n"
	                          "3 - element network_way net101 . net101\n"
	                          "3 - element network_vlan 101\n"
	                          "3 - element network_name red . = . =\n"
	                          "3 - element network_ipv4 10.8.0.0/24\n"
	                          "4 + link net101\n"
	                          "4 + network 101 link net101\n"
	                          "4 + element network net101 -> 101 red up0 10.8.0.1/24 - 0 n\n"
	                          "4 + element network_nat net101\n"
	                          "4 + element network_way net101 . net101\n"
	                          "4 + element network_vlan 101 -> net101\n"
	                          "4 + element network_name red . = . = -> net101\n"
	                          "4 + element network_ipv4 10.8.0.0/24 -> net101\n"
	                          "4 + address net101 10.8.0.1/24\n"
	                          "4 ~ link net101: down -> up\n"
	                          "5 + link tx0\n"
	                          "6 ~ link.up tx0\n"
	                          "7 - link tx0\n");
	free(text);
	assert_done(w->h, hycan_transaction_begin(w->h));
	networks_again(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	assert_no_drift(w->h, 100);
	assert_no_drift(w->h, 101);
	text = shell("ip -4 addr; nft list table inet hycan; ip link");
	assert_contains(text, "10.7.0.1/24");
	assert_contains(text, "10.7.0.2 . 80");
	assert_contains(text, "10.3.0.1/24");
	assert_lacks(text, "10.9.0.");
	assert_lacks(text, "tx0");
	free(text);
}

static void names(struct hycan *h)
{
	network_create(h, "100 10.9.0.0/24 10.9.0.1 blue");
	names_set(h, 100, "web 10.9.0.2, db 10.9.0.3", NULL);
	names_add(h, 100, "web 10.9.0.2");
	names_add(h, 100, "db 10.9.0.3");
}

/* The names of a network that is planned. */
static void test_names(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct world *w = *state;

	names_begin();
	shell_until(10, "! ip -6 addr | grep -q tentative");
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_add(w->h, 100, "db 10.9.0.3"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_plan(w, names,
	            "0 + link net100\n"
	            "0 + network 100 link net100\n"
	            "0 + table inet hycan\n"
	            "0 + element network net100 -> 100 blue up0 10.9.0.1/24 - 0 n\n"
	            "0 + element network_nat net100\n"
	            "0 + element network_way net100 . net100\n"
	            "0 + element network_vlan 100 -> net100\n"
	            "0 + element network_name blue . = . = -> net100\n"
	            "0 + element network_ipv4 10.9.0.0/24 -> net100\n"
	            "0 + address net100 10.9.0.1/24\n"
	            "0 ~ link net100: down -> up\n"
	            "0 + element network_forwarding ipv4\n"
	            "0 ~ forwarding ipv4: off -> on\n"
	            "1 + dns 100 link net100\n"
	            "1 + dns_host 100 web link net100\n"
	            "1 + dns_host 100 db link net100\n");
}

static void other_names(struct hycan *h)
{
	const struct hycan_address upstream = prefix_of("192.0.2.53/32").address;
	const struct hycan_dns_set_options options = {
		.has_domain = true, .domain = "red.example", .has_upstreams = true, .upstreams = &upstream, .n_upstreams = 1
	};

	names_set(h, 100, "web 10.9.0.7 10.9.0.8, late 10.9.0.4", &options);
}

static void fewer_names(struct hycan *h)
{
	other_names(h);
	names_add(h, 100, "late 10.9.0.5");
	names_set(h, 100, "late 10.9.0.5", NULL);
}

/* Of a list that is stated whole what goes and what is otherwise, too. */
static void test_other_names(void **state)
{
	struct world *w = *state;
	char *text;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2, db 10.9.0.3, old 10.9.0.9", NULL));
	shell_until(10, "! ip -6 addr | grep -q tentative");
	text = planned(w->h, fewer_names);
	assert_string_equal(text,
	                    "0 ~ dns_host 100 web link net100: addresses 10.9.0.2 -> addresses 10.9.0.7 10.9.0.8\n"
	                    "0 + dns_host 100 late link net100\n"
	                    "0 - dns_host 100 db link net100\n"
	                    "0 - dns_host 100 old link net100\n"
	                    "0 ~ dns.set 100: domain none, upstreams none -> domain red.example, upstreams 192.0.2.53\n"
	                    "1 ~ dns.add_host 100 late: addresses 10.9.0.4 -> addresses 10.9.0.5\n"
	                    "2 - dns_host 100 web link net100\n"
	                    "2 ~ dns.set 100: domain red.example, upstreams 192.0.2.53 -> domain default, upstreams default\n");
	free(text);
	/* what is as it was is not there */
	assert_plan(w, other_names,
	            "0 ~ dns_host 100 web link net100: addresses 10.9.0.2 -> addresses 10.9.0.7 10.9.0.8\n"
	            "0 + dns_host 100 late link net100\n"
	            "0 - dns_host 100 db link net100\n"
	            "0 - dns_host 100 old link net100\n"
	            "0 ~ dns.set 100: domain none, upstreams none -> domain red.example, upstreams 192.0.2.53\n");
}

/* What is there no more, or not at all, is refused by a plan as it is by the kernel. */
static void test_refused(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct world *w = *state;
	struct hycan_prefix p = prefix_of("10.1.0.2/24"), r = prefix_of("10.77.0.0/16");
	struct hycan_route other = { .destination = prefix_of("10.5.0.0/16"), .has_link = true, .link = "tx0" };
	const struct hycan_route_remove_options others[] = {
		{ .has_via = true, .via = prefix_of("10.1.0.8/32").address },
		{ .has_link = true, .link = "tx1" },
		{ .has_metric = true, .metric = 7 },
		{ .has_type = true, .type = HYCAN_ROUTE_TYPE_BLACKHOLE },
	};

	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &p));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_remove(w->h, &r, NULL));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	/* one in its place is not the one that is meant */
	p = prefix_of("10.1.0.1/25");
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &p));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_remove(w->h, &other.destination, &others[i]));
		assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	}
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_add(w->h, &other));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_EXISTS);
	/* and what was planned is forgotten */
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_rename(w->h, "tx1", "tx9"));
	assert_done(w->h, hycan_link_set(w->h, "tx9", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1400 }));
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), 0);
	assert_refused(w->h, hycan_link_up(w->h, "tx9"), HYCAN_REFUSAL_NOT_FOUND);
}

/* ---------------------------------------------------------------------------------------------------------- whose it is */

enum { ALICE = 4711, BOB = 4712 };

static const char *renaming_to; /* the link that has alice's address then */

static void as_alice(struct world *w)
{
	const struct hycan_link_address a = { .link = "tx0", .address = prefix_of("10.2.0.1/24") };
	struct hycan *h = client_open(w);

	assert_done(h, hycan_address_add(h, &a));
	hycan_close(h);
}

/* Renames the link on which alice has an address, gives its former name to another, and takes the address of that name away. */
static void take_behind_renames(struct hycan *h)
{
	const struct hycan_link_address a = { .link = "tx0", .address = prefix_of("10.2.0.1/24") };

	hycan_link_rename(h, "tx0", "other");
	hycan_link_rename(h, "tx1", "tx0");
	hycan_address_add(h, &a);
	hycan_address_remove(h, renaming_to, &a.address);
}

static void refuse_bob(struct world *w)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct hycan *h = client_open(w);

	renaming_to = "other";
	for (int i = 0; i < 2; i++) {
		assert_done(h, hycan_transaction_begin(h));
		take_behind_renames(h);
		assert_refused(h, hycan_transaction_commit(h, i ? NULL : &plan, NULL), HYCAN_REFUSAL_DENIED);
		assert_int_equal(hycan_error_step(h), 3);
	}
	hycan_close(h);
}

/* What has alice's name by then is bob's own. */
static void let_bob(struct world *w)
{
	struct hycan *h = client_open(w);

	renaming_to = "tx0";
	free(planned(h, take_behind_renames));
	assert_done(h, hycan_transaction_begin(h));
	take_behind_renames(h);
	assert_done(h, hycan_transaction_commit(h, NULL, NULL));
	hycan_close(h);
}

/* Behind a rename a thing is whose it was under the former name, in a plan as when it is done. */
static void test_whose(void **state)
{
	const struct world_options options = { .open_to_all = true, .policy = "allow * address,link\n" };
	struct world *w = world_start(&options);

	*state = w;
	free(shell("ip link add tx0 type veth peer name tx1"));
	world_as(ALICE, ALICE, as_alice, w);
	world_as(BOB, BOB, refuse_bob, w);
	world_as(BOB, BOB, let_bob, w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_here, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_steps_before, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_planned, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_table, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_networks, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_again, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_names, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_other_names, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_refused, world_begin, world_end),
		cmocka_unit_test_teardown(test_whose, world_end),
	};

	return cmocka_run_group_tests_name("transaction, planned", tests, NULL, NULL);
}
