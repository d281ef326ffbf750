/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operations have to do with the DNS of networks: names, zones, and networks that change. */
#include "dns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "kernel/link.h"
#include "kernel/scope.h"
#include "network.h"
#include "table.h"

/* A host may come or go each time. */
#define REFRESH_ATTEMPTS 8

int dns_available(struct op *op)
{
	const char *package;

	if (!op->resolver)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, NULL,
		                 "Names are told by the service, and this is a private daemon: start hycan-daemon.");
	package = resolver_lacks(op->resolver);
	if (!package)
		return 0;
	return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, NULL,
	                 "DNS needs dnsmasq, which is not installed: install the package %s, and start the daemon again.", package);
}

/* ------------------------------------------------------------------------------------------------------------- planned */

static struct dns_planned *find_planned(const struct op *op, uint16_t vlan_id)
{
	for (size_t i = 0; i < op->n_planned_dns; i++)
		if (op->planned_dns[i].zone.vlan_id == vlan_id)
			return &op->planned_dns[i];
	return NULL;
}

int dns_zone_get(struct op *op, uint16_t vlan_id, struct resolver_zone *ret_zone)
{
	const struct dns_planned *planned = find_planned(op, vlan_id);

	if (!planned)
		return op->resolver ? resolver_get(op->resolver, op_scope_inode(op->scope), vlan_id, ret_zone) : -ENOENT;
	return planned->gone ? -ENOENT : resolver_zone_copy(&planned->zone, ret_zone);
}

int dns_gate(struct op *op, const struct resolver_zone *zone, bool gone)
{
	struct dns_planned planned = { .gone = gone }, *entry = find_planned(op, zone->vlan_id);
	int r = kernel_scope_ask_gate(op->scope);

	if (r <= 0)
		return r;
	if (!entry && array_grow(&op->planned_dns, op->n_planned_dns, sizeof(*entry)) < 0)
		return -ENOMEM;
	if (resolver_zone_copy(zone, &planned.zone) < 0)
		return -ENOMEM;
	if (entry)
		resolver_zone_done(&entry->zone);
	else
		entry = &op->planned_dns[op->n_planned_dns++];
	*entry = planned;
	return r;
}

/* --------------------------------------------------------------------------------------------------------------- hosts */

static int check_name(struct op *op, const char *domain, const char *name)
{
	const char *fault = resolver_name_fault(name);

	if (fault)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "name", "“%s” is no name of a host: %s.", name, fault);
	if (*domain && strcmp(domain, name) == 0)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "name", "“%s” is the domain, and no host of it.", name);
	return 0;
}

int dns_take_host(struct op *op, const struct kernel_network *network, const char *domain, const struct hycan_dns_host *asked,
                  struct resolver_host *ret_host)
{
	struct resolver_host host = { 0 };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r = check_name(op, domain, asked->name);

	if (r != 0)
		return r;
	if (asked->n_addresses == 0)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "addresses", "The host “%s” needs an address.", asked->name);
	if (asked->n_addresses > RESOLVER_ADDRESSES_MAX)
		return op_refuse(op, HYCAN_REFUSAL_LIMIT, "addresses", "A host has at most %u addresses, and “%s” would have %zu.",
		                 RESOLVER_ADDRESSES_MAX, asked->name, asked->n_addresses);
	for (size_t i = 0; i < asked->n_addresses; i++) {
		if (!network_has(network, &asked->addresses[i]))
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "addresses",
			                 "%s of “%s” is no address of the network “%s”: give one of its subnet.",
			                 hycan_address_format(&asked->addresses[i], text, sizeof(text)), asked->name,
			                 network->name);
		host.address[i] = asked->addresses[i];
	}
	host.n_addresses = (uint8_t)asked->n_addresses;
	memcpy(host.name, asked->name, strlen(asked->name) + 1);
	*ret_host = host;
	return 0;
}

struct hycan_dns_host *dns_hosts(struct op *op, const struct resolver_host *host, size_t n)
{
	struct hycan_dns_host *hosts = op->memory(op, (n + 1) * sizeof(*hosts));

	for (size_t i = 0; hosts && i < n; i++) {
		struct hycan_address *address = op->memory(op, sizeof(host[i].address));

		if (!address)
			return NULL;
		memcpy(address, host[i].address, sizeof(host[i].address));
		memcpy(hosts[i].name, host[i].name, sizeof(host[i].name));
		hosts[i].addresses = address;
		hosts[i].n_addresses = host[i].n_addresses;
	}
	return hosts;
}

