/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The room of the resolver by itself: names, zones in files, and the supervisor with a real dnsmasq, on addresses of a veth.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "instance.h"
#include "question.h"
#include "resolver.h"
#include "zone.h"

static const char folder[] = "/tmp/hycan-test-resolver";

static struct hycan_address address(const char *text)
{
	struct hycan_address a;

	assert_int_equal(hycan_address_parse(text, &a), 0);
	return a;
}

static struct resolver_host host_of(const char *name, const char *first, const char *second)
{
	struct resolver_host host = { .n_addresses = second ? 2 : 1 };

	memcpy(host.name, name, strlen(name) + 1);
	host.address[0] = address(first);
	if (second)
		host.address[1] = address(second);
	return host;
}

/* ---------------------------------------------------------------------------------------------------------------- names */

static void test_names(void **state)
{
	static const char *const good[] = {
		"web", "a", "0a", "web-1", "my_app", "db.prod", "a.b.c.d", "x--y", "1and1", "10.0.0.2.web",
	};
	static const struct {
		const char *name, *fault;
	} bad[] = {
		{ "", "empty" },
		{ "Web", "lower case" },
		{ "web\n", "letters" },
		{ "web\nserver=8.8.8.8", "letters" },
		{ "web db", "letters" },
		{ "web\tdb", "letters" },
		{ "web\r", "letters" },
		{ "web#", "letters" },
		{ "web/..", "letters" },
		{ "/etc/passwd", "letters" },
		{ "../up", "letters" },
		{ "web=1", "letters" },
		{ "web,db", "letters" },
		{ "web:53", "letters" },
		{ "web\\n", "letters" },
		{ "\"web\"", "letters" },
		{ "$(id)", "letters" },
		{ "web*", "letters" },
		{ "w\xc3\xa9"
		  "b",
		  "letters" },
		{ "web\x01", "letters" },
		{ "web\x7f", "letters" },
		{ "web~", "letters" },
		{ "-web", "begins" },
		{ "--conf-file", "begins" },
		{ "_web", "begins" },
		{ "web-", "ends" },
		{ "web_", "ends" },
		{ ".", "nothing" },
		{ "..", "nothing" },
		{ ".web", "nothing" },
		{ "web.", "nothing" },
		{ "web..db", "nothing" },
		{ "10.0.0.2", "address" },
		{ "7", "address" },
		{ "web.7", "address" },
		{ "localhost", "for itself" },
		{ "web.localhost", "for itself" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "63" },
	};
	char longest[RESOLVER_NAME_SIZE + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (resolver_name_fault(good[i]))
			fail_msg("“%s”: %s", good[i], resolver_name_fault(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *fault = resolver_name_fault(bad[i].name);

		if (!fault || !strstr(fault, bad[i].fault))
			fail_msg("“%s”: %s", bad[i].name, fault ? fault : "taken");
	}
	memset(longest, 'a', sizeof(longest));
	longest[60] = longest[120] = '.';
	longest[RESOLVER_NAME_SIZE - 1] = '\0';
	assert_null(resolver_name_fault(longest));
	longest[RESOLVER_NAME_SIZE - 1] = 'a';
	longest[RESOLVER_NAME_SIZE] = '\0';
	assert_non_null(resolver_name_fault(longest));
}

/* ---------------------------------------------------------------------------------------------------------------- zones */

static void make_zone(struct resolver_zone *zone)
{
	struct resolver_host host;

	*zone = (struct resolver_zone){ .vlan_id = 100, .link = "v0", .domain = "blue.example", .n_upstreams = 1 };
	assert_int_equal(hycan_prefix_parse("10.9.0.1/24", &zone->gateway[0]), 0);
	assert_int_equal(hycan_prefix_parse("fd09::1/64", &zone->gateway[1]), 0);
	zone->upstream[0] = address("10.9.0.53");
	host = host_of("web", "10.9.0.2", "fd09::2");
	assert_int_equal(resolver_zone_put(zone, &host), 0);
	host = host_of("db", "10.9.0.3", NULL);
	assert_int_equal(resolver_zone_put(zone, &host), 0);
}

/* Another zone, on the other end of the veth. */
static void make_other(struct resolver_zone *other)
{
	make_zone(other);
	other->vlan_id = 101;
	memcpy(other->link, "v1", 3);
	free(shell("ip address add 10.8.0.1/24 dev v1"));
	assert_int_equal(hycan_prefix_parse("10.8.0.1/24", &other->gateway[0]), 0);
	other->gateway[1] = (struct hycan_prefix){ 0 };
}

static void test_zone(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone, copy = { 0 }, again = { 0 };
	char name[RESOLVER_NAME_SIZE], path[128];
	struct resolver_host host;

	(void)state;
	make_zone(&zone);
	for (unsigned int i = 0; i < 100; i++) {
		/* in no order */
		snprintf(name, sizeof(name), "h%u", i * 37 % 100);
		host = host_of(name, "10.9.0.9", NULL);
		assert_int_equal(resolver_zone_put(&zone, &host), 0);
	}
	assert_int_equal(zone.n_hosts, 102);
	for (size_t i = 1; i < zone.n_hosts; i++)
		assert_true(strcmp(zone.host[i - 1].name, zone.host[i].name) < 0);
	assert_int_equal(resolver_zone_copy(&zone, &copy), 0);
	assert_true(resolver_zone_same(&zone, &copy));
	for (unsigned int i = 0; i < 100; i += 2) {
		snprintf(name, sizeof(name), "h%u", i);
		assert_true(resolver_zone_remove(&zone, name));
		assert_false(resolver_zone_remove(&zone, name));
		assert_null(resolver_zone_find(&zone, name));
	}
	assert_false(resolver_zone_same(&zone, &copy));
	snprintf(path, sizeof(path), "%s/zone", folder);
	assert_int_equal(resolver_zone_write(path, &zone), 0);
	assert_int_equal(resolver_zone_read(path, &again), 0);
	again.vlan_id = zone.vlan_id;
	assert_true(resolver_zone_same(&zone, &again));
	/* whatever was cut off is noticed */
	free(shell("sed -i '$d' %s", path));
	resolver_zone_done(&again);
	assert_int_equal(resolver_zone_read(path, &again), -EBADMSG);
	free(shell("sed -i 's/^host db .*/host ..\\/db 10.9.0.3/; $aend' %s", path));
	assert_int_equal(resolver_zone_read(path, &again), -EBADMSG);
}

/* ----------------------------------------------------------------------------------------------------------- supervisor */

static struct resolver *start_patiently(const char *state_path, const char *program, int patience_ms)
{
	const struct resolver_options options = { .state_path = state_path, .program = program, .patience_ms = patience_ms };
	struct resolver *resolver = NULL;

	assert_int_equal(resolver_open(&options, &resolver), 0);
	assert_int_equal(resolver_start(resolver), 0);
	return resolver;
}

/* What does not come up is waited for as long as a test likes. */
static struct resolver *start(const char *state_path, const char *program)
{
	return start_patiently(state_path, program, 1000000);
}

static int begin(void **state)
{
	*state = NULL;
	need_command("dnsmasq");
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	free(shell("ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && "
	           "ip address add 10.9.0.1/24 dev v0 && ip address add fd09::1/64 dev v0 nodad && rm -rf %s && mkdir -p %s",
	           folder, folder));
	/* the kernel answers to an address of IPv6 a moment after it was given one */
	shell_until(20, "ip -6 route get fd09::1 | grep -q 'dev lo'");
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(shell("rm -rf %s", folder));
	return 0;
}

static int pid_of(struct resolver *resolver)
{
	struct resolver_state now;

	assert_int_equal(resolver_state(resolver, 0, 100, &now), 0);
	return now.pid;
}

static void test_serves(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone;
	struct resolver *resolver = start(NULL, NULL);
	char words[RESOLVER_WORDS_SIZE];
	struct resolver_state now;
	struct resolver_host host, was;
	int pid;

	(void)state;
	make_zone(&zone);
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_string_equal(dns_ask(NULL, "fd09::1", "web.blue.example", true), "fd09::2");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "nobody.blue.example", false), "NXDOMAIN");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "nobody", false), "NXDOMAIN");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "10.9.0.2"), "web.blue.example");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "fd09::2"), "web.blue.example");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "10.9.0.77"), "NXDOMAIN");
	/* at these addresses alone, and not for who comes another way */
	free(shell("ip netns add near; ip link add o0 type veth peer name o1 netns near; ip link set o0 up; "
	           "ip address add 10.7.0.1/24 dev o0; ip -n near link set o1 up; ip -n near address add 10.7.0.2/24 dev o1; "
	           "ip -n near route add default via 10.7.0.1"));
	shell_until(20, "ip netns exec near ping -c 1 -W 1 10.9.0.1");
	dns_assert_silence("near", "10.9.0.1", "web");
	free(shell("ip netns delete near"));
	assert_string_equal(dns_ask(NULL, "127.0.0.1", "web", false), "refused by the kernel");
	pid = pid_of(resolver);
	assert_true(pid > 0);
	/* neither root, nor more than the one capability, nor a descriptor of ours */
	free(shell("! grep -q '^Uid:.*\\b0\\b' /proc/%d/status", pid));
	free(shell("test $(grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/%d/status | grep -c 0000000000000400) = 4", pid));
	free(shell("grep -q 'NoNewPrivs:.*1' /proc/%d/status", pid));
	/* hosts come, change and go; the process stays */
	host = host_of("new", "10.9.0.4", NULL);
	assert_int_equal(resolver_put_host(resolver, &zone, NULL, &host), 0);
	dns_until(20, NULL, "10.9.0.1", "new", "10.9.0.4");
	/* who knows of another host of that name, or of none, or of another network, was overtaken */
	assert_int_equal(resolver_put_host(resolver, &zone, NULL, &host), -EINTR);
	was = host_of("new", "10.9.0.6", NULL);
	assert_int_equal(resolver_put_host(resolver, &zone, &was, &host), -EINTR);
	was = host;
	assert_int_equal(resolver_replace(resolver, &zone, &zone, -1, words), -EINTR);
	assert_int_equal(resolver_replace(resolver, &zone, NULL, -1, words), -EINTR);
	zone.gateway[0].length++;
	assert_int_equal(resolver_put_host(resolver, &zone, &was, &host), -EINTR);
	zone.gateway[0].length--;
	host = host_of("new", "10.9.0.5", NULL);
	assert_int_equal(resolver_put_host(resolver, &zone, &was, &host), 0);
	dns_until(20, NULL, "10.9.0.1", "new", "10.9.0.5");
	assert_int_equal(resolver_remove_host(resolver, 0, 100, "new"), 0);
	assert_int_equal(resolver_remove_host(resolver, 0, 100, "new"), -ENOENT);
	dns_until(20, NULL, "10.9.0.1", "new", "NXDOMAIN");
	/* all stated anew: what is not in it is gone */
	assert_true(resolver_zone_remove(&zone, "db"));
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	dns_until(20, NULL, "10.9.0.1", "db", "NXDOMAIN");
	assert_int_equal(pid_of(resolver), pid);
	/* killed by hand it comes back, again and again, later and later */
	for (uint32_t i = 1; i <= 3; i++) {
		kill(pid_of(resolver), SIGKILL);
		dns_until(20, NULL, "10.9.0.1", "web", "10.9.0.2");
		assert_int_equal(resolver_state(resolver, 0, 100, &now), 0);
		assert_int_equal(now.restarts, i);
	}
	assert_int_equal(resolver_probe(resolver), 0);
	assert_int_equal(resolver_state(resolver, 0, 100, &now), 0);
	assert_true(now.serves);
	/* it does not answer while it is stopped, and that is seen */
	kill(now.pid, SIGSTOP);
	assert_int_equal(resolver_probe(resolver), 0);
	assert_int_equal(resolver_state(resolver, 0, 100, &now), 0);
	assert_false(now.serves);
	kill(now.pid, SIGCONT);
	assert_int_equal(resolver_unset(resolver, 0, 100), 0);
	assert_int_equal(resolver_unset(resolver, 0, 100), -ENOENT);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "refused by the kernel");
	resolver_free(&resolver);
}

