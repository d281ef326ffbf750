/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.set: what the hosts of a network are told, stated as a whole. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "network.h"
#include "table.h"

static int check_domain(struct op *op, const char *domain)
{
	const char *fault = *domain ? resolver_name_fault(domain) : NULL;

	return fault ? op_refuse(op, HYCAN_REFUSAL_INVALID, "domain", "“%s” is no domain: %s.", domain, fault) : 0;
}

static int take_upstreams(struct op *op, const struct kernel_network *network, const struct hycan_dns_set_request *request,
                          struct resolver_zone *zone)
{
	zone->own_only = request->has_own_only && request->own_only;
	if (request->n_upstreams > 0 && (zone->own_only || network->internal))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "upstreams", "%s",
		                 zone->own_only ? "Either others are asked, or own_only."
		                                : "An internal network has no way out, and so nobody outside is asked for names.");
	if (request->n_upstreams > RESOLVER_UPSTREAMS_MAX)
		return op_refuse(op, HYCAN_REFUSAL_LIMIT, "upstreams", "At most %u can be asked.", RESOLVER_UPSTREAMS_MAX);
	for (size_t i = 0; i < request->n_upstreams; i++) {
		const struct hycan_address *upstream = &request->upstreams[i];

		if (resolver_same_address(upstream, &network->gateway.address) ||
		    resolver_same_address(upstream, &network->ipv6_gateway.address))
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "upstreams",
			                 "It would ask itself, at the network's own gateway.");
		zone->upstream[zone->n_upstreams++] = *upstream;
	}
	return 0;
}

static int take_hosts(struct op *op, const struct kernel_network *network, const struct hycan_dns_set_request *request,
                      const struct resolver_zone *before, struct resolver_zone *zone)
{
	struct resolver_host host;
	int r = 0;

	/* what is put back stands beside what others added meanwhile */
	for (size_t i = 0; op->back && i < before->n_hosts && r == 0; i++)
		r = resolver_zone_put(zone, &before->host[i]);
	for (size_t i = 0; i < request->n_hosts && r == 0; i++) {
		r = dns_take_host(op, network, zone->domain, &request->hosts[i], &host);
		if (r == 0 && !op->back && resolver_zone_find(zone, host.name))
			r = op_refuse(op, HYCAN_REFUSAL_INVALID, "hosts", "The host “%s” is there twice.", host.name);
		if (r == 0)
			r = resolver_zone_put(zone, &host);
		if (r == -ENOSPC)
			r = op_refuse(op, HYCAN_REFUSAL_LIMIT, "hosts", "A network has the names of %u hosts at most.",
			              RESOLVER_HOSTS_MAX);
	}
	return r;
}

/* The zone that is asked for, in place of one that has no hosts where there is none. */
static int read_request(struct op *op, const struct hycan_dns_set_request *request, const struct resolver_zone *before,
                        struct resolver_zone *zone)
{
	struct kernel_network network;
	int r = network_find(op, "vlan_id", request->vlan_id, request->link, &network);

	if (r == 0 && !resolver_link_is_good(request->link))
		r = op_refuse(
			op, HYCAN_REFUSAL_INVALID, "link",
			"The name of the link “%s” means something else to dnsmasq: letters, digits, “.”, “_” and “-” do not.",
			request->link);
	if (r == 0 && request->has_domain)
		r = check_domain(op, request->domain);
	if (r != 0)
		return r;
	zone->netns = op_scope_inode(op->scope);
	zone->vlan_id = request->vlan_id;
	if (request->has_domain)
		memcpy(zone->domain, request->domain, strlen(request->domain) + 1);
	dns_adopt_network(zone, &network);
	r = take_upstreams(op, &network, request, zone);
	return r == 0 ? take_hosts(op, &network, request, before, zone) : r;
}

/* Says what takes away the zone that was not there. */
static int say_none(struct op *op, const struct hycan_dns_set_request *request)
{
	struct hycan_dns_unset_request away = { .vlan_id = request->vlan_id, .has_link = true };

	memcpy(away.link, request->link, sizeof(away.link));
	return op_undo(op, HYCAN_OPERATION_DNS_UNSET, &away);
}

