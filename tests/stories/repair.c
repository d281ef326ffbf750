/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger takes away, and a client wants repaired, is made again; what is to be ignored stays in the ledger. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "events.h"
#include "held.h"
#include "objects.h"

static void add_address(struct hycan *h, const char *link, const char *address)
{
	struct hycan_link_address a = { .address = prefix_of(address) };

	snprintf(a.link, sizeof(a.link), "%s", link);
	assert_done(h, hycan_address_add(h, &a));
}

static const struct hycan_rule *rule_70(void)
{
	static struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 70, .has_from = true, .has_table = true, .table = 7
	};

	rule.from = prefix_of("10.7.0.0/16");
	return &rule;
}

static void test_repaired(void **state)
{
	struct world *w = *state;
	const struct hycan_route route = route_via("10.9.0.0/16", "10.1.0.2"), six = route_via("fd09::/64", "fd01::2");
	const struct hycan_prefix address = prefix_of("10.1.0.1/24");
	struct hycan *own = NULL;
	struct events e;

	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	add_address(w->h, "va", "10.1.0.1/24");
	add_address(w->h, "va", "fd01::1/64");
	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_route_add(w->h, &six));
	assert_done(w->h, hycan_rule_add(w->h, rule_70()));
	assert_int_equal(objects_count(w->h), 5);
	free(shell("ip rule del priority 70"));
	events_until(&e, "gone rule ipv4 70 by stranger");
	events_until(&e, "new rule ipv4 70 by repair 0 rule.add");
	free(shell("ip -6 route del fd09::/64"));
	events_until(&e, "new route fd09::/64 table 254 metric 1024 via fd01::2 dev va by repair 0 route.add");
	/* the route goes with the address, and the kernel says nothing */
	free(shell("ip addr del 10.1.0.1/24 dev va; ip route flush 10.9.0.0/16"));
	events_until(&e, "new address va 10.1.0.1/24 by repair 0 address.add");
	events_until(&e, "new route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev va by repair");
	/* it may have been made again between the stranger's two commands, too */
	shell_until(20, "ip route show 10.9.0.0/16 | grep -q 10.1.0.2");
	assert_int_equal(objects_count(w->h), 5);
	/* what is taken away by requests is no drift, and not made again */
	assert_done(w->h, hycan_route_remove(w->h, &route.destination, NULL));
	assert_done(w->h, hycan_address_remove(w->h, "va", &address));
	assert_done(w->h, hycan_rule_remove(w->h, rule_70()));
	events_forget(&e);
	nanosleep(&(struct timespec){ .tv_nsec = 700000000 }, NULL);
	free(shell("ip -6 route del fd09::/64"));
	events_until(&e, "new route fd09::/64 table 254 metric 1024 via fd01::2 dev va by repair");
	assert_int_equal(objects_count(w->h), 2);
	assert_false(events_know(&e, "rule ipv4 70"));
	assert_false(events_know(&e, "address va 10.1.0.1/24"));
	/* asked for again with another word */
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	assert_done(w->h, hycan_route_add(w->h, &six));
	free(shell("ip -6 route del fd09::/64"));
	events_until(&e, "gone object route fd09::/64 table main uid 0 holders 1 by stranger");
	assert_int_equal(objects_count(w->h), 1);
	events_end(&e);
	hycan_close(own);
}

static void test_ignored(void **state)
{
	struct world *w = *state;
	const char *lost;
	char *log;

	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	add_address(w->h, "va", "10.1.0.1/24");
	assert_done(w->h, hycan_rule_add(w->h, rule_70()));
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	add_address(w->h, "va", "10.2.0.1/24");
	free(shell("ip rule del priority 70; ip addr del 10.1.0.1/24 dev va; ip addr del 10.2.0.1/24 dev va"));
	objects_wait(w->h, 2);
	/* said a moment after it is so */
	shell_until(20, "grep -q 'is gone' %s", w->log);
	log = world_log(w);
	lost = strstr(log, "va 10.2.0.1/24, which uid 0 had asked for, is gone");
	assert_non_null(lost);
	assert_ptr_equal(strstr(log, ", which uid 0 had asked for"), strchr(lost, ','));
	assert_null(strstr(lost + strlen("va 10.2.0.1/24, which"), ", which uid 0 had asked for"));
	free(log);
	/* it is made again when it is asked for */
	assert_done(w->h, hycan_rule_add(w->h, rule_70()));
	log = shell("ip rule");
	assert_contains(log, "70:");
	free(log);
}