int dns_say_host(struct op *op, const struct resolver_zone *zone, const struct resolver_host *host)
{
	struct hycan_dns_add_host_request back = { .vlan_id = zone->vlan_id, .has_link = true };
	const struct hycan_dns_host *copy = dns_hosts(op, host, 1);

	if (!copy)
		return -ENOMEM;
	back.dns_host = *copy;
	memcpy(back.link, zone->link, sizeof(back.link));
	return op_undo(op, HYCAN_OPERATION_DNS_ADD_HOST, &back);
}

/* --------------------------------------------------------------------------------------------------------------- zones */

int dns_say_zone(struct op *op, const struct resolver_zone *zone, size_t n_hosts)
{
	struct hycan_dns_set_request back = {
		.vlan_id = zone->vlan_id,
		.hosts = dns_hosts(op, zone->host, n_hosts),
		.n_hosts = n_hosts,
		.has_domain = *zone->domain,
		.has_upstreams = zone->n_upstreams > 0,
		.upstreams = zone->upstream,
		.n_upstreams = zone->n_upstreams,
		.has_own_only = zone->own_only,
		.own_only = zone->own_only,
		.has_link = true,
	};

	if (!back.hosts)
		return -ENOMEM;
	memcpy(back.domain, zone->domain, sizeof(back.domain));
	memcpy(back.link, zone->link, sizeof(back.link));
	return op_undo(op, HYCAN_OPERATION_DNS_SET, &back);
}

void dns_adopt_network(struct resolver_zone *zone, const struct kernel_network *network)
{
	memcpy(zone->link, network->link, sizeof(zone->link));
	zone->gateway[0] = network->gateway;
	zone->gateway[1] = network->ipv6_gateway;
	zone->internal = network->internal;
}

int dns_set(struct op *op, const struct resolver_zone *zone, const struct resolver_zone *before)
{
	char words[RESOLVER_WORDS_SIZE] = "";
	int r = resolver_replace(op->resolver, zone, before, op_scope_netns(op->scope), words);

	switch (r) {
	case 0:
		return 0;
	case -ENOENT:
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, NULL,
		                 "DNS needs dnsmasq, which is not installed: install the package dnsmasq-base.");
	case -EADDRINUSE:
		return op_refuse(op, HYCAN_REFUSAL_BUSY, NULL,
		                 "Another program answers there, %s: let it leave that address alone.", words);
	case -EADDRNOTAVAIL:
	case -ECHILD:
	case -ETIMEDOUT:
		return op_refuse(op, HYCAN_REFUSAL_KERNEL, NULL, "dnsmasq does not serve the network: %s.", words);
	case -EPIPE:
	case -ECONNREFUSED:
		return op_refuse(op, HYCAN_REFUSAL_KERNEL, NULL,
		                 "The process that starts dnsmasq is gone: start the daemon again.");
	}
	return r;
}

/* They do not go with the link, but with this: they are about to, or have gone. 0 or -errno: then they must not. */
static int tell(struct op *op, const struct resolver_zone *zone, bool gone)
{
	const struct op_server *server = op->server;
	struct hycan_dns_set_request names = { .vlan_id = zone->vlan_id, .has_link = true };
	struct hycan_dns_add_host_request host = { .vlan_id = zone->vlan_id, .has_link = true };
	int r = 0;

	memcpy(names.link, zone->link, sizeof(names.link));
	memcpy(host.link, zone->link, sizeof(host.link));
	for (size_t i = 0; i < zone->n_hosts && r == 0; i++) {
		memcpy(host.dns_host.name, zone->host[i].name, sizeof(host.dns_host.name));
		if (gone)
			server->gone(op, HYCAN_OBJECT_KIND_DNS_HOST, &host);
		else
			r = server->going(op, HYCAN_OBJECT_KIND_DNS_HOST, &host);
	}
	if (gone)
		server->gone(op, HYCAN_OBJECT_KIND_DNS, &names);
	else if (r == 0)
		r = server->going(op, HYCAN_OBJECT_KIND_DNS, &names);
	return r;
}

static int end_zone(struct op *op, const struct resolver_zone *zone)
{
	int r = dns_gate(op, zone, true);

	if (r == 0)
		r = resolver_unset(op->resolver, zone->netns, zone->vlan_id);
	if (r == 0)
		(void)tell(op, zone, true);
	return r == -ENOENT || r > 0 ? 0 : r;
}

static int refresh(struct op *op, const struct kernel_network *network)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 }, before = { 0 };
	int r = dns_zone_get(op, network->vlan_id, &before);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* of a network that a stranger took away: the VLAN is another's now */
	if (strcmp(before.link, network->link) != 0) {
		r = tell(op, &before, false);
		return r == 0 ? end_zone(op, &before) : r;
	}
	r = resolver_zone_copy(&before, &zone);
	if (r < 0)
		return r;
	dns_adopt_network(&zone, network);
	/* what was asked for, for when it is internal no more */
	if (resolver_zone_same(&zone, &before))
		return 0;
	r = dns_gate(op, &zone, false);
	return r == 0 ? dns_set(op, &zone, &before) : r < 0 ? r : 0;
}

