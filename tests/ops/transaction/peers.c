/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transaction did to an interface of WireGuard is taken back, and of its peers those alone that it was about: what others made of
 * the rest meanwhile stays, be they clients or strangers.
 */
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "objects.h"
#include "text.h"
#include "unconfirmed.h"
#include "world.h"

typedef void act(struct world *w);

static struct hycan_key key(uint8_t byte)
{
	struct hycan_key k;

	memset(&k, byte, sizeof(k));
	return k;
}

/* The private key that the interface is to get, and the peer that it would be itself then. */
static const char future[] = "QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEA=";

static struct hycan_key itself(void)
{
	char *text = shell("echo %s | wg pubkey | tr -d '\\n'", future);
	struct hycan_key k;

	assert_int_equal(hycan_key_parse(text, &k), 0);
	free(text);
	return k;
}

/* One line for each, in alphabetical order: free() it. */
static char *peers(void)
{
	return shell("wg show wg7 dump | sort");
}

static void set_private_key(struct hycan *h, uint8_t byte)
{
	assert_done(h, hycan_wireguard_set(
			       h, "wg7",
			       &(struct hycan_wireguard_set_options){
				       .has_private_key = true, .private_key = key(byte), .has_fwmark = true, .fwmark = byte }));
}

/* Three peers, of which one has all that a peer can have. */
static void make(struct world *w)
{
	struct hycan_prefix one[] = { prefix_of("10.0.1.0/24") }, own[] = { prefix_of("10.0.3.0/24"), prefix_of("fd03::/64") };
	const struct hycan_wireguard_peer_config configs[] = {
		{ .public_key = key(1), .has_allowed_ips = true, .allowed_ips = one, .n_allowed_ips = 1 },
		{ .public_key = key(2), .has_persistent_keepalive = true, .persistent_keepalive = 5 },
		{ .public_key = itself(),
		  .has_preshared_key = true,
		  .preshared_key = key(7),
		  .has_endpoint = true,
		  .endpoint = { .address = address_of("192.0.2.1"), .port = 51820 },
		  .has_persistent_keepalive = true,
		  .persistent_keepalive = 25,
		  .has_allowed_ips = true,
		  .allowed_ips = own,
		  .n_allowed_ips = 2 },
	};

	need_kind("wireguard");
	need_command("wg");
	assert_done(w->h, hycan_wireguard_create(w->h, "wg7", NULL, NULL));
	set_private_key(w->h, 0x50);
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg7", configs, 3, NULL));
}

/* After what the transaction does, others do something. When it is taken back all is as if they alone had done what stays of that. */
static void assert_others_stay(struct world *w, act *does, act *others, act *stays, size_t n_objects)
{
	for (unsigned int way = 0; way < UNCONFIRMED_WAYS; way++) {
		char *expected, *is;
		char token[33];

		make(w);
		stays(w);
		expected = peers();
		assert_done(w->h, hycan_link_delete(w->h, "wg7"));
		make(w);
		assert_done(w->h, hycan_transaction_begin(w->h));
		does(w);
		unconfirmed_commit(w->h, token);
		others(w);
		unconfirmed_take_back(w, token, way);
		is = peers();
		assert_string_equal(is, expected);
		objects_expect(w->h, HYCAN_OBJECT_KIND_WIREGUARD_PEER, n_objects, 0);
		free(is);
		free(expected);
		assert_done(w->h, hycan_link_delete(w->h, "wg7"));
	}
}

/* Another client of the same user, and a stranger, who does as he likes with peers that are neither new nor gone. */
static void add_and_change(struct world *w)
{
	const struct hycan_wireguard_peer_config more = { .public_key = key(4),
		                                          .has_preshared_key = true,
		                                          .preshared_key = key(8) };
	struct hycan *h = client_open(w);

	assert_done(h, hycan_wireguard_peer_set(h, "wg7", &more));
	hycan_close(h);
	free(shell("wg set wg7 peer BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU= allowed-ips 10.0.5.0/24 "
	           "peer AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI= persistent-keepalive 9"));
}

static void remove_and_add(struct world *w)
{
	struct hycan_key k = key(2);

	add_and_change(w);
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg7", &k));
}

static void add_stranger(struct world *w)
{
	(void)w;
	free(shell("wg set wg7 peer BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU="));
}

static void take_allowed_ip(struct world *w)
{
	(void)w;
	free(shell("wg set wg7 peer BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU= allowed-ips 10.0.3.0/24"));
}

static void change_key(struct world *w)
{
	set_private_key(w->h, 0x40);
}

/* The kernel removes the peer whose public key would be the interface's own. */
static void test_key(void **state)
{
	assert_others_stay(*state, change_key, add_and_change, add_and_change, 4);
	assert_others_stay(*state, change_key, remove_and_add, remove_and_add, 3);
	/* an allowed IP belongs to one peer, and that one has it again */
	assert_others_stay(*state, change_key, take_allowed_ip, add_stranger, 3);
}

/* One is otherwise, and has an allowed IP of one that goes; one comes; and one stays. */
static void state_peers(struct world *w)
{
	struct hycan_prefix more[] = { prefix_of("10.0.1.0/24"), prefix_of("10.0.3.0/24") }, sixth[] = { prefix_of("10.0.6.0/24") };
	const struct hycan_wireguard_peer_config configs[] = {
		{ .public_key = key(1),
		  .has_endpoint = true,
		  .endpoint = { .address = address_of("192.0.2.9"), .port = 7 },
		  .has_allowed_ips = true,
		  .allowed_ips = more,
		  .n_allowed_ips = 2 },
		{ .public_key = key(2), .has_persistent_keepalive = true, .persistent_keepalive = 5 },
		{ .public_key = key(6), .has_allowed_ips = true, .allowed_ips = sixth, .n_allowed_ips = 1 },
	};

	assert_done(w->h, hycan_wireguard_sync(w->h, "wg7", configs, 3, NULL));
}

static void test_sync(void **state)
{
	assert_others_stay(*state, state_peers, add_and_change, add_and_change, 4);
	assert_others_stay(*state, state_peers, remove_and_add, remove_and_add, 3);
	assert_others_stay(*state, state_peers, take_allowed_ip, add_stranger, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_key, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_sync, world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
