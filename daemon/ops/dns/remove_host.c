/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.remove_host: one name less. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "table.h"

int op_dns_remove_host(struct op *op, const struct hycan_dns_remove_host_request *request)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	const uint64_t netns = op_scope_inode(op->scope);
	const struct resolver_host *before;
	int r = op->resolver ? dns_zone_get(op, request->vlan_id, &zone) : dns_available(op);

	if (r != 0 && r != -ENOENT)
		return r;
	before = r == 0 && strcmp(zone.link, request->link) == 0 ? resolver_zone_find(&zone, request->name) : NULL;
	if (!before) {
		r = dns_available(op);
		return r != 0 ? r
		              : op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "name",
		                          "There is no host “%s” in the network with VLAN %u on the link “%s”.", request->name,
		                          request->vlan_id, request->link);
	}
	r = dns_say_host(op, &zone, before);
	(void)resolver_zone_remove(&zone, request->name);
	if (r == 0)
		r = dns_gate(op, &zone, false);
	if (r == 0)
		r = resolver_remove_host(op->resolver, netns, request->vlan_id, request->name);
	return r > 0 && !op->refusal ? 0 : r;
}