/* Somebody outside of the zone who knows one name, as that address. */
static void add_upstream(const char *server, const char *answer)
{
	free(shell("ip address add %s/32 dev lo && dnsmasq --conf-file=/dev/null --pid-file=%s/%s --user=root --no-resolv "
	           "--no-hosts --bind-interfaces --listen-address=%s --address=/world.example/%s",
	           server, folder, server, server, answer));
}

/* Another domain, other upstreams, all the time: it goes on, no question is lost, and by the answer it is so. */
static void test_goes_on(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone;
	struct resolver *resolver = start(NULL, NULL);
	char words[RESOLVER_WORDS_SIZE];
	unsigned int asked, failed;
	struct dns_loop *loop;
	int pid;

	(void)state;
	add_upstream("192.0.2.1", "198.51.100.1");
	add_upstream("192.0.2.2", "198.51.100.2");
	make_zone(&zone);
	zone.upstream[0] = address("192.0.2.1");
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	pid = pid_of(resolver);
	loop = dns_start(NULL, "10.9.0.1", "web", "10.9.0.2");
	for (int i = 0; i < 20; i++) {
		bool odd = i % 2;

		zone.upstream[0] = address(odd ? "192.0.2.1" : "192.0.2.2");
		memcpy(zone.domain, odd ? "one.example" : "two.example", sizeof("one.example"));
		assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
		assert_string_equal(dns_ask(NULL, "10.9.0.1", "www.world.example", false), odd ? "198.51.100.1" : "198.51.100.2");
		assert_string_equal(dns_ask(NULL, "10.9.0.1", odd ? "web.one.example" : "web.two.example", false), "10.9.0.2");
		assert_string_equal(dns_ask(NULL, "10.9.0.1", odd ? "no.one.example" : "no.two.example", false), "NXDOMAIN");
		assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "10.9.0.2"), odd ? "web.one.example" : "web.two.example");
	}
	/* nobody is asked any more */
	zone.n_upstreams = 0;
	zone.own_only = true;
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "www.world.example", false), "REFUSED");
	dns_stop(&loop, &asked, &failed);
	print_message("%u questions meanwhile, %u without the right answer\n", asked, failed);
	assert_true(asked > 0);
	assert_int_equal(failed, 0);
	assert_int_equal(pid_of(resolver), pid);
	free(shell("kill $(cat %s/192.0.2.1 %s/192.0.2.2)", folder, folder));
	resolver_free(&resolver);
}

