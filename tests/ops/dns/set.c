/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.set: the names of a network, stated as a whole. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health.h"
#include "names.h"
#include "nat.h"
#include "network.h"
#include "objects.h"
#include "question.h"
#include "text.h"

#define BLUE "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"

static void test_set(void **state)
{
	const struct hycan_dns_set_options domain = { .has_domain = true, .domain = "blue.example" };
	struct world *w = *state;
	struct hycan_dns_state *now;
	int pid;

	names_begin();
	assert_refused(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, network_create(w->h, BLUE));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2 fd09::2, db 10.9.0.3", &domain));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", true), "fd09::2");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "db.blue.example", false), "10.9.0.3");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "other.blue.example", false), "NXDOMAIN");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "10.9.0.3"), "db.blue.example");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "fd09::2"), "web.blue.example");
	/* the same again changes nothing; nor does what only comes in another order */
	pid = names_pid(w->h, 100);
	assert_done(w->h, names_set(w->h, 100, "db 10.9.0.3, web 10.9.0.2 fd09::2", &domain));
	assert_int_equal(names_pid(w->h, 100), pid);
	hycan_set_exclusive(w->h, true);
	assert_refused(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL), HYCAN_REFUSAL_EXISTS);
	hycan_set_exclusive(w->h, false);
	/* other hosts, another domain, and the process stays */
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.7", &domain));
	dns_until(30, NULL, "10.9.0.1", "web.blue.example", "10.9.0.7");
	dns_until(30, NULL, "10.9.0.1", "db", "NXDOMAIN");
	assert_int_equal(names_pid(w->h, 100), pid);
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.7", NULL));
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.7");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "10.9.0.7"), "web");
	assert_int_equal(names_pid(w->h, 100), pid);
	now = names_state(w->h, 100);
	assert_false(now->has_domain);
	assert_true(now->serves);
	assert_int_equal(now->restarts, 0);
	assert_int_equal(now->n_hosts, 1);
	free(now);
	/* a network without hosts has an answer, too */
	assert_done(w->h, names_set(w->h, 100, "", NULL));
	dns_until(30, NULL, "10.9.0.1", "web", "NXDOMAIN");
	/* it is in the ledger, and goes with its network, and so does its process */
	names_objects(w->h, "dns 100 link net100\n");
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
	pid = names_pid(w->h, 100);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	names_objects(w->h, "");
	assert_int_equal(shell_status(NULL, "test -e /proc/%d", pid), 1);
}

