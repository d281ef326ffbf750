/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address.add */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct hycan_link_address on(const char *link, const char *address)
{
	struct hycan_link_address a = { .address = prefix_of(address) };

	snprintf(a.link, sizeof(a.link), "%s", link);
	return a;
}

static void add(struct world *w, const struct hycan_link_address *a)
{
	assert_done(w->h, hycan_address_add(w->h, a));
	if (a->address.address.family == HYCAN_FAMILY_IPV6)
		routing_settle();
}

static void refused(struct world *w, const struct hycan_link_address *a, enum hycan_refusal refusal, const char *field,
                    const char *part)
{
	int fd = announcements_open();

	assert_refused(w->h, hycan_address_add(w->h, a), refusal);
	assert_string_equal(hycan_error_field(w->h), field);
	assert_contains(hycan_error_message(w->h), part);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

/* The address with its routes, as ip shows them. */
static char *view(const char *text)
{
	routing_settle();
	return shell("ip -o address show dev va to %s; (ip -4 route show table all; ip -6 route show table all) | sort", text);
}

static void adds_as_ip_does(void **state)
{
	struct world *w = *state;
	static const char *const texts[] = { "10.1.0.1/24",  "192.0.2.7/32", "127.0.0.5/8",
		                             "fd00:1::1/64", "fe80::5/64",   "2001:db8::1/128" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hycan_link_address a = on("va", texts[i]);
		char *theirs, *ours;

		free(shell("ip address add %s dev va nodad", texts[i]));
		theirs = view(texts[i]);
		free(shell("ip address delete %s dev va", texts[i]));
		if (a.address.address.family == HYCAN_FAMILY_IPV6)
			a.has_no_dad = a.no_dad = true;
		add(w, &a);
		ours = view(texts[i]);
		assert_string_equal(theirs, ours);
		free(shell("ip address delete %s dev va", texts[i]));
		free(theirs);
		free(ours);
	}
}

static void asked_twice_changes_nothing(void **state)
{
	struct world *w = *state;
	struct hycan_link_address four = on("va", "10.1.0.1/24"), six = on("va", "fd00:1::1/64");
	struct hycan_link_address by_ip = on("va", "10.2.0.1/24");
	int fd;

	add(w, &four);
	add(w, &six);
	free(shell("ip address add 10.2.0.1/24 broadcast + metric 7 dev va"));
	fd = announcements_open();
	add(w, &four);
	add(w, &six);
	add(w, &by_ip);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);

	hycan_set_exclusive(w->h, true);
	refused(w, &four, HYCAN_REFUSAL_EXISTS, "address", "10.1.0.1/24 already");
	refused(w, &six, HYCAN_REFUSAL_EXISTS, "address", "fd00:1::1/64 already");
}

static void gives_every_property(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = on("va", "10.1.0.1/24");
	char *text;

	a.has_broadcast = a.has_label = a.has_scope = a.has_preferred_lifetime = a.has_valid_lifetime = true;
	a.has_no_prefix_route = a.no_prefix_route = true;
	a.broadcast = address_of("10.1.0.255");
	snprintf(a.label, sizeof(a.label), "va:one");
	a.scope = HYCAN_SCOPE_LINK;
	a.preferred_lifetime = 5000;
	a.valid_lifetime = 9000;
	add(w, &a);
	add(w, &a);
	text = shell("ip address show dev va");
	assert_contains(text, "inet 10.1.0.1/24 brd 10.1.0.255 scope link");
	assert_contains(text, "noprefixroute va:one");
	free(text);
	text = shell("ip -j address show dev va | python3 -c 'import json, sys; a = json.load(sys.stdin)[0][\"addr_info\"][0]; "
	             "print(8900 < a[\"valid_life_time\"] <= 9000, 4900 < a[\"preferred_life_time\"] <= 5000)'");
	assert_string_equal(text, "True True\n");
	free(text);
	assert_output("", "ip route show");

	a = on("va", "fd00:2::1/64");
	a.has_metric = true;
	a.metric = 77;
	a.has_valid_lifetime = true;
	a.valid_lifetime = 9000;
	add(w, &a);
	add(w, &a);
	text = shell("ip -6 route show fd00:2::/64");
	assert_contains(text, "metric 77");
	free(text);
}

static void has_a_far_end(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = on("va", "10.1.0.1"), b = on("va", "fd00:1::1");

	a.has_peer = b.has_peer = true;
	a.peer = prefix_of("10.1.0.2/24");
	b.peer = prefix_of("fd00:1::2/64");
	add(w, &a);
	add(w, &a);
	add(w, &b);
	add(w, &b);
	assert_output("    inet 10.1.0.1 peer 10.1.0.2/24 scope global va\n", "ip -4 address show dev va | grep inet");
	assert_output("    inet6 fd00:1::1 peer fd00:1::2/64 scope global\n", "ip -6 address show dev va | grep inet");
	b.peer = prefix_of("fd00:1::3/64");
	refused(w, &b, HYCAN_REFUSAL_EXISTS, "address", "another peer");
	a.address = prefix_of("10.1.0.1/16");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "address", "belongs to the peer");
	a.address = prefix_of("10.1.0.1");
	a.peer = prefix_of("fd00:1::2/64");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "peer", "one family");
}

