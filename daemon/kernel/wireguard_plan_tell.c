/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a request that was held would have done to peers that it is not about, in words: an allowed IP is taken from the one that had it, and
 * the interface is no peer of its own.
 */
#include <linux/wireguard.h>
#include <stdio.h>
#include <string.h>

#include <hycan/values.h>

#include "attribute.h"
#include "netlink.h"
#include "wireguard.h"
#include "wireguard_plan.h"

/* Whether a request says itself which allowed IPs the peer with that key has, or takes it away. */
static bool states_allowed_ips(const struct nlattr *peers, const struct hycan_key *key)
{
	const struct nlattr *nest, *a[WGPEER_A_MAX + 1];
	struct hycan_key named;
	uint32_t flags;

	mnl_attr_for_each_nested (nest, peers) {
		flags = 0;
		netlink_parse_nested(nest, a, WGPEER_A_MAX);
		if (!attribute_bytes(a[WGPEER_A_PUBLIC_KEY], named.bytes, sizeof(named.bytes)) ||
		    memcmp(named.bytes, key->bytes, sizeof(key->bytes)) != 0)
			continue;
		(void)attribute_u32(a[WGPEER_A_FLAGS], &flags);
		return a[WGPEER_A_ALLOWEDIPS] || flags & (WGPEER_F_REPLACE_ALLOWEDIPS | WGPEER_F_REMOVE_ME);
	}
	return false;
}

/* With blanks between; where they are too many for that, how many. */
static void format_allowed_ips(const struct hycan_wireguard_peer *peer, char *text, size_t size)
{
	char word[HYCAN_ADDRESS_TEXT_SIZE];
	size_t at = 0;

	snprintf(text, size, "none");
	for (size_t i = 0; i < peer->n_allowed_ips && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", i ? " " : "",
		                       hycan_prefix_format(&peer->allowed_ips[i], word, sizeof(word)));
	if (at >= size)
		snprintf(text, size, "of %zu", peer->n_allowed_ips);
}

static void name_peer(struct hycan_planned_change *change, const char *link, const struct hycan_wireguard_peer *peer)
{
	char key[HYCAN_KEY_TEXT_SIZE];

	snprintf(change->what, sizeof(change->what), "wireguard_peer %s %s", link,
	         hycan_key_format(&peer->public_key, key, sizeof(key)));
}

static void tell_gone(struct kernel_scope *scope, const char *link, const struct hycan_wireguard_peer *is)
{
	struct hycan_planned_change change = { .action = HYCAN_CHANGE_ACTION_TAKE };

	name_peer(&change, link, is);
	netlink_tell_along(scope, &change);
}

static void tell_loss(struct kernel_scope *scope, const char *link, const struct hycan_wireguard_peer *is,
                      const struct hycan_wireguard_peer *will_be)
{
	struct hycan_planned_change change = { .action = HYCAN_CHANGE_ACTION_CHANGE };
	char was[sizeof(change.was) - 16], becomes[sizeof(change.becomes) - 16];

	name_peer(&change, link, is);
	format_allowed_ips(is, was, sizeof(was));
	format_allowed_ips(will_be, becomes, sizeof(becomes));
	netlink_tell_values(&change, "allowed_ips ", was, becomes);
	netlink_tell_along(scope, &change);
}

void wireguard_plan_tell_losses(struct kernel_scope *scope, const struct kernel_wireguard *before,
                                const struct kernel_wireguard *after, const struct nlattr *peers)
{
	/* they are in the same order, but for those that go and those that come, which are the last */
	for (size_t i = 0, k = 0; i < before->n_peers; i++) {
		const struct hycan_wireguard_peer *is = &before->peers[i];
		const bool stays =
			k < after->n_peers && memcmp(&is->public_key, &after->peers[k].public_key, sizeof(is->public_key)) == 0;

		if (!peers && !stays)
			tell_gone(scope, before->device.name, is);
		if (peers && stays && after->peers[k].n_allowed_ips < is->n_allowed_ips &&
		    !states_allowed_ips(peers, &is->public_key))
			tell_loss(scope, before->device.name, is, &after->peers[k]);
		k += stays;
	}
}
