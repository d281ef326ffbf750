/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port mappings of networks: whose each is, what is refused, and with what it goes. */
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "nat.h"
#include "network.h"

#define NONE (-1)

/* The mapping in that network, or without a word of one. */
static struct hycan_port_mapping mapping_in(const char *text, int network)
{
	struct hycan_port_mapping m = nat_mapping(text);

	m.has_network = network != NONE;
	m.network = network == NONE ? 0 : (uint16_t)network;
	return m;
}

static int add(struct world *w, const char *text, int network)
{
	const struct hycan_port_mapping m = mapping_in(text, network);

	return hycan_port_add(w->h, &m);
}

static int remove_from(struct world *w, const char *text, int network)
{
	const struct hycan_port_mapping m = mapping_in(text, network);
	const struct hycan_port_remove_options options = {
		.has_family = true,
		.family = (enum hycan_family)m.to_address.family,
		.has_network = m.has_network,
		.network = m.network,
	};

	return hycan_port_remove(w->h, m.protocol, &m.host_port, &options);
}

/* The network that port.list tells of the mapping of a host port; -1: there is none. */
static int network_of_port(struct world *w, uint16_t port)
{
	struct hycan_port_mapping *m = NULL;
	int network = -1;
	size_t n = 0;

	assert_done(w->h, hycan_port_list(w->h, &m, &n));
	for (size_t i = 0; i < n; i++)
		if (m[i].host_port.first == port) {
			assert_true(m[i].has_network);
			network = m[i].network;
		}
	free(m);
	return network;
}

static void assert_no(struct world *w, int r, enum hycan_refusal refusal, const char *field, const char *part)
{
	assert_refused(w->h, r, refusal);
	assert_string_equal(hycan_error_field(w->h), field);
	assert_contains(hycan_error_message(w->h), part);
}

static void make_networks(struct world *w)
{
	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
}

static void test_whose(void **state)
{
	struct world *w = *state;
	struct nat_watch *watch;
	char *text;

	make_networks(w);
	assert_done(w->h, add(w, "tcp 8080 10.9.0.2 80", NONE));
	assert_done(w->h, add(w, "tcp 8081 fd09::2 80", 100));
	assert_done(w->h, add(w, "udp 9000-9001 10.8.0.2 7000", NONE));
	assert_done(w->h, add(w, "tcp 8082 10.7.0.2 80", 0));
	assert_int_equal(network_of_port(w, 8080), 100);
	assert_int_equal(network_of_port(w, 8081), 100);
	assert_int_equal(network_of_port(w, 9000), 101);
	assert_int_equal(network_of_port(w, 8082), 0);
	text = shell("nft list table inet hycan");
	assert_contains(text, "tcp . 8080 comment \"network 100\" : 10.9.0.2 . 80");
	assert_contains(text, "udp . 9001 comment \"9000-9001 network 101\" : 10.8.0.2 . 7001");
	assert_contains(text, "tcp . 8082 comment \"network 0\" : 10.7.0.2 . 80");
	free(text);
	watch = nat_watch_begin(w);
	assert_done(w->h, add(w, "tcp 8080 10.9.0.2 80", 100));
	assert_done(w->h, add(w, "tcp 8081 fd09::2 80", NONE));
	assert_done(w->h, add(w, "udp 9000-9001 10.8.0.2 7000", 101));
	assert_done(w->h, add(w, "tcp 8082 10.7.0.2 80", 0));
	/* where it does not lie, and where nothing is */
	assert_no(w, add(w, "tcp 1 10.9.0.2 80", 101), HYCAN_REFUSAL_INVALID, "to_address", "10.8.0.0/24 of the network “red”");
	assert_no(w, add(w, "tcp 1 10.8.0.2 80", 100), HYCAN_REFUSAL_INVALID, "to_address", "10.9.0.0/24 or fd09::/64 of");
	assert_no(w, add(w, "tcp 1 fd08::2 80", 100), HYCAN_REFUSAL_INVALID, "to_address", "fd09::/64");
	assert_no(w, add(w, "tcp 1 10.9.0.2 80", 0), HYCAN_REFUSAL_INVALID, "network", "“blue” with VLAN 100");
	assert_no(w, add(w, "tcp 1 10.9.0.2 80", 102), HYCAN_REFUSAL_NOT_FOUND, "network", "no network with VLAN 102");
	assert_no(w, add(w, "tcp 1 10.7.0.2 80", NONE), HYCAN_REFUSAL_INVALID, "to_address",
	          "(100: 10.9.0.0/24, 101: 10.8.0.0/24). If it shall be outside all of them, say network 0");
	assert_no(w, add(w, "tcp 8080 10.9.0.3 80", NONE), HYCAN_REFUSAL_EXISTS, "host_port",
	          "tcp 8080 leads to 10.9.0.2:80 in network 100");
	assert_no(w, remove_from(w, "tcp 8080 10.9.0.2 80", 101), HYCAN_REFUSAL_NOT_FOUND, "network", "with VLAN 100");
	assert_no(w, remove_from(w, "tcp 8080 10.9.0.2 80", 0), HYCAN_REFUSAL_NOT_FOUND, "network", "with VLAN 100");
	assert_no(w, remove_from(w, "tcp 8082 10.7.0.2 80", 100), HYCAN_REFUSAL_NOT_FOUND, "network", "to no network");
	text = nat_watch_end(watch);
	assert_string_equal(text, "");
	free(text);
	assert_done(w->h, remove_from(w, "tcp 8080 10.9.0.2 80", 100));
	assert_done(w->h, remove_from(w, "tcp 8082 10.7.0.2 80", 0));
	assert_int_equal(network_of_port(w, 8080), -1);
}

