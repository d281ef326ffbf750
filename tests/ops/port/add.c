/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.add: what the kernel has afterwards, and what is refused. Packets: tests/stories/nat.c. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health.h"
#include "nat.h"

static int add(struct world *w, const char *text)
{
	struct hycan_port_mapping m = nat_mapping(text);

	return hycan_port_add(w->h, &m);
}

static void assert_listed(struct world *w, const char *expected)
{
	char *text = nat_list_mappings(w->h);

	assert_string_equal(text, expected);
	free(text);
}

static void test_kernel_has_it(void **state)
{
	struct world *w = *state;
	char *text;

	need_command("nft");
	assert_done(w->h, add(w, "tcp 8080 172.18.0.2 80"));
	assert_done(w->h, add(w, "udp 8080 172.18.0.2 81"));
	assert_done(w->h, add(w, "sctp 8080 172.18.0.2 82"));
	assert_done(w->h, add(w, "tcp 8081 172.18.0.3 80 192.0.2.1"));
	assert_done(w->h, add(w, "tcp 8080 2001:db8::2 80"));
	assert_done(w->h, add(w, "tcp 8081 2001:db8::3 80 2001:db8:1::1"));
	assert_done(w->h, add(w, "tcp 65535 172.18.0.2 1"));
	assert_done(w->h, add(w, "udp 9000-9001 172.18.0.2 7000"));
	text = shell("nft list table inet hycan");
	assert_contains(text, "tcp . 8080 : 172.18.0.2 . 80");
	assert_contains(text, "udp . 8080 : 172.18.0.2 . 81");
	assert_contains(text, "sctp . 8080 : 172.18.0.2 . 82");
	assert_contains(text, "192.0.2.1 . tcp . 8081 : 172.18.0.3 . 80");
	assert_contains(text, "tcp . 8080 : 2001:db8::2 . 80");
	assert_contains(text, "2001:db8:1::1 . tcp . 8081 : 2001:db8::3 . 80");
	assert_contains(text, "tcp . 65535 : 172.18.0.2 . 1");
	assert_contains(text, "udp . 9000 comment \"9000-9001\" : 172.18.0.2 . 7000");
	assert_contains(text, "udp . 9001 comment \"9000-9001\" : 172.18.0.2 . 7001");
	free(text);
}

static void test_twice_changes_nothing(void **state)
{
	static const char *const mappings[] = {
		"tcp 8080 172.18.0.2 80",
		"tcp 8081 172.18.0.2 80 192.0.2.1",
		"udp 8080-8090 2001:db8::2 80",
		"udp 8091 2001:db8::2 80 2001:db8:1::1",
	};
	struct world *w = *state;
	struct nat_watch *watch;
	char *before, *after, *text;

	for (size_t i = 0; i < 4; i++)
		assert_done(w->h, add(w, mappings[i]));
	before = nat_list_mappings(w->h);
	watch = nat_watch_begin(w);
	for (size_t i = 0; i < 4; i++)
		assert_done(w->h, add(w, mappings[i]));
	text = nat_watch_end(watch);
	assert_string_equal(text, "");
	after = nat_list_mappings(w->h);
	assert_string_equal(before, after);
	free(text);
	free(before);
	free(after);
	hycan_set_exclusive(w->h, true);
	for (size_t i = 0; i < 4; i++)
		assert_refused(w->h, add(w, mappings[i]), HYCAN_REFUSAL_EXISTS);
}

/* What an earlier step of the same transaction made of it no stranger did. */
static void test_steps(void **state)
{
	struct hycan_port_mapping before = nat_mapping("tcp 80 172.18.0.2 80"), after = nat_mapping("tcp 80 172.18.0.3 80");
	struct world *w = *state;

	assert_done(w->h, hycan_port_add(w->h, &before));
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)nat_remove_mapping(w->h, &before);
	(void)hycan_port_add(w->h, &after);
	(void)hycan_port_add(w->h, &before);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "tcp 80 leads to 172.18.0.3:80");
	assert_listed(w, "tcp 80 172.18.0.2 80\n");
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)nat_remove_mapping(w->h, &before);
	(void)hycan_port_add(w->h, &after);
	(void)hycan_port_add(w->h, &after);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	assert_listed(w, "tcp 80 172.18.0.3 80\n");
	assert_well(w->h);
}