/* Says which hosts come. */
static int say_new_hosts(struct op *op, const struct resolver_zone *zone, const struct resolver_zone *before)
{
	struct hycan_dns_remove_host_request away = { .vlan_id = before->vlan_id, .has_link = true };
	int r = 0;

	memcpy(away.link, before->link, sizeof(away.link));
	for (size_t i = 0; i < zone->n_hosts && r == 0; i++) {
		if (resolver_zone_find(before, zone->host[i].name))
			continue;
		memcpy(away.name, zone->host[i].name, sizeof(away.name));
		r = op_undo(op, HYCAN_OPERATION_DNS_REMOVE_HOST, &away);
	}
	return r;
}

static bool has_host(const struct resolver_zone *zone, const struct resolver_host *host)
{
	const struct resolver_host *is = resolver_zone_find(zone, host->name);

	return is && resolver_host_same(is, host);
}

/* Says what those hosts are that will be otherwise, or go. */
static int say_hosts(struct op *op, const struct resolver_zone *zone, const struct resolver_zone *before)
{
	int r = 0;

	for (size_t i = 0; i < before->n_hosts && r == 0; i++)
		if (!has_host(zone, &before->host[i]))
			r = dns_say_host(op, before, &before->host[i]);
	return r;
}

/*
 * Says of the zone that is there what will be otherwise, and no more: the rest may be anybody's meanwhile. The hosts that come go before
 * it has its domain again, which none of them may be called, and those that went come behind that. A plan compares with all of it.
 */
static int say(struct op *op, const struct resolver_zone *zone, const struct resolver_zone *before)
{
	int r = op->plan ? dns_say_zone(op, before, before->n_hosts) : say_hosts(op, zone, before);

	if (r == 0 && !op->plan && !resolver_zone_tells_alike(zone, before))
		r = dns_say_zone(op, before, 0);
	return r == 0 ? say_new_hosts(op, zone, before) : r;
}

/*
 * The names, and those hosts that are to be otherwise or to go, must be the caller's: the ledger was asked before they were read, and
 * since then others may have made some.
 */
static int claim(struct op *op, const struct hycan_dns_set_request *request, const struct resolver_zone *zone,
                 const struct resolver_zone *before)
{
	struct hycan_dns_set_request *changed = op->memory(op, sizeof(*changed));
	struct hycan_dns_host *hosts = op->memory(op, (before->n_hosts + 1) * sizeof(*hosts));
	size_t n = 0;

	if (!changed || !hosts)
		return -ENOMEM;
	for (size_t i = 0; i < before->n_hosts; i++)
		if (!has_host(zone, &before->host[i]))
			memcpy(hosts[n++].name, before->host[i].name, sizeof(hosts->name));
	*changed = (struct hycan_dns_set_request){ .vlan_id = request->vlan_id, .has_link = true, .hosts = hosts, .n_hosts = n };
	memcpy(changed->link, request->link, sizeof(changed->link));
	return op_claim_change(op, changed);
}

static int change(struct op *op, const struct hycan_dns_set_request *request, struct resolver_zone *zone,
                  const struct resolver_zone *before)
{
	int r = before ? claim(op, request, zone, before) : 0;

	if (r == 0 && before)
		r = say(op, zone, before);
	if (r != 0)
		return r;
	r = dns_gate(op, zone, false);
	if (r == 0)
		r = dns_set(op, zone, before);
	else if (r > 0)
		r = 0;
	return r == 0 && !before ? say_none(op, request) : r;
}

int op_dns_set(struct op *op, const struct hycan_dns_set_request *request)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 }, before = { 0 };
	bool is_there = false;
	int r = dns_available(op);

	if (r != 0)
		return r;
	/* before the network: one that is changed behind that changes the zone, too, which is then another one */
	r = dns_zone_get(op, request->vlan_id, &before);
	if (r < 0 && r != -ENOENT)
		return r;
	is_there = r == 0;
	r = read_request(op, request, &before, &zone);
	if (r != 0)
		return r;
	if (is_there && op->exclusive)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "vlan_id", "The names of the network with VLAN %u are told already.",
		                 zone.vlan_id);
	op->unchanged = is_there && resolver_zone_same(&zone, &before);
	return op->unchanged ? 0 : change(op, request, &zone, is_there ? &before : NULL);
}