/* A stranger who does not give up wins: the daemon does. */
static void test_fight(void **state)
{
	struct world *w = *state;
	struct events e;
	int n = 0;

	events_begin_complete(&e, w->h, NULL);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_rule_add(w->h, rule_70()));
	free(shell("while ! test -e %s/enough; do ip rule del priority 70 2>/dev/null; sleep 0.02; done & "
	           "for i in $(seq 900); do sleep 0.1; grep -q 'it is given up' %s && break; done; touch %s/enough; wait",
	           w->directory, w->log, w->directory));
	events_until(&e, "gone object rule");
	for (size_t i = 0; i < e.n_lines; i++)
		n += strstr(e.line[i], "new rule ipv4 70 by repair") != NULL;
	assert_in_range(n, 1, 7);
	assert_int_equal(objects_count(w->h), 0);
	events_end(&e);
}

/* Waits until a shell command is content. */
#define until(command) shell_until(20, "%s", command)

/* What was chosen is known to the next daemon, and to the one after that; also about what went when there was none. */
static void test_restarted(void **state)
{
	const struct hycan_route six = route_via("fd09::/64", "fd01::2");
	struct world *w = *state;
	char *log;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	add_address(w->h, "va", "10.1.0.1/24");
	add_address(w->h, "va", "fd01::1/64");
	assert_done(w->h, hycan_route_add(w->h, &six));
	assert_done(w->h, hycan_rule_add(w->h, rule_70()));
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	add_address(w->h, "va", "10.2.0.1/24");
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	add_address(w->h, "va", "10.3.0.1/24");
	for (int i = 0; i < 2; i++) {
		world_stop_daemon(w, SIGKILL);
		free(shell("ip rule del priority 70; ip addr flush dev va; ip -6 addr flush dev va; ip -6 route flush fd09::/64"));
		world_start_daemon(w, NULL);
		until("ip rule | grep -q '^70:.*from 10.7.0.0/16.*lookup 7'");
		until("ip addr show va | grep -q 10.1.0.1/24");
		until("ip -6 route | grep -q '^fd09::/64 via fd01::2'");
		until("ip -6 addr show va | grep -q fd01::1/64");
		log = shell("ip addr show va");
		assert_null(strstr(log, "10.2.0.1"));
		assert_null(strstr(log, "10.3.0.1"));
		free(log);
		client_choose_drift_again(w->h, HYCAN_DRIFT_REPORT);
		objects_wait(w->h, 5);
	}
	/* and goes on while it runs */
	free(shell("ip rule del priority 70"));
	until("ip rule | grep -q '^70:.*from 10.7.0.0/16.*lookup 7'");
	/* asked for again with another word, that is known, too */
	assert_done(w->h, hycan_rule_add(w->h, rule_70()));
	world_stop_daemon(w, SIGKILL);
	free(shell("ip rule del priority 70; ip addr del 10.1.0.1/24 dev va"));
	world_start_daemon(w, NULL);
	until("ip addr show va | grep -q 10.1.0.1/24");
	client_choose_drift_again(w->h, HYCAN_DRIFT_REPORT);
	objects_wait(w->h, 4);
	log = shell("ip rule");
	assert_null(strstr(log, "70:"));
	free(log);
}

/* Has its steps done but for the last, for which there is no way, and tries that one again and again. */
static int run_transaction(struct hycan *h, const void *userdata)
{
	const struct hycan_route route = route_via("10.9.0.0/16", "203.0.113.1");

	(void)userdata;
	client_choose_drift(h, HYCAN_DRIFT_REPAIR);
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_rule_add(h, rule_70()));
	assert_done(h, hycan_link_delete(h, "tx0"));
	assert_done(h, hycan_route_add(h, &route));
	return hycan_transaction_commit(h, NULL, NULL) == 0;
}

/* What was chosen for a transaction is known to the daemon that brings it to its end. */
static void test_finished(void **state)
{
	struct world *w = *state;
	int status;
	pid_t pid;

	free(shell("ip link add tx0 type veth peer name tx1"));
	pid = held_in_pause(w, run_transaction, NULL);
	world_stop_daemon(w, SIGKILL);
	free(shell("ip addr add 203.0.113.2/24 dev va"));
	world_start_daemon(w, NULL);
	objects_wait(w->h, 2);
	free(shell("ip rule del priority 70; ip route del 10.9.0.0/16"));
	until("ip rule | grep -q '^70:.*from 10.7.0.0/16.*lookup 7'");
	until("ip route | grep -q '^10.9.0.0/16 via 203.0.113.1 dev va'");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void set_down_and_up(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_link_down(h, "va"));
	assert_done(h, hycan_link_up(h, "va"));
	hycan_close(h);
}

