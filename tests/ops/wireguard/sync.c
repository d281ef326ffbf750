/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.sync, and what it does to a session between two network namespaces. */
#include "device.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define MANY 5000

static struct hycan_wireguard_sync_reply sync_peers(struct world *w, const struct hycan_wireguard_peer_config *peers, size_t n)
{
	struct hycan_wireguard_sync_reply counts;

	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers, n, &counts));
	return counts;
}

#define assert_counts(counts, n_added, n_changed, n_removed)                                                                       \
	do {                                                                                                                       \
		struct hycan_wireguard_sync_reply counted = (counts);                                                              \
		assert_int_equal(counted.added, n_added);                                                                          \
		assert_int_equal(counted.changed, n_changed);                                                                      \
		assert_int_equal(counted.removed, n_removed);                                                                      \
	} while (0)

static void adds_changes_and_removes(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	const struct hycan_prefix first[] = { prefix_of("10.1.0.0/16"), prefix_of("fd00:1::/64") };
	const struct hycan_prefix second[] = { prefix_of("10.2.0.0/16") };
	struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = peer_key(1), .has_allowed_ips = true, .allowed_ips = first, .n_allowed_ips = 2 },
		{ .public_key = peer_key(2), .has_allowed_ips = true, .allowed_ips = second, .n_allowed_ips = 1 },
		{ .public_key = peer_key(3), .has_endpoint = true, .endpoint = endpoint_of("[2001:db8::1]:5") },
	};
	struct sent sent;

	assert_counts(sync_peers(w, peers, 3), 3, 0, 0);
	assert_peer("allowed-ips", &peers[0].public_key, "10.1.0.0/16 fd00:1::/64");
	assert_peer("allowed-ips", &peers[1].public_key, "10.2.0.0/16");
	assert_peer("endpoints", &peers[2].public_key, "[2001:db8::1]:5");
	netlink_tap_look_away(tap);
	assert_counts(sync_peers(w, peers, 3), 0, 0, 0);
	assert_nothing_sent(tap);
	/* the first goes, the second gets a keepalive, the third a key; a fourth comes */
	peers[0].public_key = peer_key(4);
	peers[1].has_persistent_keepalive = true;
	peers[1].persistent_keepalive = 30;
	peers[2].has_preshared_key = true;
	peers[2].preshared_key = peer_key(88);
	peers[2].has_endpoint = false;
	assert_counts(sync_peers(w, peers, 3), 1, 2, 1);
	sent = device_sent(tap);
	assert_int_equal(sent.messages, 1);
	assert_int_equal(sent.peers, 4);
	assert_int_equal(sent.removals, 1);
	assert_int_equal(sent.allowed_ips, 2);
	assert_peer("allowed-ips", &peers[0].public_key, "10.1.0.0/16 fd00:1::/64");
	assert_peer("persistent-keepalive", &peers[1].public_key, "30");
	assert_peer("endpoints", &peers[2].public_key, "[2001:db8::1]:5");
	assert_peer("preshared-keys", &peers[2].public_key, key_text(&peers[2].preshared_key));
	assert_counts(sync_peers(w, NULL, 0), 0, 0, 3);
	assert_device("peers", "");
	netlink_tap_close(tap);
}

