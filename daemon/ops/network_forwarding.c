/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding for networks: which of them need it.
 *
 * That it is for networks to turn off (forwarding.c) is noted in our table. A stranger may take the table away with the note in it, and
 * the networks' links stay; so the ledger has the note, too, with each of those links, as far as its network needs it, and from there it
 * comes back into the table when something is done with the network of that link.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "forwarding.h"
#include "kernel/forwarding.h"
#include "kernel/nat.h"
#include "nat.h"
#include "network.h"
#include "table.h"

static const enum hycan_family both[] = { HYCAN_FAMILY_IPV4, HYCAN_FAMILY_IPV6 };

/* ------------------------------------------------------------------------------------------------------------ who needs it */

/* All networks, and the ways between them as far as they matter: an internal network needs what it has a way out by. */
struct needs {
	struct kernel_network *network;
	size_t n;
	struct kernel_network_way *ways;
	size_t n_ways;
};

static void needs_free(struct needs *needs)
{
	cleanup_free(&needs->network);
	cleanup_free(&needs->ways);
}

static int read_ways(struct kernel_scope *scope, struct needs *needs)
{
	bool matter = false;

	for (size_t i = 0; i < needs->n; i++)
		matter = matter || needs->network[i].internal;
	return matter ? kernel_network_list_ways(scope, &needs->ways, &needs->n_ways) : 0;
}

static int read_needs(struct kernel_scope *scope, struct needs *ret_needs)
{
	int r = kernel_network_list(scope, &ret_needs->network, &ret_needs->n);

	return r < 0 ? r : read_ways(scope, ret_needs);
}

/* What a network needs that has a way out. */
static uint32_t families_of(const struct kernel_network *network)
{
	return OP_FORWARDS(HYCAN_FAMILY_IPV4) | (network->ipv6_gateway.address.family ? OP_FORWARDS(HYCAN_FAMILY_IPV6) : 0);
}

uint32_t network_forwards(const struct kernel_network *network, const struct kernel_network_way *ways, size_t n_ways)
{
	size_t n_from;

	(void)kernel_network_ways_from(ways, n_ways, network->link, &n_from);
	return !network->internal || n_from > 0 ? families_of(network) : 0;
}

static uint32_t needs_of(const struct needs *needs, const struct kernel_network *network)
{
	return network_forwards(network, needs->ways, needs->n_ways);
}

int network_read_forwards(struct op *op, const struct kernel_network *network, uint32_t *ret_families)
{
	struct kernel_network copy = *network;
	struct needs needs = { .network = &copy, .n = 1 };
	int r = read_ways(op->scope, &needs);

	if (r == 0)
		*ret_families = needs_of(&needs, network);
	cleanup_free(&needs.ways);
	return r;
}

static int find_needed(struct op *op, uint32_t *ret_families)
{
	_cleanup_(needs_free) struct needs needs = { 0 };
	uint32_t families = 0;
	int r = read_needs(op->scope, &needs);

	for (size_t i = 0; i < needs.n && r == 0; i++)
		families |= needs_of(&needs, &needs.network[i]);
	if (r < 0)
		return nat_refuse(op, r);
	*ret_families = families;
	return 0;
}

int network_needs_forwarding(struct op *op, enum hycan_family family, bool *ret_needs)
{
	uint32_t families;
	int r = find_needed(op, &families);

	if (r == 0)
		*ret_needs = families & OP_FORWARDS(family);
	return r;
}

/* ------------------------------------------------------------------------------------------------------------- on, and off */

int network_forward(struct op *op, const struct kernel_network *network, bool *changed)
{
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++)
		if (families_of(network) & OP_FORWARDS(both[i]))
			r = forwarding_need(op, both[i], changed);
	return r;
}

int network_say_forwarding(struct op *op, const struct kernel_network *network)
{
	bool on = false;
	int r = 0;

	for (size_t i = 0; op_undoable(op) && i < 2 && r == 0; i++) {
		if (!(families_of(network) & OP_FORWARDS(both[i])))
			continue;
		r = kernel_forwarding_get(op->scope, both[i], NULL, &on);
		if (r == 0 && !on)
			r = forwarding_say_along(op, both[i], true);
		/* a kernel without the family is told of when it is turned on */
		r = r == -EOPNOTSUPP ? 0 : r;
	}
	return r;
}

static int release_all_but(struct op *op, uint32_t families)
{
	int r = 0;

	for (size_t i = 2; i > 0 && r == 0; i--)
		if (!(families & OP_FORWARDS(both[i - 1])))
			r = forwarding_release(op, both[i - 1]);
	return r;
}

int network_release_unused(struct op *op, const struct kernel_network *but)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	uint32_t families = 0;
	int r = networks_read(op, &networks);

	for (size_t i = 0; i < networks.n; i++)
		if (!but || strcmp(networks.network[i].link, but->link) != 0)
			families |= families_of(&networks.network[i]);
	return r == 0 ? release_all_but(op, families) : r;
}

int network_release(struct op *op)
{
	uint32_t families;
	int r;

	forwarding_lock();
	r = find_needed(op, &families);
	r = r == 0 ? release_all_but(op, families) : r;
	forwarding_unlock();
	return r;
}

/* ---------------------------------------------------------------------------------------------------- beside the table */

/* Of which families the table says that networks are to turn it off. */
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

int op_scope_forwards_of(struct kernel_scope *scope, const char *link, uint32_t *ret_families)
{
	_cleanup_free_ struct kernel_network_way *ways = NULL;
	struct kernel_network network;
	struct needs needs = { .network = &network, .n = 1 };
	uint32_t families = 0;
	int r = kernel_network_get(scope, link, &network);

	if (r == 0)
		r = read_ways(scope, &needs);
	ways = needs.ways;
	if (r == 0)
		r = noted(scope, &families);
	if (r == 0)
		*ret_families = families & needs_of(&needs, &network);
	return r;
}

int op_scope_list_forwards(struct kernel_scope *scope, op_found_forwards *found, void *userdata)
{
	_cleanup_(needs_free) struct needs needs = { 0 };
	uint32_t families = 0;
	int r = read_needs(scope, &needs);

	if (r == 0 && needs.n > 0)
		r = noted(scope, &families);
	for (size_t i = 0; i < needs.n && r == 0; i++)
		r = found(needs.network[i].link, families & needs_of(&needs, &needs.network[i]), userdata);
	return r;
}

/* A note of a link that is none of the table's networks is that of one that a stranger took out. */
int network_release_left(struct op *op, const char *link)
{
	int r = 0;

	if (!op->server || !op->server->forwards(op, link))
		return 0;
	forwarding_lock();
	r = nat_refuse(op, network_recall_forwarding(op, link));
	if (r == 0)
		r = network_release_unused(op, NULL);
	if (r == 0)
		r = nat_refuse(op, kernel_nat_tidy(op->scope));
	forwarding_unlock();
	return r;
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
