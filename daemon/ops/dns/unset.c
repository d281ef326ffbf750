/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.unset: nobody answers the hosts of a network any more. Also where the network is gone, and its names are left. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "table.h"

int op_dns_unset(struct op *op, const struct hycan_dns_unset_request *request)
{
	_cleanup_(resolver_zone_done) struct resolver_zone before = { 0 };
	const uint64_t netns = op_scope_inode(op->scope);
	int r = op->resolver ? dns_zone_get(op, request->vlan_id, &before) : dns_available(op);

	if (r == -ENOENT || (r == 0 && strcmp(before.link, request->link) != 0)) {
		r = dns_available(op);
		return r != 0 ? r
		              : op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "vlan_id",
		                          "There are no names of a network with VLAN %u on the link “%s”.", request->vlan_id,
		                          request->link);
	}
	if (r == 0)
		r = dns_say_zone(op, &before, before.n_hosts);
	if (r == 0)
		r = dns_gate(op, &before, true);
	if (r == 0)
		r = resolver_unset(op->resolver, netns, request->vlan_id);
	return r > 0 && !op->refusal ? 0 : r;
}
