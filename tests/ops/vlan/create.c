/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlan.create: an 802.1Q or 802.1ad sub-interface, once. */
#include "view.h"
#include "watch.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void make_parent(void)
{
	need_kind("vlan");
	free(shell("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 && ip link add v0 type veth peer name v1"));
}

static void test_create(void **state)
{
	struct hycan_vlan_create_options options = { .has_name = true,
		                                     .name = "outer",
		                                     .has_protocol = true,
		                                     .protocol = HYCAN_VLAN_PROTOCOL_802_1AD,
		                                     .has_mtu = true,
		                                     .mtu = 1400 };
	struct world *w = *state;
	struct hycan_link link;

	make_parent();
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 100, NULL, &link));
	assert_string_equal(link.name, "v0.100");
	assert_string_equal(link.kind, "vlan");
	assert_string_equal(link.parent, "v0");
	assert_int_equal(link.vlan_id, 100);
	assert_int_equal(link.vlan_protocol, HYCAN_VLAN_PROTOCOL_802_1Q);
	assert_int_equal(link.mtu, 1500);
	assert_as_ip_shows(&link);
	/* the same number with the other tag is another VLAN */
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 100, &options, &link));
	assert_string_equal(link.name, "outer");
	assert_int_equal(link.vlan_protocol, HYCAN_VLAN_PROTOCOL_802_1AD);
	assert_int_equal(link.mtu, 1400);
	assert_as_ip_shows(&link);
	/* QinQ: a tag within a tag */
	assert_done(w->h, hycan_vlan_create(w->h, "outer", 4094, NULL, &link));
	assert_string_equal(link.name, "outer.4094");
	assert_string_equal(link.parent, "outer");
	assert_as_ip_shows(&link);
}

static void test_twice(void **state)
{
	struct hycan_vlan_create_options options = { .has_mtu = true, .mtu = 1500 };
	struct hycan_link first, second;
	struct world *w = *state;
	int watch;

	make_parent();
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 1, NULL, &first));
	watch = watch_links();
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 1, NULL, &second));
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 1, &options, NULL));
	assert_int_equal(first.ifindex, second.ifindex);
	hycan_set_exclusive(w->h, true);
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 1, NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "name");
	assert_int_equal(watch_count(watch), 0);
	close(watch);
}

static void test_other_properties(void **state)
{
	struct hycan_vlan_create_options options = { .has_name = true, .name = "taken" };
	struct world *w = *state;

	make_parent();
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 5, &options, NULL));
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 6, &options, NULL), HYCAN_REFUSAL_EXISTS);
	assert_refused(w->h, hycan_vlan_create(w->h, "v1", 5, &options, NULL), HYCAN_REFUSAL_EXISTS);
	options.has_mtu = true;
	options.mtu = 1400;
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 5, &options, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "other properties");
	strcpy(options.name, "v1");
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 6, &options, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "of kind veth");
	assert_ip_shows("taken", "linkinfo.info_data.id mtu", "5 1500");
}

/* A parent carries a VLAN once; the refusal names the link that has it. */
static void test_other_name(void **state)
{
	struct hycan_vlan_create_options options = { .has_name = true, .name = "first" };
	struct world *w = *state;

	make_parent();
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 5, &options, NULL));
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 5, NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "“v0” has VLAN 5 already, as link “first”");
	assert_string_equal(hycan_error_field(w->h), "vlan_id");
	assert_int_not_equal(shell_status(NULL, "ip link show v0.5"), 0);
}

static void test_parent(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_vlan_create(w->h, "nowhere", 5, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
	assert_string_equal(hycan_error_field(w->h), "parent");
}

static void test_unable_parent(void **state)
{
	struct world *w = *state;

	need_kind("vlan");
	assert_refused(w->h, hycan_vlan_create(w->h, "lo", 5, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "VLANs not supported on device");
}

static void test_mtu(void **state)
{
	struct hycan_vlan_create_options options = { .has_mtu = true, .mtu = 1501 };
	struct world *w = *state;

	make_parent();
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 5, &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_contains(hycan_error_message(w->h), "“v0” has 1500");
	assert_string_equal(hycan_error_field(w->h), "mtu");
	options.mtu = 67;
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 5, &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_int_not_equal(shell_status(NULL, "ip link show v0.5"), 0);
	options.mtu = 68;
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 5, &options, NULL));
}