/* Every value in every way that a person or a bug would get it wrong; nothing of it reaches dnsmasq. */
static void test_bad(void **state)
{
	static const struct {
		const char *hosts, *domain, *upstreams;
		bool own_only;
		enum hycan_refusal refusal;
		const char *field, *sentence;
	} bad[] = {
		{ "Web 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "lower case" },
		{ "web\nserver=192.0.2.1 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "control character" },
		{ "../web 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "letters" },
		{ "/etc/passwd 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "letters" },
		{ "--conf-dir=/tmp 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "letters" },
		{ "--log-queries 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "begins" },
		{ "web. 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "dots" },
		{ ".web 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "dots" },
		{ "10.9.0.2 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "address" },
		{ "localhost 10.9.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "name", "itself" },
		{ "blue 10.9.0.2", "blue", NULL, false, HYCAN_REFUSAL_INVALID, "name", "is the domain" },
		{ "web", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "addresses", "needs an address" },
		{ "web 10.8.0.2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "addresses", "no address of the network “blue”" },
		{ "web 10.9.0.2 fd08::2", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "addresses", "fd08::2" },
		{ "web 127.0.0.1", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "addresses", "127.0.0.1" },
		{ "web 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 "
		  "10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2 10.9.0.2",
		  NULL, NULL, false, HYCAN_REFUSAL_LIMIT, "addresses", "at most 16" },
		{ "web 10.9.0.2, web 10.9.0.3", NULL, NULL, false, HYCAN_REFUSAL_INVALID, "hosts", "twice" },
		{ "web 10.9.0.2", "Blue", NULL, false, HYCAN_REFUSAL_INVALID, "domain", "lower case" },
		{ "web 10.9.0.2", "blue/10.9.0.0", NULL, false, HYCAN_REFUSAL_INVALID, "domain", "letters" },
		{ "web 10.9.0.2", "blue,192.0.2.1", NULL, false, HYCAN_REFUSAL_INVALID, "domain", "letters" },
		{ "web 10.9.0.2", "blue\n", NULL, false, HYCAN_REFUSAL_INVALID, "domain", "control character" },
		{ "web 10.9.0.2", ".", NULL, false, HYCAN_REFUSAL_INVALID, "domain", "dots" },
		{ "web 10.9.0.2", "7", NULL, false, HYCAN_REFUSAL_INVALID, "domain", "number" },
		{ "web 10.9.0.2", NULL, "10.9.0.1", false, HYCAN_REFUSAL_INVALID, "upstreams", "itself" },
		{ "web 10.9.0.2", NULL, "fd09::1", false, HYCAN_REFUSAL_INVALID, "upstreams", "itself" },
		{ "web 10.9.0.2", NULL, "192.0.2.1", true, HYCAN_REFUSAL_INVALID, "upstreams", "own_only" },
		{ "web 10.9.0.2", NULL, "192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1",
		  false, HYCAN_REFUSAL_LIMIT, "upstreams", "At most 8" },
	};
	const struct hycan_dns_set_options link = { .has_link = true, .link = "net,lo*" };
	struct hycan_network n = network_of(BLUE);
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, BLUE));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct hycan_dns_set_options options = { .has_own_only = true, .own_only = bad[i].own_only };
		struct hycan_address upstreams[16];

		if (bad[i].domain) {
			options.has_domain = true;
			snprintf(options.domain, sizeof(options.domain), "%s", bad[i].domain);
		}
		if (bad[i].upstreams) {
			options.has_upstreams = true;
			options.upstreams = upstreams;
			options.n_upstreams = names_addresses(bad[i].upstreams, upstreams, 16);
		}
		assert_refused(w->h, names_set(w->h, 100, bad[i].hosts, &options), bad[i].refusal);
		assert_string_equal(hycan_error_field(w->h), bad[i].field);
		assert_contains(hycan_error_message(w->h), bad[i].sentence);
	}
	names_objects(w->h, "");
	assert_int_equal(shell_status(NULL, "ss -Hlun sport = 53 | grep ."), 1);
	/* a link whose name says more than that to dnsmasq */
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	n.has_link = true;
	memcpy(n.link, link.link, sizeof(n.link));
	assert_done(w->h, hycan_network_create(w->h, &n, NULL, NULL));
	assert_refused(w->h, names_set(w->h, 100, "web 10.9.0.2", &link), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "link");
}

/* Other names: whom it is told to ask, and nobody for an internal network. */
static void test_upstreams(void **state)
{
	struct hycan_dns_set_options options = { .has_upstreams = true, .n_upstreams = 1 };
	struct hycan_network internal = network_of(BLUE);
	struct hycan_address upstream;
	struct world *w = *state;

	names_begin();
	/* somebody else on port 53 of another address, who knows a name */
	free(shell("ip address add 192.0.2.1/32 dev lo && dnsmasq --conf-file=/dev/null --pid-file=%s/pid --user=root --no-resolv "
	           "--no-hosts --bind-interfaces --listen-address=192.0.2.1 --address=/world.example/198.51.100.1",
	           w->directory));
	assert_done(w->h, network_create(w->h, BLUE));
	assert_int_equal(hycan_address_parse("192.0.2.1", &upstream), 0);
	options.upstreams = &upstream;
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", &options));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "www.world.example", false), "198.51.100.1");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_string_equal(dns_ask(NULL, "192.0.2.1", "web", false), "REFUSED");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "10.9.0.9"), "NXDOMAIN");
	/* the network becomes internal: nobody is asked any more; and back */
	internal.has_internal = internal.internal = true;
	assert_done(w->h,
	            hycan_network_create(w->h, &internal,
	                                 &(struct hycan_network_create_options){ .has_replace = true, .replace = true }, NULL));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "www.world.example", false), "REFUSED");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_refused(w->h, names_set(w->h, 100, "web 10.9.0.3", &options), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "upstreams");
	internal.internal = false;
	assert_done(w->h,
	            hycan_network_create(w->h, &internal,
	                                 &(struct hycan_network_create_options){ .has_replace = true, .replace = true }, NULL));
	dns_until(30, NULL, "10.9.0.1", "www.world.example", "198.51.100.1");
	options = (struct hycan_dns_set_options){ .has_own_only = true, .own_only = true };
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", &options));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "www.world.example", false), "REFUSED");
	/* another gateway, and it is asked there */
	assert_done(w->h, network_replace(w->h, "100 10.9.0.0/24 10.9.0.9 blue fd09::/64 fd09::1"));
	dns_until(30, NULL, "10.9.0.9", "web", "10.9.0.2");
	free(shell("kill $(cat %s/pid)", w->directory));
}

/* Somebody has the port: that is said, and nothing is left. */
static void test_port_taken(void **state)
{
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, BLUE));
	free(shell("dnsmasq --conf-file=/dev/null --pid-file=%s/pid --user=root --no-resolv --no-hosts", w->directory));
	assert_refused(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL), HYCAN_REFUSAL_BUSY);
	assert_contains(hycan_error_message(w->h), "port 53 of 10.9.0.1");
	names_objects(w->h, "");
	free(shell("kill $(cat %s/pid)", w->directory));
}

/* A dnsmasq that does not come up, until end_hanging(); its path is in a buffer of 64 bytes. */
static void write_hanging(char *program)
{
	snprintf(program, 64, "/var/tmp/hycan-test-dnsmasq-%d", getpid());
	free(shell("printf '#!/bin/sh\nexec sleep 600.%d\n' >%s && chmod 755 %s", getpid(), program, program));
}

static void until_hanging(int n)
{
	shell_until(60, "test $(pgrep -cf 'sleep 600[.]%d') -ge %d", getpid(), n);
}

/* Those that hang end, and so do those that are started from now on. */
static void end_hanging(const char *program)
{
	free(shell("printf '#!/bin/sh\nexit 3\n' >%s && kill $(pgrep -f 'sleep 600[.]%d')", program, getpid()));
}

static int ask_in_transaction(struct hycan *h, uint16_t vlan_id)
{
	int r = hycan_transaction_begin(h);

	r = r ? r : names_set(h, vlan_id, "", NULL);
	return r ? r : hycan_transaction_commit(h, NULL, NULL);
}

/* Somebody who asks for names of the network, or in a transaction, and waits; ends with whether they are told. */
static pid_t ask_as(const struct world *w, uid_t uid, uint16_t vlan_id, bool in_transaction)
{
	pid_t pid = fork();
	struct hycan *h = NULL;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(hycan_open(&h, w->socket) == 0 &&
	      (in_transaction ? ask_in_transaction(h, vlan_id) : names_set(h, vlan_id, "", NULL)) == 0);
}

#define ASKS 6

/*
 * Some dnsmasqs do not come up: who waits for them keeps nobody else waiting, and of its own requests those alone. Of two users
 * together, too; nor whoever asks for something of the same sort that does not wait. And what strangers do meanwhile is noticed.
 */
static void test_waiting(void **state)
{
	const struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 70, .has_table = true, .table = 7
	};
	char program[64], network[64];
	const struct world_options options = {
		.policy = "allow root all\nallow * dns owner=any\n",
		.open_to_all = true,
		.arguments = { "--dnsmasq", program },
	};
	struct world *w;
	pid_t asks[ASKS];
	int status;

	write_hanging(program);
	*state = w = world_start(&options);
	names_begin();
	for (int i = 0; i < ASKS; i++) {
		snprintf(network, sizeof(network), "10%d 10.%d.0.0/24 10.%d.0.1 n%d", i, i, i, i);
		assert_done(w->h, network_create(w->h, network));
	}
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	for (uint16_t i = 0; i < ASKS; i++)
		asks[i] = ask_as(w, i < ASKS / 2 ? 65534 : 65533, 100 + i, i % 2);
	until_hanging(4);
	assert_refused(w->h, hycan_link_delete(w->h, "nosuch0"), HYCAN_REFUSAL_NOT_FOUND);
	free(shell("ip rule del priority 70"));
	objects_wait(w->h, 2 * ASKS);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	for (size_t i = 0; i < ASKS; i++)
		assert_int_equal(waitpid(asks[i], NULL, WNOHANG), 0);
	/* some wait for others of that user, and go on when these are done */
	end_hanging(program);
	for (size_t i = 0; i < ASKS; i++) {
		assert_int_equal(waitpid(asks[i], &status, 0), asks[i]);
		assert_int_equal(status, 0);
	}
	names_objects(w->h, "");
	free(shell("rm %s", program));
}

/* A transaction that has made a network and a mapping, and waits for a dnsmasq: nothing is amiss by that. */
static void test_well(void **state)
{
	const struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.9.0.2 80");
	char program[64];
	const struct world_options options = { .arguments = { "--dnsmasq", program } };
	struct hycan *h = NULL;
	struct world *w;
	pid_t child;

	write_hanging(program);
	*state = w = world_start(&options);
	names_begin();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(hycan_open(&h, w->socket) == 0 && hycan_transaction_begin(h) == 0 && network_create(h, BLUE) == 0 &&
		      hycan_port_add(h, &mapping) == 0 && names_set(h, 100, "web 10.9.0.2", NULL) == 0 &&
		      hycan_transaction_commit(h, NULL, NULL) == 0);
	}
	until_hanging(1);
	for (int i = 0; i < 10; i++)
		assert_well(w->h);
	end_hanging(program);
	assert_int_equal(assert_well_beside(w->h, child), 0);
	names_objects(w->h, "");
	free(shell("rm %s", program));
}

static void test_not_installed(void **state)
{
	const struct world_options options = { .arguments = { "--dnsmasq", "/nonexistent/dnsmasq" } };
	struct world *w = *state = world_start(&options);
	const struct hycan_dns_host host = { .name = "web" };

	assert_refused(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "install the package dnsmasq-base");
	assert_refused(w->h, hycan_dns_add_host(w->h, 100, &host, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_dns_remove_host(w->h, 100, "web", NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_dns_unset(w->h, 100, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_dns_list(w->h, NULL, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_done(w->h, hycan_link_list(w->h, NULL, NULL, NULL));
	/* the rest works */
	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	assert_no_drift(w->h, 100);
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_set, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_upstreams, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_port_taken, world_begin, world_end),
		cmocka_unit_test_teardown(test_waiting, world_end),
		cmocka_unit_test_teardown(test_well, world_end),
		cmocka_unit_test_teardown(test_not_installed, world_end),
	};

	return cmocka_run_group_tests_name("dns.set", tests, NULL, NULL);
}
