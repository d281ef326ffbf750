/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.peer_set */
#include "device.h"
#include "objects.h"

#define MANY_IPS 5000

static void set(struct world *w, const struct hycan_wireguard_peer_config *peer)
{
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", peer));
}

/* Gives a peer these allowed IPs and nothing else. */
static void set_allowed_ips(struct world *w, uint32_t n, size_t n_ips, const char *const *texts)
{
	struct hycan_wireguard_peer_config peer = { .public_key = peer_key(n), .has_allowed_ips = true, .n_allowed_ips = n_ips };
	struct hycan_prefix prefixes[8];

	assert_true(n_ips <= 8);
	for (size_t i = 0; i < n_ips; i++)
		prefixes[i] = prefix_of(texts[i]);
	peer.allowed_ips = prefixes;
	set(w, &peer);
}

#define SET_ALLOWED_IPS(w, n, ...)                                                                                                 \
	set_allowed_ips((w), (n), sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *), (const char *[]){ __VA_ARGS__ })

static void adds_a_whole_peer_once(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	const struct hycan_prefix prefixes[] = { prefix_of("10.1.0.0/16"), prefix_of("fd00:1::/64") };
	const struct hycan_wireguard_peer_config peer = {
		.public_key = peer_key(1),
		.has_preshared_key = true,
		.preshared_key = peer_key(7),
		.has_endpoint = true,
		.endpoint = endpoint_of("192.0.2.1:51820"),
		.has_persistent_keepalive = true,
		.persistent_keepalive = 25,
		.has_allowed_ips = true,
		.allowed_ips = prefixes,
		.n_allowed_ips = 2,
	};

	set(w, &peer);
	assert_int_equal(device_sent(tap).messages, 1);
	set(w, &peer);
	assert_nothing_sent(tap);
	assert_peer("preshared-keys", &peer.public_key, key_text(&peer.preshared_key));
	assert_peer("endpoints", &peer.public_key, "192.0.2.1:51820");
	assert_peer("persistent-keepalive", &peer.public_key, "25");
	assert_peer("allowed-ips", &peer.public_key, "10.1.0.0/16 fd00:1::/64");
	netlink_tap_close(tap);
}

static void what_is_absent_stays(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1) };

	set(w, &peer);
	assert_peer("endpoints", &peer.public_key, "(none)");
	assert_peer("allowed-ips", &peer.public_key, "(none)");
	free(shell("echo %s | wg set wg0 peer %s preshared-key /dev/stdin endpoint '[2001:db8::1]:1' persistent-keepalive 5 "
	           "allowed-ips 10.0.0.0/8",
	           key_text(&(struct hycan_key){ .bytes = { 3 } }), key_text(&peer.public_key)));
	set(w, &peer);
	peer.has_endpoint = true;
	peer.endpoint = endpoint_of("[fe80::2%1]:2");
	set(w, &peer);
	assert_peer("endpoints", &peer.public_key, "[fe80::2%lo]:2");
	assert_peer("persistent-keepalive", &peer.public_key, "5");
	assert_peer("allowed-ips", &peer.public_key, "10.0.0.0/8");
	assert_peer("preshared-keys", &peer.public_key, key_text(&(struct hycan_key){ .bytes = { 3 } }));
	peer = (struct hycan_wireguard_peer_config){ .public_key = peer_key(1), .has_preshared_key = true };
	set(w, &peer);
	assert_peer("preshared-keys", &peer.public_key, "(none)");
	assert_peer("endpoints", &peer.public_key, "[fe80::2%lo]:2");
	peer = (struct hycan_wireguard_peer_config){ .public_key = peer_key(1), .has_persistent_keepalive = true };
	set(w, &peer);
	assert_peer("persistent-keepalive", &peer.public_key, "off");
	assert_peer("allowed-ips", &peer.public_key, "10.0.0.0/8");
}