/* Whom the host asks, or others: for that it is started anew, and for how long it does not answer is told. */
static void test_pause(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone;
	struct resolver *resolver = start(NULL, NULL);
	char words[RESOLVER_WORDS_SIZE];
	unsigned int asked, failed, us[10];
	struct dns_loop *loop;
	int pid;

	(void)state;
	make_zone(&zone);
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	pid = pid_of(resolver);
	loop = dns_start_hasty(NULL, "10.9.0.1", "web", "10.9.0.2");
	for (size_t i = 0; i < sizeof(us) / sizeof(*us); i++) {
		zone.n_upstreams = i % 2 ? 1 : 0;
		assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
		dns_until(20, NULL, "10.9.0.1", "web", "10.9.0.2");
		us[i] = dns_longest_us(loop);
		assert_int_not_equal(pid_of(resolver), pid);
		pid = pid_of(resolver);
	}
	dns_stop(&loop, &asked, &failed);
	for (size_t i = 0; i < sizeof(us) / sizeof(*us); i++)
		print_message("started anew: no answer for %u.%u ms\n", us[i] / 1000, us[i] / 100 % 10);
	resolver_free(&resolver);
}

/* Another server has port 53 of all addresses: it is as it was, and why is said; of another address it is none of ours. */
static void test_others(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone;
	struct resolver *resolver = start(NULL, NULL);
	char words[RESOLVER_WORDS_SIZE];

	(void)state;
	make_zone(&zone);
	free(shell("dnsmasq --conf-file=/dev/null --pid-file=%s/pid --no-resolv --no-hosts --user=root --address=/web/192.0.2.1",
	           folder));
	assert_int_equal(resolver_set(resolver, &zone, -1, words), -EADDRINUSE);
	assert_contains(words, "port 53 of 10.9.0.1: Address already in use");
	assert_int_equal(resolver_unset(resolver, 0, 100), -ENOENT);
	free(shell("kill $(cat %s/pid)", folder));
	shell_until(20, "! ss -Hlun sport = 53 | grep -q .");
	free(shell("dnsmasq --conf-file=/dev/null --pid-file=%s/pid --no-resolv --no-hosts --user=root --address=/web/192.0.2.1 "
	           "--bind-interfaces --listen-address=127.0.0.1",
	           folder));
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_string_equal(dns_ask(NULL, "127.0.0.1", "web", false), "192.0.2.1");
	/* what is no address of this host is refused, and the zone that was there goes on */
	assert_int_equal(hycan_prefix_parse("10.9.7.1/24", &zone.gateway[0]), 0);
	assert_int_equal(resolver_set(resolver, &zone, -1, words), -EADDRNOTAVAIL);
	assert_contains(words, "port 53 of 10.9.7.1: Cannot assign");
	dns_until(20, NULL, "10.9.0.1", "web", "10.9.0.2");
	free(shell("kill $(cat %s/pid)", folder));
	resolver_free(&resolver);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "refused by the kernel");
}

