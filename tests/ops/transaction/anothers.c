/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transaction that waits changed is gone, and another user has made one that is called so: that is his, and stays as he made it,
 * whoever takes the transaction back. And what is still the thing that was changed is as it was.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "clients.h"
#include "held.h"
#include "objects.h"
#include "text.h"
#include "world.h"

#define ONE   4242
#define OTHER 4243

/* A token that a user's process was given, for the next one. */
static char *token;

static const struct world_options for_all = { .policy = "allow * all\n", .open_to_all = true };

static int begin(void **state)
{
	token = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*state = world_start(&for_all);
	return token == MAP_FAILED;
}

static int end(void **state)
{
	munmap(token, 4096);
	return world_end(state);
}

static void commit(struct hycan *h)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 6000, .has_detached = true, .detached = true
	};
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_true(reply->has_token);
	memcpy(token, reply->token, sizeof(reply->token));
	free(reply);
}

static void cancel(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_transaction_cancel(h, token));
	hycan_close(h);
}

static void cancel_in_vain(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_refused(h, hycan_transaction_cancel(h, token), HYCAN_REFUSAL_KERNEL);
	hycan_close(h);
}

static void take_back_by_kill(struct world *w)
{
	world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, &for_all);
	hycan_close(w->h);
	assert_done(w->h, hycan_open(&w->h, w->socket));
}

/* Whose it was takes it back, or the successor of a daemon that is killed. */
static void take_back_in_vain(struct world *w, bool killed)
{
	char *log;

	if (killed)
		take_back_by_kill(w);
	else
		world_as(ONE, ONE, cancel_in_vain, w);
	log = world_log(w);
	assert_contains(log, "is another one by now, uid 4243's, and stays as it is");
	free(log);
}

static void set_mtu(struct hycan *h, const char *name, uint32_t mtu)
{
	assert_done(h, hycan_link_set(h, name, &(struct hycan_link_set_options){ .has_mtu = true, .mtu = mtu }));
}

static void make(struct hycan *h, const char *name)
{
	struct hycan_link link;

	assert_done(h, hycan_vcan_create(h, name, NULL, &link));
}

/* -------------------------------------------------------------------------------------------------------------- routes */

static const char net[] = "10.6.0.0/16";

static void route(struct hycan *h, const char *via)
{
	const struct hycan_route route = { .destination = prefix_of(net), .has_via = true, .via = address_of(via) };

	assert_done(h, hycan_route_add(h, &route));
}

static void remove_route(struct world *w)
{
	const struct hycan_prefix destination = prefix_of(net);
	struct hycan *h = client_open(w);

	route(h, "10.1.0.7");
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_route_remove(h, &destination, NULL));
	commit(h);
	hycan_close(h);
}

static void add_route(struct world *w)
{
	struct hycan *h = client_open(w);

	route(h, "10.1.0.8");
	hycan_close(h);
}

static void remove_own_route(struct world *w)
{
	const struct hycan_prefix destination = prefix_of(net);
	struct hycan *h = client_open(w);

	assert_done(h, hycan_route_remove(h, &destination, NULL));
	hycan_close(h);
}

static void test_route(void **state)
{
	struct world *w = *state;

	free(shell("ip link add tx0 up type veth peer name tx1 && ip addr add 10.1.0.1/24 dev tx0 && ip link set tx1 up"));
	for (int killed = 0; killed < 2; killed++) {
		world_as(ONE, ONE, remove_route, w);
		world_as(OTHER, OTHER, add_route, w);
		take_back_in_vain(w, killed);
		free(shell("ip route | grep -q '10.6.0.0/16 via 10.1.0.8'"));
		objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
		world_as(OTHER, OTHER, remove_own_route, w);
		free(shell("! ip route | grep -q 10.6.0.0/16"));
		objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
	}
}

/* ------------------------------------------------------------------------------------------------ asked for as it was */

static const char *const same_routes[] = { "10.7.0.0/16", "fd07::/64" };
static const char *const same_addresses[] = { "10.8.0.1/24", "fd08::1/64" };
static const char *const same_ways[] = { "10.8.0.9", "fd08::9" };
static const struct hycan_rule same_rule = {
	.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 9, .has_table = true, .table = 7
};