/* What goes with a link that somebody else sets down was taken by a stranger, for who wants it repaired or ignored. */
static void test_set_down(void **state)
{
	const struct hycan_route route = route_via("10.9.0.0/16", "10.1.0.2"), ignored = route_via("10.8.0.0/16", "10.1.0.2"),
				 reported = route_via("10.7.0.0/16", "10.1.0.2");
	struct world *w = *state;

	add_address(w->h, "va", "10.1.0.1/24");
	assert_done(w->h, hycan_route_add(w->h, &reported));
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	assert_done(w->h, hycan_route_add(w->h, &ignored));
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_route_add(w->h, &route));
	world_as(4242, 4242, set_down_and_up, w);
	until("ip route | grep -q '^10.9.0.0/16 via 10.1.0.2 dev va'");
	objects_wait(w->h, 3);
	/* but who does it himself knows */
	assert_done(w->h, hycan_link_down(w->h, "va"));
	objects_wait(w->h, 1);
}

/* A link that stays down for longer than what a stranger takes away is made again: nobody fights, and nothing is given up. */
static void test_down_for_long(void **state)
{
	const struct hycan_route route = route_via("10.9.0.0/16", "10.1.0.2");
	struct world *w = *state;

	add_address(w->h, "va", "10.1.0.1/24");
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_route_add(w->h, &route));
	free(shell("ip link set va down"));
	shell_until(120, "test $(grep -c 'cannot be made again now' %s) -ge 8", w->log);
	objects_wait(w->h, 2);
	/* and what was tried in vain is no part of a fight that comes later */
	for (int i = 0; i < 2; i++) {
		free(shell("ip link set va up"));
		shell_until(60, "ip route | grep -q '^10.9.0.0/16 via 10.1.0.2 dev va'");
		free(shell("ip link set va down"));
	}
}

/* What strangers put in its place of IPv4 is another one, and stays; of two that are one to the kernel (IPv6) nobody can tell. */
static void test_others_in_its_place(void **state)
{
	const struct hycan_route added = route_via("10.8.0.0/16", "10.1.0.2"), replaced = route_via("10.9.0.0/16", "10.1.0.2");
	struct world *w = *state;

	add_address(w->h, "va", "10.1.0.1/24");
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_route_add(w->h, &added));
	assert_done(w->h, hycan_route_replace(w->h, &replaced));
	free(shell("for i in 8 9; do ip route prepend blackhole 10.$i.0.0/16; ip route del 10.$i.0.0/16 via 10.1.0.2; done"));
	until("test $(ip route | grep -c '^10.[89].0.0/16 via 10.1.0.2 dev va') = 2");
	/* nobody tells that it goes */
	free(shell("ip link set va down; ip link set va up"));
	until("test $(ip route | grep -c '^10.[89].0.0/16 via 10.1.0.2 dev va') = 2");
	assert_output("10.8.0.0/16 via 10.1.0.2 dev va proto static\nblackhole 10.8.0.0/16\n"
	              "10.9.0.0/16 via 10.1.0.2 dev va proto static\nblackhole 10.9.0.0/16\n",
	              "ip route show root 10.8.0.0/15");
	/* what was made of it is none */
	free(shell("ip route replace 10.8.0.0/16 via 10.1.0.9"));
	until("ip route | grep -q '^10.8.0.0/16 via 10.1.0.2 dev va'");
	assert_output("10.8.0.0/16 via 10.1.0.2 dev va proto static\nblackhole 10.8.0.0/16\n", "ip route show root 10.8.0.0/16");
}

/* A link that is called otherwise keeps what was chosen for it, and is made again what it is called now. */
static void test_renamed(void **state)
{
	const struct hycan_route route = route_via("10.9.0.0/16", "10.1.0.2");
	struct world *w = *state;

	need_rename_while_up();
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	add_address(w->h, "va", "10.1.0.1/24");
	add_address(w->h, "va", "fd01::1/64");
	assert_done(w->h, hycan_route_add(w->h, &route));
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	add_address(w->h, "va", "10.2.0.1/24");
	assert_done(w->h, hycan_link_rename(w->h, "va", "vz"));
	free(shell("ip addr flush dev vz; ip -6 addr flush dev vz"));
	until("ip addr show vz | grep -q fd01::1/64");
	until("ip addr show vz | grep -q 10.1.0.1/24");
	until("ip route | grep -q '^10.9.0.0/16 via 10.1.0.2 dev vz'");
	assert_int_equal(objects_count(w->h), 4);
	/* the next daemon, too */
	world_stop_daemon(w, SIGKILL);
	free(shell("ip addr flush dev vz"));
	world_start_daemon(w, NULL);
	until("ip addr show vz | grep -q 10.1.0.1/24");
	client_choose_drift_again(w->h, HYCAN_DRIFT_REPORT);
	assert_int_equal(objects_count(w->h), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_repaired, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ignored, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_restarted, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_finished, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_down_for_long, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_set_down, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_others_in_its_place, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_renamed, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_fight, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