static int go_on(struct resolver_zone *zone, int *ret_netns, void *userdata)
{
	(void)ret_netns;
	*(unsigned int *)userdata += 1;
	return zone->vlan_id == 100;
}

/* What is in the files goes on, with the hosts that came later. */
static void test_resume(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone, other;
	struct resolver_host host = host_of("late", "10.9.0.9", NULL);
	char path[128], words[RESOLVER_WORDS_SIZE];
	struct resolver *resolver;
	unsigned int n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/ledger", folder);
	make_zone(&zone);
	make_other(&other);
	resolver = start(path, NULL);
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	assert_int_equal(resolver_set(resolver, &other, -1, words), 0);
	assert_int_equal(resolver_put_host(resolver, &zone, NULL, &host), 0);
	resolver_free(&resolver);
	resolver = start(path, NULL);
	resolver_resume(resolver, go_on, &n);
	assert_int_equal(n, 2);
	dns_until(20, NULL, "10.9.0.1", "late", "10.9.0.9");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_string_equal(dns_ask(NULL, "10.8.0.1", "web", false), "refused by the kernel");
	assert_int_equal(shell_status(NULL, "test -e %s.dns-0-101", path), 1);
	assert_int_equal(resolver_unset(resolver, 0, 100), 0);
	assert_int_equal(shell_status(NULL, "test -e %s.dns-0-100", path), 1);
	resolver_free(&resolver);
}

