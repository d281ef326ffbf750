/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.remove: exactly that one, and the table with the last. What becomes of connections: tests/stories/nat.c. */
#include <stdlib.h>

#include "nat.h"

static void add(struct world *w, const char *text)
{
	struct hycan_port_mapping m = nat_mapping(text);

	assert_done(w->h, hycan_port_add(w->h, &m));
}

static int remove_it(struct world *w, const char *text)
{
	struct hycan_port_mapping m = nat_mapping(text);

	return nat_remove_mapping(w->h, &m);
}

static void assert_left(struct world *w, const char *expected)
{
	char *text = nat_list_mappings(w->h);

	assert_string_equal(text, expected);
	free(text);
}

static void test_only_that_one(void **state)
{
	struct world *w = *state;

	add(w, "tcp 80 172.18.0.2 80");
	add(w, "tcp 8080 172.18.0.2 80");
	add(w, "udp 80 172.18.0.2 80");
	add(w, "tcp 81 172.18.0.2 80 192.0.2.1");
	add(w, "tcp 81 172.18.0.2 80 192.0.2.2");
	add(w, "tcp 80 2001:db8::2 80");
	assert_done(w->h, remove_it(w, "tcp 80 172.18.0.2 80"));
	assert_left(w, "udp 80 172.18.0.2 80\ntcp 81 172.18.0.2 80 192.0.2.1\ntcp 81 172.18.0.2 80 192.0.2.2\n"
	               "tcp 8080 172.18.0.2 80\ntcp 80 2001:db8::2 80\n");
	assert_done(w->h, remove_it(w, "tcp 81 172.18.0.2 80 192.0.2.2"));
	assert_left(w, "udp 80 172.18.0.2 80\ntcp 81 172.18.0.2 80 192.0.2.1\ntcp 8080 172.18.0.2 80\ntcp 80 2001:db8::2 80\n");
	assert_done(w->h, remove_it(w, "tcp 80 2001:db8::2 80"));
	assert_left(w, "udp 80 172.18.0.2 80\ntcp 81 172.18.0.2 80 192.0.2.1\ntcp 8080 172.18.0.2 80\n");
}

static void test_nothing_is_left_over(void **state)
{
	struct world *w = *state;
	char *text;

	need_command("nft");
	add(w, "tcp 80 172.18.0.2 80");
	add(w, "udp 8000-8999 2001:db8::2 8000 2001:db8:1::1");
	assert_done(w->h, remove_it(w, "tcp 80 172.18.0.2 80"));
	assert_done(w->h, remove_it(w, "udp 8000-8999 2001:db8::2 8000 2001:db8:1::1"));
	text = shell("nft list ruleset");
	assert_string_equal(text, "");
	free(text);
}

static void test_without_options_it_is_ipv4(void **state)
{
	struct world *w = *state;
	const struct hycan_port_range range = { 80, 80 };

	add(w, "tcp 80 172.18.0.2 80");
	add(w, "tcp 80 2001:db8::2 80");
	assert_done(w->h, hycan_port_remove(w->h, HYCAN_TRANSPORT_TCP, &range, NULL));
	assert_left(w, "tcp 80 2001:db8::2 80\n");
	assert_refused(w->h, hycan_port_remove(w->h, HYCAN_TRANSPORT_TCP, &range, NULL), HYCAN_REFUSAL_NOT_FOUND);
}

static void test_not_found(void **state)
{
	struct world *w = *state;
	struct nat_watch *watch;
	char *text;

	assert_refused(w->h, remove_it(w, "tcp 80 172.18.0.2 80"), HYCAN_REFUSAL_NOT_FOUND);
	add(w, "tcp 8000-8010 172.18.0.2 80");
	watch = nat_watch_begin(w);
	assert_refused(w->h, remove_it(w, "tcp 80 172.18.0.2 80"), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "host_port");
	assert_contains(hycan_error_message(w->h), "no mapping of tcp 80 for IPv4");
	assert_refused(w->h, remove_it(w, "tcp 8000-8010 2001:db8::2 80"), HYCAN_REFUSAL_NOT_FOUND);
	assert_refused(w->h, remove_it(w, "udp 8000-8010 172.18.0.2 80"), HYCAN_REFUSAL_NOT_FOUND);
	assert_refused(w->h, remove_it(w, "tcp 8000-8010 172.18.0.2 80 192.0.2.1"), HYCAN_REFUSAL_NOT_FOUND);
	/* a part of a range, or more than it */
	assert_refused(w->h, remove_it(w, "tcp 8000 172.18.0.2 80"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "belongs to 8000-8010");
	assert_refused(w->h, remove_it(w, "tcp 8005-8010 172.18.0.2 80"), HYCAN_REFUSAL_NOT_FOUND);
	assert_refused(w->h, remove_it(w, "tcp 7000-9000 172.18.0.2 80"), HYCAN_REFUSAL_NOT_FOUND);
	text = nat_watch_end(watch);
	assert_string_equal(text, "");
	free(text);
	assert_left(w, "tcp 8000-8010 172.18.0.2 80\n");
}

/* A range from which a stranger took a port: it is listed, put right by adding it again, and goes as a whole. */
static void test_range_with_a_hole(void **state)
{
	struct world *w = *state;

	need_command("nft");
	add(w, "tcp 80 172.18.0.2 80");
	add(w, "tcp 8000-8010 172.18.0.2 80");
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 8005 }'"));
	assert_left(w, "tcp 80 172.18.0.2 80\ntcp 8000-8010 172.18.0.2 80\n");
	add(w, "tcp 8000-8010 172.18.0.2 80");
	free(shell("nft get element inet hycan port_ipv4 '{ tcp . 8005 }'"));
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 8005 }'"));
	/* the port is somebody else's now: it stays */
	add(w, "tcp 8005 172.18.0.3 5");
	assert_done(w->h, remove_it(w, "tcp 8000-8010 172.18.0.2 80"));
	assert_left(w, "tcp 80 172.18.0.2 80\ntcp 8005 172.18.0.3 5\n");
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_only_that_one), WITNESS(test_nothing_is_left_over), WITNESS(test_without_options_it_is_ipv4),
		WITNESS(test_not_found),     WITNESS(test_range_with_a_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
