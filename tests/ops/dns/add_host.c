/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.add_host: while others ask all the time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "network.h"
#include "objects.h"
#include "question.h"

/* A hundred changes. */
#define ROUNDS 67

/* A container of VLAN 100, behind the parent's other end. */
static void add_container(void)
{
	free(shell("ip netns add inside && ip link add link up1 name v100 type vlan id 100 && ip link set v100 netns inside && "
	           "ip -n inside link set v100 up && ip -n inside address add 10.9.0.2/24 dev v100"));
}

static int end(void **state)
{
	(void)shell_status(NULL, "ip netns delete inside");
	return world_end(state);
}

static void test_add(void **state)
{
	struct hycan_dns_host host = { .name = "web" };
	struct world *w = *state;
	unsigned int asked, failed, asked_other, failed_other;
	struct dns_loop *loop, *other;
	int pid;

	names_begin();
	assert_refused(w->h, names_add(w->h, 100, "web 10.9.0.2"), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_refused(w->h, names_add(w->h, 100, "web 10.9.0.2"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "dns.set first");
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	pid = names_pid(w->h, 100);
	add_container();
	shell_until(60, "ip netns exec inside ping -c 1 -W 1 10.9.0.1");
	loop = dns_start("inside", "10.9.0.1", "web", "10.9.0.2");
	other = dns_start("inside", "10.9.0.1", "nobody", "NXDOMAIN");
	for (int i = 0; i < ROUNDS; i++) {
		char text[40], name[16];

		snprintf(name, sizeof(name), "h%d", i);
		snprintf(text, sizeof(text), "%s 10.9.0.%d", name, 10 + i);
		assert_done(w->h, names_add(w->h, 100, text));
		/* asked right behind the answer */
		assert_string_equal(dns_ask(NULL, "10.9.0.1", name, false), text + strlen(name) + 1);
		if (i % 2)
			assert_done(w->h, hycan_dns_remove_host(w->h, 100, name, NULL));
	}
	dns_stop(&loop, &asked, &failed);
	dns_stop(&other, &asked_other, &failed_other);
	print_message("%u questions meanwhile, %u without the right answer\n", asked + asked_other, failed + failed_other);
	assert_true(asked > 0 && asked_other > 0);
	assert_int_equal(failed + failed_other, 0);
	assert_int_equal(names_pid(w->h, 100), pid);
	/* the same again; other addresses; and what is there when it must not be */
	assert_done(w->h, names_add(w->h, 100, "h0 10.9.0.10"));
	assert_done(w->h, names_add(w->h, 100, "h0 10.9.0.100 10.9.0.101"));
	dns_until(30, NULL, "10.9.0.1", "h0", "10.9.0.100 10.9.0.101");
	hycan_set_exclusive(w->h, true);
	assert_refused(w->h, names_add(w->h, 100, "h0 10.9.0.100"), HYCAN_REFUSAL_EXISTS);
	hycan_set_exclusive(w->h, false);
	/* what is none */
	assert_refused(w->h, names_add(w->h, 100, "h_ 10.9.0.2"), HYCAN_REFUSAL_INVALID);
	assert_refused(w->h, names_add(w->h, 100, "h 10.8.0.2"), HYCAN_REFUSAL_INVALID);
	assert_refused(w->h, hycan_dns_add_host(w->h, 100, &host, NULL), HYCAN_REFUSAL_INVALID);
	assert_int_equal(names_pid(w->h, 100), pid);
}

/* A host goes with the connection that asked for it; the network stays. */
static void test_lifetime(void **state)
{
	struct world *w = *state;
	struct hycan *h = NULL;
	size_t n;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	n = objects_count(w->h);
	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(h, names_add(h, 100, "guest 10.9.0.3"));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "guest", false), "10.9.0.3");
	hycan_close(h);
	dns_until(30, NULL, "10.9.0.1", "guest", "NXDOMAIN");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	/* the ledger is told behind that */
	objects_wait(w->h, n);
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	/* nor is it left behind where the network gets another subnet */
	assert_refused(w->h, network_replace(w->h, "100 10.6.0.0/24 10.6.0.1 blue"), HYCAN_REFUSAL_BUSY);
	assert_string_equal(hycan_error_field(w->h), "subnet");
	assert_contains(hycan_error_message(w->h), "The host “web” has 10.9.0.2");
	assert_no_drift(w->h, 100);
	assert_done(w->h, hycan_dns_remove_host(w->h, 100, "web", NULL));
	assert_done(w->h, network_replace(w->h, "100 10.6.0.0/24 10.6.0.1 blue"));
}

enum { ALICE = 4711, BOB = 4712 };

/* Where policy lets two users have networks and names. */
static int begin_for_two(void **state)
{
	const struct world_options options = { .open_to_all = true,
		                               .policy = "allow root all\nallow * dns\nallow * network\nallow * object\n" };

	*state = world_start(&options);
	return 0;
}

/* The network and the telling of names are both users', and the host is hers. */
static void as_alice(struct world *w)
{
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "", NULL));
	assert_done(w->h, names_add(w->h, 100, "web 10.9.0.2"));
	hycan_close(w->h);
}

static void as_bob(struct world *w)
{
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_refused(w->h, names_add(w->h, 100, "web 10.9.0.9"), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(w->h),
	                "The dns_host “100 web link net100” is uid 4711's: only that user, root, and whom "
	                "policy allows it with owner=any may change it.");
	assert_done(w->h, names_add(w->h, 100, "db 10.9.0.3"));
	names_objects(w->h, "dns_host 100 db link net100\n");
	/* who asks for what is there holds it, too, and may give it other addresses then */
	assert_done(w->h, names_add(w->h, 100, "web 10.9.0.2"));
	names_objects(w->h, "dns_host 100 web link net100\ndns_host 100 db link net100\n");
	assert_done(w->h, names_add(w->h, 100, "web 10.9.0.9"));
	hycan_close(w->h);
}

/* Another user's host is given no other addresses. */
static void test_users(void **state)
{
	struct world *w = *state;

	names_begin();
	world_as(ALICE, ALICE, as_alice, w);
	world_as(BOB, BOB, as_bob, w);
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.9");
	/* root may */
	assert_done(w->h, names_add(w->h, 100, "db 10.9.0.4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_add, world_begin, end),
		cmocka_unit_test_setup_teardown(test_lifetime, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_users, begin_for_two, world_end),
	};

	return cmocka_run_group_tests_name("dns.add_host", tests, NULL, NULL);
}
