/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the WireGuard tests have in common: an interface, keys, and what of it reaches the kernel. */
#ifndef OPS_WIREGUARD_DEVICE_H
#define OPS_WIREGUARD_DEVICE_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink_tap.h"
#include "text.h"
#include "world.h"

/* Everything here is of use to some of the tests. */
#define DEVICE_FUNCTION __attribute__((unused)) static

/* Whether device_begin() has made wg0. */
static bool device_made;

/* Setup: a world with wg0 in it, which has no key. */
DEVICE_FUNCTION int device_begin(void **state)
{
	struct world *w = world_start(NULL);

	*state = w;
	device_made = hycan_wireguard_create(w->h, "wg0", NULL, NULL) == 0;
	return 0;
}

/* Two users beside root. */
enum { ALICE = 4711, BOB = 4712 };

/* Setup: a world in which wg0 is nobody's, and policy lets everybody have peers there. */
DEVICE_FUNCTION int device_begin_for_two(void **state)
{
	const struct world_options options = { .open_to_all = true, .policy = "allow * wireguard name=wg0\nallow * object\n" };

	*state = world_start(&options);
	device_made = shell_status(NULL, "ip link add wg0 type wireguard") == 0;
	return 0;
}

/* That world; skips the test where there is no WireGuard. */
DEVICE_FUNCTION struct world *need_device(void **state)
{
	if (!device_made)
		need_kind("wireguard");
	assert_true(device_made);
	need_command("wg");
	return *state;
}

/* The public key of peer n. Nobody has its private key. */
DEVICE_FUNCTION struct hycan_key peer_key(uint32_t n)
{
	struct hycan_key key = { .bytes = { [31] = 0x42 } };

	memcpy(key.bytes, &n, sizeof(n));
	return key;
}

/* A text that is gone with the next 16 such texts. */
DEVICE_FUNCTION const char *key_text(const struct hycan_key *key)
{
	static char text[16][HYCAN_KEY_TEXT_SIZE];
	static size_t next;

	next = (next + 1) % 16;
	return hycan_key_format(key, text[next], sizeof(text[next]));
}

DEVICE_FUNCTION struct hycan_key key_of(const char *text)
{
	char line[HYCAN_KEY_TEXT_SIZE];
	struct hycan_key key;

	snprintf(line, sizeof(line), "%s", text);
	assert_int_equal(hycan_key_parse(line, &key), 0);
	return key;
}

/* A new private key, and its public key. */
DEVICE_FUNCTION struct hycan_key new_key(struct hycan_key *ret_public_key)
{
	char *text = shell("wg genkey");
	struct hycan_key key = key_of(text);
	char *public_text = shell("echo %s | wg pubkey", key_text(&key));

	*ret_public_key = key_of(public_text);
	free(text);
	free(public_text);
	return key;
}

/* Number n of the many single addresses 10.X.X.X. */
DEVICE_FUNCTION struct hycan_prefix host_prefix(uint32_t n)
{
	return (struct hycan_prefix){
		.address = { .family = 2, .bytes = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } },
		.length = 32,
	};
}

/* The answer of wireguard.get about wg0; it is given back to free(). */
DEVICE_FUNCTION struct hycan_wireguard_get_reply *device_get(struct world *w)
{
	struct hycan_wireguard_get_reply *reply = NULL;

	assert_done(w->h, hycan_wireguard_get(w->h, "wg0", &reply));
	assert_non_null(reply);
	return reply;
}

DEVICE_FUNCTION const struct hycan_wireguard_peer *find_peer(const struct hycan_wireguard_get_reply *reply,
                                                             const struct hycan_key *key)
{
	for (size_t i = 0; i < reply->n_peers; i++)
		if (memcmp(&reply->peers[i].public_key, key, sizeof(*key)) == 0)
			return &reply->peers[i];
	return NULL;
}

