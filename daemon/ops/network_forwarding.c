/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding for networks.
 *
 * That networks turned it on is noted in our table, and it is turned off when none needs it any more, unless somebody asked for it
 * by itself. A stranger may take the table away with the note in it, and the networks' links stay; so the ledger has the note, too,
 * with each of those links, as far as its network needs it, and from there it comes back into the table when something is done with
 * the network of that link.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "forwarding.h"
#include "kernel/forwarding.h"
#include "nat.h"
#include "network.h"
#include "table.h"

static int forward(struct op *op, enum hycan_family family, bool *ret_changed)
{
	bool on = false;
	int r = kernel_forwarding_get(op->scope, family, NULL, &on);

	if (r < 0 || on)
		return forwarding_refuse(op, family, NULL, r);
	*ret_changed = true;
	/* first, so that a daemon that is killed in between leaves nothing on that nobody turns off */
	r = kernel_network_note_forwarding(op->scope, family, true);
	if (r < 0 && r != -EALREADY)
		return nat_refuse(op, r);
	return forwarding_refuse(op, family, NULL, kernel_forwarding_set(op->scope, family, NULL, true, &on));
}

int network_forward(struct op *op, const struct kernel_network *network, bool *ret_changed)
{
	int r = forward(op, HYCAN_FAMILY_IPV4, ret_changed);

	if (r == 0 && network->ipv6_gateway.address.family)
		r = forward(op, HYCAN_FAMILY_IPV6, ret_changed);
	return r;
}

static const enum hycan_family both[] = { HYCAN_FAMILY_IPV4, HYCAN_FAMILY_IPV6 };

/* Of which families the table says that it was turned on for networks. */
static int noted(struct kernel_scope *scope, uint32_t *ret_families)
{
	uint32_t families = 0;
	bool noted = false;
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		r = kernel_network_has_forwarding(scope, both[i], &noted);
		families |= r == 0 && noted ? OP_FORWARDS(both[i]) : 0;
	}
	if (r == 0)
		*ret_families = families;
	return r;
}

static bool has_way_out(const struct kernel_network *network, const struct kernel_network_way *ways, size_t n)
{
	size_t n_from;

	(void)kernel_network_ways_from(ways, n, network->link, &n_from);
	return !network->internal || n_from > 0;
}

int op_scope_forwards_of(struct kernel_scope *scope, const char *link, uint32_t *ret_families)
{
	_cleanup_free_ struct kernel_network_way *ways = NULL;
	struct kernel_network network;
	uint32_t families = 0;
	size_t n_ways = 0;
	int r = kernel_network_get(scope, link, &network);

	if (r == 0 && network.internal)
		r = kernel_network_list_ways(scope, &ways, &n_ways);
	if (r == 0)
		r = noted(scope, &families);
	if (r < 0)
		return r;
	if (!has_way_out(&network, ways, n_ways))
		families = 0;
	if (!network.ipv6_gateway.address.family)
		families &= ~OP_FORWARDS(HYCAN_FAMILY_IPV6);
	*ret_families = families;
	return 0;
}

int network_recall_forwarding(struct op *op, const char *link)
{
	const uint32_t was = op->server->forwards(op, link);
	uint32_t is = 0;
	int r = was ? noted(op->scope, &is) : 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		if (was & ~is & OP_FORWARDS(both[i]))
			r = kernel_network_note_forwarding(op->scope, both[i], true);
		r = r == -EALREADY ? 0 : r;
	}
	return r;
}

static int release(struct op *op, enum hycan_family family)
{
	bool noted = false, changed;
	int r = kernel_network_has_forwarding(op->scope, family, &noted);

	if (r < 0 || !noted)
		return r;
	if (op->server->count(op, HYCAN_OBJECT_KIND_FORWARDING) == 0)
		r = kernel_forwarding_set(op->scope, family, NULL, false, &changed);
	if (r == 0)
		r = kernel_network_note_forwarding(op->scope, family, false);
	return r == -EALREADY ? 0 : r;
}

static int release_needless(struct op *op, bool ipv4, bool ipv6)
{
	int r = ipv6 ? 0 : release(op, HYCAN_FAMILY_IPV6);

	return r == 0 && !ipv4 ? release(op, HYCAN_FAMILY_IPV4) : r;
}

int network_release_unused(struct op *op, const struct kernel_network *but)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	bool ipv6 = false, ipv4 = false;
	int r = networks_read(op, &networks);

	for (size_t i = 0; i < networks.n; i++) {
		if (but && strcmp(networks.network[i].link, but->link) == 0)
			continue;
		ipv4 = true;
		ipv6 |= networks.network[i].ipv6_gateway.address.family != 0;
	}
	return r == 0 ? release_needless(op, ipv4, ipv6) : r;
}

int network_release(struct op *op)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	_cleanup_free_ struct kernel_network_way *ways = NULL;
	bool ipv6 = false, ipv4 = false;
	size_t n_ways = 0;
	int r = networks_read(op, &networks);

	if (r == 0)
		r = kernel_network_list_ways(op->scope, &ways, &n_ways);
	for (size_t i = 0; i < networks.n && r == 0; i++) {
		bool needs = has_way_out(&networks.network[i], ways, n_ways);

		ipv4 |= needs;
		ipv6 |= needs && networks.network[i].ipv6_gateway.address.family != 0;
	}
	return r == 0 ? release_needless(op, ipv4, ipv6) : r;
}
