/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody wants to stay as it is: whether it does, and what later requests make of that.
 *
 * A rule is told from others by everything that it says, so nobody can change one: it is gone, and another one is there. What
 * this file does not do: look at the properties of links.
 */
#include <string.h>

#include "address.h"
#include "kernel/route.h"
#include "kernel/wireguard.h"
#include "observe.h"

static bool route_fits(const void *found, const void *wanted)
{
	/* both rows take a route, and nothing else */
	_Static_assert(offsetof(struct hycan_route_add_request, route) == 0 &&
	                       offsetof(struct hycan_route_replace_request, route) == 0,
	               "the request is the route");
	return kernel_route_same(wanted, found);
}

static bool route_is_left(const void *found, const void *wanted)
{
	return kernel_route_is_left(wanted, found);
}

static bool address_fits(const void *found, const void *wanted)
{
	const struct hycan_link_address *is = found;
	struct hycan_link_address want = ((const struct hycan_address_add_request *)wanted)->link_address;

	/* how much of a lifetime is left depends on the time */
	if (want.has_valid_lifetime || want.has_preferred_lifetime) {
		want.has_valid_lifetime = is->has_valid_lifetime;
		want.valid_lifetime = is->valid_lifetime;
		want.has_preferred_lifetime = is->has_preferred_lifetime;
		want.preferred_lifetime = is->preferred_lifetime;
	}
	return !address_difference(&want, is);
}

/* What it is to be, also by requests since then, the table says beside what is done about it. */
static bool network_fits(const void *found, const void *wanted)
{
	const struct op_found_network *is = found;

	(void)wanted;
	return is->whole && is->forwards && is->has_gateways;
}

/* A network noted on one side alone is no difference: a mapping that is older than its network has no note, and keeps none. */
static bool port_fits(const void *found, const void *wanted)
{
	const struct hycan_port_mapping *is = found, *want = &((const struct hycan_port_add_request *)wanted)->port_mapping;

	return is->to_port == want->to_port && is->to_address.family == want->to_address.family &&
	       memcmp(is->to_address.bytes, want->to_address.bytes, hycan_address_size(&want->to_address)) == 0 &&
	       (!want->has_network || !is->has_network || is->network == want->network);
}

/* Where a stranger takes all of it away, it is made again with the NAT that it had last. */
static bool nat_amends(enum hycan_operation_number operation, void *wanted, const void *given)
{
	struct hycan_network *network = &((struct hycan_network_create_request *)wanted)->network;
	const struct hycan_network_nat_request *nat = given;

	if (operation != HYCAN_OPERATION_NETWORK_CREATE || (network->has_nat && network->nat == nat->on))
		return false;
	network->has_nat = true;
	network->nat = nat->on;
	return true;
}

static bool allow_follows(void *request)
{
	struct hycan_network_allow_request *allow = request;
	const bool on = allow->on;

	allow->on = true;
	return on;
}

/* ---------------------------------------------------------------------------------------------------------- WireGuard */

static bool is_among(const struct hycan_prefix *prefix, const struct hycan_prefix *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&list[i], prefix, sizeof(*prefix)) == 0)
			return true;
	return false;
}

/* But for where it is, since that may move, and for its key. */
static bool peer_fits(const void *found, const void *wanted)
{
	const struct op_found_peer *peer = found;
	const struct hycan_wireguard_peer *is = &peer->wireguard->peers[peer->position];
	const struct hycan_wireguard_peer_config *want =
		&((const struct hycan_wireguard_peer_set_request *)wanted)->wireguard_peer_config;

	if (want->has_persistent_keepalive && want->persistent_keepalive != is->persistent_keepalive)
		return false;
	if (want->has_endpoint && !is->has_endpoint)
		return false;
	if (!want->has_allowed_ips)
		return true;
	for (size_t i = 0; i < want->n_allowed_ips; i++)
		if (!is_among(&want->allowed_ips[i], is->allowed_ips, is->n_allowed_ips))
			return false;
	/* the same one may have been asked for twice */
	return is->n_allowed_ips <= want->n_allowed_ips;
}

/* An allowed IP is one peer's alone: who is given it takes it from the others. */
static bool peer_yields(void *wanted, const void *given)
{
	struct hycan_wireguard_peer_config *want = &((struct hycan_wireguard_peer_set_request *)wanted)->wireguard_peer_config;
	const struct hycan_wireguard_peer_config *gets =
		&((const struct hycan_wireguard_peer_set_request *)given)->wireguard_peer_config;
	struct hycan_prefix *list;
	size_t n = 0;

	if (!gets->has_allowed_ips || !want->has_allowed_ips)
		return false;
	memcpy(&list, &want->allowed_ips, sizeof(list));
	for (size_t i = 0; i < want->n_allowed_ips; i++)
		if (!is_among(&list[i], gets->allowed_ips, gets->n_allowed_ips))
			list[n++] = list[i];
	if (n == want->n_allowed_ips)
		return false;
	want->n_allowed_ips = n;
	return true;
}

/* ------------------------------------------------------------------------------------------------------------ the rows */

static const struct op_wished rows[] = {
	{ .operation = HYCAN_OPERATION_ADDRESS_ADD, .fits = address_fits },
	{ .operation = HYCAN_OPERATION_NETWORK_ALLOW, .follows = allow_follows },
	{ .operation = HYCAN_OPERATION_NETWORK_CREATE, .fits = network_fits },
	{ .operation = HYCAN_OPERATION_NETWORK_NAT, .amends = nat_amends },
	{ .operation = HYCAN_OPERATION_PORT_ADD, .fits = port_fits, .is_compared = true },
	{ .operation = HYCAN_OPERATION_ROUTE_ADD, .fits = route_fits, .is_left = route_is_left, .is_compared = true },
	{ .operation = HYCAN_OPERATION_ROUTE_REPLACE, .fits = route_fits, .is_left = route_is_left, .is_compared = true },
	{ .operation = HYCAN_OPERATION_WIREGUARD_PEER_SET, .fits = peer_fits, .absent_stays = true, .yields = peer_yields },
};

const struct op_wished *op_wished(enum hycan_operation_number operation)
{
	static const struct op_wished other;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].operation == operation)
			return &rows[i];
	return &other;
}