/* Cryptokey routing knows one peer for a prefix, so what goes to another must not be lost on the way. */
static void swaps_allowed_ips(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	const struct hycan_prefix a[] = { prefix_of("10.1.0.0/16"), prefix_of("fd00:1::/64"), prefix_of("10.9.0.0/16") };
	const struct hycan_prefix b[] = { prefix_of("10.2.0.0/16"), prefix_of("fd00:2::/64") };
	const struct hycan_prefix c[] = { prefix_of("10.3.0.0/16") };
	struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = peer_key(1), .has_allowed_ips = true, .allowed_ips = a, .n_allowed_ips = 2 },
		{ .public_key = peer_key(2), .has_allowed_ips = true, .allowed_ips = b, .n_allowed_ips = 2 },
		{ .public_key = peer_key(3), .has_allowed_ips = true, .allowed_ips = c, .n_allowed_ips = 1 },
	};
	struct hycan_key one = peer_key(1), two = peer_key(2), three = peer_key(3);

	sync_peers(w, peers, 3);
	/* the first and the second swap theirs */
	peers[0].allowed_ips = b;
	peers[1].allowed_ips = a;
	netlink_tap_look_away(tap);
	assert_counts(sync_peers(w, peers, 3), 0, 2, 0);
	assert_int_equal(device_sent(tap).replacements, 0);
	assert_peer("allowed-ips", &one, "10.2.0.0/16 fd00:2::/64");
	assert_peer("allowed-ips", &two, "10.1.0.0/16 fd00:1::/64");
	/* all three go round, and one that nobody had comes with it */
	peers[0].allowed_ips = c;
	peers[0].n_allowed_ips = 1;
	peers[1].allowed_ips = b;
	peers[2].allowed_ips = a;
	peers[2].n_allowed_ips = 3;
	assert_counts(sync_peers(w, peers, 3), 0, 3, 0);
	assert_peer("allowed-ips", &one, "10.3.0.0/16");
	assert_peer("allowed-ips", &two, "10.2.0.0/16 fd00:2::/64");
	assert_peer("allowed-ips", &three, "10.1.0.0/16 10.9.0.0/16 fd00:1::/64");
	/* what a peer loses to nobody is taken away, also while it gives another to the next */
	peers[1].allowed_ips = a;
	peers[1].n_allowed_ips = 1;
	peers[2].allowed_ips = a + 1;
	peers[2].n_allowed_ips = 1;
	assert_counts(sync_peers(w, peers, 3), 0, 2, 0);
	assert_peer("allowed-ips", &one, "10.3.0.0/16");
	assert_peer("allowed-ips", &two, "10.1.0.0/16");
	assert_peer("allowed-ips", &three, "fd00:1::/64");
	/* those of a peer that goes are free for one that stays */
	peers[0] = peers[2];
	peers[0].allowed_ips = a;
	peers[0].n_allowed_ips = 2;
	assert_counts(sync_peers(w, peers, 1), 0, 1, 2);
	assert_peer("allowed-ips", &three, "10.1.0.0/16 fd00:1::/64");
	assert_device("peers", key_text(&three));
	netlink_tap_look_away(tap);
	assert_counts(sync_peers(w, peers, 1), 0, 0, 0);
	assert_nothing_sent(tap);
	netlink_tap_close(tap);
}

static void refuses_what_makes_no_sense(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	const struct hycan_prefix prefixes[] = { prefix_of("10.1.0.0/16"), prefix_of("10.2.0.0/16") };
	struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = peer_key(1), .has_allowed_ips = true, .allowed_ips = prefixes, .n_allowed_ips = 2 },
		{ .public_key = peer_key(2) },
		{ .public_key = peer_key(1) },
	};
	struct hycan_wireguard_set_options options = { .has_private_key = true };
	struct hycan_wireguard_sync_reply counts;

	options.private_key = new_key(&peers[1].public_key);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	netlink_tap_look_away(tap);
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 2, &counts), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "Peer 1 (counted from 0) has the public key of the interface itself");
	assert_string_equal(hycan_error_field(w->h), "peers");
	peers[1].public_key = peer_key(2);
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 3, &counts), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "Peers 0 and 2 (counted from 0) have the same public key");
	peers[2] = (struct hycan_wireguard_peer_config){
		.public_key = peer_key(3), .has_allowed_ips = true, .allowed_ips = prefixes + 1, .n_allowed_ips = 1
	};
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 3, &counts), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "Peers 0 and 2 (counted from 0) both have the allowed IP 10.2.0.0/16");
	assert_nothing_sent(tap);
	assert_device("peers", "");
	assert_refused(w->h, hycan_wireguard_sync(w->h, "lo", peers, 2, &counts), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg7", peers, 2, &counts), HYCAN_REFUSAL_NOT_FOUND);
	netlink_tap_close(tap);
}

/* ------------------------------------------------------------------------------------------------------- thousands */

/* Peers with three allowed IPs each; free() it. */
static struct hycan_wireguard_peer_config *many_peers(struct hycan_prefix **ret_prefixes)
{
	struct hycan_wireguard_peer_config *peers = calloc(MANY + 1, sizeof(*peers));
	struct hycan_prefix *prefixes = calloc(MANY * 3, sizeof(*prefixes));

