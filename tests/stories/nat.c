/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Masquerade, port mappings and forwarding, with real connections through real namespaces.
 *
 *      client ------------------- host ---------------- switch --- target
 *      192.0.2.9       192.0.2.1  .  172.18.0.1            |       172.18.0.2
 *      2001:db8:1::9   …::1       .  2001:db8:18::1        |       2001:db8:18::2
 *                      (wan)      .  (lan)                 +------ neighbour
 *                                                                  172.18.0.3, 2001:db8:18::3
 *
 * The host is the test's own namespace, where the daemon is. Everybody's default route leads to the host, so whatever
 * is not translated arrives as well, and the other side tells as whom it came.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "nat.h"
#include "traffic.h"

/* ------------------------------------------------------------------------------------------------------ the network */

static void add_neighbour(const char *name, int last)
{
	free(shell("ip netns add %s", name));
	free(shell("ip link add %s netns switch type veth peer name eth0 netns %s", name, name));
	free(shell("ip -n switch link set %s master bridge up", name));
	free(shell("ip -n %s link set lo up; ip -n %s link set eth0 up", name, name));
	free(shell("ip -n %s address add 172.18.0.%d/16 dev eth0", name, last));
	free(shell("ip -n %s address add 2001:db8:18::%d/64 dev eth0 nodad", name, last));
	free(shell("ip -n %s route add default via 172.18.0.1; ip -n %s route add default via 2001:db8:18::1", name, name));
}

static int network_begin(void **state)
{
	world_begin(state);
	free(shell("ip netns add client; ip netns add switch"));
	free(shell("ip link add wan type veth peer name eth0 netns client"));
	free(shell("ip link add lan type veth peer name host netns switch"));
	free(shell("ip address add 192.0.2.1/24 dev wan; ip address add 2001:db8:1::1/64 dev wan nodad; ip link set wan up"));
	free(shell("ip address add 172.18.0.1/16 dev lan; ip address add 2001:db8:18::1/64 dev lan nodad; ip link set lan up"));
	free(shell("ip -n switch link add bridge type bridge; ip -n switch link set bridge up"));
	free(shell("ip -n switch link set host master bridge up"));
	add_neighbour("target", 2);
	add_neighbour("neighbour", 3);
	free(shell("ip -n client address add 192.0.2.9/24 dev eth0; ip -n client address add 2001:db8:1::9/64 dev eth0 nodad"));
	free(shell("ip -n client link set lo up; ip -n client link set eth0 up"));
	free(shell("ip -n client route add default via 192.0.2.1; ip -n client route add default via 2001:db8:1::1"));
	/* a bridge takes a moment until it lets its ports speak, and each its first question for a neighbour */
	for (int i = 0; i < 2; i++) {
		static const char *const name[] = { "target", "neighbour" };

		shell_until(30, "ip netns exec %s ping -c 1 -W 1 172.18.0.1", name[i]);
		shell_until(30, "ip netns exec %s ping -c 1 -W 1 2001:db8:18::1", name[i]);
	}
	shell_until(30, "ip netns exec client ping -c 1 -W 1 192.0.2.1");
	shell_until(30, "ip netns exec client ping -c 1 -W 1 2001:db8:1::1");
	return 0;
}

static int network_end(void **state)
{
	static const char *const name[] = { "client", "switch", "target", "neighbour" };

	for (size_t i = 0; i < 4; i++)
		(void)shell_status(NULL, "ip netns delete %s", name[i]);
	return world_end(state);
}

static void forward(struct world *w)
{
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV6, true, NULL));
}

static void add_port(struct world *w, const char *text)
{
	struct hycan_port_mapping m = nat_mapping(text);

	assert_done(w->h, hycan_port_add(w->h, &m));
}

static void remove_port(struct world *w, const char *text)
{
	struct hycan_port_mapping m = nat_mapping(text);

	assert_done(w->h, nat_remove_mapping(w->h, &m));
}

static void add_masquerade(struct world *w, const char *text)
{
	struct hycan_masquerade m = nat_masquerade(text);

	assert_done(w->h, hycan_masquerade_add(w->h, &m));
}

static void remove_masquerade(struct world *w, const char *text)
{
	struct hycan_masquerade m = nat_masquerade(text);

	assert_done(w->h, hycan_masquerade_remove(w->h, &m));
}

/* Who the listener sees when somebody connects to that address and port. */
#define assert_seen(netns, protocol, address, port, listener, who)                                                                 \
	assert_string_equal(traffic_seen((netns), (protocol), (address), (port), (listener)), (who))

