/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file whose steps take things away, applied by hycanctl, and applied again. */
#include <stdio.h>
#include <stdlib.h>

#include "network.h"
#include "tool.h"

static const char nothing[] = "Nothing to do: everything is as the file says.\n";

/* All steps of a file do something, and a second time nothing; a plan of that shows nothing. */
static void apply_twice(size_t n, const char *file)
{
	char done[64];

	snprintf(done, sizeof(done), "Done: %zu of %zu steps changed something.\n", n, n);
	tool_apply(0, done, "", file);
	tool_apply(0, nothing, "apply --plan file #", file);
	tool_apply(0, nothing, "", file);
	free(shell("test $(hycanctl --json apply file | grep -o '\"unchanged\": true' | wc -l) = %zu", n + 1));
}

static const char removals[] = "{\"steps\": [\n"
			       "{\"operation\": \"address.remove\", \"link\": \"left\", \"address\": \"10.1.0.1/24\"},\n"
			       "{\"operation\": \"route.remove\", \"destination\": \"10.2.0.0/16\"},\n"
			       "{\"operation\": \"rule.remove\", \"family\": \"ipv4\", \"priority\": 9},\n"
			       "{\"operation\": \"forwarding.set\", \"family\": \"ipv4\", \"on\": false},\n"
			       "{\"operation\": \"link.down\", \"name\": \"right\"},\n"
			       "{\"operation\": \"link.rename\", \"name\": \"right\", \"new_name\": \"east\"},\n"
			       "{\"operation\": \"link.up\", \"name\": \"east\"},\n"
			       "{\"operation\": \"link.delete\", \"name\": \"bridge\"}\n"
			       "]}\n";

static void test_removals(void **state)
{
	(void)state;
	free(shell("ip link add left up type veth peer name right && ip addr add 10.3.0.1/24 dev left && ip link set right up && "
	           "ip link add bridge type bridge && "
	           "hycanctl address add left 10.1.0.1/24 && hycanctl route add 10.2.0.0/16 --link left && "
	           "hycanctl rule add ipv4 --priority 9 --table 7 && "
	           "hycanctl forwarding set ipv4 on"));
	apply_twice(8, removals);
	/* who wants to know whether it was there */
	tool_apply(1,
	           "hycanctl: file: line 2: Step 1 of 8, address.remove: The link “left” does not have the address 10.1.0.1/24. "
	           "[not_found]\n",
	           "--exclusive", removals);
	free(shell("! hycanctl address remove left 10.1.0.1/24 2>/dev/null"));
}

static void test_nat(void **state)
{
	(void)state;
	need_success("nf_tables in this kernel", "nft list ruleset");
	free(shell("hycanctl masquerade add 10.1.0.0/24 && hycanctl port add tcp 8080-8082 10.1.0.2 80"));
	apply_twice(2, "{\"steps\": [{\"operation\": \"masquerade.remove\", \"subnet\": \"10.1.0.0/24\"},\n"
	               "{\"operation\": \"port.remove\", \"protocol\": \"tcp\", \"host_port\": \"8080-8082\"}]}");
	free(shell("! nft list table inet hycan"));
}

/* One thing in the place of another. */
static void test_instead(void **state)
{
	(void)state;
	need_success("nf_tables in this kernel", "nft list ruleset");
	free(shell("ip link add left up type veth peer name right && hycanctl address add left 10.1.0.1/24 && "
	           "hycanctl port add tcp 8080 10.1.0.2 80"));
	apply_twice(4, "{\"steps\": [{\"operation\": \"address.remove\", \"link\": \"left\", \"address\": \"10.1.0.1/24\"},\n"
	               "{\"operation\": \"address.add\", \"link\": \"left\", \"address\": \"10.1.0.1/16\"},\n"
	               "{\"operation\": \"port.remove\", \"protocol\": \"tcp\", \"host_port\": \"8080\"},\n"
	               "{\"operation\": \"port.add\", \"protocol\": \"tcp\", \"host_port\": \"8080-8090\", "
	               "\"to_address\": \"10.1.0.3\", \"to_port\": 80}]}");
}

