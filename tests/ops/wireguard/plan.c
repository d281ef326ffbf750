/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers in a plan (transaction.run): those that come, those that go, and those that are to be otherwise, without their keys. */
#include "device.h"
#include "planned.h"

static struct hycan_prefix one[2], two[2], turned[2];

/* What there is: the first two with allowed IPs, all of them without a keepalive. */
static void make(struct world *w)
{
	const struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = peer_key(1), .has_allowed_ips = true, .allowed_ips = one, .n_allowed_ips = 2 },
		{ .public_key = peer_key(2), .has_allowed_ips = true, .allowed_ips = two, .n_allowed_ips = 1 },
		{ .public_key = peer_key(3), .has_preshared_key = true, .preshared_key = peer_key(88) },
		{ .public_key = peer_key(4) },
	};
	struct hycan_wireguard_sync_reply counts;

	one[0] = turned[1] = prefix_of("10.1.0.0/16");
	one[1] = turned[0] = prefix_of("fd00:1::/64");
	two[0] = prefix_of("10.2.0.0/16");
	two[1] = prefix_of("10.3.0.0/16");
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 4, &counts));
}

/* The first as it is, in another order; the second with one allowed IP more; the third with another key; a fifth for the fourth. */
static void steps(struct hycan *h)
{
	const struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = peer_key(5) },
		{ .public_key = peer_key(1), .has_allowed_ips = true, .allowed_ips = turned, .n_allowed_ips = 2 },
		{ .public_key = peer_key(2),
		  .has_persistent_keepalive = true,
		  .persistent_keepalive = 30,
		  .has_allowed_ips = true,
		  .allowed_ips = two,
		  .n_allowed_ips = 2 },
		{ .public_key = peer_key(3), .has_preshared_key = true, .preshared_key = peer_key(99) },
	};

	(void)hycan_wireguard_sync(h, "wg0", peers, 4, NULL);
}

static void nobody(struct hycan *h)
{
	(void)hycan_wireguard_sync(h, "wg0", NULL, 0, NULL);
}

/* What takes an allowed IP from another. */
static void second(struct hycan *h)
{
	const struct hycan_wireguard_peer_config peer = {
		.public_key = peer_key(2), .has_allowed_ips = true, .allowed_ips = one, .n_allowed_ips = 1
	};

	(void)hycan_wireguard_peer_set(h, "wg0", &peer);
}

static void assert_planned(struct world *w, step *asked, const char *format, ...)
{
	char expected[2048], *text = planned(w->h, asked);
	va_list ap;

	va_start(ap, format);
	vsnprintf(expected, sizeof(expected), format, ap);
	va_end(ap);
	assert_string_equal(text, expected);
	free(text);
}

static void tells_what_goes_and_what_changes(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key key[6];

	for (uint32_t i = 1; i < 6; i++)
		key[i] = peer_key(i);
	make(w);
	assert_planned(w, steps,
	               "0 + wireguard_peer wg0 %s\n"
	               "0 ~ wireguard_peer wg0 %s: persistent_keepalive 0, allowed_ips 10.2.0.0/16 -> "
	               "persistent_keepalive 30, allowed_ips 10.2.0.0/16 10.3.0.0/16\n"
	               "0 ~ wireguard_peer wg0 %s: preshared_key (hidden) -> preshared_key (hidden)\n"
	               "0 - wireguard_peer wg0 %s\n",
	               key_text(&key[5]), key_text(&key[2]), key_text(&key[3]), key_text(&key[4]));
	assert_planned(w, second,
	               "0 ~ wireguard.peer_set wg0 %s: allowed_ips 10.2.0.0/16 -> allowed_ips 10.1.0.0/16\n"
	               "0 ~ wireguard_peer wg0 %s: allowed_ips 10.1.0.0/16 fd00:1::/64 -> allowed_ips fd00:1::/64\n",
	               key_text(&key[2]), key_text(&key[1]));
	/* it is done, and then there is nothing left to do */
	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	assert_planned(w, steps, "%s", "");
	assert_planned(w, nobody,
	               "0 - wireguard_peer wg0 %s\n"
	               "0 - wireguard_peer wg0 %s\n"
	               "0 - wireguard_peer wg0 %s\n"
	               "0 - wireguard_peer wg0 %s\n",
	               key_text(&key[1]), key_text(&key[2]), key_text(&key[3]), key_text(&key[5]));
}

static struct hycan_key future;

static void set_key(struct hycan *h)
{
	const struct hycan_wireguard_set_options options = { .has_private_key = true, .private_key = future };

	(void)hycan_wireguard_set(h, "wg0", &options);
}

/* And the other peer alone. */
static void set_key_and_peer(struct hycan *h)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1) };

	set_key(h);
	(void)hycan_wireguard_sync(h, "wg0", &peer, 1, NULL);
}

/* An interface is no peer of its own. */
static void tells_who_goes_with_a_key(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key itself, other = peer_key(1);
	struct hycan_wireguard_peer_config peers[] = { { .public_key = other }, { .public_key = other } };

	future = new_key(&itself);
	peers[1].public_key = itself;
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", peers, 2, NULL));
	assert_planned(w, set_key,
	               "0 ~ wireguard.set wg0: private_key (hidden) -> private_key (hidden)\n"
	               "0 - wireguard_peer wg0 %s\n",
	               key_text(&itself));
	/* what comes behind it does not find it any more */
	assert_planned(w, set_key_and_peer,
	               "0 ~ wireguard.set wg0: private_key (hidden) -> private_key (hidden)\n"
	               "0 - wireguard_peer wg0 %s\n",
	               key_text(&itself));
	/* and so it is */
	assert_done(w->h, hycan_transaction_begin(w->h));
	set_key(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	assert_allowed_ips_of_all(1, 0);
	assert_planned(w, set_key, "%s", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_what_goes_and_what_changes, device_begin, world_end),
		cmocka_unit_test_setup_teardown(tells_who_goes_with_a_key, device_begin, world_end),
	};

	return cmocka_run_group_tests_name("wireguard, planned", tests, NULL, NULL);
}
