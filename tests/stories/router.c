/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks with real traffic: two of them on one parent, with two containers each, and the world outside.
 *
 *      client ------------------ host ------------------ switch ------ blue1, blue2   VLAN 100
 *      192.0.2.9      192.0.2.1   .   up0                  |           10.9.0.2, .3   fd09::2, ::3
 *      2001:db8:1::9  …::1        .   net100  10.9.0.1     |
 *                     (wan)       .   net101  10.8.0.1     +---------- red1, red2     VLAN 101
 *                                                                      10.8.0.2, .3   fd08::2, ::3
 *
 * The host is the test's own namespace, where the daemon is. Everybody's default route leads to the host, so what is not
 * translated arrives as well, and the other side tells as whom it came.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nat.h"
#include "network.h"
#include "traffic.h"

/* A container: a namespace whose link is behind the switch, in a VLAN. */
static void add_container(const char *name, int vlan, int net, int last)
{
	free(shell("ip netns add %s; ip link add %s netns switch type veth peer name eth0 netns %s", name, name, name));
	free(shell("ip -n switch link set %s master br%d up", name, vlan));
	free(shell("ip -n %s link set lo up; ip -n %s link set eth0 up", name, name));
	free(shell("ip -n %s address add 10.%d.0.%d/24 dev eth0; ip -n %s address add fd0%d::%d/64 dev eth0 nodad", name, net, last,
	           name, net, last));
	free(shell("ip -n %s route add default via 10.%d.0.1; ip -n %s route add default via fd0%d::1", name, net, name, net));
}

static void add_switch(int vlan)
{
	free(shell("ip -n switch link add br%d type bridge; ip -n switch link set br%d up", vlan, vlan));
	free(shell("ip -n switch link add link trunk name trunk.%d type vlan id %d", vlan, vlan));
	free(shell("ip -n switch link set trunk.%d master br%d up", vlan, vlan));
}

static void make_world(void)
{
	network_make_parent();
	free(shell("ip netns add client; ip netns add switch; ip link set up1 netns switch name trunk"));
	free(shell("ip -n switch link set trunk up; ip link add wan type veth peer name eth0 netns client"));
	free(shell("ip address add 192.0.2.1/24 dev wan; ip address add 2001:db8:1::1/64 dev wan nodad; ip link set wan up"));
	free(shell("ip -n client link set lo up; ip -n client link set eth0 up; ip -n client address add 192.0.2.9/24 dev eth0; "
	           "ip -n client address add 2001:db8:1::9/64 dev eth0 nodad"));
	free(shell("ip -n client route add default via 192.0.2.1; ip -n client route add default via 2001:db8:1::1"));
	add_switch(100);
	add_switch(101);
	add_container("blue1", 100, 9, 2);
	add_container("blue2", 100, 9, 3);
	add_container("red1", 101, 8, 2);
	add_container("red2", 101, 8, 3);
}

static int end(void **state)
{
	static const char *const name[] = { "client", "switch", "blue1", "blue2", "red1", "red2" };

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		(void)shell_status(NULL, "ip netns delete %s", name[i]);
	return world_end(state);
}

/* Who the listener sees when somebody connects to that address and port. */
#define assert_seen(netns, address, port, listener, who)                                                                           \
	assert_string_equal(traffic_seen((netns), IPPROTO_TCP, (address), (port), (listener)), (who))

/* Nobody hears of it. */
#define assert_lost(netns, address, port, listener)                                                                                \
	assert_string_equal(traffic_lost((netns), IPPROTO_TCP, (address), (port), (listener)), "timeout")

/* A bridge takes a moment until it lets its ports speak. */
static void wait_for_hosts(void)
{
	shell_until(60, "ip netns exec blue1 ping -c 1 -W 1 10.9.0.1 && ip netns exec blue1 ping -c 1 -W 1 fd09::1");
	shell_until(60, "ip netns exec blue2 ping -c 1 -W 1 10.9.0.2 && ip netns exec red1 ping -c 1 -W 1 10.8.0.1");
	shell_until(60, "ip netns exec red2 ping -c 1 -W 1 10.8.0.2 && ip netns exec red2 ping -c 1 -W 1 fd08::1");
	shell_until(60, "ip netns exec red1 ping -c 1 -W 1 fd08::1 && ip netns exec client ping -c 1 -W 1 2001:db8:1::1");
	shell_until(60, "ip netns exec client ping -c 1 -W 1 192.0.2.1");
}