/* “Delete it, and make it again” does so each time, and a link that is to be changed must be there. */
static void test_not_so(void **state)
{
	static const char anew[] = "{\"steps\": [{\"operation\": \"address.remove\", \"link\": \"left\", \"address\": "
				   "\"10.1.0.1/24\"},\n{\"operation\": \"address.add\", \"link\": \"left\", \"address\": "
				   "\"10.1.0.1/24\"}]}";

	(void)state;
	free(shell("ip link add left up type veth peer name right"));
	tool_apply(0, "Done: 1 of 2 steps changed something.\n", "", anew);
	tool_apply(0, "Done: 2 of 2 steps changed something.\n", "", anew);
	tool_apply(
		1,
		"hycanctl: file: line 1: Step 1 of 2, link.set: There is no link “none” in this network namespace. [not_found]\n",
		"",
		"{\"steps\": [{\"operation\": \"link.set\", \"name\": \"none\", \"mtu\": 1400}, "
		"{\"operation\": \"link.delete\", \"name\": \"none\"}]}");
}

static void test_wireguard(void **state)
{
	(void)state;
	need_kind("wireguard");
	free(shell(
		"hycanctl wireguard create wg7 && hycanctl wireguard peer-set wg7 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="));
	apply_twice(1, "{\"steps\": [{\"operation\": \"wireguard.peer_remove\", \"name\": \"wg7\", \"public_key\": "
	               "\"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\"}]}");
	apply_twice(1, "{\"steps\": [{\"operation\": \"link.delete\", \"name\": \"wg7\"}]}");
	tool_apply(0, nothing, "",
	           "{\"steps\": [{\"operation\": \"wireguard.peer_remove\", \"name\": \"wg7\", \"public_key\": "
	           "\"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\"}]}");
}

static void test_networks(void **state)
{
	(void)state;
	network_make_parent();
	need_command("dnsmasq");
	free(shell("hycanctl network create 100 10.9.0.0/24 10.9.0.1 blue --parent up0 && "
	           "hycanctl dns set 100 '{web 10.9.0.2}{db 10.9.0.3}'"));
	apply_twice(1, "{\"steps\": [{\"operation\": \"dns.remove_host\", \"vlan_id\": 100, \"name\": \"db\"}]}");
	apply_twice(1, "{\"steps\": [{\"operation\": \"dns.unset\", \"vlan_id\": 100}]}");
	apply_twice(1, "{\"steps\": [{\"operation\": \"network.delete\", \"vlan_id\": 100}]}");
	/* of a network that is gone its names are, too */
	tool_apply(0, nothing, "",
	           "{\"steps\": [{\"operation\": \"dns.remove_host\", \"vlan_id\": 100, \"name\": \"web\"},\n"
	           "{\"operation\": \"dns.unset\", \"vlan_id\": 100}, {\"operation\": \"network.delete\", \"vlan_id\": 100}]}");
}

/* What others hold, too, is let go of, which is done once. */
static void test_shared(void **state)
{
	static const char stays[] = "Stays, since others hold it: 1 of what the file takes away.\n";
	static const char file[] = "{\"steps\": [\n"
				   "{\"operation\": \"address.remove\", \"link\": \"left\", \"address\": \"10.1.0.1/24\"}]}";
	char text[256];

	(void)state;
	need_tool_as();
	free(shell("ip link add left up type veth peer name right"));
	free(shell(TOOL_AS("4242") "address add left 10.1.0.1/24"));
	free(shell(TOOL_AS("4243") "address add left 10.1.0.1/24"));
	snprintf(text, sizeof(text), "~ address left 10.1.0.1/24: let go of, others hold it\n%s", stays);
	tool_apply(0, text, "--version >/dev/null; " TOOL_AS("4242") "apply --plan file #", file);
	snprintf(text, sizeof(text), "Done: 1 of 1 steps changed something.\n%s", stays);
	tool_apply(0, text, "--version >/dev/null; " TOOL_AS("4242") "apply file #", file);
	snprintf(text, sizeof(text), "Nothing to do.\n%s", stays);
	tool_apply(0, text, "--version >/dev/null; " TOOL_AS("4242") "apply file #", file);
	tool_apply(0, text, "--version >/dev/null; " TOOL_AS("4242") "apply --confirm-within 60 file #", file);
	/* who wants to know whether it was there */
	free(shell("! " TOOL_AS("4242") "--exclusive apply file 2>/dev/null && ip addr show left | grep -q 10.1.0.1"));
	/* who only holds it from now on may have that taken back */
	tool_apply(0, "Done: nothing is otherwise but who holds it, or how.\n",
	           "--version >/dev/null; " TOOL_AS("4242") "apply --confirm-within 60 file | head -n 1 #",
	           "{\"steps\": [{\"operation\": \"address.add\", \"link\": \"left\", \"address\": \"10.1.0.1/24\"}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_removals, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_nat, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_instead, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_not_so, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_wireguard, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_networks, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_shared, tool_begin_for_all, tool_end),
	};

	return cmocka_run_group_tests_name("hycanctl apply, again", tests, NULL, NULL);
}