static void test_bad_input(void **state)
{
	struct hycan_vlan_create_options options = { .has_name = true, .name = "x", .has_protocol = true, .protocol = 0x9100 };
	struct world *w = *state;

	free(shell("ip link add averylongname1 type ifb"));
	assert_refused(w->h, hycan_vlan_create(w->h, "averylongname1", 0, NULL, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_refused(w->h, hycan_vlan_create(w->h, "averylongname1", 4095, NULL, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_string_equal(hycan_error_field(w->h), "vlan_id");
	/* “averylongname1.100” is too long for a name */
	assert_int_not_equal(hycan_vlan_create(w->h, "averylongname1", 100, NULL, NULL), 0);
	assert_int_not_equal(hycan_vlan_create(w->h, "averylongname1", 100, &options, NULL), 0);
	free(shell("test $(ip -o link | wc -l) = 2"));
}

static void test_unsupported(void **state)
{
	struct world *w = *state;

	free(shell("ip link add v0 type ifb"));
	if (shell_status(NULL, "ip link add link v0 name probe type vlan id 9") == 0)
		return;
	assert_refused(w->h, hycan_vlan_create(w->h, "v0", 5, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "vlan link “v0.5”: Unknown device type");
}

static void count(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	(void)reply;
	(void)n;
	assert_done(h, result);
	++*(size_t *)userdata;
}

/* Many at once, without waiting for each. */
static void test_many(void **state)
{
	struct hycan_link_list_options vlans = { .has_kind = true, .kind = "vlan" };
	struct world *w = *state;
	struct hycan_link *links;
	size_t done = 0, n;

	make_parent();
	for (uint16_t id = 1; id <= 1000; id++)
		assert_int_equal(hycan_vlan_create_async(w->h, "v0", id, NULL, count, &done), 0);
	/* a blocking call is answered after those before it */
	assert_done(w->h, hycan_link_list(w->h, &vlans, &links, &n));
	assert_int_equal(done, 1000);
	assert_int_equal(n, 1000);
	free(links);
	assert_refused(
		w->h,
		hycan_vlan_create(w->h, "v0", 1000, &(struct hycan_vlan_create_options){ .has_name = true, .name = "twin" }, NULL),
		HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "as link “v0.1000”");
}

/* A frame with the tag reaches the same VLAN at the other end, over IPv4 and IPv6, and no other. */
static void test_traffic(void **state)
{
	struct world *w = *state;

	need_kind("vlan");
	free(shell("ip netns add far && ip link add v0 type veth peer name v1 netns far && ip -n far link set v1 up &&"
	           "ip -n far link add link v1 name v1.7 type vlan id 7 && ip -n far link set v1.7 up &&"
	           "ip -n far address add 192.0.2.2/24 dev v1.7 && ip -n far address add 2001:db8::2/64 dev v1.7 nodad"));
	assert_done(w->h, hycan_vlan_create(w->h, "v0", 7, NULL, NULL));
	assert_done(w->h, hycan_link_up(w->h, "v0"));
	assert_done(w->h, hycan_link_up(w->h, "v0.7"));
	free(shell("ip address add 192.0.2.1/24 dev v0.7 && ip address add 2001:db8::1/64 dev v0.7 nodad"));
	shell_until(20, "ping -c 1 -W 1 192.0.2.2");
	shell_until(20, "ping -c 1 -W 1 2001:db8::2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_other_properties, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_other_name, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_parent, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unable_parent, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_mtu, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad_input, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unsupported, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_many, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_traffic, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("vlan.create", tests, NULL, NULL);
}