	assert_non_null(peers);
	assert_non_null(prefixes);
	for (uint32_t i = 0; i < MANY * 3; i++)
		prefixes[i] = host_prefix(i);
	for (uint32_t i = 0; i < MANY; i++)
		peers[i] = (struct hycan_wireguard_peer_config){
			.public_key = peer_key(i),
			.has_endpoint = true,
			.endpoint = endpoint_of("192.0.2.1:51820"),
			.has_allowed_ips = true,
			.allowed_ips = prefixes + (size_t)i * 3,
			.n_allowed_ips = 3,
		};
	*ret_prefixes = prefixes;
	return peers;
}

static void few_differences_among_thousands(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	struct hycan_prefix *prefixes;
	struct hycan_wireguard_peer_config *peers = many_peers(&prefixes);
	const struct hycan_prefix *first = peers[10].allowed_ips;
	struct sent sent;

	assert_counts(sync_peers(w, peers, MANY), MANY, 0, 0);
	sent = device_sent(tap);
	assert_int_equal(sent.peers, MANY);
	assert_int_equal(sent.allowed_ips, MANY * 3);
	assert_counts(sync_peers(w, peers, MANY), 0, 0, 0);
	assert_nothing_sent(tap);
	/* two swap, one loses an allowed IP, one moves, one is another one */
	peers[10].allowed_ips = peers[4000].allowed_ips;
	peers[4000].allowed_ips = first;
	peers[20].n_allowed_ips = 2;
	peers[30].endpoint.port++;
	peers[40].public_key = peer_key(MANY);
	assert_counts(sync_peers(w, peers, MANY), 1, 4, 1);
	sent = device_sent(tap);
	assert_int_equal(sent.messages, 1);
	assert_int_equal(sent.peers, 6);
	assert_int_equal(sent.removals, 1);
	assert_int_equal(sent.replacements, 1);
	assert_int_equal(sent.allowed_ips, 3 + 3 + 2 + 3);
	assert_allowed_ips_of_all(MANY, MANY * 3 - 1);
	assert_peer("allowed-ips", &peers[4000].public_key, "10.0.0.30/32 10.0.0.31/32 10.0.0.32/32");
	assert_counts(sync_peers(w, peers + MANY - 1, 1), 0, 0, MANY - 1);
	free(prefixes);
	free(peers);
	netlink_tap_close(tap);
}

/* ------------------------------------------------------------------------------------------------------- a session */

/* One of two sides: wg0, configured through the daemon alone, which acts in that side's namespace. */
struct side {
	struct hycan *h;
	struct hycan_key private_key, public_key;
	const char *in; /* what runs a command there */
	const char *address;
};

static void configure(struct side *side, const struct side *other, const char *other_endpoint)
{
	const struct hycan_wireguard_set_options options = {
		.has_private_key = true,
		.private_key = side->private_key,
		.has_listen_port = true,
		.listen_port = 51820,
	};
	const struct hycan_prefix prefix = prefix_of(other->address);
	const struct hycan_wireguard_peer_config peer = {
		.public_key = other->public_key,
		.has_endpoint = true,
		.endpoint = endpoint_of(other_endpoint),
		.has_allowed_ips = true,
		.allowed_ips = &prefix,
		.n_allowed_ips = 1,
	};

	assert_done(side->h, hycan_wireguard_create(side->h, "wg0", NULL, NULL));
	assert_done(side->h, hycan_wireguard_set(side->h, "wg0", &options));
	assert_done(side->h, hycan_wireguard_peer_set(side->h, "wg0", &peer));
	assert_done(side->h, hycan_link_up(side->h, "wg0"));
	free(shell("%s ip address add %s/24 dev wg0", side->in, side->address));
}