/* Nobody hears of it. */
#define assert_lost(netns, protocol, address, port, listener)                                                                      \
	assert_string_equal(traffic_lost((netns), (protocol), (address), (port), (listener)), "timeout")

/* ------------------------------------------------------------------------------------------------------------ ports */

static void test_port_from_everywhere(void **state)
{
	struct world *w = *state;
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

	forward(w);
	for (size_t i = 0; i < 2; i++) {
		int p = protocols[i], listener = traffic_listen("target", p, 80);

		add_port(w, p == IPPROTO_TCP ? "tcp 8080 172.18.0.2 80" : "udp 8080 172.18.0.2 80");
		add_port(w, p == IPPROTO_TCP ? "tcp 8080 2001:db8:18::2 80" : "udp 8080 2001:db8:18::2 80");
		/* from outside, whoever comes is seen as itself */
		assert_seen("client", p, "192.0.2.1", 8080, listener, "192.0.2.9");
		assert_seen("client", p, "172.18.0.1", 8080, listener, "192.0.2.9");
		assert_seen("client", p, "2001:db8:1::1", 8080, listener, "2001:db8:1::9");
		/* from the host itself, to any address of it */
		assert_seen(NULL, p, "192.0.2.1", 8080, listener, "172.18.0.1");
		assert_seen(NULL, p, "172.18.0.1", 8080, listener, "172.18.0.1");
		assert_seen(NULL, p, "2001:db8:1::1", 8080, listener, "2001:db8:18::1");
		assert_seen(NULL, p, "2001:db8:18::1", 8080, listener, "2001:db8:18::1");
		/* from the target's network, and from the target to itself: it must not answer its neighbour directly */
		assert_seen("neighbour", p, "192.0.2.1", 8080, listener, "172.18.0.1");
		assert_seen("neighbour", p, "172.18.0.1", 8080, listener, "172.18.0.1");
		assert_seen("neighbour", p, "2001:db8:1::1", 8080, listener, "2001:db8:18::1");
		assert_seen("target", p, "192.0.2.1", 8080, listener, "172.18.0.1");
		assert_seen("target", p, "2001:db8:1::1", 8080, listener, "2001:db8:18::1");
		close(listener);
	}
}

static void test_port_sctp(void **state)
{
	struct world *w = *state;
	int listener;

	(void)shell_status(NULL, "modprobe -q sctp");
	need_success("SCTP in this kernel", "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)'");
	forward(w);
	listener = traffic_listen("target", IPPROTO_SCTP, 80);
	add_port(w, "sctp 8080 172.18.0.2 80");
	add_port(w, "sctp 8080-8082 2001:db8:18::2 80 2001:db8:1::1");
	assert_seen("client", IPPROTO_SCTP, "192.0.2.1", 8080, listener, "192.0.2.9");
	assert_seen("client", IPPROTO_SCTP, "2001:db8:1::1", 8080, listener, "2001:db8:1::9");
	assert_seen(NULL, IPPROTO_SCTP, "192.0.2.1", 8080, listener, "172.18.0.1");
	assert_seen("neighbour", IPPROTO_SCTP, "192.0.2.1", 8080, listener, "172.18.0.1");
	assert_seen("neighbour", IPPROTO_SCTP, "2001:db8:1::1", 8080, listener, "2001:db8:18::1");
	assert_seen("target", IPPROTO_SCTP, "192.0.2.1", 8080, listener, "172.18.0.1");
	close(listener);
}

/* Only the very port, only of this host, and not of its loopback addresses. */
static void test_port_leaves_the_rest_alone(void **state)
{
	struct world *w = *state;
	int target, neighbour, host;

	forward(w);
	target = traffic_listen("target", IPPROTO_TCP, 8000);
	neighbour = traffic_listen("neighbour", IPPROTO_TCP, 80);
	host = traffic_listen(NULL, IPPROTO_TCP, 8080);
	add_port(w, "tcp 80 172.18.0.2 8000");
	add_port(w, "tcp 80 2001:db8:18::2 8000");
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 80, target, "192.0.2.9");
	/* what passes through */
	assert_seen("client", IPPROTO_TCP, "172.18.0.3", 80, neighbour, "192.0.2.9");
	assert_seen("client", IPPROTO_TCP, "2001:db8:18::3", 80, neighbour, "2001:db8:1::9");
	assert_seen(NULL, IPPROTO_TCP, "172.18.0.3", 80, neighbour, "172.18.0.1");
	/* 80 is not 8080, and TCP is not UDP */
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8080, host, "192.0.2.9");
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8, target, "refused");
	assert_seen("client", IPPROTO_UDP, "192.0.2.1", 80, target, "refused");
	close(host);
	/* loopback */
	host = traffic_listen(NULL, IPPROTO_TCP, 80);
	assert_seen(NULL, IPPROTO_TCP, "127.0.0.1", 80, host, "127.0.0.1");
	assert_seen(NULL, IPPROTO_TCP, "::1", 80, host, "::1");
	close(host);
	close(neighbour);
	close(target);
}

