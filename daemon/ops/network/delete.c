/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.delete: the mappings first, so that nothing leads to where nobody is; then the link, and the table last, which says
 * that there is a network. So a daemon that is killed in between knows what was left to do, and so does whoever asks once
 * more; and what may fail for a moment is tried again, since nothing of it is put back. Of a network that a stranger took out of the
 * table, what is left goes.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "kernel/link.h"
#include "kernel/port.h"
#include "nat.h"
#include "network.h"
#include "network_left.h"
#include "port.h"
#include "table.h"

static bool leads_to(const struct hycan_port_mapping *mapping, const struct kernel_network *network)
{
	return mapping->has_network ? mapping->network == network->vlan_id : network_has(network, &mapping->to_address);
}

/* The mappings that lead to the network. All that will go are said before the first of them does, the names among them. */
static int find_mappings(struct op *op, const struct kernel_network *network, struct hycan_port_mapping **ret_mappings,
                         size_t *ret_n)
{
	_cleanup_free_ struct hycan_port_mapping *mappings = NULL;
	size_t n = 0, n_leading = 0;
	int r = kernel_port_list(op->scope, &mappings, &n);

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct hycan_port_add_request made = port_request(&mappings[i]);

		if (!leads_to(&mappings[i], network))
			continue;
		r = op->server->going(op, HYCAN_OBJECT_KIND_PORT, &made);
		mappings[n_leading++] = mappings[i];
	}
	if (r == 0)
		r = dns_going(op, network);
	if (r == 0) {
		*ret_mappings = steal(&mappings);
		*ret_n = n_leading;
	}
	return r;
}

/* One of which nobody heard that it went is not in the kernel's list any more, so they are listed once, and each is tried again. */
static int remove_mappings(struct op *op, const struct kernel_network *network)
{
	_cleanup_free_ struct hycan_port_mapping *mappings = NULL;
	struct hycan_port_mapping holder;
	unsigned int tried = 0;
	size_t n = 0;
	int r;

	do
		r = find_mappings(op, network, &mappings, &n);
	while (network_try_again(r, &tried));
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct hycan_port_add_request made = port_request(&mappings[i]);

		do
			r = kernel_port_remove(op->scope, &mappings[i], &holder);
		while (network_try_again(r, &tried));
		/* somebody else was faster */
		if (r == -ENOENT || r == -EEXIST)
			r = 0;
		if (r == 0)
			op->server->gone(op, HYCAN_OBJECT_KIND_PORT, &made);
	}
	return r;
}

/* A network that is in the table; or what a stranger left of one. */
static int find(struct op *op, const struct hycan_network_delete_request *request, struct kernel_network *ret_network,
                bool *ret_link)
{
	int r = network_find(op, "vlan_id", request->vlan_id, request->link, ret_network), left;

	*ret_link = true;
	if (r != HYCAN_REFUSAL_NOT_FOUND)
		return r;
	left = network_find_left(op, request->vlan_id, request->link, ret_network, ret_link);
	if (left < 0)
		return left == -ENOENT ? r : left;
	op->refusal = 0;
	return nat_refuse(op, network_recall_forwarding(op, request->link));
}

/* What is called as its link was is another's; where nothing is, the link is gone, too, maybe by the daemon that was killed here. */
static bool is_there(struct op *op, const char *name)
{
	struct hycan_link link;

	return kernel_link_get(op->scope, name, &link) != -ENODEV;
}

int op_network_delete(struct op *op, const struct hycan_network_delete_request *request)
{
	struct kernel_network network;
	bool link;
	int r = find(op, request, &network, &link);

	if (r != 0)
		return r;
	/* from here on it goes forward: a mapping that is gone is not put back */
	r = remove_mappings(op, &network);
	r = r == 0 ? network_lower(op, &network, link, true) : nat_refuse(op, r);
	op->kept_link = r == 0 && !link && is_there(op, request->link);
	return r;
}
