/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.list: what the kernel has, as it was added, whoever put it there. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "nat.h"

static void add(struct world *w, const char *text)
{
	struct hycan_port_mapping m = nat_mapping(text);

	assert_done(w->h, hycan_port_add(w->h, &m));
}

static void assert_listed(struct world *w, const char *expected)
{
	char *text = nat_list_mappings(w->h);

	assert_string_equal(text, expected);
	free(text);
}

static void test_in_order(void **state)
{
	struct world *w = *state;

	assert_listed(w, "");
	add(w, "udp 80 172.18.0.2 80");
	add(w, "tcp 80 2001:db8::2 80");
	add(w, "sctp 443 172.18.0.2 1");
	add(w, "tcp 79 172.18.0.2 80 192.0.2.1");
	add(w, "tcp 8000-8999 172.18.0.2 1");
	add(w, "tcp 443 172.18.0.2 65535");
	add(w, "tcp 80 172.18.0.2 80");
	assert_listed(w, "tcp 79 172.18.0.2 80 192.0.2.1\n"
	                 "tcp 80 172.18.0.2 80\n"
	                 "udp 80 172.18.0.2 80\n"
	                 "tcp 443 172.18.0.2 65535\n"
	                 "sctp 443 172.18.0.2 1\n"
	                 "tcp 8000-8999 172.18.0.2 1\n"
	                 "tcp 80 2001:db8::2 80\n");
}

static void test_truth_is_the_kernels(void **state)
{
	struct world *w = *state;

	need_command("nft");
	add(w, "tcp 80 172.18.0.2 80");
	add(w, "tcp 81 172.18.0.2 80");
	free(shell("nft add element inet hycan port_ipv4 '{ udp . 53 : 172.18.0.3 . 5353 }'"));
	free(shell("nft delete element inet hycan port_ipv4 '{ tcp . 81 }'"));
	/* a comment that is no range, and one that is none for this port */
	free(shell("nft add element inet hycan port_ipv4 '{ udp . 54 comment \"hello\" : 172.18.0.3 . 54 }'"));
	free(shell("nft add element inet hycan port_ipv4 '{ udp . 55 comment \"60-70\" : 172.18.0.3 . 55 }'"));
	free(shell("nft add element inet hycan port_ipv4 '{ udp . 56 comment \"1-65535\" : 172.18.0.3 . 1 }'"));
	/* what no mapping can be */
	free(shell("nft add element inet hycan port_ipv4 '{ dccp . 57 : 172.18.0.3 . 57, tcp . 0 : 172.18.0.3 . 57, tcp . 58 : "
	           "172.18.0.3 . 0 }'"));
	assert_listed(w, "udp 53 172.18.0.3 5353\nudp 54 172.18.0.3 54\nudp 55 172.18.0.3 55\nudp 56 172.18.0.3 1\n"
	                 "tcp 80 172.18.0.2 80\n");
	free(shell("nft flush ruleset"));
	assert_listed(w, "");
}

static void added(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	(void)reply;
	(void)n;
	(void)userdata;
	assert_done(h, result);
}

static void test_thousands(void **state)
{
	struct world *w = *state;
	struct hycan_port_mapping *mappings = NULL;
	size_t n = 0;

	for (unsigned int i = 0; i < 3000; i++) {
		struct hycan_port_mapping m = nat_mapping("tcp 1 172.18.0.2 80");

		m.host_port.first = m.host_port.last = (uint16_t)(20000 + i);
		m.to_port = (uint16_t)(1 + i);
		assert_int_equal(hycan_port_add_async(w->h, &m, added, NULL), 0);
	}
	while (hycan_pending(w->h)) {
		struct pollfd p = { .fd = hycan_fd(w->h), .events = hycan_events(w->h) };

		assert_int_equal(poll(&p, 1, 30000 * SLOWEST), 1);
		assert_true(hycan_process(w->h) >= 0);
	}
	assert_done(w->h, hycan_port_list(w->h, &mappings, &n));
	assert_int_equal(n, 3000);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(mappings[i].host_port.first, 20000 + i);
		assert_int_equal(mappings[i].host_port.last, 20000 + i);
		assert_int_equal(mappings[i].to_port, 1 + i);
	}
	free(mappings);
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_in_order),
		WITNESS(test_truth_is_the_kernels),
		WITNESS(test_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