static void test_port_of_one_address(void **state)
{
	struct world *w = *state;
	int target, neighbour;

	forward(w);
	target = traffic_listen("target", IPPROTO_TCP, 80);
	neighbour = traffic_listen("neighbour", IPPROTO_TCP, 80);
	add_port(w, "tcp 8080 172.18.0.3 80 172.18.0.1");
	assert_seen("client", IPPROTO_TCP, "172.18.0.1", 8080, neighbour, "192.0.2.9");
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8080, neighbour, "refused");
	assert_seen("target", IPPROTO_TCP, "172.18.0.1", 8080, neighbour, "172.18.0.1");
	/* and another one has it for itself */
	add_port(w, "tcp 8080 172.18.0.2 80 192.0.2.1");
	assert_seen("client", IPPROTO_TCP, "172.18.0.1", 8080, neighbour, "192.0.2.9");
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8080, target, "192.0.2.9");
	remove_port(w, "tcp 8080 172.18.0.3 80 172.18.0.1");
	assert_seen("client", IPPROTO_TCP, "172.18.0.1", 8080, neighbour, "refused");
	/* of IPv6 just so */
	add_port(w, "tcp 8080 2001:db8:18::3 80 2001:db8:18::1");
	assert_seen("client", IPPROTO_TCP, "2001:db8:18::1", 8080, neighbour, "2001:db8:1::9");
	assert_seen("client", IPPROTO_TCP, "2001:db8:1::1", 8080, neighbour, "refused");
	add_port(w, "tcp 8080 2001:db8:18::2 80 2001:db8:1::1");
	assert_seen("client", IPPROTO_TCP, "2001:db8:18::1", 8080, neighbour, "2001:db8:1::9");
	assert_seen("client", IPPROTO_TCP, "2001:db8:1::1", 8080, target, "2001:db8:1::9");
	close(neighbour);
	close(target);
}

/* Every port of a range leads to the one at its place. */
static void test_port_range(void **state)
{
	struct world *w = *state;
	static const unsigned int offsets[] = { 0, 4, 10 };

	forward(w);
	add_port(w, "tcp 9000-9010 172.18.0.2 7000");
	add_port(w, "tcp 9000-9010 2001:db8:18::2 7000");
	for (size_t i = 0; i < 3; i++) {
		int listener = traffic_listen("target", IPPROTO_TCP, 7000 + offsets[i]);

		assert_seen("client", IPPROTO_TCP, "192.0.2.1", 9000 + offsets[i], listener, "192.0.2.9");
		assert_seen("client", IPPROTO_TCP, "2001:db8:1::1", 9000 + offsets[i], listener, "2001:db8:1::9");
		assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8999, listener, "refused");
		assert_seen("client", IPPROTO_TCP, "192.0.2.1", 9011, listener, "refused");
		close(listener);
	}
	remove_port(w, "tcp 9000-9010 172.18.0.2 7000");
	for (unsigned int port = 9000; port <= 9010; port++)
		assert_seen("client", IPPROTO_TCP, "192.0.2.1", port, -1, "refused");
}