int dns_refresh(struct op *op, const struct kernel_network *network)
{
	int r = -EINTR;

	for (int i = 0; i < REFRESH_ATTEMPTS && r == -EINTR; i++)
		r = refresh(op, network);
	return r;
}

/* -ENOENT: it has none. They may be those of another network, too, which a stranger took away. */
static int find_own(struct op *op, const struct kernel_network *network, struct resolver_zone *ret_zone)
{
	int r = dns_zone_get(op, network->vlan_id, ret_zone);

	return r < 0 || strcmp(ret_zone->link, network->link) == 0 ? r : -ENOENT;
}

int dns_going(struct op *op, const struct kernel_network *network)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	int r = find_own(op, network, &zone);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return tell(op, &zone, false);
}

int dns_drop(struct op *op, const struct kernel_network *network)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	int r = find_own(op, network, &zone);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return end_zone(op, &zone);
}

void dns_probe(struct op *op)
{
	_cleanup_free_ uint16_t *ids = NULL;
	size_t n = 0;

	/* a supervisor that is a service is started by the question */
	if (op->resolver && resolver_list(op->resolver, op_scope_inode(op->scope), &ids, &n) == 0 && n > 0)
		(void)resolver_probe(op->resolver);
}

int dns_describe(struct op *op, uint16_t vlan_id, struct hycan_network_dns *ret_dns, bool *ret_has)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	struct resolver_state now = { 0 };
	int r = dns_zone_get(op, vlan_id, &zone);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_has = r == 0;
	if (r < 0)
		return 0;
	(void)resolver_state(op->resolver, zone.netns, vlan_id, &now);
	*ret_dns = (struct hycan_network_dns){
		.has_domain = *zone.domain,
		.hosts = (uint32_t)zone.n_hosts,
		.serves = now.serves,
		.has_pid = now.pid != 0,
		.pid = now.pid,
	};
	memcpy(ret_dns->domain, zone.domain, sizeof(zone.domain));
	return 0;
}

/* A stranger took the network out of our table, and its link and its dnsmasq are left. */
static bool outlives_network(struct op *op, const struct resolver_zone *zone)
{
	struct kernel_network network;

	return kernel_network_get(op->scope, zone->link, &network) == -ENOENT;
}

static void check_one(struct op *op, uint16_t vlan_id, dns_amiss *found, void *userdata)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	struct resolver_state state;
	int r;

	/* it was ended meanwhile */
	if (resolver_get(op->resolver, op_scope_inode(op->scope), vlan_id, &zone) < 0)
		return;
	r = resolver_state(op->resolver, op_scope_inode(op->scope), vlan_id, &state);
	if (r < 0)
		found(vlan_id, zone.link, r == -ENOENT ? "no dnsmasq was started for it" : strerror(-r), userdata);
	else if (state.pid == 0)
		found(vlan_id, zone.link, *state.words ? state.words : "dnsmasq does not run", userdata);
	else if (!state.serves && !state.starts)
		found(vlan_id, zone.link, "dnsmasq runs and does not answer", userdata);
	else if (outlives_network(op, &zone))
		found(vlan_id, zone.link, "their network is gone, and dnsmasq is left; “dns.unset” ends it", userdata);
}

void dns_check(struct op *op, dns_amiss *found, void *userdata)
{
	_cleanup_free_ uint16_t *ids = NULL;
	size_t n = 0;

	if (!op->resolver || resolver_list(op->resolver, op_scope_inode(op->scope), &ids, &n) < 0 || n == 0)
		return;
	(void)resolver_probe(op->resolver);
	for (size_t i = 0; i < n; i++)
		check_one(op, ids[i], found, userdata);
}

int op_dns_resume(struct kernel_scope *scope, struct resolver_zone *zone, struct hycan_link *ret_link)
{
	_cleanup_free_ struct kernel_network *networks = NULL;
	size_t n = 0;
	int r = kernel_network_list(scope, &networks, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (networks[i].vlan_id == zone->vlan_id && strcmp(networks[i].link, zone->link) == 0) {
			dns_adopt_network(zone, &networks[i]);
			return 1;
		}
	memset(ret_link, 0, sizeof(*ret_link));
	r = kernel_link_get(scope, zone->link, ret_link);
	if (r == 0 && (!ret_link->has_vlan_id || ret_link->vlan_id != zone->vlan_id))
		memset(ret_link, 0, sizeof(*ret_link));
	return r == -ENODEV ? 0 : r;
}