static int cannot_say(struct resolver_zone *zone, int *ret_netns, void *userdata)
{
	(void)zone, (void)ret_netns, (void)userdata;
	return -EIO;
}

/* What cannot be seen, or read, is not forgotten; what is broken is passed over. */
static void test_unseen(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone, found = { 0 }, again = { 0 };
	char path[128], words[RESOLVER_WORDS_SIZE];
	struct resolver *resolver;

	(void)state;
	snprintf(path, sizeof(path), "%s/ledger", folder);
	make_zone(&zone);
	resolver = start(path, NULL);
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	resolver_free(&resolver);
	resolver = start(path, NULL);
	resolver_resume(resolver, cannot_say, NULL);
	assert_int_equal(resolver_get(resolver, 0, 100, &found), 0);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "refused by the kernel");
	free(shell("test -e %s.dns-0-100", path));
	resolver_free(&resolver);
	free(shell("mkdir %s.dns-0-101", path));
	resolver = start(path, NULL);
	assert_false(resolver_is_whole(resolver));
	assert_int_equal(resolver_get(resolver, 0, 100, &again), 0);
	assert_int_equal(resolver_get(resolver, 0, 101, &zone), -ENOENT);
	resolver_free(&resolver);
	free(shell("rmdir %s.dns-0-101 && echo nonsense >%s.dns-0-101", path, path));
	resolver = start(path, NULL);
	assert_true(resolver_is_whole(resolver));
	free(shell("rm %s.dns-0-101", path));
	assert_int_equal(resolver_unset(resolver, 0, 100), 0);
	resolver_free(&resolver);
}