/* A sender that never pauses: it reaches where its port leads at this moment, and nobody else. */
static void test_port_changes_under_way(void **state)
{
	static const struct {
		const char *host, *client, *there, *other, *stays;
	} family[] = {
		{ "192.0.2.1", "192.0.2.9", "udp 5353 172.18.0.2 53", "udp 5353 172.18.0.3 53", "udp 5354 172.18.0.2 53" },
		{ "2001:db8:1::1", "2001:db8:1::9", "udp 5353 2001:db8:18::2 53", "udp 5353 2001:db8:18::3 53",
		  "udp 5354 2001:db8:18::2 53" },
	};
	struct world *w = *state;

	forward(w);
	for (int i = 0; i < 2; i++) {
		const char *client = family[i].client;
		int there = traffic_listen("target", IPPROTO_UDP, 53), other = traffic_listen("neighbour", IPPROTO_UDP, 53);
		int fd, stays, host;

		/* another mapping keeps the table, so nothing ends just because that goes */
		add_port(w, family[i].stays);
		add_port(w, family[i].there);
		fd = traffic_connect_udp("client", family[i].host, 5353);
		stays = traffic_connect_udp("client", family[i].host, 5354);
		assert_string_equal(traffic_seen_again(fd, there), client);
		assert_string_equal(traffic_seen_again(stays, there), client);
		remove_port(w, family[i].there);
		assert_string_equal(traffic_seen_again(fd, there), "refused");
		assert_string_equal(traffic_seen_again(stays, there), client);
		add_port(w, family[i].there);
		assert_string_equal(traffic_seen_again(fd, there), client);
		remove_port(w, family[i].there);
		add_port(w, family[i].other);
		assert_string_equal(traffic_seen_again(fd, other), client);
		remove_port(w, family[i].other);
		/* the host's own, and then no longer */
		host = traffic_listen(NULL, IPPROTO_UDP, 5353);
		assert_string_equal(traffic_seen_again(fd, host), client);
		add_port(w, family[i].there);
		assert_string_equal(traffic_seen_again(fd, there), client);
		remove_port(w, family[i].there);
		remove_port(w, family[i].stays);
		close(host);
		close(fd);
		close(stays);
		close(there);
		close(other);
	}
}

/* ------------------------------------------------------------------------------------------------------- masquerade */

static void test_masquerade(void **state)
{
	struct world *w = *state;
	int client, target;

	forward(w);
	client = traffic_listen("client", IPPROTO_TCP, 80);
	target = traffic_listen("target", IPPROTO_TCP, 80);
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "172.18.0.2");
	add_masquerade(w, "172.18.0.0/16");
	add_masquerade(w, "2001:db8:18::/64");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "192.0.2.1");
	assert_seen("target", IPPROTO_TCP, "2001:db8:1::9", 80, client, "2001:db8:1::1");
	/* not the other way round, and nobody else */
	assert_seen("client", IPPROTO_TCP, "172.18.0.2", 80, target, "192.0.2.9");
	assert_seen(NULL, IPPROTO_TCP, "172.18.0.2", 80, target, "172.18.0.1");
	remove_masquerade(w, "172.18.0.0/16");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "172.18.0.2");
	assert_seen("target", IPPROTO_TCP, "2001:db8:1::9", 80, client, "2001:db8:1::1");
	remove_masquerade(w, "2001:db8:18::/64");
	assert_seen("target", IPPROTO_TCP, "2001:db8:1::9", 80, client, "2001:db8:18::2");
	close(target);
	close(client);
}

/* Subnets in one another, and one around source and destination: each counts for itself. */
static void test_masquerade_nested(void **state)
{
	struct world *w = *state;
	int client;

	forward(w);
	client = traffic_listen("client", IPPROTO_TCP, 80);
	add_masquerade(w, "128.0.0.0/1");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "172.18.0.2");
	add_masquerade(w, "172.16.0.0/12");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "192.0.2.1");
	add_masquerade(w, "172.18.0.2/32");
	remove_masquerade(w, "172.16.0.0/12");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "192.0.2.1");
	assert_seen("neighbour", IPPROTO_TCP, "192.0.2.9", 80, client, "172.18.0.3");
	remove_masquerade(w, "172.18.0.2/32");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "172.18.0.2");
	close(client);
}

static void test_masquerade_through_a_link(void **state)
{
	struct world *w = *state;
	int client;

	forward(w);
	client = traffic_listen("client", IPPROTO_TCP, 80);
	add_masquerade(w, "172.18.0.0/16 lan");
	add_masquerade(w, "172.18.0.0/16 wa");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "172.18.0.2");
	add_masquerade(w, "172.18.0.0/16 wan");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "192.0.2.1");
	remove_masquerade(w, "172.18.0.0/16 wan");
	/* everything, through one link */
	add_masquerade(w, "0.0.0.0/0 wan");
	add_masquerade(w, "::/0 wan");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "192.0.2.1");
	assert_seen("target", IPPROTO_TCP, "2001:db8:1::9", 80, client, "2001:db8:1::1");
	close(client);
}