static void ask_for_same(struct hycan *h)
{
	for (size_t i = 0; i < 2; i++) {
		const struct hycan_link_address a = { .link = "tx0", .address = prefix_of(same_addresses[i]) };
		struct hycan_route route = route_via(same_routes[i], same_ways[i]);

		assert_done(h, hycan_address_add(h, &a));
		assert_done(h, hycan_route_add(h, &route));
		route.has_metric = true;
		route.metric = 2000;
		assert_done(h, hycan_route_add(h, &route));
	}
	assert_done(h, hycan_rule_add(h, &same_rule));
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL));
}

#define N_SAME 8

static void add_same(struct world *w)
{
	struct hycan *h = client_open(w);

	ask_for_same(h);
	hycan_close(h);
}

static void take_same(struct hycan *h)
{
	for (size_t i = 2; i-- > 0;) {
		const struct hycan_prefix destination = prefix_of(same_routes[i]), address = prefix_of(same_addresses[i]);

		assert_done(h, hycan_route_remove(h, &destination,
		                                  &(struct hycan_route_remove_options){ .has_metric = true, .metric = 2000 }));
		assert_done(h, hycan_route_remove(h, &destination, NULL));
		assert_done(h, hycan_address_remove(h, "tx0", &address));
	}
	assert_done(h, hycan_rule_remove(h, &same_rule));
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, false, NULL));
}

static void remove_same(struct world *w)
{
	struct hycan *h = client_open(w);

	ask_for_same(h);
	assert_done(h, hycan_transaction_begin(h));
	take_same(h);
	commit(h);
	assert_int_equal(objects_count(h), 0);
	hycan_close(h);
}

static void let_go_of_same(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_int_equal(objects_count(h), N_SAME);
	take_same(h);
	assert_int_equal(objects_count(h), 0);
	hycan_close(h);
}

/* What was asked for, without what the kernel adds later: that an address is complete, and its own ones. */
static char *seen(void)
{
	return shell(
		"ip -o addr show tx0 | grep -o 'inet6* [0-9a-f.:/]*' | grep -v fe80; "
		"(ip route; ip -6 route | grep '^fd0[78]') | sed 's/ linkdown//g'; ip rule; cat /proc/sys/net/ipv4/ip_forward");
}

/* Who asked meanwhile for what is put back, as it was, holds it with whose it was. */
static void test_same(void **state)
{
	struct world *w = *state;
	char *before, *after;

	free(shell("ip link add tx0 up type veth peer name tx1 && ip link set tx1 up"));
	for (int killed = 0; killed < 2; killed++) {
		world_as(ONE, ONE, remove_same, w);
		world_as(OTHER, OTHER, add_same, w);
		before = seen();
		if (killed)
			take_back_by_kill(w);
		else
			world_as(ONE, ONE, cancel, w);
		after = seen();
		assert_string_equal(after, before);
		free(after);
		free(before);
		world_as(ONE, ONE, let_go_of_same, w);
		world_as(OTHER, OTHER, let_go_of_same, w);
		free(shell("! ip route | grep -q 10.7.0.0/16 && ! ip -6 route | grep -q fd07"));
		assert_int_equal(objects_count(w->h), 0);
	}
}

/* --------------------------------------------------------------------------------------------------------------- links */

static void change_links(struct world *w)
{
	struct hycan *h = client_open(w);

	make(h, "s0");
	make(h, "a0");
	assert_done(h, hycan_transaction_begin(h));
	set_mtu(h, "s0", 16);
	assert_done(h, hycan_link_up(h, "s0"));
	assert_done(h, hycan_link_rename(h, "a0", "b0"));
	commit(h);
	assert_done(h, hycan_link_delete(h, "s0"));
	assert_done(h, hycan_link_delete(h, "b0"));
	hycan_close(h);
}

/* One is made, and the other one was there before by another name. */
static void make_links(struct world *w)
{
	struct hycan *h = client_open(w);

	make(h, "s0");
	set_mtu(h, "s0", 2060);
	assert_done(h, hycan_link_up(h, "s0"));
	assert_done(h, hycan_link_rename(h, "c0", "b0"));
	hycan_close(h);
}

static void make_former(struct world *w)
{
	struct hycan *h = client_open(w);

	make(h, "c0");
	hycan_close(h);
}