/* To the kernel they are several, to who names them by the address alone one. */
static void has_one_far_end(void **state)
{
	struct world *w = *state;
	struct hycan_link_address far = on("va", "10.1.0.1"), other = far, alone = far, wide = on("va", "10.1.0.1/24");

	far.has_peer = other.has_peer = true;
	far.peer = prefix_of("10.1.9.2/32");
	other.peer = prefix_of("10.1.8.2/24");
	for (int strangers = 0; strangers < 2; strangers++) {
		if (strangers)
			free(shell("ip address add 10.1.0.1 peer 10.1.9.2 dev va"));
		else
			add(w, &far);
		refused(w, &other, HYCAN_REFUSAL_EXISTS, "address", "as 10.1.9.2/32 and with another peer");
		refused(w, &alone, HYCAN_REFUSAL_EXISTS, "address", "as 10.1.9.2/32 and with another peer");
		add(w, &wide);
		assert_done(w->h, hycan_address_remove(w->h, "va", &wide.address));
		assert_done(w->h, hycan_address_remove(w->h, "va", &far.address));
		assert_output("", "ip -4 address show dev va | grep inet || true");
	}
	add(w, &alone);
	refused(w, &far, HYCAN_REFUSAL_EXISTS, "address", "as 10.1.0.1/32 and with another peer");
}

static void says_what_differs(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = on("va", "10.1.0.1/24"), b = on("va", "fd00:1::1/48");

	free(shell("ip address add 10.1.0.1/24 dev va && ip address add fd00:1::1/64 dev va"));
	routing_settle();
	refused(w, &b, HYCAN_REFUSAL_EXISTS, "address", "as fd00:1::1/64 and with another prefix length");
	a.has_valid_lifetime = true;
	a.valid_lifetime = 100;
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another lifetime");
	a.has_valid_lifetime = false;
	a.has_preferred_lifetime = true;
	a.preferred_lifetime = 0;
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another preferred lifetime");
	a = on("va", "10.1.0.1/24");
	a.has_no_prefix_route = a.no_prefix_route = true;
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "route to its network");
	a = on("va", "10.1.0.1/24");
	a.has_broadcast = true;
	a.broadcast = address_of("10.1.0.255");
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another broadcast");
	a = on("va", "10.1.0.1/24");
	a.has_scope = true;
	a.scope = HYCAN_SCOPE_LINK;
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another scope");
	free(shell("ip address add 10.7.0.1/24 dev va scope 100"));
	a = on("va", "10.7.0.1/24");
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another scope");
	a = on("va", "10.1.0.1/24");
	a.has_metric = true;
	a.metric = 3;
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another metric");
	/* to IPv4 another length is another address */
	a = on("va", "10.1.0.1/16");
	add(w, &a);
}

static void a_lifetime_that_runs_down_is_not_the_same(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = on("va", "10.1.0.1/24");

	free(shell("ip address add 10.1.0.1/24 dev va valid_lft 50 preferred_lft 50"));
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another lifetime");
	a.has_valid_lifetime = true;
	a.valid_lifetime = 100;
	refused(w, &a, HYCAN_REFUSAL_EXISTS, "address", "another lifetime");
}

static void refuses_what_makes_no_sense(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a;

	a = on("nolink", "10.1.0.1/24");
	refused(w, &a, HYCAN_REFUSAL_NOT_FOUND, "link", "no link “nolink”");
	a = on("va", "0.0.0.0/24");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "address", "unspecified");
	a = on("va", "ff02::1/64");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "address", "multicast");
	a = on("va", "::1/128");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "address", "like “va”");
	a = on("va", "10.1.0.1/24");
	a.has_valid_lifetime = a.has_preferred_lifetime = true;
	a.valid_lifetime = 10;
	a.preferred_lifetime = 11;
	refused(w, &a, HYCAN_REFUSAL_INVALID, "preferred_lifetime", "longer than it is valid");
	a.valid_lifetime = a.preferred_lifetime = 0;
	refused(w, &a, HYCAN_REFUSAL_INVALID, "valid_lifetime", "0 seconds");
	a = on("va", "10.1.0.1/24");
	a.has_no_dad = a.no_dad = true;
	refused(w, &a, HYCAN_REFUSAL_INVALID, "no_dad", "IPv4");
	a = on("va", "10.1.0.1/24");
	a.has_label = true;
	snprintf(a.label, sizeof(a.label), "vax");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "label", "va:1");
	a = on("va", "10.1.0.1/24");
	a.has_broadcast = true;
	a.broadcast = address_of("fd00::1");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "broadcast", "IPv4");
	a = on("va", "fd00:1::1/64");
	a.has_broadcast = true;
	a.broadcast = address_of("10.0.0.255");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "broadcast", "no broadcast");
	a = on("va", "fd00:1::1/64");
	a.has_label = true;
	snprintf(a.label, sizeof(a.label), "va:1");
	refused(w, &a, HYCAN_REFUSAL_INVALID, "label", "Only IPv4");
	a = on("va", "fd00:1::1/64");
	a.has_scope = true;
	a.scope = HYCAN_SCOPE_HOST;
	refused(w, &a, HYCAN_REFUSAL_INVALID, "scope", "follows from the address");
	a.scope = HYCAN_SCOPE_GLOBAL;
	add(w, &a);
}

static void says_that_a_link_has_no_ipv6(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = on("va", "fd00:1::1/64");

	free(shell("echo 1 > /proc/sys/net/ipv6/conf/va/disable_ipv6"));
	refused(w, &a, HYCAN_REFUSAL_UNSUPPORTED, "link", "disable_ipv6");
	free(shell("ip link set va mtu 1000"));
	refused(w, &a, HYCAN_REFUSAL_UNSUPPORTED, "link", "MTU of 1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_as_ip_does, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(asked_twice_changes_nothing, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(gives_every_property, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(has_one_far_end, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(has_a_far_end, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(says_what_differs, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(a_lifetime_that_runs_down_is_not_the_same, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_makes_no_sense, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(says_that_a_link_has_no_ipv6, routing_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