static void assert_ping(const char *from, const char *to, bool answered)
{
	if ((shell_status(NULL, "ip netns exec %s ping -c 1 -W %d %s", from, answered ? 20 : 1, to) == 0) != answered)
		fail_msg("%s is %s from %s", to, answered ? "not reached" : "reached", from);
}

static void add_port(struct world *w, const char *text)
{
	struct hycan_port_mapping m = nat_mapping(text);

	assert_done(w->h, hycan_port_add(w->h, &m));
}

/* What the kernel has, but for what it does with IPv6 by itself when a link is up. */
static char *everything(void)
{
	return shell("nft list ruleset; ip -d -o link show; ip -o address show scope global; ip rule; ip -6 rule; "
	             "ip route show table all; ip -6 route show table all | grep -v -e fe80 -e ff00; "
	             "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding");
}

static void test_traffic(void **state)
{
	struct world_options options = { 0 };
	struct world *w = *state;
	int blue, red, client, elsewhere, sender, datagrams, stays[2];
	char *ruleset, *again;
	char *before, *after;

	make_world();
	before = everything();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red fd08::/64 fd08::1"));
	wait_for_hosts();
	blue = traffic_listen("blue1", IPPROTO_TCP, 80);
	red = traffic_listen("red1", IPPROTO_TCP, 80);
	client = traffic_listen("client", IPPROTO_TCP, 80);
	/* within, and not across */
	assert_ping("blue1", "10.9.0.3", true);
	assert_ping("blue1", "fd09::3", true);
	assert_ping("red2", "10.8.0.2", true);
	assert_ping("red2", "fd08::2", true);
	assert_ping("blue1", "10.8.0.2", false);
	assert_ping("blue1", "fd08::2", false);
	assert_ping("red2", "10.9.0.3", false);
	assert_ping("red2", "fd09::3", false);
	assert_ping("red2", "192.0.2.9", true);
	assert_seen("blue2", "10.9.0.2", 80, blue, "10.9.0.3");
	assert_lost("red1", "10.9.0.2", 80, blue);
	assert_lost("red1", "fd09::2", 80, blue);
	/* out, as the host */
	assert_seen("blue1", "192.0.2.9", 80, client, "192.0.2.1");
	assert_seen("blue1", "2001:db8:1::9", 80, client, "2001:db8:1::1");
	/* a mapping: from outside, from the host, from its neighbour, and from the other network, which is apart otherwise */
	add_port(w, "tcp 8080 10.9.0.2 80");
	add_port(w, "tcp 8080 fd09::2 80");
	assert_seen("client", "192.0.2.1", 8080, blue, "192.0.2.9");
	assert_seen("client", "2001:db8:1::1", 8080, blue, "2001:db8:1::9");
	assert_seen(NULL, "192.0.2.1", 8080, blue, "10.9.0.1");
	assert_seen("blue2", "192.0.2.1", 8080, blue, "10.9.0.1");
	assert_seen("red1", "192.0.2.1", 8080, blue, "10.8.0.2");
	assert_seen(NULL, "2001:db8:1::1", 8080, blue, "fd09::1");
	assert_seen("blue2", "2001:db8:1::1", 8080, blue, "fd09::1");
	assert_seen("red1", "2001:db8:1::1", 8080, blue, "fd08::2");
	/* what is sent elsewhere is left alone: that port of somebody else, of IPv4 and IPv6, and of another container */
	elsewhere = traffic_listen("client", IPPROTO_TCP, 8080);
	assert_seen("blue1", "192.0.2.9", 8080, elsewhere, "192.0.2.1");
	assert_seen("blue2", "192.0.2.9", 8080, elsewhere, "192.0.2.1");
	assert_seen("red1", "192.0.2.9", 8080, elsewhere, "192.0.2.1");
	assert_seen("blue2", "2001:db8:1::9", 8080, elsewhere, "2001:db8:1::1");
	assert_seen(NULL, "192.0.2.9", 8080, elsewhere, "192.0.2.1");
	close(elsewhere);
	elsewhere = traffic_listen("blue1", IPPROTO_TCP, 8080);
	assert_seen("blue2", "10.9.0.2", 8080, elsewhere, "10.9.0.3");
	assert_seen("blue2", "fd09::2", 8080, elsewhere, "fd09::3");
	close(elsewhere);
	/* a way, and one direction alone; by their own addresses */
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, true, NULL));
	assert_seen("red1", "10.9.0.2", 80, blue, "10.8.0.2");
	assert_seen("red1", "fd09::2", 80, blue, "fd08::2");
	assert_lost("blue1", "10.8.0.2", 80, red);
	/* the daemon is killed and comes back in the middle of it: nothing doubles, and what is open stays open */
	add_port(w, "udp 5353 10.9.0.2 53");
	datagrams = traffic_listen("blue1", IPPROTO_UDP, 53);
	sender = traffic_connect_udp("client", "192.0.2.1", 5353);
	assert_string_equal(traffic_seen_again(sender, datagrams), "192.0.2.9");
	traffic_connect_tcp("client", "192.0.2.1", 8080, blue, stays);
	ruleset = shell("nft -a list ruleset");
	world_stop_daemon(w, SIGKILL);
	traffic_assert_open(stays);
	assert_string_equal(traffic_seen_again(sender, datagrams), "192.0.2.9");
	assert_seen("red1", "10.9.0.2", 80, blue, "10.8.0.2");
	assert_seen("client", "192.0.2.1", 8080, blue, "192.0.2.9");
	world_start_daemon(w, &options);
	traffic_assert_open(stays);
	assert_string_equal(traffic_seen_again(sender, datagrams), "192.0.2.9");
	add_port(w, "udp 5353 10.9.0.2 53");
	add_port(w, "tcp 8080 fd09::2 80");
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red fd08::/64 fd08::1"));
	again = shell("nft -a list ruleset");
	assert_string_equal(again, ruleset);
	free(again);
	free(ruleset);
	traffic_assert_open(stays);
	assert_string_equal(traffic_seen_again(sender, datagrams), "192.0.2.9");
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"));
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, false, NULL));
	assert_lost("red1", "10.9.0.2", 80, blue);
	assert_no_drift(w->h, 100);
	/* without NAT it is its own address that arrives */
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	assert_seen("blue1", "192.0.2.9", 80, client, "10.9.0.2");
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	after = everything();
	assert_string_equal(after, before);
	free(after);
	free(before);
	for (size_t i = 0; i < 2; i++)
		close(stays[i]);
	close(sender);
	close(datagrams);
	close(blue);
	close(red);
	close(client);
}