/* A network has another subnet until a transaction is taken back, and gets a mapping there. */
static void move_for_a_while(struct world *w)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, network_replace(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_done(w->h, add(w, "tcp 8080 10.9.0.2 80", NONE));
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
}

/* It goes with its network, also when the subnet is another one by then; and what is nobody's stays. */
static void test_goes_along(void **state)
{
	struct world *w = *state;
	char *text;

	assert_done(w->h, add(w, "tcp 1000 10.9.0.9 80", NONE));
	assert_int_equal(network_of_port(w, 1000), 0);
	make_networks(w);
	/* now it leads into one */
	assert_int_equal(network_of_port(w, 1000), 100);
	assert_done(w->h, add(w, "tcp 1000 10.9.0.9 80", NONE));
	assert_done(w->h, add(w, "tcp 8080 10.9.0.2 80", NONE));
	assert_done(w->h, add(w, "tcp 8081 10.8.0.2 80", NONE));
	assert_done(w->h, add(w, "tcp 8082 10.7.0.2 80", 0));
	/* it is not left behind unless the network was there before */
	assert_no(w, network_replace(w->h, "100 10.6.0.0/24 10.6.0.1 blue"), HYCAN_REFUSAL_BUSY, "subnet",
	          "tcp 8080 leads to 10.9.0.2");
	assert_no_drift(w->h, 100);
	assert_done(w->h, remove_from(w, "tcp 8080 10.9.0.2 80", 100));
	assert_done(w->h, network_replace(w->h, "100 10.6.0.0/24 10.6.0.1 blue"));
	move_for_a_while(w);
	assert_int_equal(network_of_port(w, 8080), 100);
	assert_drift(w->h, 100, "tcp 8080 leads to 10.9.0.2");
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	text = nat_list_mappings(w->h);
	assert_string_equal(text, "tcp 1000 10.9.0.9 80\ntcp 8081 10.8.0.2 80\ntcp 8082 10.7.0.2 80\n");
	free(text);
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	text = nat_list_mappings(w->h);
	assert_string_equal(text, "tcp 1000 10.9.0.9 80\ntcp 8082 10.7.0.2 80\n");
	free(text);
}

/* One that is older than its network has no note of it, also when it is asked for again; and that is nobody's doing. */
static void test_older_than_its_network(void **state)
{
	struct world *w = *state;

	assert_done(w->h, add(w, "tcp 1000 10.9.0.9 80", NONE));
	make_networks(w);
	assert_done(w->h, add(w, "tcp 1000 10.9.0.9 80", NONE));
	assert_well(w->h);
	/* nor is it once the networks are gone */
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_done(w->h, add(w, "tcp 1000 10.9.0.9 80", NONE));
	assert_well(w->h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whose, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_goes_along, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_older_than_its_network, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("port mappings of networks", tests, NULL, NULL);
}
