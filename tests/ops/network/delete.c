/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.delete: everything of it goes, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "nat.h"
#include "network.h"
#include "objects.h"

static void test_delete(void **state)
{
	struct hycan_port_mapping inside = nat_mapping("tcp 8080 10.9.0.2 80"), outside = nat_mapping("tcp 8081 10.8.0.2 80");
	struct hycan_network_delete_options other = { .has_link = true, .link = "other" };
	struct world *w = *state;
	char *before, *after;

	network_make_parent();
	assert_done(w->h, hycan_port_add(w->h, &outside));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	/* the kernel says so a moment after it is (RFC 2863) */
	shell_until(20, "ip -o link show net101 | grep -q 'state UP'");
	before = shell("nft list ruleset; ip -o link show; ip -o -4 address show; cat /proc/sys/net/ipv4/ip_forward");
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"));
	assert_done(w->h, hycan_port_add(w->h, &inside));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, true, NULL));
	assert_refused(w->h, hycan_network_delete(w->h, 102, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_refused(w->h, hycan_network_delete(w->h, 100, &other), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "the link “net100” and not “other”");
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_refused(w->h, hycan_network_delete(w->h, 100, NULL), HYCAN_REFUSAL_NOT_FOUND);
	/* the other network with its link, and the port that leads there */
	assert_int_equal(objects_count(w->h), 3);
	after = shell("nft list ruleset; ip -o link show; ip -o -4 address show; cat /proc/sys/net/ipv4/ip_forward");
	assert_string_equal(after, before);
	free(after);
	free(before);
	after = shell("cat /proc/sys/net/ipv6/conf/all/forwarding");
	assert_string_equal(after, "0\n");
	free(after);
	/* also when a stranger has taken the link away */
	free(shell("ip link delete net101"));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	after = shell("nft list ruleset; cat /proc/sys/net/ipv4/ip_forward");
	assert_lacks(after, "network");
	free(after);
}

/* Forwarding that somebody asked for stays. */
static void test_forwarding(void **state)
{
	struct world *w = *state;
	char *text;

	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	free(shell("sysctl -qw net.ipv4.ip_forward=0"));
	assert_drift(w->h, 100, "IPv4 is not forwarded");
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	text = shell("cat /proc/sys/net/ipv4/ip_forward");
	assert_string_equal(text, "1\n");
	free(text);
}

/* What a connection held goes with it, and a transaction that fails leaves nothing. */
static void test_ends(void **state)
{
	const struct hycan_network blue = network_of("100 10.9.0.0/24 10.9.0.1 blue");
	struct world *w = *state;
	struct hycan *h = NULL;
	char *text;

	network_make_parent();
	assert_done(w->h, hycan_open(&h, w->socket));
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(h, hycan_network_create(h, &blue, NULL, NULL));
	hycan_close(h);
	shell_until(30, "test -z \"$(nft list ruleset; ip -o link show type vlan)\"");
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)hycan_network_create(w->h, &blue, NULL, NULL);
	(void)hycan_link_up(w->h, "nosuch0");
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	text = shell("nft list ruleset; ip -o link show type vlan; cat /proc/sys/net/ipv4/ip_forward");
	assert_string_equal(text, "0\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_delete, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_forwarding, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ends, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.delete", tests, NULL, NULL);
}
