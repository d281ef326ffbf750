/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.delete: everything of it goes, and nothing else. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "health.h"
#include "held.h"
#include "nat.h"
#include "network.h"
#include "objects.h"
#include "text.h"

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
	for (int drifts = 0; drifts < 2; drifts++) {
		assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
		assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
		if (drifts) {
			free(shell("sysctl -qw net.ipv4.ip_forward=0"));
			assert_drift(w->h, 100, "IPv4 is not forwarded");
			assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
		}
		assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
		text = shell("cat /proc/sys/net/ipv4/ip_forward");
		assert_string_equal(text, "1\n");
		free(text);
		assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, false, NULL));
	}
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

/* It goes with it, too, where the daemon is killed first: the next one knows of nobody who would hold it. */
static void test_ends_behind_a_killed_daemon(void **state)
{
	const struct hycan_network blue = network_of("100 10.9.0.0/24 10.9.0.1 blue");
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, hycan_session_lifetime(w->h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(w->h, hycan_network_create(w->h, &blue, NULL, NULL));
	world_stop_daemon(w, SIGKILL);
	hycan_close(w->h);
	w->h = NULL;
	world_start_daemon(w, &(struct world_options){ 0 });
	assert_done(w->h, hycan_open(&w->h, w->socket));
	shell_until(30, "test -z \"$(nft list ruleset; ip -o link show type vlan)\"");
	objects_wait(w->h, 0);
}

static void assert_nothing_left(void)
{
	char *text = shell("nft list ruleset; ip -o link show type vlan");

	assert_string_equal(text, "");
	free(text);
}

#define BLUE "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"

/* What a stranger took out of the table is whole again when it is asked for, and gone when it is deleted, with its own link. */
static void test_left(void **state)
{
	struct world *w = *state;
	char *before, *after;

	network_make_parent();
	/* that networks turned it on was in the table */
	free(shell("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"));
	assert_done(w->h, network_create(w->h, BLUE));
	before = shell("ip -o link show net100 | cut -d: -f1; nft list ruleset");
	free(shell("nft flush ruleset"));
	objects_wait(w->h, 1);
	assert_problem(w->h, "networks", "A stranger took away the network “100 link net100” of uid 0");
	assert_done(w->h, network_create(w->h, BLUE));
	after = shell("ip -o link show net100 | cut -d: -f1; nft list ruleset");
	assert_string_equal(after, before);
	assert_no_drift(w->h, 100);
	assert_well(w->h);
	assert_int_equal(objects_count(w->h), 2);
	free(after);
	free(before);
	/* also at once, and where some of it is in the table still */
	free(shell("nft delete table inet hycan"));
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_nothing_left();
	assert_well(w->h);
	assert_refused(w->h, hycan_network_delete(w->h, 100, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, network_create(w->h, BLUE));
	free(shell("nft flush set inet hycan network"));
	objects_wait(w->h, 1);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_nothing_left();
	assert_int_equal(objects_count(w->h), 0);
	/* a link that a stranger made in its place is his */
	assert_done(w->h, network_create(w->h, BLUE));
	free(shell("nft flush ruleset; ip link delete net100; ip link add link up0 name net100 type vlan id 100"));
	objects_wait(w->h, 0);
	assert_refused(w->h, network_create(w->h, BLUE), HYCAN_REFUSAL_EXISTS);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	free(shell("ip link show net100"));
	assert_well(w->h);
}

static void assert_forwarding(const char *ipv4_ipv6)
{
	char *text = shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | tr -d '\\n'");

	assert_string_equal(text, ipv4_ipv6);
	free(text);
}

/* That networks turned forwarding on is known where the table that said so is gone, and the daemon was another one. */
static void test_forwarding_left(void **state)
{
	struct world *w = *state;

	network_make_parent();
	for (int again = 0; again < 2; again++) {
		assert_forwarding("00");
		assert_done(w->h, network_create(w->h, BLUE));
		assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
		assert_forwarding("11");
		world_stop_daemon(w, SIGKILL);
		hycan_close(w->h);
		w->h = NULL;
		free(shell("nft flush ruleset"));
		world_start_daemon(w, &(struct world_options){ 0 });
		assert_done(w->h, hycan_open(&w->h, w->socket));
		/* it is made again, or goes as it is */
		if (again)
			assert_done(w->h, network_create(w->h, BLUE));
		assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
		assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
		assert_nothing_left();
	}
	assert_forwarding("00");
	/* what was on before stays on */
	free(shell("sysctl -qw net.ipv4.ip_forward=1"));
	assert_done(w->h, network_create(w->h, BLUE));
	free(shell("nft flush ruleset"));
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_forwarding("10");
}

/* What no network needed any more, and somebody else turned on since, is not turned off by one that never needed it. */
static void test_forwarding_own(void **state)
{
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_forwarding("10");
	free(shell("sysctl -qw net.ipv6.conf.all.forwarding=1; nft flush ruleset"));
	objects_wait(w->h, 1);
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_nothing_left();
	assert_forwarding("01");
}

/* What a transaction made, and took along with the network, is not in the ledger. */
static void test_gone_along(void **state)
{
	struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.9.0.2 80");
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)hycan_port_add(w->h, &mapping);
	(void)hycan_network_delete(w->h, 100, NULL);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	assert_int_equal(objects_count(w->h), 0);
	assert_nothing_left();
}

static int delete_and_go_on(struct hycan *h, const void *userdata)
{
	const struct hycan_route route = { .destination = prefix_of("10.7.0.0/16"),
		                           .has_via = true,
		                           .via = prefix_of("203.0.113.1/32").address };

	(void)userdata;
	return hycan_transaction_begin(h) || hycan_network_delete(h, 100, NULL) || hycan_route_add(h, &route) ||
	       hycan_transaction_commit(h, NULL, NULL);
}

/* A transaction deletes a network with a mapping, and is held at its next step; somebody else makes the mapping anew. */
static pid_t delete_slowly(struct world *w, const struct hycan_port_mapping *mapping)
{
	pid_t child;
	char *text;

	network_make_parent();
	free(shell("ip link add other0 type veth peer name other1 && ip link set other0 up && ip link set other1 up"));
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, hycan_port_add(w->h, mapping));
	child = held_in_pause(w, delete_and_go_on, NULL);
	text = nat_list_mappings(w->h);
	assert_string_equal(text, "");
	free(text);
	assert_done(w->h, hycan_port_add(w->h, mapping));
	return child;
}

