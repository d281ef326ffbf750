/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.create: a network, the same again, in place of another; and every request that is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

#define BLUE "100 10.9.0.0/24 10.9.0.1 blue"
#define RED  "101 10.8.0.0/24 10.8.0.1 red fd08::/64 fd08::1"

static void assert_nothing(void)
{
	char *text = shell("nft list ruleset; ip -o link show type vlan; cat /proc/sys/net/ipv4/ip_forward "
	                   "/proc/sys/net/ipv6/conf/all/forwarding");

	assert_string_equal(text, "0\n0\n");
	free(text);
}

static void assert_shell_says(const char *command, const char *part)
{
	char *text = shell("%s", command);

	assert_contains(text, part);
	free(text);
}

static void assert_health(struct hycan *h, bool healthy, uint32_t networks)
{
	struct hycan_health_get_reply *health = NULL;

	assert_done(h, hycan_health_get(h, &health));
	assert_int_equal(health->healthy, healthy);
	assert_int_equal(health->networks, networks);
	if (!healthy)
		assert_string_equal(health->problems[0].check, "networks");
	free(health);
}

static void test_create(void **state)
{
	struct hycan_network red = network_of(RED);
	struct world *w = *state;
	struct hycan_link link;
	char *before;

	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	red.has_mtu = true;
	red.mtu = 1400;
	red.has_nat = true;
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, &link));
	assert_string_equal(link.name, "net101");
	assert_int_equal(link.mtu, 1400);
	assert_true(link.up && link.has_mac);
	assert_shell_says("ip -d link show net100", "vlan protocol 802.1Q id 100");
	assert_shell_says("ip address show net100", "inet 10.9.0.1/24 ");
	assert_shell_says("ip address show net101", "inet6 fd08::1/64 scope global nodad");
	assert_shell_says("nft list set inet hycan network", "\"net100\" comment \"100 blue up0 10.9.0.1/24 - 0 n\"");
	assert_shell_says("nft list set inet hycan network_nat", "elements = { \"net100\" }");
	assert_shell_says("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding", "1\n1\n");
	assert_no_drift(w->h, 100);
	assert_no_drift(w->h, 101);
	/* the same again */
	before = shell("nft -a list ruleset");
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	assert_shell_says("nft -a list ruleset", before);
	free(before);
	hycan_set_exclusive(w->h, true);
	assert_refused(w->h, network_create(w->h, BLUE), HYCAN_REFUSAL_EXISTS);
	hycan_set_exclusive(w->h, false);
	/* what a stranger took away comes back */
	free(shell("ip address del 10.9.0.1/24 dev net100; ip link set net101 down; nft flush chain inet hycan forward"));
	assert_drift(w->h, 100, "does not have the gateway's address");
	assert_drift(w->h, 101, "is down");
	assert_drift(w->h, 101, "rules");
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	assert_health(w->h, true, 2);
	free(shell("nft flush set inet hycan network_way"));
	assert_drift(w->h, 100, "Elements of it are gone");
	assert_health(w->h, false, 2);
	assert_done(w->h, network_create(w->h, BLUE));
	assert_no_drift(w->h, 100);
	assert_health(w->h, false, 2);
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	assert_health(w->h, true, 2);
	free(shell("nft flush map inet hycan network_vlan; nft flush map inet hycan network_name; nft flush map inet hycan "
	           "network_ipv4"));
	assert_drift(w->h, 101, "Elements of it are gone");
	assert_health(w->h, false, 2);
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	assert_health(w->h, true, 2);
	free(shell("ip link set net101 down"));
	assert_health(w->h, false, 2);
	free(shell("ip link set net101 up; ip link delete net100"));
	assert_drift(w->h, 100, "gone");
	assert_health(w->h, false, 2);
	assert_done(w->h, network_create(w->h, BLUE));
	/* the kernel took its IPv6 address when it went down */
	assert_drift(w->h, 101, "address of IPv6");
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	assert_no_drift(w->h, 100);
	assert_no_drift(w->h, 101);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_nothing();
}

