/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.add_host: one more name, or other addresses for one. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "network.h"
#include "table.h"

/* Says what takes away the host that was not there. */
static int say_none(struct op *op, const struct hycan_dns_add_host_request *request)
{
	struct hycan_dns_remove_host_request away = { .vlan_id = request->vlan_id, .has_link = true };

	memcpy(away.link, request->link, sizeof(away.link));
	memcpy(away.name, request->dns_host.name, sizeof(away.name));
	return op_undo(op, HYCAN_OPERATION_DNS_REMOVE_HOST, &away);
}

static int add(struct op *op, const struct hycan_dns_add_host_request *request, struct resolver_zone *zone,
               const struct resolver_host *host, const struct resolver_host *before)
{
	struct resolver_host was;
	int r = before ? dns_say_host(op, zone, before) : 0;

	if (before)
		was = *before;
	if (r == 0)
		r = resolver_zone_put(zone, host);
	if (r == 0)
		r = dns_gate(op, zone, false);
	if (r == 0)
		r = resolver_put_host(op->resolver, zone, before ? &was : NULL, host);
	else if (r > 0)
		r = 0;
	if (r == -ENOSPC)
		return op_refuse(op, HYCAN_REFUSAL_LIMIT, "name", "A network has the names of %u hosts at most.",
		                 RESOLVER_HOSTS_MAX);
	if (r == -EPIPE || r == -ECONNREFUSED)
		return op_refuse(op, HYCAN_REFUSAL_KERNEL, NULL,
		                 "The process that starts dnsmasq is gone: start the daemon again.");
	return r == 0 && !before ? say_none(op, request) : r;
}

int op_dns_add_host(struct op *op, const struct hycan_dns_add_host_request *request)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	const struct resolver_host *before;
	struct kernel_network network;
	struct resolver_host host;
	int r = dns_available(op), told;

	if (r != 0)
		return r;
	/* before the network: one that is changed behind that changes the zone, too, and then the host is not put there */
	told = dns_zone_get(op, request->vlan_id, &zone);
	r = network_find(op, "vlan_id", request->vlan_id, request->link, &network);
	if (r != 0)
		return r;
	r = told;
	if (r == -ENOENT)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "vlan_id",
		                 "The names of the network “%s” are not told: dns.set first.", network.name);
	if (r == 0)
		r = dns_take_host(op, &network, zone.domain, &request->dns_host, &host);
	if (r != 0)
		return r;
	before = resolver_zone_find(&zone, host.name);
	if (before && op->exclusive)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "name", "The network “%s” has a host “%s” already.", network.name,
		                 host.name);
	op->unchanged = before && resolver_host_same(before, &host);
	if (op->unchanged)
		return 0;
	/* other addresses are the caller's to give only where the host is */
	r = before ? op_claim_change(op, request) : 0;
	return r == 0 ? add(op, request, &zone, &host, before) : r;
}