DEVICE_FUNCTION int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether “wg show wg0 WHAT” says exactly this about that peer; several words in alphabetical order. */
DEVICE_FUNCTION void assert_peer(const char *what, const struct hycan_key *key, const char *expected)
{
	char *output = shell("wg show wg0 %s", what), *line = strstr(output, key_text(key)), *words[16], said[512] = "";
	size_t n = 0;

	if (!line)
		fail_msg("wg0 has no peer %s", key_text(key));
	line[strcspn(line, "\n")] = '\0';
	for (char *word = strtok(strchr(line, '\t') + 1, " "); word && n < 16; word = strtok(NULL, " "))
		words[n++] = word;
	qsort(words, n, sizeof(*words), compare_words);
	for (size_t i = 0; i < n; i++)
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s", i ? " " : "", words[i]);
	assert_string_equal(said, expected);
	free(output);
}

/* How many peers and allowed IPs “wg show wg0 allowed-ips” lists. */
DEVICE_FUNCTION void assert_allowed_ips_of_all(size_t n_peers, size_t n_allowed_ips)
{
	char *output = shell("wg show wg0 allowed-ips");
	size_t peers = 0, allowed_ips = 0;

	for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n")) {
		peers++;
		/* a key may have a slash as well */
		for (char *p = strchr(line, '\t'); (p = strchr(p, '/')); p++)
			allowed_ips++;
	}
	assert_int_equal(peers, n_peers);
	assert_int_equal(allowed_ips, n_allowed_ips);
	free(output);
}

DEVICE_FUNCTION void assert_device(const char *what, const char *expected)
{
	char *output = shell("wg show wg0 %s | tr -d '\\n'", what);

	assert_string_equal(output, expected);
	free(output);
}

/* ------------------------------------------------------------------------------------------------- what was sent */

/* What WG_CMD_SET_DEVICE messages held. */
struct sent {
	size_t messages;
	size_t peers;
	size_t removals;
	size_t replacements; /* peers whose allowed IPs were all taken away first */
	size_t allowed_ips;
	size_t largest; /* bytes */
};

DEVICE_FUNCTION struct netlink_tap *device_tap(void)
{
	return netlink_tap_open(NETLINK_GENERIC);
}

DEVICE_FUNCTION void count_peer(const struct nlattr *peer, struct sent *sent)
{
	const struct nlattr *attr, *ip;

	sent->peers++;
	mnl_attr_for_each_nested (attr, peer) {
		if (mnl_attr_get_type(attr) == WGPEER_A_FLAGS) {
			sent->removals += (mnl_attr_get_u32(attr) & WGPEER_F_REMOVE_ME) != 0;
			sent->replacements += (mnl_attr_get_u32(attr) & WGPEER_F_REPLACE_ALLOWEDIPS) != 0;
		}
		if (mnl_attr_get_type(attr) == WGPEER_A_ALLOWEDIPS)
			mnl_attr_for_each_nested (ip, attr)
				sent->allowed_ips++;
	}
}

/* What was sent to WireGuard since the last call. */
DEVICE_FUNCTION struct sent device_sent(struct netlink_tap *tap)
{
	const struct nlattr *attr, *peer;
	const struct nlmsghdr *nlh;
	struct sent sent = { 0 };

	while ((nlh = netlink_tap_next(tap))) {
		const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_type == GENL_ID_CTRL || genl->cmd != WG_CMD_SET_DEVICE)
			continue;
		sent.messages++;
		if (nlh->nlmsg_len > sent.largest)
			sent.largest = nlh->nlmsg_len;
		mnl_attr_for_each (attr, nlh, sizeof(*genl))
			if (mnl_attr_get_type(attr) == WGDEVICE_A_PEERS)
				mnl_attr_for_each_nested (peer, attr)
					count_peer(peer, &sent);
	}
	return sent;
}

DEVICE_FUNCTION void assert_nothing_sent(struct netlink_tap *tap)
{
	assert_int_equal(device_sent(tap).messages, 0);
}

#endif
