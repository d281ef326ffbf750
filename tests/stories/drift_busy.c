/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon looks for drift all the time while clients make, change, rename and take away: nothing of a client's is taken for
 * gone, what a stranger takes away meanwhile is noticed, and in the end the ledger has what the kernel has.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ops/wireguard/device.h"
#include "clients.h"
#include "nat.h"
#include "objects.h"

#define DRIFT "not by a request"

/* How often each client does what it does, and how much of each kind stays meanwhile. */
#define ROUNDS 150
#define STAY   60

static struct hycan_rule rule_of(unsigned int priority)
{
	struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4,
		                   .has_priority = true,
		                   .priority = priority,
		                   .has_from = true,
		                   .has_table = true,
		                   .table = 7 };

	rule.from = prefix_of("10.7.0.0/16");
	return rule;
}

static struct hycan_route route_of(bool ipv6, unsigned int n)
{
	char text[64];

	snprintf(text, sizeof(text), ipv6 ? "fd77:%x::/64" : "10.77.%u.0/24", n);
	return route_via(text, ipv6 ? "fd00::2" : "10.0.0.2");
}

/* Routes come and go between those that stay; their lists are longer than one message of the kernel. */
static void do_routes(struct hycan *h)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		for (unsigned int n = 0; n < 4; n++) {
			const struct hycan_route route = route_of(n & 1, 100 + n);

			assert_done(h, hycan_route_add(h, &route));
			assert_done(h, hycan_route_remove(h, &route.destination, NULL));
		}
}

static void do_many_routes(struct hycan *h)
{
	enum { N = 400 };
	static struct hycan_route routes[N];
	struct hycan_route_load_reply *reply = NULL;

	for (unsigned int i = 0; i < ROUNDS / 30; i++) {
		for (unsigned int n = 0; n < N; n++) {
			routes[n] = route_to(n & 1 ? "fd78::/64" : "10.78.0.0/32");
			routes[n].destination.address.bytes[3] = (uint8_t)n;
			routes[n].destination.address.bytes[2] = (uint8_t)(n >> 8);
			routes[n].has_link = true;
			snprintf(routes[n].link, sizeof(routes[n].link), "va");
		}
		assert_done(h, hycan_route_load(h, routes, N, NULL, &reply));
		free(reply);
		for (unsigned int n = 0; n < N; n++)
			assert_done(h, hycan_route_remove(h, &routes[n].destination, NULL));
	}
}

/* The same place, another way: it stays whose it is. */
static void do_replacements(struct hycan *h)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		for (unsigned int n = 0; n < 4; n++) {
			struct hycan_route route = route_of(n & 1, n);

			route.via = address_of(n & 1 ? (i & 1 ? "fd00::2" : "fd00::3") : (i & 1 ? "10.0.0.2" : "10.0.0.3"));
			assert_done(h, hycan_route_replace(h, &route));
		}
}

static void do_addresses(struct hycan *h)
{
	struct hycan_link_address a = { .link = "va", .address = prefix_of("10.5.0.1/24") };

	for (unsigned int i = 0; i < ROUNDS; i++) {
		a.address = prefix_of(i & 1 ? "10.5.0.1/24" : "fd05::1/64");
		assert_done(h, hycan_address_add(h, &a));
		assert_done(h, hycan_address_remove(h, "va", &a.address));
	}
}

static void do_rules(struct hycan *h)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		/* before those that stay: when it goes, the list moves up */
		const struct hycan_rule rule = rule_of(10 + i % 3);

		assert_done(h, hycan_rule_add(h, &rule));
		assert_done(h, hycan_rule_remove(h, &rule));
	}
}

/* What is on it goes by other names then. */
static void do_renames(struct hycan *h)
{
	for (unsigned int i = 0; i < 2 * ROUNDS; i++)
		assert_done(h, i & 1 ? hycan_link_rename(h, "rb", "ra") : hycan_link_rename(h, "ra", "rb"));
}

static void do_masquerades(struct hycan *h)
{
	const struct hycan_masquerade m = nat_masquerade("10.200.0.0/24");

	for (unsigned int i = 0; i < ROUNDS / 3; i++) {
		assert_done(h, hycan_masquerade_add(h, &m));
		assert_done(h, hycan_masquerade_remove(h, &m));
	}
}