/* Strangers' addresses come and go between requests, and each time it is as it is. */
static void test_addresses(void **state)
{
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	for (int i = 0; i < 4; i++) {
		free(shell("ip address add 10.50.0.1/24 dev up1"));
		assert_refused(w->h, network_create(w->h, "101 10.50.0.0/25 10.50.0.9 red"), HYCAN_REFUSAL_EXISTS);
		assert_string_equal(hycan_error_field(w->h), "subnet");
		assert_contains(hycan_error_message(w->h), "10.50.0.1/24 of the link “up1”");
		free(shell("ip address delete 10.50.0.1/24 dev up1 && ip address add fd50::1/64 dev up1 nodad"));
		assert_refused(w->h, network_create(w->h, "101 10.50.0.0/25 10.50.0.9 red fd50::/48 fd50::9"),
		               HYCAN_REFUSAL_EXISTS);
		assert_string_equal(hycan_error_field(w->h), "ipv6_subnet");
		free(shell("ip address delete fd50::1/64 dev up1"));
		assert_done(w->h, network_create(w->h, "101 10.50.0.0/25 10.50.0.9 red fd50::/48 fd50::9"));
		assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	}
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
}

/* More than anybody listens to, and what is lost of it is what counts. */
static void test_many_addresses(void **state)
{
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	free(shell(
		"{ echo address add 10.50.0.1/24 dev up1; echo address delete 10.50.0.1/24 dev up1;"
		" for i in $(seq 2000); do echo address add 10.60.0.1/24 dev up1; echo address delete 10.60.0.1/24 dev up1; done;"
		" echo address add 10.50.0.1/24 dev up1; } | ip -batch -"));
	for (int i = 0; i < 2; i++)
		assert_refused(w->h, network_create(w->h, "101 10.50.0.0/25 10.50.0.9 red"), HYCAN_REFUSAL_EXISTS);
	free(shell("ip address delete 10.50.0.1/24 dev up1"));
	assert_done(w->h, network_create(w->h, "101 10.50.0.0/25 10.50.0.9 red"));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
}

