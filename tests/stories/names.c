/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names with real hosts: two networks on one parent, a container in each, and a daemon that comes and goes.
 *
 *      host                      containers
 *      up0 ------------------ up1
 *       .  net100 10.9.0.1     .  v100   blue   10.9.0.2   fd09::2
 *       .  net101 10.8.0.1     .  v101   red    10.8.0.2   fd08::2
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "network.h"
#include "question.h"

static void add_container(const char *name, int vlan, int net)
{
	free(shell("ip netns add %s && ip link add link up1 name v%d type vlan id %d && ip link set v%d netns %s", name, vlan, vlan,
	           vlan, name));
	free(shell("ip -n %s link set lo up && ip -n %s link set v%d up && ip -n %s address add 10.%d.0.2/24 dev v%d && "
	           "ip -n %s address add fd0%d::2/64 dev v%d nodad && ip -n %s route add default via 10.%d.0.1",
	           name, name, vlan, name, net, vlan, name, net, vlan, name, net));
}

static void make_world(struct world *w)
{
	const struct hycan_dns_set_options blue = { .has_domain = true, .domain = "blue.example" };

	names_begin();
	add_container("blue", 100, 9);
	add_container("red", 101, 8);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red fd08::/64 fd08::1"));
	shell_until(60, "ip netns exec blue ping -c 1 -W 1 10.9.0.1 && ip netns exec red ping -c 1 -W 1 10.8.0.1");
	shell_until(60, "ip netns exec blue ping -c 1 -W 1 fd09::1");
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2 fd09::2, gateway 10.9.0.1", &blue));
	assert_done(w->h, names_set(w->h, 101, "db 10.8.0.2", NULL));
}

static int end(void **state)
{
	(void)shell_status(NULL, "ip netns delete blue; ip netns delete red");
	return world_end(state);
}

/* Within a network, in every form, and not across. */
static void test_names(void **state)
{
	struct world *w = *state;

	make_world(w);
	assert_string_equal(dns_ask("blue", "10.9.0.1", "web", false), "10.9.0.2");
	assert_string_equal(dns_ask("blue", "10.9.0.1", "gateway.blue.example", false), "10.9.0.1");
	assert_string_equal(dns_ask("blue", "10.9.0.1", "web.blue.example", true), "fd09::2");
	assert_string_equal(dns_ask("blue", "fd09::1", "web", true), "fd09::2");
	assert_string_equal(dns_ask_reverse("blue", "fd09::1", "fd09::2"), "web.blue.example");
	assert_string_equal(dns_ask_reverse("blue", "10.9.0.1", "10.9.0.2"), "web.blue.example");
	assert_string_equal(dns_ask("red", "10.8.0.1", "db", false), "10.8.0.2");
	assert_string_equal(dns_ask("blue", "10.9.0.1", "db", false), "NXDOMAIN");
	assert_string_equal(dns_ask("red", "10.8.0.1", "web", false), "NXDOMAIN");
	/* nor from the other network by asking the right one */
	dns_assert_silence("red", "10.9.0.1", "web");
	dns_assert_silence("blue", "10.8.0.1", "db");
	/* the host may, as it may anywhere */
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	/* one network goes, and the other does not notice */
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_string_equal(dns_ask("blue", "10.9.0.1", "web", false), "10.9.0.2");
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "unreachable");
	assert_int_equal(shell_status(NULL, "ls %s.d | grep dns", w->socket), 1);
}

/* A daemon that is killed takes its dnsmasqs along; the next one has all names again, and who holds them. */
static void test_restarts(void **state)
{
	static const int signals[] = { SIGKILL, SIGTERM };
	struct world_options options = { 0 };
	struct world *w = *state;

	make_world(w);
	assert_done(w->h, names_add(w->h, 100, "late 10.9.0.9"));
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		int pid = names_pid(w->h, 100);

		world_stop_daemon(w, signals[i]);
		shell_until(60, "! test -e /proc/%d", pid);
		hycan_close(w->h);
		w->h = NULL;
		world_start_daemon(w, &options);
		assert_done(w->h, hycan_open(&w->h, w->socket));
		dns_until(60, "blue", "10.9.0.1", "late", "10.9.0.9");
		dns_until(60, "red", "10.8.0.1", "db", "10.8.0.2");
		assert_string_equal(dns_ask("blue", "10.9.0.1", "web.blue.example", true), "fd09::2");
		names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\ndns_host 100 gateway link net100\n"
		                    "dns 101 link net101\ndns_host 101 db link net101\ndns_host 100 late link net100\n");
	}
	/* all of it goes when all is cleared */
	assert_done(w->h, hycan_object_clear(w->h, NULL, NULL));
	names_objects(w->h, "");
	assert_int_equal(shell_status(NULL, "ss -Hlun sport = 53 | grep ."), 1);
}

/* In another network namespace, and after it is gone. */
static void test_namespace(void **state)
{
	struct world_options options = { 0 };
	struct world *w = *state;
	struct hycan *h = NULL;
	int netns;

	names_begin();
	free(shell("ip netns add blue && ip -n blue link set lo up && ip link set up0 netns blue && ip -n blue link set up0 up"));
	netns = open("/run/netns/blue", O_RDONLY | O_CLOEXEC);
	assert_true(netns >= 0);
	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_session_netns(h, netns, NULL));
	assert_done(h, network_create(h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(h, names_set(h, 100, "web 10.9.0.2", NULL));
	assert_string_equal(dns_ask("blue", "10.9.0.1", "web", false), "10.9.0.2");
	hycan_close(h);
	world_stop_daemon(w, SIGKILL);
	hycan_close(w->h);
	w->h = NULL;
	world_start_daemon(w, &options);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	dns_until(60, "blue", "10.9.0.1", "web", "10.9.0.2");
	close(netns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, world_begin, end),
		cmocka_unit_test_setup_teardown(test_restarts, world_begin, end),
		cmocka_unit_test_setup_teardown(test_namespace, world_begin, end),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