/* One that leads elsewhere each time, within one transaction, of which the ledger hears some steps later. */
static void do_mappings(struct hycan *h)
{
	struct hycan_port_mapping mapping[] = { nat_mapping("tcp 8080 10.0.0.2 80"), nat_mapping("tcp 8080 10.0.0.3 80") };

	assert_done(h, hycan_port_add(h, &mapping[0]));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		assert_done(h, hycan_transaction_begin(h));
		(void)nat_remove_mapping(h, &mapping[i % 2]);
		(void)hycan_port_add(h, &mapping[(i + 1) % 2]);
		for (unsigned int n = 0; n < 20; n++)
			(void)hycan_link_up(h, "va");
		assert_done(h, hycan_transaction_commit(h, NULL, NULL));
	}
	assert_done(h, nat_remove_mapping(h, &mapping[ROUNDS % 2]));
}

/* Peers that stay, and some that come and go, as a whole list and one by one. */
static void do_peers(struct hycan *h)
{
	struct hycan_wireguard_peer_config peers[20] = { 0 };
	struct hycan_wireguard_sync_reply reply;

	for (uint32_t n = 0; n < 20; n++)
		peers[n].public_key = peer_key(n + 1);
	for (unsigned int i = 0; i < ROUNDS / 3; i++) {
		assert_done(h, hycan_wireguard_sync(h, "wg0", peers, i & 1 ? 10 : 20, &reply));
		assert_done(h, hycan_wireguard_peer_set(h, "wg0", &peers[19]));
		assert_done(h, hycan_wireguard_peer_remove(h, "wg0", &peers[19].public_key));
	}
	assert_done(h, hycan_wireguard_sync(h, "wg0", peers, 10, &reply));
}

/* Does it with a connection of its own; the result is the exit status. */
static pid_t begin_client(const struct world *w, void (*does)(struct hycan *h), enum hycan_drift drift)
{
	struct hycan *h;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	h = client_open(w);
	client_choose_drift(h, drift);
	does(h);
	hycan_close(h);
	/* a failed assertion has ended it otherwise */
	_exit(0);
}

static void end_client(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/*
 * A stranger who renames a link of his, and has an element in our table: after that the daemon looks at everything, and at what is in
 * the table. He does so until the file “enough” is there.
 */
static pid_t begin_stranger(const struct world *w)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	free(shell("for i in $(seq 100); do echo link set sa name sc; echo link set sc name sa; done > %s/renames; "
	           "while ! test -e %s/enough; do ip -batch %s/renames; "
	           "nft 'add element inet hycan port_ipv4 { tcp . 54 : 10.0.0.2 . 54 }; "
	           "delete element inet hycan port_ipv4 { tcp . 54 }' 2>/dev/null; true; done",
	           w->directory, w->directory, w->directory));
	_exit(0);
}

static struct world *begin(void)
{
	const struct world_options options = { .arguments = { "--drift-patience", "1" } };
	struct world *w = world_start(&options);

	free(shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad;"
	           "for l in v r s; do ip link add name ${l}a type veth peer name ${l}p && ip link set ${l}a addrgenmode none && "
	           "ip link set ${l}p addrgenmode none; done; ip link set va up; ip link set vp up;"
	           "ip address add 10.0.0.1/24 dev va; ip address add fd00::1/64 dev va nodad"));
	shell_until(10, "ip link show va | grep -q 'state UP'");
	routing_settle();
	return w;
}

/* What stays while others come and go, some of it with each wish. */
static size_t make(struct world *w)
{
	static const enum hycan_drift drifts[] = { HYCAN_DRIFT_REPORT, HYCAN_DRIFT_REPAIR, HYCAN_DRIFT_IGNORE };
	struct hycan_wireguard_peer_config peers[10] = { 0 };
	struct hycan_wireguard_sync_reply reply;
	size_t n = 0;
	char text[64];

	for (unsigned int i = 0; i < STAY; i++) {
		const struct hycan_route four = route_of(false, i), six = route_of(true, i);
		const struct hycan_rule rule = rule_of(100 + i);
		struct hycan_link_address a = { .link = "ra" };

		client_choose_drift(w->h, drifts[i % 3]);
		assert_done(w->h, hycan_route_add(w->h, &four));
		assert_done(w->h, hycan_route_add(w->h, &six));
		assert_done(w->h, hycan_rule_add(w->h, &rule));
		snprintf(text, sizeof(text), i & 1 ? "10.6.%u.1/24" : "fd06:%x::1/64", i);
		a.address = prefix_of(text);
		assert_done(w->h, hycan_address_add(w->h, &a));
		n += 4;
		if (i % 6)
			continue;
		snprintf(text, sizeof(text), "10.%u.0.0/16", 100 + i);
		assert_done(w->h, hycan_masquerade_add(w->h, &(struct hycan_masquerade){ .subnet = prefix_of(text) }));
		n++;
	}
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	if (!has_kind("wireguard"))
		return n;
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL));
	for (uint32_t i = 0; i < 10; i++)
		peers[i].public_key = peer_key(i + 1);
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 10, &reply));
	return n + 11;
}