static void test_replace(void **state)
{
	struct hycan_network n = network_of("100 10.7.0.0/16 10.7.0.9 other");
	const struct hycan_network_create_options replace = { .has_replace = true, .replace = true };
	struct world *w = *state;
	struct hycan_link before, after;

	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"));
	assert_done(w->h, hycan_link_get(w->h, "net100", &before));
	/* each value that differs is named */
	assert_refused(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 green fd09::/64 fd09::1"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "network_name");
	assert_refused(w->h, network_create(w->h, "100 10.9.0.0/25 10.9.0.1 blue fd09::/64 fd09::1"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "subnet");
	assert_refused(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.2 blue fd09::/64 fd09::1"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "gateway");
	assert_refused(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "ipv6_subnet");
	/* nothing of that came about */
	assert_no_drift(w->h, 100);
	n.has_mtu = true;
	n.mtu = 1300;
	n.has_internal = n.internal = true;
	assert_done(w->h, hycan_network_create(w->h, &n, &replace, &after));
	assert_int_equal(after.ifindex, before.ifindex);
	assert_int_equal(after.mtu, 1300);
	assert_no_drift(w->h, 100);
	assert_shell_says("ip -o address show dev net100 scope global", "inet 10.7.0.9/16 ");
	assert_int_equal(shell_status(NULL, "ip -o address show dev net100 | grep -q 'fd09::1\\|10.9.0.1'"), 1);
	assert_shell_says("nft list set inet hycan network",
	                  "elements = { \"net100\" comment \"100 other up0 10.7.0.9/16 - 1300 ni\" }");
	assert_shell_says("nft list set inet hycan network_internal", "elements = { \"net100\" }");
	/* it cannot go to another parent */
	memcpy(n.parent, "up1", sizeof("up1"));
	assert_refused(w->h, hycan_network_create(w->h, &n, &replace, NULL), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "parent");
	assert_no_drift(w->h, 100);
}

/* Beside others: each value that is taken, by name; and all or nothing. */
static void test_others(void **state)
{
	struct hycan_network n = network_of("102 10.7.0.0/24 10.7.0.1 green");
	struct world *w = *state;

	network_make_parent();
	assert_refused(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fe00::/64 fd09::1"), HYCAN_REFUSAL_INVALID);
	assert_nothing();
	assert_done(w->h, network_create(w->h, RED));
	assert_refused(w->h, network_create(w->h, "102 10.8.0.128/25 10.8.0.129 green"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "10.8.0.0/24 of the network “red” with VLAN 101");
	assert_refused(w->h, network_create(w->h, "102 10.0.0.0/8 10.0.0.1 green"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "“red”");
	assert_refused(w->h, network_create(w->h, "102 10.7.0.0/24 10.7.0.1 green fd08::/48 fd08::2"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "ipv6_subnet");
	assert_contains(hycan_error_message(w->h), "fd08::/64 of the network “red” with VLAN 101");
	assert_refused(w->h, network_create(w->h, "102 10.7.0.0/24 10.7.0.1 red"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "network_name");
	n.has_link = true;
	memcpy(n.link, "net101", sizeof("net101"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "link");
	memcpy(n.link, "up1", sizeof("up1"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_EXISTS);
	/* a stranger's VLAN, and a stranger's address */
	free(shell("ip link add link up0 name stray type vlan id 102; ip address add 10.66.0.1/24 dev stray"));
	n.has_link = false;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "“stray”");
	assert_refused(w->h, network_create(w->h, "103 10.66.0.0/16 10.66.1.1 green"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "10.66.0.1/24 of the link “stray”");
	n.vlan_id = 103;
	memcpy(n.parent, "nosuch0", sizeof("nosuch0"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	memcpy(n.parent, "lo", sizeof("lo"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	memcpy(n.parent, "up0", sizeof("up0"));
	n.has_mtu = true;
	n.mtu = 9000;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	n.has_mtu = false;
	free(shell("ip link delete stray; ip link set up0 down"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "parent");
	/* of all that nothing is left */
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_nothing();
}

static int begin_for_all(void **state)
{
	*state = world_start(&(struct world_options){ .policy = "allow * all\n", .open_to_all = true });
	return 0;
}

static struct hycan *open_of(const struct world *w)
{
	struct hycan *h = NULL;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	return h;
}

static void hold(struct world *w)
{
	struct hycan *h = open_of(w);

	assert_done(h, hycan_vcan_create(h, "vcan9", NULL, NULL));
	hycan_close(h);
}

static void let_go(struct world *w)
{
	struct hycan *h = open_of(w);

	assert_done(h, hycan_link_delete(h, "vcan9"));
	hycan_close(h);
}

/* That a network is there already, and so is its link, is not said of what comes next: to let go of a link. */
static void test_unchanged(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	world_as(4242, 4242, hold, w);
	world_as(4243, 4243, hold, w);
	assert_done(w->h, network_create(w->h, BLUE));
	world_as(4243, 4243, let_go, w);
	world_as(4242, 4242, let_go, w);
	assert_shell_says("ip -o link show type vcan | wc -l", "0");
}

/* Which link carries the default route. */
static void test_parent(void **state)
{
	struct hycan_network n = network_of(BLUE);
	struct world *w = *state;

	network_make_parent();
	n.has_parent = false;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "up0");
	free(shell(
		"ip address add 192.0.2.1/24 dev up0; ip address add 198.51.100.1/24 dev up1; ip route add default via 192.0.2.2; "
		"ip route add default via 198.51.100.2 metric 9"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "up0, up1");
	free(shell("ip route delete default metric 9"));
	assert_done(w->h, hycan_network_create(w->h, &n, NULL, NULL));
	assert_shell_says("ip -d link show net100", "net100@up0");
	/* a host that has one of IPv6 alone */
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	free(shell("ip route delete default; ip address add 2001:db8::1/64 dev up1 nodad; ip route add default via 2001:db8::2"));
	assert_done(w->h, hycan_network_create(w->h, &n, NULL, NULL));
	assert_shell_says("ip -d link show net100", "net100@up1");
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	free(shell("ip route add default via 192.0.2.2"));
	assert_done(w->h, hycan_network_create(w->h, &n, NULL, NULL));
	assert_shell_says("ip -d link show net100", "net100@up0");
	/* it stays where it is, wherever the default route goes later */
	free(shell("ip route replace default via 198.51.100.2"));
	assert_done(w->h, hycan_network_create(w->h, &n, NULL, NULL));
}

/* Candidates are named once each, and whole; of many as many as there is room for. */
static void test_candidates(void **state)
{
	struct hycan_network n = network_of(BLUE);
	struct world *w = *state;

	n.has_parent = false;
	free(shell("for i in 0 1 2 3 4; do ip link add candidate-fa-0$i type veth peer name candidate-fa-1$i;"
	           " ip link set candidate-fa-0$i up; ip link set candidate-fa-1$i up; done"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_message(w->h),
	                    "There is no default route; give the parent: candidate-fa-10, candidate-fa-00, candidate-fa-11, "
	                    "candidate-fa-01, candidate-fa-12, candidate-fa-02, candidate-fa-13, candidate-fa-03 and 2 more.");
	free(shell("for i in 0 1; do ip address add 10.1.$i.1/24 dev candidate-fa-0$i;"
	           " ip route add default via 10.1.$i.2 metric 1$i; ip route add default via 10.1.$i.3 metric 2$i; done"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_message(w->h),
	                    "There are several default routes; give the parent: candidate-fa-00, candidate-fa-01.");
}

/* What no network can be, on any kernel: the field at fault, and nothing changed. */
static void test_bad(void **state)
{
	static const struct {
		const char *field, *text;
	} bad[] = {
		{ "subnet", "100 fd00::/64 fd00::1 blue" },
		{ "subnet", "100 10.0.0.0/31 10.0.0.1 blue" },
		{ "subnet", "100 10.0.0.1/32 10.0.0.1 blue" },
		{ "subnet", "100 0.0.0.0/0 10.0.0.1 blue" },
		{ "subnet", "100 127.0.0.0/8 127.0.0.1 blue" },
		{ "subnet", "100 224.0.0.0/8 224.0.0.1 blue" },
		{ "subnet", "100 169.254.0.0/16 169.254.0.1 blue" },
		{ "gateway", "100 10.0.0.0/24 10.0.1.1 blue" },
		{ "gateway", "100 10.0.0.0/24 10.0.0.0 blue" },
		{ "gateway", "100 10.0.0.0/24 10.0.0.255 blue" },
		{ "gateway", "100 10.0.0.0/24 fd00::1 blue" },
		{ "ipv6_subnet", "100 10.0.0.0/24 10.0.0.1 blue 10.1.0.0/24 fd00::1" },
		{ "ipv6_subnet", "100 10.0.0.0/24 10.0.0.1 blue fe80::/64 fe80::1" },
		{ "ipv6_subnet", "100 10.0.0.0/24 10.0.0.1 blue ff02::/64 ff02::1" },
		{ "ipv6_subnet", "100 10.0.0.0/24 10.0.0.1 blue ::/64 ::1" },
		{ "ipv6_subnet", "100 10.0.0.0/24 10.0.0.1 blue fd00::/127 fd00::1" },
		{ "ipv6_gateway", "100 10.0.0.0/24 10.0.0.1 blue fd00::/64 10.0.0.2" },
		{ "ipv6_gateway", "100 10.0.0.0/24 10.0.0.1 blue fd00::/64 fd01::1" },
		{ "ipv6_gateway", "100 10.0.0.0/24 10.0.0.1 blue fd00::/64 fd00::" },
		{ "network_name", "100 10.0.0.0/24 10.0.0.1 -blue" },
		{ "network_name", "100 10.0.0.0/24 10.0.0.1 bl/ue" },
		{ "network_name", "100 10.0.0.0/24 10.0.0.1 bl\"ue" },
		{ "network_name", "100 10.0.0.0/24 10.0.0.1 bl\xc3\xbc" },
	};
	static const char *const names[] = { "",     "a b",  "a\nb",
		                             "a\tb", "%s",   "..",
		                             "a;b",  "$(a)", "0123456789012345678901234567890\x7f" };
	struct world *w = *state;
	struct hycan_network n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_refused(w->h, network_create(w->h, bad[i].text), HYCAN_REFUSAL_INVALID);
		if (strcmp(hycan_error_field(w->h), bad[i].field) != 0)
			fail_msg("“%s”: “%s” (%s)", bad[i].text, hycan_error_message(w->h), hycan_error_field(w->h));
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		n = network_of(BLUE);
		snprintf(n.network_name, sizeof(n.network_name), "%s", names[i]);
		assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
		assert_string_equal(hycan_error_field(w->h), "network_name");
	}
	n = network_of(RED);
	n.has_ipv6_gateway = false;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	n = network_of(RED);
	n.has_ipv6_subnet = false;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	n = network_of(RED);
	n.has_mtu = true;
	n.mtu = 1279;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "mtu");
	n.mtu = 67;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	n = network_of(BLUE);
	n.has_nat = n.nat = n.has_internal = n.internal = true;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "nat");
	n = network_of(BLUE);
	n.vlan_id = 0;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	n.vlan_id = 4095;
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	n = network_of(BLUE);
	n.has_link = true;
	memcpy(n.link, "up0", sizeof("up0"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	memcpy(n.link, "a/b", sizeof("a/b"));
	assert_refused(w->h, hycan_network_create(w->h, &n, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_nothing();
}

/* Where the kernel cannot, nothing is left of what was begun. */
static void test_without_vlans(void **state)
{
	struct world *w = *state;

	if (has_kind("vlan"))
		skip();
	free(shell("ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up"));
	assert_refused(w->h, network_create(w->h, RED), HYCAN_REFUSAL_UNSUPPORTED);
	assert_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_addresses, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_many_addresses, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_replace, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_others, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unchanged, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_parent, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_candidates, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_without_vlans, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.create", tests, NULL, NULL);
}