static void delete_links(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_link_delete(h, "s0"));
	assert_done(h, hycan_link_delete(h, "b0"));
	hycan_close(h);
}

static void test_links(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	for (int killed = 0; killed < 2; killed++) {
		world_as(OTHER, OTHER, make_former, w);
		world_as(ONE, ONE, change_links, w);
		world_as(OTHER, OTHER, make_links, w);
		take_back_in_vain(w, killed);
		free(shell("ip link show b0 && ! ip link show a0 && ip link show s0 | grep 'UP.* mtu 2060'"));
		world_as(OTHER, OTHER, delete_links, w);
	}
}

/* Nor does root, who may change them, by taking something back. */
static void test_root(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(OTHER, OTHER, make_former, w);
	change_links(w);
	world_as(OTHER, OTHER, make_links, w);
	cancel_in_vain(w);
	free(shell("ip link show s0 | grep 'UP.* mtu 2060'"));
}

/* ----------------------------------------------------------------------------------------------------------- wireguard */

static struct hycan_key key_of_bytes(uint8_t byte)
{
	struct hycan_key key;

	memset(&key, byte, sizeof(key));
	return key;
}

static void set_wireguard(struct hycan *h, uint8_t key, uint16_t port)
{
	assert_done(h, hycan_wireguard_set(h, "wg0",
	                                   &(struct hycan_wireguard_set_options){ .has_private_key = true,
	                                                                          .private_key = key_of_bytes(key),
	                                                                          .has_listen_port = true,
	                                                                          .listen_port = port }));
}

static void change_wireguard(struct world *w)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = key_of_bytes('P') };
	struct hycan *h = client_open(w);
	struct hycan_link link;

	assert_done(h, hycan_wireguard_create(h, "wg0", NULL, &link));
	set_wireguard(h, 'A', 1111);
	assert_done(h, hycan_wireguard_peer_set(h, "wg0", &peer));
	assert_done(h, hycan_transaction_begin(h));
	set_wireguard(h, 'B', 2222);
	assert_done(h, hycan_wireguard_peer_remove(h, "wg0", &peer.public_key));
	commit(h);
	assert_done(h, hycan_link_delete(h, "wg0"));
	hycan_close(h);
}

static void make_wireguard(struct world *w)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = key_of_bytes('Q') };
	struct hycan *h = client_open(w);
	struct hycan_link link;

	assert_done(h, hycan_wireguard_create(h, "wg0", NULL, &link));
	set_wireguard(h, 'C', 3333);
	assert_done(h, hycan_wireguard_peer_set(h, "wg0", &peer));
	hycan_close(h);
}

static void delete_wireguard(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_link_delete(h, "wg0"));
	hycan_close(h);
}

static void test_wireguard(void **state)
{
	struct world *w = *state;
	char *made, *is;

	need_kind("wireguard");
	for (int killed = 0; killed < 2; killed++) {
		world_as(ONE, ONE, change_wireguard, w);
		world_as(OTHER, OTHER, make_wireguard, w);
		made = shell("wg show wg0 dump");
		take_back_in_vain(w, killed);
		is = shell("wg show wg0 dump");
		assert_string_equal(is, made);
		objects_expect(w->h, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 1, 0);
		free(is);
		free(made);
		world_as(OTHER, OTHER, delete_wireguard, w);
	}
}

static struct hycan_wireguard_peer_config peer(uint8_t key, uint16_t keepalive)
{
	return (struct hycan_wireguard_peer_config){ .public_key = key_of_bytes(key),
		                                     .has_persistent_keepalive = keepalive,
		                                     .persistent_keepalive = keepalive };
}

/* One peer gets an endpoint, which only its being made anew can take from it again, and one goes. */
static void sync_peers(struct world *w)
{
	const struct hycan_wireguard_peer_config before[] = { peer('P', 0), peer('R', 0) };
	struct hycan_wireguard_peer_config after = before[0];
	struct hycan *h = client_open(w);
	struct hycan_link link;

	assert_done(h, hycan_wireguard_create(h, "wg0", NULL, &link));
	assert_done(h, hycan_wireguard_sync(h, "wg0", before, 2, NULL));
	assert_done(h, hycan_transaction_begin(h));
	after.has_endpoint = true;
	after.endpoint = (struct hycan_endpoint){ .address = address_of("10.9.0.9"), .port = 51820 };
	assert_done(h, hycan_wireguard_sync(h, "wg0", &after, 1, NULL));
	commit(h);
	hycan_close(h);
}