/* A mapping and masquerade for the same network: answers to connections from outside go back as they came. */
static void test_masquerade_and_port(void **state)
{
	struct world *w = *state;
	int client, target;

	forward(w);
	client = traffic_listen("client", IPPROTO_TCP, 80);
	target = traffic_listen("target", IPPROTO_TCP, 80);
	add_masquerade(w, "172.18.0.0/16");
	add_port(w, "tcp 8080 172.18.0.2 80");
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8080, target, "192.0.2.9");
	assert_seen("neighbour", IPPROTO_TCP, "192.0.2.1", 8080, target, "172.18.0.1");
	assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "192.0.2.1");
	remove_masquerade(w, "172.18.0.0/16");
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8080, target, "192.0.2.9");
	close(target);
	close(client);
}

/* -------------------------------------------------------------------------------------------------------- strangers */

/* A stranger's translation is not ours to masquerade, and nothing of the stranger's is touched. */
static void test_strangers_are_left_alone(void **state)
{
	static const char rules[] = "table ip stranger { chain pre { type nat hook prerouting priority -100; ip daddr 192.0.2.1 "
				    "tcp dport 7777 dnat to 172.18.0.2:80; }; chain out { type nat hook output priority -100; "
				    "ip daddr 192.0.2.1 tcp dport 7777 dnat to 172.18.0.2:80; }; }";
	struct world *w = *state;
	char *before, *after;
	int target;

	need_command("nft");
	forward(w);
	target = traffic_listen("target", IPPROTO_TCP, 80);
	free(shell("nft '%s'", rules));
	before = shell("nft list table ip stranger");
	add_port(w, "tcp 8080 172.18.0.2 80");
	add_masquerade(w, "10.0.0.0/8");
	assert_seen(NULL, IPPROTO_TCP, "192.0.2.1", 8080, target, "172.18.0.1");
	assert_seen(NULL, IPPROTO_TCP, "192.0.2.1", 7777, target, "192.0.2.1");
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 7777, target, "192.0.2.9");
	remove_port(w, "tcp 8080 172.18.0.2 80");
	remove_masquerade(w, "10.0.0.0/8");
	after = shell("nft list ruleset");
	assert_string_equal(before, after);
	assert_seen("client", IPPROTO_TCP, "192.0.2.1", 7777, target, "192.0.2.9");
	free(before);
	free(after);
	close(target);
}

/* Whatever a stranger did to our table, the next change makes it whole. */
static void test_strangers_are_survived(void **state)
{
	static const char *const harm[] = {
		"nft flush ruleset",
		"nft delete table inet hycan",
		"nft flush table inet hycan",
		"nft flush chain inet hycan port",
		"nft flush chain inet hycan postrouting",
	};
	struct world *w = *state;
	int target, client;

	need_command("nft");
	forward(w);
	target = traffic_listen("target", IPPROTO_TCP, 80);
	client = traffic_listen("client", IPPROTO_TCP, 80);
	for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		add_port(w, "tcp 8080 172.18.0.2 80");
		add_masquerade(w, "172.18.0.0/16");
		assert_seen("client", IPPROTO_TCP, "192.0.2.1", 8080, target, "192.0.2.9");
		assert_seen("target", IPPROTO_TCP, "192.0.2.9", 80, client, "192.0.2.1");
		free(shell("%s", harm[i]));
	}
	close(client);
	close(target);
}

/* ------------------------------------------------------------------------------------------------------- forwarding */

static void test_forwarding(void **state)
{
	struct world *w = *state;
	int target = traffic_listen("target", IPPROTO_TCP, 80);

	assert_lost("client", IPPROTO_TCP, "172.18.0.2", 80, target);
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	assert_seen("client", IPPROTO_TCP, "172.18.0.2", 80, target, "192.0.2.9");
	assert_string_not_equal(traffic_lost("client", IPPROTO_TCP, "2001:db8:18::2", 80, target), "2001:db8:1::9");
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV6, true, NULL));
	assert_seen("client", IPPROTO_TCP, "2001:db8:18::2", 80, target, "2001:db8:1::9");
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, false, NULL));
	assert_lost("client", IPPROTO_TCP, "172.18.0.2", 80, target);
	close(target);
}

#define STORY(function) cmocka_unit_test_setup_teardown(function, network_begin, network_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(test_port_from_everywhere),
		STORY(test_port_sctp),
		STORY(test_port_leaves_the_rest_alone),
		STORY(test_port_of_one_address),
		STORY(test_port_range),
		STORY(test_port_changes_under_way),
		STORY(test_masquerade),
		STORY(test_masquerade_nested),
		STORY(test_masquerade_through_a_link),
		STORY(test_masquerade_and_port),
		STORY(test_strangers_are_left_alone),
		STORY(test_strangers_are_survived),
		STORY(test_forwarding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