/* Its namespace is another one than ours. */
static void test_namespace(void **state)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone;
	_cleanup_close_ int netns = -1;
	struct resolver *resolver = start(NULL, NULL);
	char words[RESOLVER_WORDS_SIZE];
	struct world *w = world_start(NULL);

	(void)state;
	make_zone(&zone);
	zone.netns = 7;
	free(shell("ip netns add other && ip -n other link set lo up && ip -n other link add v0 type veth peer name v1 && "
	           "ip -n other link set v0 up && ip -n other link set v1 up && ip -n other address add 10.9.0.1/24 dev v0 && "
	           "ip -n other address add fd09::1/64 dev v0 nodad"));
	netns = open("/run/netns/other", O_RDONLY | O_CLOEXEC);
	assert_true(netns >= 0);
	assert_int_equal(resolver_set(resolver, &zone, netns, words), 0);
	assert_string_equal(dns_ask("other", "10.9.0.1", "web", false), "10.9.0.2");
	resolver_free(&resolver);
	free(shell("ip netns delete other"));
	assert_int_equal(world_end((void **)&w), 0);
}

struct setting {
	struct resolver *resolver;
	const struct resolver_zone *zone;
	char words[RESOLVER_WORDS_SIZE];
	atomic_bool done;
	int r;
};

static void *set_zone(void *userdata)
{
	struct setting *setting = userdata;

	setting->r = resolver_set(setting->resolver, setting->zone, -1, setting->words);
	atomic_store(&setting->done, true);
	return NULL;
}

/* The process of a zone that is being set, as soon as there is one. */
static int wait_for_process(struct resolver *resolver, uint16_t vlan_id)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const int64_t deadline = now_ms() + 60000 * SLOWEST;
	struct resolver_state now = { 0 };

	while (resolver_state(resolver, 0, vlan_id, &now) < 0 || !now.pid) {
		assert_true(now_ms() < deadline);
		nanosleep(&pause, NULL);
	}
	assert_true(now.starts);
	return now.pid;
}