static void add_peer(struct world *w, uint8_t key)
{
	const struct hycan_wireguard_peer_config config = peer(key, 25);
	struct hycan *h = client_open(w);
	struct hycan_link link;

	assert_done(h, hycan_wireguard_create(h, "wg0", NULL, &link));
	assert_done(h, hycan_wireguard_peer_set(h, "wg0", &config));
	hycan_close(h);
}

static void add_new_peer(struct world *w)
{
	add_peer(w, 'Q');
}

static void add_former_peer(struct world *w)
{
	add_peer(w, 'R');
}

/* Of peer(), with neither endpoint nor keys. */
static void assert_peer(uint8_t key, const char *keepalive)
{
	const struct hycan_key public_key = key_of_bytes(key);
	char text[HYCAN_KEY_TEXT_SIZE];

	free(shell("wg show wg0 dump | grep -x '%s\t(none)\t(none)\t(none)\t0\t0\t0\t%s'",
	           hycan_key_format(&public_key, text, sizeof(text)), keepalive));
}

static void take_back(struct world *w, bool killed)
{
	if (killed)
		take_back_by_kill(w);
	else
		world_as(ONE, ONE, cancel, w);
}

/* Of a list of peers those are put back that were changed or went. One that is another's by now stays as he made it, and the rest is put back. */
static void test_peers(void **state)
{
	struct world *w = *state;

	need_kind("wireguard");
	for (int killed = 0; killed < 2; killed++) {
		world_as(ONE, ONE, sync_peers, w);
		world_as(OTHER, OTHER, add_new_peer, w);
		take_back(w, killed);
		assert_peer('P', "off");
		assert_peer('Q', "25");
		assert_peer('R', "off");
		objects_expect(w->h, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 3, 0);
		world_as(ONE, ONE, delete_wireguard, w);
		world_as(OTHER, OTHER, delete_wireguard, w);
		world_as(ONE, ONE, sync_peers, w);
		world_as(OTHER, OTHER, add_former_peer, w);
		take_back_in_vain(w, killed);
		assert_peer('P', "off");
		assert_peer('R', "25");
		objects_expect(w->h, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 2, 0);
		world_as(ONE, ONE, delete_wireguard, w);
		world_as(OTHER, OTHER, delete_wireguard, w);
	}
}

/* --------------------------------------------------------------------------------------------- what is that thing still */

static void change_and_make_anew(struct world *w)
{
	struct hycan *h = client_open(w);

	make(h, "s0");
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_up(h, "s0"));
	commit(h);
	assert_done(h, hycan_link_delete(h, "s0"));
	make(h, "s0");
	assert_done(h, hycan_link_up(h, "s0"));
	hycan_close(h);
}

/* Who made it anew himself takes back what he changed of it. */
static void test_own(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(ONE, ONE, change_and_make_anew, w);
	world_as(ONE, ONE, cancel, w);
	free(shell("ip link show s0 | grep -v UP"));
}

static void hold(struct world *w)
{
	struct hycan *h = client_open(w);

	make(h, "s0");
	hycan_close(h);
}

static void change(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_transaction_begin(h));
	set_mtu(h, "s0", 16);
	commit(h);
	hycan_close(h);
}

static void let_go(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_link_delete(h, "s0"));
	hycan_close(h);
}

/* Of what others hold, too, and since before; also where they alone do by then. */
static void test_shared(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(OTHER, OTHER, hold, w);
	world_as(ONE, ONE, hold, w);
	for (int alone = 0; alone < 2; alone++) {
		world_as(ONE, ONE, change, w);
		free(shell("ip link show s0 | grep 'mtu 16 '"));
		if (alone)
			world_as(ONE, ONE, let_go, w);
		world_as(ONE, ONE, cancel, w);
		free(shell("ip link show s0 | grep 'mtu 72 '"));
	}
}

static void rename_and_change(struct hycan *h)
{
	assert_done(h, hycan_transaction_begin(h));
	set_mtu(h, "s0", 16);
	assert_done(h, hycan_link_rename(h, "s0", "t0"));
	assert_done(h, hycan_link_up(h, "t0"));
	commit(h);
	free(shell("ip link show t0 | grep 'UP.* mtu 16 '"));
}

