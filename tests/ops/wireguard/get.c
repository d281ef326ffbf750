/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.get, of interfaces that wg(8) has configured. */
#include "device.h"

#define MANY     3000 /* peers */
#define MANY_IPS 5000 /* allowed IPs of one peer: five messages of the kernel and more */

static void shows_a_bare_interface(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_get_reply *reply = device_get(w);
	struct hycan_link link;

	assert_done(w->h, hycan_link_get(w->h, "wg0", &link));
	assert_string_equal(reply->device.name, "wg0");
	assert_int_equal(reply->device.ifindex, link.ifindex);
	assert_false(reply->device.has_public_key);
	assert_int_equal(reply->device.listen_port, 0);
	assert_int_equal(reply->device.fwmark, 0);
	assert_int_equal(reply->n_peers, 0);
	free(reply);
}

static bool holds(const struct hycan_wireguard_get_reply *reply, const struct hycan_key *key)
{
	const struct hycan_wireguard_peer *end = reply->peers + reply->n_peers;

	/* the answer is one block of memory, up to the last peer and its allowed IPs */
	return memmem(reply, (size_t)((const char *)end - (const char *)reply), key->bytes, sizeof(key->bytes)) != NULL;
}

static void assert_endpoint(const struct hycan_wireguard_peer *peer, const char *expected)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	assert_true(peer->has_endpoint);
	assert_string_equal(hycan_endpoint_format(&peer->endpoint, text, sizeof(text)), expected);
}

static void shows_all_but_secrets(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key public_key, key = new_key(&public_key), psk = peer_key(99), one = peer_key(1), two = peer_key(2);
	const struct hycan_wireguard_peer *peer;
	struct hycan_wireguard_get_reply *reply;

	free(shell("echo %s | wg set wg0 private-key /dev/stdin listen-port 51820 fwmark 0x20", key_text(&key)));
	free(shell("echo %s | wg set wg0 peer %s preshared-key /dev/stdin endpoint 192.0.2.1:1234 persistent-keepalive 25 "
	           "allowed-ips 10.0.0.0/8,fd00::/8,0.0.0.0/0,::/0",
	           key_text(&psk), key_text(&one)));
	free(shell("wg set wg0 peer %s endpoint '[2001:db8::1]:4321'", key_text(&two)));
	reply = device_get(w);
	assert_true(reply->device.has_public_key);
	assert_memory_equal(&reply->device.public_key, &public_key, sizeof(public_key));
	assert_int_equal(reply->device.listen_port, 51820);
	assert_int_equal(reply->device.fwmark, 0x20);
	assert_int_equal(reply->n_peers, 2);
	peer = find_peer(reply, &one);
	assert_non_null(peer);
	assert_true(peer->has_preshared_key);
	assert_endpoint(peer, "192.0.2.1:1234");
	assert_int_equal(peer->persistent_keepalive, 25);
	assert_int_equal(peer->latest_handshake, 0);
	assert_int_equal(peer->n_allowed_ips, 4);
	peer = find_peer(reply, &two);
	assert_non_null(peer);
	assert_false(peer->has_preshared_key);
	assert_endpoint(peer, "[2001:db8::1]:4321");
	assert_int_equal(peer->n_allowed_ips, 0);
	assert_true(holds(reply, &one));
	assert_false(holds(reply, &key));
	assert_false(holds(reply, &psk));
	free(reply);
}

static void shows_the_scope_of_an_endpoint(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key key = peer_key(1);
	struct hycan_wireguard_get_reply *reply;

	free(shell("wg set wg0 peer %s endpoint '[fe80::1%%lo]:1234'", key_text(&key)));
	reply = device_get(w);
	assert_int_equal(reply->n_peers, 1);
	assert_int_equal(reply->peers[0].endpoint.scope_id, 1);
	assert_endpoint(&reply->peers[0], "[fe80::1%1]:1234");
	free(reply);
}

static void write_peer(FILE *file, uint32_t n, uint32_t first_ip, uint32_t n_ips)
{
	struct hycan_key key = peer_key(n);
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	fprintf(file, "[Peer]\nPublicKey = %s\n", key_text(&key));
	for (uint32_t i = 0; i < n_ips; i++) {
		struct hycan_prefix prefix = host_prefix(first_ip + i);

		fprintf(file, "AllowedIPs = %s\n", hycan_prefix_format(&prefix, text, sizeof(text)));
	}
}

static int compare_prefixes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hycan_prefix));
}

/* Whether the peer has n allowed IPs, from number first on. */
static void assert_allowed_ips(const struct hycan_wireguard_peer *peer, uint32_t first, uint32_t n)
{
	struct hycan_prefix *sorted = calloc(n + 1, sizeof(*sorted));

	assert_non_null(sorted);
	assert_int_equal(peer->n_allowed_ips, n);
	if (n)
		memcpy(sorted, peer->allowed_ips, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_prefixes);
	for (uint32_t i = 0; i < n; i++) {
		struct hycan_prefix expected = host_prefix(first + i);

		assert_memory_equal(&sorted[i].address, &expected.address, sizeof(expected.address));
		assert_int_equal(sorted[i].length, 32);
	}
	free(sorted);
}

/* Peer n has n % 7 allowed IPs, so peers end and go on at all places of a message; one has thousands. */
static void puts_split_peers_together(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_get_reply *reply;
	bool seen[MANY] = { false };
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/peers.conf", w->directory);
	file = fopen(path, "we");
	assert_non_null(file);
	for (uint32_t n = 0; n < MANY; n++)
		write_peer(file, n, n == 1500 ? 1000000 : n * 7, n == 1500 ? MANY_IPS : n % 7);
	fclose(file);
	free(shell("wg setconf wg0 %s", path));
	reply = device_get(w);
	assert_int_equal(reply->n_peers, MANY);
	for (size_t i = 0; i < MANY; i++) {
		uint32_t n;

		memcpy(&n, &reply->peers[i].public_key, sizeof(n));
		/* no assertion, behind which the compiler sees it go on */
		if (n < MANY && !seen[n])
			seen[n] = true;
		else
			fail_msg("peer %u is none, or is there twice", n);
		assert_allowed_ips(&reply->peers[i], n == 1500 ? 1000000 : n * 7, n == 1500 ? MANY_IPS : n % 7);
	}
	free(reply);
}

/* What does not fit is refused and cut nowhere. */
static void refuses_a_peer_that_no_answer_holds(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_get_reply *reply = NULL;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/peers.conf", w->directory);
	file = fopen(path, "we");
	assert_non_null(file);
	write_peer(file, 1, 0, 6000);
	fclose(file);
	free(shell("wg setconf wg0 %s", path));
	assert_refused(w->h, hycan_wireguard_get(w->h, "wg0", &reply), HYCAN_REFUSAL_LIMIT);
	assert_contains(hycan_error_message(w->h), "64 KiB");
	assert_null(reply);
}

static void refuses_what_is_not_wireguard(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_get_reply *reply = NULL;

	assert_refused(w->h, hycan_wireguard_get(w->h, "lo", &reply), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“lo” is not a WireGuard link");
	assert_refused(w->h, hycan_wireguard_get(w->h, "wg7", &reply), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "wg7");
	assert_null(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shows_a_bare_interface, device_begin, world_end),
		cmocka_unit_test_setup_teardown(shows_all_but_secrets, device_begin, world_end),
		cmocka_unit_test_setup_teardown(shows_the_scope_of_an_endpoint, device_begin, world_end),
		cmocka_unit_test_setup_teardown(puts_split_peers_together, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_a_peer_that_no_answer_holds, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_wireguard, device_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