/* An allowed IP more is added without taking the others away for a moment. */
static void sends_only_what_differs(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	struct hycan_key key = peer_key(1);
	struct sent sent;

	SET_ALLOWED_IPS(w, 1, "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16");
	netlink_tap_look_away(tap);
	/* the order does not matter, nor that one is said twice */
	SET_ALLOWED_IPS(w, 1, "10.3.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "10.1.0.0/16");
	assert_nothing_sent(tap);
	SET_ALLOWED_IPS(w, 1, "10.4.0.0/16", "10.3.0.0/16", "fd00::/64", "10.1.0.0/16", "10.2.0.0/16", "fd00::/64");
	sent = device_sent(tap);
	assert_int_equal(sent.messages, 1);
	assert_int_equal(sent.replacements, 0);
	assert_int_equal(sent.allowed_ips, 2);
	assert_peer("allowed-ips", &key, "10.1.0.0/16 10.2.0.0/16 10.3.0.0/16 10.4.0.0/16 fd00::/64");
	netlink_tap_look_away(tap);
	SET_ALLOWED_IPS(w, 1, "10.1.0.0/16", "10.5.0.0/16");
	sent = device_sent(tap);
	assert_int_equal(sent.messages, 1);
	assert_int_equal(sent.replacements, 1);
	assert_peer("allowed-ips", &key, "10.1.0.0/16 10.5.0.0/16");
	set_allowed_ips(w, 1, 0, NULL);
	assert_peer("allowed-ips", &key, "(none)");
	netlink_tap_look_away(tap);
	set_allowed_ips(w, 1, 0, NULL);
	assert_nothing_sent(tap);
	netlink_tap_close(tap);
}

/* An allowed IP belongs to one peer: given to another it leaves the first. */
static void takes_an_allowed_ip_from_another(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key one = peer_key(1), two = peer_key(2);

	SET_ALLOWED_IPS(w, 1, "10.1.0.0/16", "10.2.0.0/16");
	SET_ALLOWED_IPS(w, 2, "10.2.0.0/16", "0.0.0.0/0");
	assert_peer("allowed-ips", &one, "10.1.0.0/16");
	assert_peer("allowed-ips", &two, "0.0.0.0/0 10.2.0.0/16");
	/* what was true before is no longer true, and is made so again */
	SET_ALLOWED_IPS(w, 1, "10.1.0.0/16", "10.2.0.0/16");
	assert_peer("allowed-ips", &one, "10.1.0.0/16 10.2.0.0/16");
	assert_peer("allowed-ips", &two, "0.0.0.0/0");
}

/* More allowed IPs than a message holds: those of the first message survive the others. */
static void sets_thousands_of_allowed_ips(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	struct hycan_prefix *prefixes = calloc(MANY_IPS, sizeof(*prefixes));
	struct hycan_wireguard_peer_config peer = {
		.public_key = peer_key(1),
		.has_endpoint = true,
		.endpoint = endpoint_of("192.0.2.1:1"),
		.has_allowed_ips = true,
		.allowed_ips = prefixes,
		.n_allowed_ips = MANY_IPS,
	};
	struct hycan_wireguard_get_reply *reply;
	struct sent sent;

	assert_non_null(prefixes);
	for (uint32_t i = 0; i < MANY_IPS; i++)
		prefixes[i] = host_prefix(i);
	SET_ALLOWED_IPS(w, 1, "192.0.2.0/24");
	netlink_tap_look_away(tap);
	set(w, &peer);
	sent = device_sent(tap);
	assert_true(sent.messages > 1);
	assert_int_equal(sent.replacements, 1);
	assert_int_equal(sent.allowed_ips, MANY_IPS);
	assert_true(sent.largest <= UINT16_MAX);
	assert_allowed_ips_of_all(1, MANY_IPS);
	assert_peer("endpoints", &peer.public_key, "192.0.2.1:1");
	netlink_tap_look_away(tap);
	set(w, &peer);
	assert_nothing_sent(tap);
	reply = device_get(w);
	assert_int_equal(reply->n_peers, 1);
	assert_int_equal(reply->peers[0].n_allowed_ips, MANY_IPS);
	free(reply);
	free(prefixes);
	netlink_tap_close(tap);
}

static void refuses_what_makes_no_sense(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_peer_config peer = { 0 };
	struct hycan_wireguard_set_options options = { .has_private_key = true };

	options.private_key = new_key(&peer.public_key);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_refused(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "its own peer");
	assert_string_equal(hycan_error_field(w->h), "public_key");
	peer.public_key = (struct hycan_key){ 0 };
	assert_refused(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "zeros");
	assert_device("peers", "");
}

static void refuses_what_is_not_wireguard(void **state)
{
	struct world *w = need_device(state);
	const struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1) };

	assert_refused(w->h, hycan_wireguard_peer_set(w->h, "lo", &peer), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_wireguard_peer_set(w->h, "wg7", &peer), HYCAN_REFUSAL_NOT_FOUND);
}

static void keys_stay_secret(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1),
		                                    .has_preshared_key = true,
		                                    .preshared_key = peer_key(77) };
	char *log;

	set(w, &peer);
	log = world_log(w);
	assert_contains(log, "wireguard.peer_set");
	assert_lacks(log, key_text(&peer.preshared_key));
	free(log);
}

static void as_alice(struct world *w)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1),
		                                          .has_persistent_keepalive = true,
		                                          .persistent_keepalive = 9 };

	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	hycan_close(w->h);
}

static void as_bob(struct world *w)
{
	struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1),
		                                    .has_persistent_keepalive = true,
		                                    .persistent_keepalive = 7 };

	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_refused(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(w->h), "is uid 4711's: only that user, root, and whom policy allows it with owner=any "
	                                           "may change it.");
	assert_int_equal(objects_count(w->h), 0);
	peer.persistent_keepalive = 9;
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	assert_int_equal(objects_count(w->h), 1);
	hycan_close(w->h);
}

/* Another user's peer stays as it is, and who asks for it as it is holds it, too. */
static void leaves_others_alone(void **state)
{
	struct world *w = need_device(state);
	const struct hycan_key hers = peer_key(1);

	world_as(ALICE, ALICE, as_alice, w);
	world_as(BOB, BOB, as_bob, w);
	assert_peer("persistent-keepalive", &hers, "9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_a_whole_peer_once, device_begin, world_end),
		cmocka_unit_test_setup_teardown(what_is_absent_stays, device_begin, world_end),
		cmocka_unit_test_setup_teardown(sends_only_what_differs, device_begin, world_end),
		cmocka_unit_test_setup_teardown(takes_an_allowed_ip_from_another, device_begin, world_end),
		cmocka_unit_test_setup_teardown(sets_thousands_of_allowed_ips, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_makes_no_sense, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_wireguard, device_begin, world_end),
		cmocka_unit_test_setup_teardown(keys_stay_secret, device_begin, world_end),
		cmocka_unit_test_setup_teardown(leaves_others_alone, device_begin_for_two, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