/* What others make while a later step is tried again is theirs, though one like it went along. */
static void test_made_anew(void **state)
{
	const struct hycan_link_address way = { .link = "other0", .address = prefix_of("203.0.113.2/24") };
	struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.9.0.2 80");
	struct world *w = *state;
	int status;
	pid_t child;

	child = delete_slowly(w, &mapping);
	/* until then the gateway cannot be reached */
	assert_done(w->h, hycan_address_add(w->h, &way));
	held_end();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(objects_count(w->h), 3);
	assert_well(w->h);
}

/* The same where the daemon is killed meanwhile, and the next one carries out what is left. */
static void test_made_anew_and_killed(void **state)
{
	struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.9.0.2 80");
	struct world *w = *state;
	pid_t child;

	child = delete_slowly(w, &mapping);
	world_stop_daemon(w, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	hycan_close(w->h);
	w->h = NULL;
	free(shell("ip address add 203.0.113.2/24 dev other0"));
	world_start_daemon(w, &(struct world_options){ 0 });
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_int_equal(objects_count(w->h), 2);
	assert_well(w->h);
}

/* A link that was made as one is no network's, whatever its name. */
static void test_not_left(void **state)
{
	const struct hycan_vlan_create_options named = { .has_name = true, .name = "net100" };
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, hycan_vlan_create(w->h, "up0", 100, &named, NULL));
	assert_refused(w->h, hycan_network_delete(w->h, 100, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_refused(w->h, network_create(w->h, BLUE), HYCAN_REFUSAL_EXISTS);
	assert_done(w->h, hycan_link_delete(w->h, "net100"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_delete, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_forwarding, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ends, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ends_behind_a_killed_daemon, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_left, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_forwarding_left, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_forwarding_own, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone_along, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_made_anew, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_made_anew_and_killed, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_not_left, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.delete", tests, NULL, NULL);
}