static void assert_not_said(struct world *w, const char *part)
{
	char *log = world_log(w);

	assert_lacks(log, part);
	free(log);
}

static const struct {
	void (*does)(struct hycan *h);
	enum hycan_drift drift;
	const char *needs; /* a kind of link */
} clients[] = {
	{ do_routes, HYCAN_DRIFT_REPORT, NULL },       { do_many_routes, HYCAN_DRIFT_REPORT, NULL },
	{ do_replacements, HYCAN_DRIFT_REPORT, NULL }, { do_addresses, HYCAN_DRIFT_REPAIR, NULL },
	{ do_rules, HYCAN_DRIFT_REPAIR, NULL },        { do_renames, HYCAN_DRIFT_REPORT, NULL },
	{ do_masquerades, HYCAN_DRIFT_IGNORE, NULL },  { do_mappings, HYCAN_DRIFT_REPORT, NULL },
	{ do_peers, HYCAN_DRIFT_REPORT, "wireguard" },
};
#define CLIENTS (sizeof(clients) / sizeof(*clients))

static void begin_clients(const struct world *w, pid_t pids[static CLIENTS])
{
	for (size_t i = 0; i < CLIENTS; i++)
		pids[i] = !clients[i].needs || has_kind(clients[i].needs) ? begin_client(w, clients[i].does, clients[i].drift) : 0;
}

static void end_clients(const pid_t pids[static CLIENTS])
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (pids[i])
			end_client(pids[i]);
}

/* Nobody takes anything away but by requests. */
static void test_ours_stays(void **state)
{
	struct world *w = begin();
	const size_t n = make(w);
	pid_t pids[CLIENTS], stranger;

	*state = w;
	stranger = begin_stranger(w);
	begin_clients(w, pids);
	end_clients(pids);
	free(shell("touch %s/enough", w->directory));
	end_client(stranger);
	assert_not_said(w, DRIFT);
	assert_not_said(w, "made again");
	objects_wait(w->h, n);
	/* and all of it is there */
	free(shell("test $(ip route | grep -c '^10.77') = %d && test $(ip -6 route | grep -c '^fd77') = %d && "
	           "test $(ip rule | grep -c 'from 10.7.0.0/16') = %d && test $(ip -o addr show ra | wc -l) = %d",
	           STAY, STAY, STAY, STAY));
}

/* Each of these things is taken away while the others come and go; of three one is reported, one made again, one forgotten. */
static void test_strangers_are_noticed(void **state)
{
	struct world *w = begin();
	const size_t n = make(w);
	pid_t pids[CLIENTS];

	*state = w;
	begin_clients(w, pids);
	for (int i = 30; i < STAY; i++)
		free(shell("ip route del 10.77.%d.0/24; ip -6 route del fd77:%x::/64; ip rule del priority %d", i, i, 100 + i));
	end_clients(pids);
	objects_wait(w->h, n - 30);
	shell_until(20,
	            "test $(ip route | grep -c '^10.77') = %d && test $(ip -6 route | grep -c '^fd77') = %d && "
	            "test $(ip rule | grep -c 'from 10.7.0.0/16') = %d",
	            STAY - 20, STAY - 20, STAY - 20);
	assert_int_equal(objects_count(w->h), n - 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_ours_stays, world_end),
		cmocka_unit_test_teardown(test_strangers_are_noticed, world_end),
	};

	return cmocka_run_group_tests_name("drift_busy", tests, NULL, NULL);
}