/* Nothing in and nothing out, but its own hosts and the host itself. */
static void test_internal(void **state)
{
	struct hycan_network n = network_of("100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1");
	struct hycan_port_mapping out = nat_mapping("tcp 8080 192.0.2.9 80");
	struct world *w = *state;
	int blue, client;

	make_world();
	n.has_internal = n.internal = true;
	assert_done(w->h, hycan_network_create(w->h, &n, NULL, NULL));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red fd08::/64 fd08::1"));
	wait_for_hosts();
	blue = traffic_listen("blue1", IPPROTO_TCP, 80);
	client = traffic_listen("client", IPPROTO_TCP, 80);
	assert_seen("blue2", "10.9.0.2", 80, blue, "10.9.0.3");
	assert_seen(NULL, "10.9.0.2", 80, blue, "10.9.0.1");
	assert_lost("blue1", "192.0.2.9", 80, client);
	assert_lost("blue1", "2001:db8:1::9", 80, client);
	assert_lost("client", "10.9.0.2", 80, blue);
	assert_lost("client", "fd09::2", 80, blue);
	/* nor through a port of the host that leads out, which others may take */
	out.has_network = true;
	assert_done(w->h, hycan_port_add(w->h, &out));
	assert_lost("blue1", "192.0.2.1", 8080, client);
	assert_seen("red1", "192.0.2.1", 8080, client, "192.0.2.1");
	/* changed in place */
	n.internal = false;
	assert_done(w->h, hycan_network_create(
				  w->h, &n, &(struct hycan_network_create_options){ .has_replace = true, .replace = true }, NULL));
	assert_seen("blue1", "192.0.2.9", 80, client, "192.0.2.1");
	assert_seen("blue1", "192.0.2.1", 8080, client, "192.0.2.1");
	close(blue);
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_traffic, world_begin, end),
		cmocka_unit_test_setup_teardown(test_internal, world_begin, end),
	};

	return cmocka_run_group_tests_name("networks", tests, NULL, NULL);
}
