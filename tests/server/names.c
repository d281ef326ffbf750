/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that are called by an alternative name (ip-link(8), altname), wherever a request can name one. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view.h"
#include "world.h"

/* Without addresses that the kernel gives, so that nothing changes but by us. */
static void make_links(void)
{
	free(shell("ip link add v0 type veth peer name v1 && ip link property add dev v0 altname other && "
	           "ip link set v0 addrgenmode none && ip link set v1 addrgenmode none && ip link set v0 up && "
	           "ip link set v1 up && ip address add 10.1.0.1/24 dev v0"));
}

/* With a rule about names. */
static int begin(void **state)
{
	*state = world_start(&(struct world_options){ .policy = "allow root all name=*\n" });
	make_links();
	return 0;
}

static void assert_told(struct world *w, int result, const char *field)
{
	assert_refused(w->h, result, HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "“other” is an alternative name of the link “v0”: call it that.");
	assert_string_equal(hycan_error_field(w->h), field);
}

static void test_everywhere(void **state)
{
	struct world *w = *state;
	struct hycan_link_address address = { .link = "other", .address = { { .family = 2, .bytes = { 10, 2, 0, 1 } }, 24 } };
	struct hycan_link_set_options set = { .has_mtu = true, .mtu = 1400 };
	struct hycan_vlan_create_options vlan = { .has_name = true, .name = "other" };
	struct hycan_nexthop hops[] = { { .has_link = true, .link = "v1" }, { .has_link = true, .link = "other" } };
	struct hycan_route routes[3] = { 0 };
	struct hycan_rule rule = { .family = 2, .has_in_interface = true, .in_interface = "other" };
	struct hycan_masquerade masquerade = { .subnet = { { .family = 2, .bytes = { 10, 3 } }, 16 },
		                               .has_out_interface = true,
		                               .out_interface = "other" };
	char *before, *after;

	view_settle();
	before = shell("ip -d link; ip address; ip route; ip rule");
	assert_told(w, hycan_link_up(w->h, "other"), "name");
	assert_told(w, hycan_link_down(w->h, "other"), "name");
	assert_told(w, hycan_link_set(w->h, "other", &set), "name");
	assert_told(w, hycan_link_rename(w->h, "other", "third"), "name");
	assert_told(w, hycan_link_rename(w->h, "v1", "other"), "new_name");
	assert_told(w, hycan_link_delete(w->h, "other"), "name");
	assert_told(w, hycan_vcan_create(w->h, "other", NULL, NULL), "name");
	assert_told(w, hycan_vlan_create(w->h, "other", 100, NULL, NULL), "parent");
	assert_told(w, hycan_vlan_create(w->h, "v1", 100, &vlan, NULL), "name");
	assert_told(w, hycan_address_add(w->h, &address), "link");
	assert_told(w, hycan_address_remove(w->h, "other", &address.address), "link");
	assert_told(w, hycan_rule_add(w->h, &rule), "in_interface");
	assert_told(w, hycan_masquerade_add(w->h, &masquerade), "out_interface");
	for (size_t i = 0; i < 3; i++) {
		routes[i].destination = (struct hycan_prefix){ { .family = 2, .bytes = { 10, 50, (uint8_t)i } }, 24 };
		routes[i].has_link = true;
		snprintf(routes[i].link, sizeof(routes[i].link), "v0");
	}
	snprintf(routes[2].link, sizeof(routes[2].link), "other");
	assert_told(w, hycan_route_add(w->h, &routes[2]), "link");
	assert_told(w, hycan_route_load(w->h, routes, 3, NULL, NULL), "link");
	routes[2].has_link = false;
	routes[2].has_nexthops = true;
	routes[2].nexthops = hops;
	routes[2].n_nexthops = 2;
	assert_told(w, hycan_route_add(w->h, &routes[2]), "link");
	assert_told(w, hycan_route_load(w->h, routes, 3, NULL, NULL), "link");
	after = shell("ip -d link; ip address; ip route; ip rule");
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static const char denied[] = "deny nobody link.down name=v0\nallow nobody link name=*\n";

static void as_nobody(struct world *w)
{
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_refused(h, hycan_link_down(h, "v0"), HYCAN_REFUSAL_DENIED);
	assert_refused(h, hycan_link_down(h, "other"), HYCAN_REFUSAL_INVALID);
	assert_done(h, hycan_link_down(h, "v1"));
	hycan_close(h);
}

/* A rule about a link holds, whatever else it is called. */
static void test_deny(void **state)
{
	struct world *w = world_start(&(struct world_options){ .policy = denied, .open_to_all = true });

	free(shell("ip link add v0 type veth peer name v1 && ip link property add dev v0 altname other && ip link set v0 up"));
	world_as(65534, 65533, as_nobody, w);
	free(shell("ip link show v0 | grep -q ,UP"));
	*state = w;
	assert_int_equal(world_end(state), 0);
}

/* Where no rule is about names and the ledger is told nothing, root calls links as with ip(8). */
static void test_nobody_looks(void **state)
{
	struct world *w = *state;

	make_links();
	free(shell("ip link set v0 down"));
	assert_done(w->h, hycan_link_up(w->h, "other"));
	free(shell("ip link show v0 | grep -q ,UP"));
	assert_told(w, hycan_link_rename(w->h, "other", "third"), "name");
	assert_told(w, hycan_link_delete(w->h, "other"), "name");
}

/* What is called how may change between two requests. */
static void test_changes(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++)
		assert_done(w->h, hycan_link_up(w->h, "v0"));
	free(shell("ip link set v0 down && ip link set v0 name v2 && ip link property add dev v2 altname v0"));
	assert_refused(w->h, hycan_link_up(w->h, "v0"), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "“v0” is an alternative name of the link “v2”");
	assert_done(w->h, hycan_link_up(w->h, "v2"));
	/* another link has the name now */
	free(shell("ip link property del dev v2 altname v0 && ip link add v0 type ifb"));
	assert_done(w->h, hycan_link_up(w->h, "v0"));
	free(shell("ip link show v0 | grep -q ,UP"));
	/* and nobody */
	free(shell("ip link delete v0"));
	assert_refused(w->h, hycan_link_up(w->h, "v0"), HYCAN_REFUSAL_NOT_FOUND);
	/* names that meet in what is remembered */
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "none%d", i);
		assert_refused(w->h, hycan_link_up(w->h, name), HYCAN_REFUSAL_NOT_FOUND);
	}
	assert_done(w->h, hycan_link_up(w->h, "v2"));
	assert_refused(w->h, hycan_link_up(w->h, "other"), HYCAN_REFUSAL_INVALID);
}

/* Another namespace has names and numbers of its own. */
static void test_elsewhere(void **state)
{
	struct world *w = *state;
	int fd;

	assert_done(w->h, hycan_link_up(w->h, "v1"));
	free(shell("ip netns add far && ip -n far link add v1 type ifb && ip -n far link property add dev v1 altname v0"));
	fd = open("/run/netns/far", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_done(w->h, hycan_session_netns(w->h, fd, NULL));
	close(fd);
	assert_refused(w->h, hycan_link_up(w->h, "v0"), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "“v0” is an alternative name of the link “v1”");
	assert_done(w->h, hycan_link_up(w->h, "v1"));
	assert_refused(w->h, hycan_link_up(w->h, "other"), HYCAN_REFUSAL_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_everywhere, begin, world_end),
		cmocka_unit_test(test_deny),
		cmocka_unit_test_setup_teardown(test_nobody_looks, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_changes, begin, world_end),
		cmocka_unit_test_setup_teardown(test_elsewhere, begin, world_end),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