/* A stranger's is what it was, too, when a transaction that took it away is undone; and still not what was asked for. */
static void test_put_back(void **state)
{
	struct hycan_port_mapping asked = nat_mapping("tcp 80 172.18.0.2 80");
	struct world *w = *state;

	need_command("nft");
	assert_done(w->h, hycan_port_add(w->h, &asked));
	free(shell("nft 'delete element inet hycan port_ipv4 { tcp . 80 }; "
	           "add element inet hycan port_ipv4 { tcp . 80 : 172.18.0.3 . 80 }'"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)nat_remove_mapping(w->h, &asked);
	(void)hycan_link_up(w->h, "nowhere");
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_listed(w, "tcp 80 172.18.0.3 80\n");
	assert_problem(w->h, "mappings", "A stranger made something else of the port mapping “tcp 80 ");
}

static void test_exists(void **state)
{
	struct world *w = *state;
	static const char before[] = "tcp 80 172.18.0.2 80\ntcp 8000-8010 172.18.0.2 8000\n";

	assert_done(w->h, add(w, "tcp 8000-8010 172.18.0.2 8000"));
	assert_done(w->h, add(w, "tcp 80 172.18.0.2 80"));
	assert_refused(w->h, add(w, "tcp 80 172.18.0.3 80"), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "host_port");
	assert_contains(hycan_error_message(w->h), "tcp 80 leads to 172.18.0.2:80");
	assert_refused(w->h, add(w, "tcp 80 172.18.0.2 81"), HYCAN_REFUSAL_EXISTS);
	/* a range and another, or a port of it, even where it would lead to the same */
	assert_refused(w->h, add(w, "tcp 8005-8020 172.18.0.2 8005"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "tcp 8000-8010 leads to 172.18.0.2:8000");
	assert_refused(w->h, add(w, "tcp 7000-8000 172.18.0.2 7000"), HYCAN_REFUSAL_EXISTS);
	assert_refused(w->h, add(w, "tcp 8010 172.18.0.2 8010"), HYCAN_REFUSAL_EXISTS);
	assert_refused(w->h, add(w, "tcp 1-65535 172.18.0.2 1"), HYCAN_REFUSAL_EXISTS);
	assert_refused(w->h, add(w, "tcp 8000-8010 172.18.0.2 8001"), HYCAN_REFUSAL_EXISTS);
	/* a port of one address, which is also one of all; and several of them, where it is of all */
	assert_refused(w->h, add(w, "tcp 80 172.18.0.3 80 192.0.2.1"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "tcp 80 leads to 172.18.0.2:80");
	assert_refused(w->h, add(w, "tcp 8005 172.18.0.2 8005 192.0.2.1"), HYCAN_REFUSAL_EXISTS);
	assert_refused(w->h, add(w, "tcp 8010-8020 172.18.0.3 8000 192.0.2.1"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "tcp 8000-8010 leads to 172.18.0.2:8000");
	assert_listed(w, before);
	assert_done(w->h, add(w, "tcp 9000 172.18.0.3 8000 192.0.2.1"));
	assert_done(w->h, add(w, "tcp 9000 172.18.0.2 8000 192.0.2.2"));
	assert_refused(w->h, add(w, "tcp 9000 172.18.0.2 8000"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "tcp 9000 of 192.0.2.");
	assert_refused(w->h, add(w, "tcp 8900-9100 172.18.0.2 1"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "tcp 9000 of 192.0.2.");
	/* beside it, and in another place */
	assert_done(w->h, add(w, "tcp 7999 172.18.0.2 8000"));
	assert_done(w->h, add(w, "tcp 8011 172.18.0.2 8000"));
	assert_done(w->h, add(w, "udp 8005 172.18.0.2 8000"));
	assert_done(w->h, add(w, "udp 8006 172.18.0.3 8000 192.0.2.1"));
	assert_done(w->h, add(w, "tcp 8005 2001:db8::2 8000"));
}

static void test_invalid(void **state)
{
	static const struct {
		const char *mapping, *field, *sentence;
	} cases[] = {
		{ "tcp 80 127.0.0.1 80", "to_address", "cannot lead to 127.0.0.1" },
		{ "tcp 80 ::1 80", "to_address", "cannot lead to ::1" },
		{ "tcp 80 0.0.0.0 80", "to_address", "cannot lead to 0.0.0.0" },
		{ "tcp 80 :: 80", "to_address", "cannot lead to ::" },
		{ "tcp 80 224.0.0.1 80", "to_address", "cannot lead to 224.0.0.1" },
		{ "tcp 80 255.255.255.255 80", "to_address", "cannot lead to 255.255.255.255" },
		{ "tcp 80 ff02::1 80", "to_address", "cannot lead to ff02::1" },
		{ "tcp 80 172.18.0.2 80 127.0.0.1", "host_address", "A port of 127.0.0.1 cannot be mapped" },
		{ "tcp 80 172.18.0.2 80 127.1.2.3", "host_address", "A port of 127.1.2.3 cannot be mapped" },
		{ "tcp 80 172.18.0.2 80 0.0.0.0", "host_address", "A port of 0.0.0.0 cannot be mapped" },
		{ "tcp 80 2001:db8::2 80 ::1", "host_address", "A port of ::1 cannot be mapped" },
		{ "tcp 80 172.18.0.2 80 2001:db8::1", "host_address", "both be IPv4 or both IPv6" },
		{ "tcp 80 2001:db8::2 80 192.0.2.1", "host_address", "both be IPv4 or both IPv6" },
		{ "tcp 80-81 172.18.0.2 65535", "to_port", "2 ports from port 65535 on" },
		{ "tcp 1-65535 172.18.0.2 2", "to_port", "65535 ports from port 2 on" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_refused(w->h, add(w, cases[i].mapping), HYCAN_REFUSAL_INVALID);
		assert_string_equal(hycan_error_field(w->h), cases[i].field);
		assert_contains(hycan_error_message(w->h), cases[i].sentence);
	}
	assert_int_not_equal(shell_status(NULL, "nft list table inet hycan"), 0);
}

/* Somebody's table of our name. */
static void test_strangers_table(void **state)
{
	struct world *w = *state;

	need_command("nft");
	free(shell("nft 'table inet hycan { chain prerouting { type filter hook prerouting priority 0; }; }'"));
	assert_refused(w->h, add(w, "tcp 80 172.18.0.2 80"), HYCAN_REFUSAL_BUSY);
	assert_contains(hycan_error_message(w->h), "inet hycan holds something that HyCAN did not make");
	free(shell("nft delete table inet hycan"));
	assert_done(w->h, add(w, "tcp 80 172.18.0.2 80"));
}

/* All the ports there are, in one transaction. */
static void test_largest_range(void **state)
{
	struct world *w = *state;

	hycan_set_timeout(w->h, 120000);
	assert_done(w->h, add(w, "udp 1-65535 172.18.0.2 1"));
	assert_listed(w, "udp 1-65535 172.18.0.2 1\n");
	assert_refused(w->h, add(w, "udp 30000 172.18.0.2 1"), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "udp 1-65535 leads to 172.18.0.2:1");
}

/* A stranger who changes the rules all the time makes no mapping fail. */
static void test_among_strangers(void **state)
{
	const struct hycan_masquerade masquerade = nat_masquerade("10.0.0.0/8");
	struct world *w = *state;
	char text[64];
	pid_t stranger;

	need_command("nft");
	stranger = fork();
	assert_true(stranger >= 0);
	if (stranger == 0) {
		FILE *rules;

		/* nft ends with its input, and that with the stranger, who ends with the test */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rules = popen("exec nft -i >/dev/null", "w");
		while (rules && fputs("add table ip stranger; delete table ip stranger\n", rules) >= 0)
			;
		_exit(127);
	}
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "tcp %d 172.18.0.2 80", 10000 + i);
		assert_done(w->h, add(w, text));
	}
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	for (int i = 0; i < 300; i++) {
		const struct hycan_port_range port = { (uint16_t)(10000 + i), (uint16_t)(10000 + i) };

		assert_done(w->h, hycan_port_remove(w->h, HYCAN_TRANSPORT_TCP, &port, NULL));
	}
	assert_listed(w, "");
	assert_done(w->h, hycan_masquerade_remove(w->h, &masquerade));
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
	assert_int_not_equal(shell_status(NULL, "nft list table inet hycan"), 0);
}

/* Of two who want the same port one gets it. */
struct rivals {
	int done;
	int refused;
};

static void rival_answer(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct rivals *rivals = userdata;

	(void)h;
	(void)reply;
	(void)n;
	rivals->done += result == 0;
	rivals->refused += result == HYCAN_REFUSAL_EXISTS;
}

static void test_rivals(void **state)
{
	struct world *w = *state;
	struct hycan *other = NULL;
	struct rivals rivals = { 0 };
	char text[64];

	assert_done(other, hycan_open(&other, w->socket));
	for (int i = 0; i < 50; i++) {
		struct hycan_port_mapping a, b;

		snprintf(text, sizeof(text), "tcp %d 172.18.0.2 80", 10000 + i);
		a = nat_mapping(text);
		snprintf(text, sizeof(text), "tcp %d 172.18.0.3 80", 10000 + i);
		b = nat_mapping(text);
		assert_int_equal(hycan_port_add_async(w->h, &a, rival_answer, &rivals), 0);
		assert_int_equal(hycan_port_add_async(other, &b, rival_answer, &rivals), 0);
	}
	while (hycan_pending(w->h) || hycan_pending(other)) {
		struct pollfd p[] = { { hycan_fd(w->h), hycan_events(w->h), 0 }, { hycan_fd(other), hycan_events(other), 0 } };

		assert_true(poll(p, 2, 30000) > 0);
		assert_true(hycan_process(w->h) >= 0);
		assert_true(hycan_process(other) >= 0);
	}
	assert_int_equal(rivals.done, 50);
	assert_int_equal(rivals.refused, 50);
	hycan_close(other);
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_kernel_has_it),   WITNESS(test_twice_changes_nothing),
		WITNESS(test_exists),          WITNESS(test_invalid),
		WITNESS(test_steps),           WITNESS(test_put_back),
		WITNESS(test_strangers_table), WITNESS(test_largest_range),
		WITNESS(test_among_strangers), WITNESS(test_rivals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