/* A dnsmasq that does not come up keeps nobody waiting who has to do with other zones. */
static void test_stuck(void **state)
{
	static const char program[] = "/var/tmp/hycan-test-dnsmasq";
	_cleanup_(resolver_zone_done) struct resolver_zone zone, other, copy = { 0 };
	const struct resolver_host host = host_of("late", "10.9.0.9", NULL);
	struct setting setting = { .zone = &other };
	char words[RESOLVER_WORDS_SIZE];
	struct resolver_state now;
	_cleanup_free_ uint16_t *ids = NULL;
	struct resolver *resolver;
	pthread_t thread;
	size_t n;
	int pid;

	(void)state;
	free(shell("printf '#!/bin/sh\ncase \"$*\" in *--interface=v1*) exec sleep 600;; esac\nexec %%s \"$@\"\n' "
	           "\"$(PATH=$PATH:/usr/sbin command -v dnsmasq)\" >%s && chmod 755 %s",
	           program, program));
	setting.resolver = resolver = start(NULL, program);
	make_zone(&zone);
	make_other(&other);
	assert_int_equal(pthread_create(&thread, NULL, set_zone, &setting), 0);
	pid = wait_for_process(resolver, 101);
	assert_int_equal(resolver_set(resolver, &zone, -1, words), 0);
	assert_int_equal(resolver_put_host(resolver, &zone, NULL, &host), 0);
	dns_until(20, NULL, "10.9.0.1", "late", "10.9.0.9");
	assert_int_equal(resolver_remove_host(resolver, 0, 100, "late"), 0);
	assert_int_equal(resolver_get(resolver, 0, 100, &copy), 0);
	assert_int_equal(resolver_list(resolver, 0, &ids, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(resolver_probe(resolver), 0);
	assert_int_equal(resolver_state(resolver, 0, 100, &now), 0);
	assert_true(now.serves && !now.starts);
	assert_int_equal(resolver_unset(resolver, 0, 100), 0);
	if (atomic_load(&setting.done))
		fail_msg("It ended with %d, and others may have waited for that.", setting.r);
	/* and when it is gone, that is said, and it is not tried again */
	kill(pid, SIGKILL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(setting.r, -ECHILD);
	assert_contains(setting.words, "signal 9");
	assert_int_equal(resolver_state(resolver, 0, 101, &now), -ENOENT);
	resolver_free(&resolver);
	free(shell("rm %s", program));
}

/* One that does not answer is not waited for for ever, and is ended. */
static void test_given_up(void **state)
{
	static const char program[] = "/var/tmp/hycan-test-dnsmasq";
	_cleanup_(resolver_zone_done) struct resolver_zone zone;
	struct resolver *resolver;
	struct resolver_state now;
	char words[RESOLVER_WORDS_SIZE];

	(void)state;
	free(shell("printf '#!/bin/sh\nexec sleep 600\n' >%s && chmod 755 %s", program, program));
	resolver = start_patiently(NULL, program, 300);
	make_zone(&zone);
	assert_int_equal(resolver_set(resolver, &zone, -1, words), -ETIMEDOUT);
	assert_string_equal(words, "it does not answer");
	assert_int_equal(resolver_state(resolver, 0, 100, &now), -ENOENT);
	resolver_free(&resolver);
	free(shell("rm %s", program));
}

/* What stands behind the four bytes of an IPv4 address makes no difference, and starts nothing anew. */
static void test_instance(void **state)
{
	struct order order = { .link = "net1", .n_addresses = 1, .address[0] = address("10.9.0.2") };
	struct instance instance;

	(void)state;
	order.gateway[0] = (struct hycan_prefix){ .address = address("10.9.0.1"), .length = 24 };
	instance = (struct instance){ .zone = order, .running = order };
	assert_false(instance_differs(&instance));
	instance.running.gateway[0].address.bytes[7] = instance.running.gateway[1].address.bytes[0] = 1;
	instance.running.address[0].bytes[15] = 1;
	assert_false(instance_differs(&instance));
	assert_false(instance_differs_in_servers(&instance));
	instance.running.gateway[0].length = 25;
	assert_true(instance_differs(&instance));
	instance.running = order;
	instance.running.gateway[0].address = address("10.9.0.3");
	assert_true(instance_differs(&instance));
	instance.running = order;
	/* that it reads again */
	instance.running.address[0] = address("10.9.0.3");
	assert_false(instance_differs(&instance));
	assert_true(instance_differs_in_servers(&instance));
	instance.running = order;
	instance.running.gateway[1] = (struct hycan_prefix){ .address = address("fd09::1"), .length = 64 };
	assert_true(instance_differs(&instance));
}

static void test_not_installed(void **state)
{
	struct resolver *resolver = start(NULL, "/nonexistent/dnsmasq");

	(void)state;
	assert_string_equal(resolver_lacks(resolver), "dnsmasq-base");
	resolver_free(&resolver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_zone, begin, end),
		cmocka_unit_test_setup_teardown(test_serves, begin, end),
		cmocka_unit_test_setup_teardown(test_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(test_pause, begin, end),
		cmocka_unit_test_setup_teardown(test_others, begin, end),
		cmocka_unit_test_setup_teardown(test_resume, begin, end),
		cmocka_unit_test_setup_teardown(test_unseen, begin, end),
		cmocka_unit_test_setup_teardown(test_namespace, begin, end),
		cmocka_unit_test_setup_teardown(test_stuck, begin, end),
		cmocka_unit_test_setup_teardown(test_given_up, begin, end),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_not_installed),
	};

	return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