static void rename_own(struct world *w)
{
	struct hycan *h = client_open(w);

	make(h, "s0");
	rename_and_change(h);
	hycan_close(h);
}

/* What got another name by it gets its name back, and so root's changes of what others hold are taken back. */
static void test_renamed(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(ONE, ONE, rename_own, w);
	world_as(ONE, ONE, cancel, w);
	free(shell("ip link show s0 | grep 'mtu 72 ' | grep -v UP"));
	rename_and_change(w->h);
	cancel(w);
	free(shell("ip link show s0 | grep 'mtu 72 ' | grep -v UP"));
	world_as(ONE, ONE, let_go, w);
	free(shell("! ip link show s0"));
}

static const char *const addresses[] = { "10.2.0.1/24", "10.2.0.2/24" };

static void add_addresses(struct world *w)
{
	struct hycan *h = client_open(w);

	for (size_t i = 0; i < 2; i++)
		assert_done(h,
		            hycan_address_add(h, &(struct hycan_link_address){ .link = "x0", .address = prefix_of(addresses[i]) }));
	hycan_close(h);
}

/* What taking back itself puts there is no other thing, where another frame goes by its name: here it stands in the way of an order. */
static void test_put_back(void **state)
{
	struct world *w = *state;
	char *before, *after;

	free(shell("ip link add x0 type veth peer name x1 && sysctl -qw net.ipv4.conf.x0.promote_secondaries=1"));
	world_as(OTHER, OTHER, add_addresses, w);
	before = shell("ip -o -4 address show dev x0");
	assert_done(w->h, hycan_transaction_begin(w->h));
	for (size_t i = 0; i < 2; i++) {
		const struct hycan_prefix address = prefix_of(addresses[i]);

		assert_done(w->h, hycan_address_remove(w->h, "x0", &address));
	}
	commit(w->h);
	cancel(w);
	after = shell("ip -o -4 address show dev x0");
	assert_string_equal(after, before);
	free(after);
	free(before);
}

/* ------------------------------------------------------------------------------------------- made while it was under way */

/* There is no way for the first route until somebody adds it, and never for the second. */
static int change_what_comes(struct hycan *h, const void *userdata)
{
	const struct hycan_route later = route_via("10.7.0.0/16", "203.0.113.1"), never = route_via("10.8.0.0/16", "203.0.114.1");

	(void)userdata;
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_delete(h, "tx0"));
	assert_done(h, hycan_route_add(h, &later));
	set_mtu(h, "s0", 16);
	assert_done(h, hycan_route_add(h, &never));
	return hycan_transaction_commit(h, NULL, NULL) != HYCAN_REFUSAL_INVALID;
}

/* What another has made behind the transaction's begin, and a later step of root's has changed, is as he made it. */
static void test_meanwhile(void **state)
{
	struct world *w = *state;
	int status;
	pid_t child;

	need_kind("vcan");
	free(shell("ip link add tx0 type veth peer name tx1 && ip link add x0 type veth peer name x1 && ip link set x0 up && "
	           "ip link add s0 type vcan"));
	child = held_in_pause(w, change_what_comes, NULL);
	free(shell("ip link delete s0"));
	world_as(OTHER, OTHER, hold, w);
	free(shell("ip addr add 203.0.113.2/24 dev x0"));
	held_end();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(shell("ip link show s0 | grep 'mtu 72 '"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_LINK, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_route, begin, end),
		cmocka_unit_test_setup_teardown(test_same, begin, end),
		cmocka_unit_test_setup_teardown(test_links, begin, end),
		cmocka_unit_test_setup_teardown(test_root, begin, end),
		cmocka_unit_test_setup_teardown(test_wireguard, begin, end),
		cmocka_unit_test_setup_teardown(test_peers, begin, end),
		cmocka_unit_test_setup_teardown(test_own, begin, end),
		cmocka_unit_test_setup_teardown(test_shared, begin, end),
		cmocka_unit_test_setup_teardown(test_renamed, begin, end),
		cmocka_unit_test_setup_teardown(test_put_back, begin, end),
		cmocka_unit_test_setup_teardown(test_meanwhile, begin, end),
	};

	return cmocka_run_group_tests_name("transaction.anothers", tests, NULL, NULL);
}