/* Two namespaces with a cable between them. */
static void make_sides(struct world *w, struct side *near, struct side *far)
{
	int fd;

	need_command("ping");
	*near = (struct side){ .h = w->h, .in = "", .address = "10.9.0.1" };
	*far = (struct side){ .in = "ip netns exec far", .address = "10.9.0.2" };
	near->private_key = new_key(&near->public_key);
	far->private_key = new_key(&far->public_key);
	/* an earlier test in this process may have left its own */
	(void)shell_status(NULL, "ip netns delete far");
	free(shell(
		"ip netns add far && ip link add cable0 type veth peer name cable1 netns far && "
		"ip address add 192.0.2.1/24 dev cable0 && ip address add fd00::1/64 dev cable0 nodad && ip link set cable0 up && "
		"ip -n far address add 192.0.2.2/24 dev cable1 && ip -n far address add fd00::2/64 dev cable1 nodad && "
		"ip -n far link set cable1 up"));
	assert_done(far->h, hycan_open(&far->h, w->socket));
	fd = open("/run/netns/far", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_done(far->h, hycan_session_netns(far->h, fd, NULL));
	close(fd);
}

static struct hycan_wireguard_peer live_peer(struct world *w, const struct hycan_key *key)
{
	struct hycan_wireguard_get_reply *reply = device_get(w);
	const struct hycan_wireguard_peer *found = find_peer(reply, key);
	struct hycan_wireguard_peer peer;

	assert_non_null(found);
	peer = *found;
	peer.allowed_ips = NULL;
	free(reply);
	return peer;
}

static void assert_same_session(const struct hycan_wireguard_peer *before, const struct hycan_wireguard_peer *after)
{
	char a[HYCAN_ADDRESS_TEXT_SIZE], b[HYCAN_ADDRESS_TEXT_SIZE];

	assert_true(before->latest_handshake > 0);
	assert_int_equal(before->latest_handshake, after->latest_handshake);
	assert_true(before->rx_bytes > 0 && after->rx_bytes >= before->rx_bytes);
	assert_true(before->tx_bytes > 0 && after->tx_bytes >= before->tx_bytes);
	assert_string_equal(hycan_endpoint_format(&before->endpoint, a, sizeof(a)),
	                    hycan_endpoint_format(&after->endpoint, b, sizeof(b)));
}

/* A session goes on while thousands of peers come and go beside it, and while everything is set again. */
static void a_session_outlives_a_sync(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_set_options again = { .has_private_key = true };
	struct hycan_wireguard_peer before, after;
	struct hycan_wireguard_peer_config *peers;
	struct hycan_prefix *prefixes, address;
	struct side near, far;

	make_sides(w, &near, &far);
	configure(&near, &far, "192.0.2.2:51820");
	configure(&far, &near, "192.0.2.1:51820");
	free(shell("ping -q -c 1 -w 60 10.9.0.2"));
	before = live_peer(w, &far.public_key);
	assert_true(before.latest_handshake <= (uint64_t)time(NULL));
	peers = many_peers(&prefixes);
	/* the one that talks, as it is, among the others */
	address = prefix_of("10.9.0.2/32");
	peers[MANY] = (struct hycan_wireguard_peer_config){
		.public_key = far.public_key,
		.has_endpoint = true,
		.endpoint = endpoint_of("192.0.2.2:51820"),
		.has_allowed_ips = true,
		.allowed_ips = &address,
		.n_allowed_ips = 1,
	};
	assert_counts(sync_peers(w, peers, MANY + 1), MANY, 0, 0);
	again.private_key = near.private_key;
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &again));
	free(shell("ping -q -c 1 -w 60 10.9.0.2"));
	assert_counts(sync_peers(w, peers + MANY - 10, 11), 0, 0, MANY - 10);
	free(shell("ip netns exec far ping -q -c 1 -w 60 10.9.0.1"));
	after = live_peer(w, &far.public_key);
	assert_same_session(&before, &after);
	free(prefixes);
	free(peers);
	hycan_close(far.h);
}

static void talks_over_ipv6_with_a_preshared_key(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_peer_config peer = { .has_preshared_key = true, .preshared_key = peer_key(123) };
	struct side near, far;

	make_sides(w, &near, &far);
	near.address = "fd00:9::1";
	far.address = "fd00:9::2";
	configure(&near, &far, "[fd00::2]:51820");
	configure(&far, &near, "[fd00::1]:51820");
	peer.public_key = far.public_key;
	assert_done(near.h, hycan_wireguard_peer_set(near.h, "wg0", &peer));
	peer.public_key = near.public_key;
	assert_done(far.h, hycan_wireguard_peer_set(far.h, "wg0", &peer));
	free(shell("ip route add fd00:9::2/128 dev wg0; ip -n far route add fd00:9::1/128 dev wg0"));
	free(shell("ping -q -c 1 -w 60 fd00:9::2"));
	assert_true(live_peer(w, &far.public_key).latest_handshake > 0);
	assert_true(live_peer(w, &far.public_key).has_preshared_key);
	hycan_close(far.h);
}

static void as_alice(struct world *w)
{
	const struct hycan_wireguard_peer_config hers = { .public_key = peer_key(1) };

	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &hers));
	hycan_close(w->h);
}

