/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.list, and what health.get says: a dnsmasq that is killed, that hangs, and one that comes back. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "health.h"
#include "names.h"
#include "network.h"
#include "objects.h"
#include "question.h"

/* What network.list says of it in short. */
static void assert_in_network(struct hycan *h, uint16_t vlan_id, uint32_t hosts, bool serves, int pid)
{
	struct hycan_network_state *network = network_state(h, vlan_id);

	assert_true(network->has_dns);
	assert_false(network->dns.has_domain);
	assert_int_equal(network->dns.hosts, hosts);
	assert_int_equal(network->dns.serves, serves);
	assert_true(network->dns.has_pid);
	assert_int_equal(network->dns.pid, pid);
	free(network);
}

static void test_list(void **state)
{
	struct hycan_network_state *network;
	const struct hycan_dns_list_options none = { .has_vlan_id = true, .vlan_id = 7 };
	struct hycan_dns_state *states = NULL;
	struct world *w = *state;
	char *log;
	size_t n = 0;

	names_begin();
	assert_done(w->h, hycan_dns_list(w->h, NULL, &states, &n));
	assert_int_equal(n, 0);
	free(states);
	assert_refused(w->h, hycan_dns_list(w->h, &none, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_done(w->h, names_set(w->h, 101, "web 10.8.0.2", NULL));
	network = network_state(w->h, 100);
	assert_false(network->has_dns);
	free(network);
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2, db 10.9.0.3", NULL));
	assert_done(w->h, hycan_dns_list(w->h, NULL, &states, &n));
	assert_int_equal(n, 2);
	assert_int_equal(states[0].vlan_id, 100);
	assert_int_equal(states[0].n_hosts, 2);
	assert_string_equal(states[0].hosts[0].name, "db");
	assert_int_equal(states[1].vlan_id, 101);
	assert_true(states[0].serves && states[1].serves && states[0].has_pid && !states[0].has_message);
	assert_well(w->h);
	assert_in_network(w->h, 100, 2, true, states[0].pid);
	assert_in_network(w->h, 101, 1, true, states[1].pid);
	/* killed by hand it comes back, and that is told */
	kill(states[0].pid, SIGKILL);
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.2");
	free(states);
	states = names_state(w->h, 100);
	assert_int_equal(states->restarts, 1);
	assert_true(states->serves);
	log = world_log(w);
	assert_contains(log, "dnsmasq of VLAN 100 ended: it was killed by signal 9");
	free(log);
	assert_well(w->h);
	/* one that hangs */
	kill(states->pid, SIGSTOP);
	assert_problem(w->h, "dns", "");
	assert_in_network(w->h, 100, 2, false, states->pid);
	kill(states->pid, SIGCONT);
	free(states);
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.2");
	assert_well(w->h);
}

static bool finds_orphan(struct hycan *h)
{
	struct hycan_health_get_reply *health = NULL;
	bool found = false;

	assert_done(h, hycan_health_get(h, &health));
	for (size_t i = 0; i < health->n_problems; i++)
		found |= strstr(health->problems[i].message, "network is gone, and dnsmasq is left") != NULL;
	free(health);
	return found;
}

/* A stranger takes the table away with the network in it: dnsmasq goes on, and health says so until it is ended. */
static void test_orphan(void **state)
{
	struct world *w = *state;

	int pid;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	assert_false(finds_orphan(w->h));
	free(shell("nft delete table inet hycan"));
	assert_true(finds_orphan(w->h));
	/* the same network again: they are its names */
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_false(finds_orphan(w->h));
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.2");
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	free(shell("nft delete table inet hycan"));
	assert_done(w->h, hycan_dns_unset(w->h, 100, NULL));
	assert_false(finds_orphan(w->h));
	/* its end: theirs, too */
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	pid = names_pid(w->h, 100);
	free(shell("nft delete table inet hycan"));
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	shell_until(20, "test ! -d /proc/%d", pid);
	names_objects(w->h, "");
	assert_false(finds_orphan(w->h));
}

/* A stranger deletes its link: what is told is its owner's still, and told again on the link that is made anew. */
static void test_link(void **state)
{
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	free(shell("ip link delete net100"));
	objects_wait(w->h, 3);
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.2");
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	names_objects(w->h, "");
}

/* The program that stands for dnsmasq, in place at once: what is run is never half written. */
static void put_program(const char *program, const char *does)
{
	free(shell("printf '#!/bin/sh\n%%s\n' '%s' >%s.new && chmod 755 %s.new && mv %s.new %s", does, program, program, program,
	           program));
}

/* One that cannot run: it is tried again and again, later each time, which is told, and so is why; until it can. */
static void test_backoff(void **state)
{
	char program[64];
	const struct world_options options = { .arguments = { "--dnsmasq", program } };
	struct hycan_dns_state *now;
	struct world *w;
	int pid;

	snprintf(program, sizeof(program), "/var/tmp/hycan-test-dnsmasq-%d", getpid());
	put_program(program, "PATH=$PATH:/usr/sbin exec dnsmasq \"$@\"");
	*state = w = world_start(&options);
	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	pid = names_pid(w->h, 100);
	put_program(program, "echo not today >&2; exit 3");
	kill(pid, SIGKILL);
	shell_until(60, "grep -q 'ended: it was killed by signal 9. It is started again in 100 ms' %s", w->log);
	for (unsigned int ms = 200; ms <= 1600; ms *= 2)
		shell_until(60, "grep -q 'ended: not today. It is started again in %u ms' %s", ms, w->log);
	assert_problem(w->h, "dns", "");
	now = names_state(w->h, 100);
	assert_true(now->restarts >= 5);
	assert_false(now->serves);
	assert_true(now->has_message);
	assert_string_equal(now->message, "not today");
	free(now);
	put_program(program, "PATH=$PATH:/usr/sbin exec dnsmasq \"$@\"");
	dns_until(60, NULL, "10.9.0.1", "web", "10.9.0.2");
	assert_well(w->h);
	free(shell("rm %s", program));
}

#define BLUE "100 10.9.0.0/24 10.9.0.1 blue"

static void make_blue(struct world *w)
{
	names_begin();
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
}

/* The daemon is killed, and before the next one comes a stranger does this. */
static void restart_behind(struct world *w, const char *command)
{
	world_stop_daemon(w, SIGKILL);
	hycan_close(w->h);
	w->h = NULL;
	free(shell("%s", command));
	world_start_daemon(w, &(struct world_options){ 0 });
	assert_done(w->h, hycan_open(&w->h, w->socket));
}

/* The table went while there was no daemon: the next one tells the names on, as long as it is their own link. */
static void test_flushed(void **state)
{
	struct world *w = *state;

	make_blue(w);
	restart_behind(w, "nft flush ruleset");
	dns_until(60, NULL, "10.9.0.1", "web", "10.9.0.2");
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	assert_true(finds_orphan(w->h));
	assert_done(w->h, network_create(w->h, BLUE));
	assert_false(finds_orphan(w->h));
	assert_no_drift(w->h, 100);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	restart_behind(w, "nft flush ruleset; ip link delete net100; ip link add link up0 name net100 type vlan id 101");
	names_objects(w->h, "");
	assert_int_equal(shell_status(NULL, "ls %s.d | grep dns", w->socket), 1);
}

/* What cannot be read is not forgotten, and everything else goes on. */
static void test_unreadable(void **state)
{
	struct world *w = *state;
	char command[256];

	make_blue(w);
	snprintf(command, sizeof(command), "cd %s.d && f=$(ls | grep dns) && mv $f kept && mkdir $f", w->socket);
	restart_behind(w, command);
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	assert_no_drift(w->h, 100);
	snprintf(command, sizeof(command), "cd %s.d && f=$(ls | grep dns) && rmdir $f && mv kept $f", w->socket);
	restart_behind(w, command);
	dns_until(60, NULL, "10.9.0.1", "web", "10.9.0.2");
}

/* What a network cannot be deleted for keeps its names, too. */
static void test_stays(void **state)
{
	struct world *w = *state;

	make_blue(w);
	free(shell("nft 'delete map inet hycan network_vlan; add set inet hycan network_vlan { type ipv6_addr; }'"));
	assert_true(hycan_network_delete(w->h, 100, NULL) != 0);
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	free(shell("nft delete table inet hycan"));
	assert_done(w->h, network_create(w->h, BLUE));
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.2");
}

/* Set and gone along with the network in one transaction. */
static void test_transaction(void **state)
{
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)names_set(w->h, 100, "web 10.9.0.2", NULL);
	(void)hycan_network_delete(w->h, 100, NULL);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	names_objects(w->h, "");
	assert_int_equal(objects_count(w->h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_orphan, world_begin_patiently, world_end),
		cmocka_unit_test_setup_teardown(test_link, world_begin, world_end),
		cmocka_unit_test_teardown(test_backoff, world_end),
		cmocka_unit_test_setup_teardown(test_flushed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unreadable, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_stays, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_transaction, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("dns.list", tests, NULL, NULL);
}