static void as_bob(struct world *w)
{
	struct hycan_wireguard_peer_config peers[] = { { .public_key = peer_key(2) }, { .public_key = peer_key(1) } };
	struct hycan_wireguard_sync_reply counts;

	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 1, &counts), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(w->h), key_text(&peers[1].public_key));
	assert_contains(hycan_error_message(w->h), "is uid 4711's: only that user, root, and whom policy allows it with owner=any "
	                                           "may remove it.");
	peers[1].has_persistent_keepalive = true;
	peers[1].persistent_keepalive = 9;
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 2, &counts), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(w->h), "may change it.");
	peers[1].has_persistent_keepalive = false;
	assert_counts(sync_peers(w, peers, 2), 1, 0, 0);
	/* asking for what is hers made it his, too, and no less hers */
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 1, &counts), HYCAN_REFUSAL_DENIED);
	peers[1].has_persistent_keepalive = true;
	assert_refused(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 2, &counts), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(w->h), "may change it.");
	/* he lets go of it, and states what is his alone; of a program of his as well */
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &peers[1].public_key));
	assert_done(w->h, hycan_session_lifetime(w->h, HYCAN_LIFETIME_CONNECTION, NULL));
	peers[1].has_persistent_keepalive = false;
	assert_counts(sync_peers(w, peers, 2), 0, 0, 0);
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &peers[1].public_key));
	peers[0].has_persistent_keepalive = true;
	peers[0].persistent_keepalive = 7;
	assert_counts(sync_peers(w, peers, 2), 0, 1, 0);
	hycan_close(w->h);
}

/* Who states the whole set neither takes away nor changes what others have made. */
static void leaves_others_alone(void **state)
{
	struct world *w = need_device(state);
	const struct hycan_key hers = peer_key(1);

	world_as(ALICE, ALICE, as_alice, w);
	world_as(BOB, BOB, as_bob, w);
	assert_allowed_ips_of_all(2, 0);
	assert_peer("persistent-keepalive", &hers, "off");
	/* root may */
	assert_counts(sync_peers(w, NULL, 0), 0, 0, 2);
}

static void remove_peer(struct world *w, uint8_t n)
{
	const struct hycan_key key = peer_key(n);

	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &key));
	hycan_close(w->h);
}

static void remove_hers(struct world *w)
{
	remove_peer(w, 1);
}

static void remove_his(struct world *w)
{
	remove_peer(w, 2);
	remove_peer(w, 4);
}

static void replace_his(struct world *w)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	const struct hycan_wireguard_peer_config his[] = { { .public_key = peer_key(2) }, { .public_key = peer_key(4) } };
	const struct hycan_wireguard_peer_config peers[] = { { .public_key = peer_key(1) },
		                                             { .public_key = peer_key(2) },
		                                             { .public_key = peer_key(3) } };

	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &his[0]));
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &his[1]));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 3, NULL));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, NULL));
	hycan_close(w->h);
}

/* Of a list that is taken back each has what it had, and nothing of another's. */
static void gives_back_to_each(void **state)
{
	struct world *w = need_device(state);
	struct hycan_pending_transaction *list = NULL;
	size_t n = 0;

	world_as(ALICE, ALICE, as_alice, w);
	world_as(BOB, BOB, replace_his, w);
	assert_done(w->h, hycan_transaction_list(w->h, &list, &n));
	assert_int_equal(n, 1);
	assert_done(w->h, hycan_transaction_cancel(w->h, list->token));
	free(list);
	assert_allowed_ips_of_all(3, 0);
	world_as(ALICE, ALICE, remove_hers, w);
	assert_allowed_ips_of_all(2, 0);
	world_as(BOB, BOB, remove_his, w);
	assert_allowed_ips_of_all(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_changes_and_removes, device_begin, world_end),
		cmocka_unit_test_setup_teardown(swaps_allowed_ips, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_makes_no_sense, device_begin, world_end),
		cmocka_unit_test_setup_teardown(few_differences_among_thousands, device_begin, world_end),
		cmocka_unit_test_setup_teardown(a_session_outlives_a_sync, device_begin, world_end),
		cmocka_unit_test_setup_teardown(leaves_others_alone, device_begin_for_two, world_end),
		cmocka_unit_test_setup_teardown(gives_back_to_each, device_begin_for_two, world_end),
		cmocka_unit_test_setup_teardown(talks_over_ipv6_with_a_preshared_key, device_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
