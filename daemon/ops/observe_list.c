/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is of a kind of objects, in the words of the requests that make them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "kernel/address.h"
#include "kernel/forwarding.h"
#include "kernel/link.h"
#include "kernel/masquerade.h"
#include "kernel/monitor.h"
#include "kernel/network.h"
#include "kernel/port.h"
#include "kernel/route.h"
#include "kernel/rule.h"
#include "kernel/wireguard.h"
#include "network.h"
#include "observe.h"
#include "port.h"
#include "setting.h"

struct listing {
	op_found *found;
	void *userdata;
};

static int found_link(const struct hycan_link *link, void *userdata)
{
	const struct listing *l = userdata;

	return l->found(HYCAN_OBJECT_KIND_LINK, link, l->userdata);
}

static int found_address(const struct hycan_link_address *address, void *userdata)
{
	const struct listing *l = userdata;

	return l->found(HYCAN_OBJECT_KIND_ADDRESS, address, l->userdata);
}

static int found_route(const struct hycan_route *route, void *userdata)
{
	const struct listing *l = userdata;

	return l->found(HYCAN_OBJECT_KIND_ROUTE, route, l->userdata);
}

static int found_rule(const struct hycan_rule *rule, bool whole, void *userdata)
{
	const struct listing *l = userdata;

	(void)whole;
	return l->found(HYCAN_OBJECT_KIND_RULE, rule, l->userdata);
}

static int found_forwarding(enum hycan_family family, const char *link, void *userdata)
{
	const struct listing *l = userdata;
	struct hycan_forwarding_set_request request = { .family = family, .on = true, .has_interface = link };

	if (link)
		memcpy(request.interface, link, strlen(link) + 1);
	return l->found(HYCAN_OBJECT_KIND_FORWARDING, &request, l->userdata);
}

static int list_masquerades(struct kernel_scope *scope, const struct listing *l)
{
	_cleanup_free_ struct hycan_masquerade *list = NULL;
	size_t n = 0;
	int r = kernel_masquerade_list(scope, &list, &n);

	for (size_t i = 0; i < n && r == 0; i++)
		r = l->found(HYCAN_OBJECT_KIND_MASQUERADE, &list[i], l->userdata);
	return r;
}

static int list_ports(struct kernel_scope *scope, const struct listing *l)
{
	_cleanup_free_ struct hycan_port_mapping *list = NULL;
	size_t n = 0;
	int r = kernel_port_list(scope, &list, &n);

	for (size_t i = 0; i < n && r == 0; i++) {
		port_settle(&list[i].has_host_address, &list[i].host_address, list[i].to_address.family);
		r = l->found(HYCAN_OBJECT_KIND_PORT, &list[i], l->userdata);
	}
	return r;
}

/* Which families are forwarded in the whole namespace, or cannot be. */
static int read_forwarded(struct kernel_scope *scope, uint32_t *ret_families)
{
	static const enum hycan_family both[] = { HYCAN_FAMILY_IPV4, HYCAN_FAMILY_IPV6 };
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		bool on = true;

		r = kernel_forwarding_get(scope, both[i], NULL, &on);
		r = r == -EOPNOTSUPP ? 0 : r;
		*ret_families |= on ? OP_FORWARDS(both[i]) : 0;
	}
	return r;
}

/* As long as its link is up: one that is down loses that of IPv6, and who looks at networks says that it is down. */
static int check_gateways(struct kernel_scope *scope, const struct kernel_network *network, bool *ret_has)
{
	bool ipv4 = true, ipv6 = true;
	struct hycan_link link;
	int r = kernel_link_get(scope, network->link, &link);

	if (r == 0 && link.up)
		r = network_has_gateways(scope, network, &ipv4, &ipv6);
	*ret_has = r < 0 || (ipv4 && ipv6);
	return r == -ENODEV ? 0 : r;
}

static int list_networks(struct kernel_scope *scope, const struct listing *l)
{
	_cleanup_free_ struct kernel_network *list = NULL;
	_cleanup_free_ struct kernel_network_way *ways = NULL;
	struct op_found_network found;
	size_t n = 0, n_ways = 0;
	uint32_t forwarded = 0;
	int r = kernel_network_list(scope, &list, &n);

	if (r == 0 && n > 0)
		r = kernel_network_list_ways(scope, &ways, &n_ways);
	if (r == 0 && n > 0)
		r = read_forwarded(scope, &forwarded);
	memset(&found, 0, sizeof(found));
	for (size_t i = 0; i < n && r == 0; i++) {
		r = kernel_network_check(scope, &list[i], &found.whole);
		if (r < 0)
			break;
		found.whole = found.whole && kernel_network_keeps_ways(ways, n_ways, list[i].link);
		r = check_gateways(scope, &list[i], &found.has_gateways);
		if (r < 0)
			break;
		found.forwards = !(network_forwards(&list[i], ways, n_ways) & ~forwarded);
		found.request.network.vlan_id = list[i].vlan_id;
		found.request.network.has_link = true;
		memcpy(found.request.network.link, list[i].link, sizeof(found.request.network.link));
		r = l->found(HYCAN_OBJECT_KIND_NETWORK, &found, l->userdata);
	}
	return r;
}

static int found_wireguard(const struct kernel_wireguard *wireguard, void *userdata)
{
	const struct listing *l = userdata;
	struct op_found_peer found = { .wireguard = wireguard };
	int r = 0;

	memcpy(found.request.name, wireguard->device.name, sizeof(found.request.name));
	for (size_t i = 0; i < wireguard->n_peers && r == 0; i++) {
		found.position = i;
		found.request.wireguard_peer_config.public_key = wireguard->peers[i].public_key;
		r = l->found(HYCAN_OBJECT_KIND_WIREGUARD_PEER, &found, l->userdata);
	}
	return r;
}

int op_scope_list_table(struct kernel_scope *scope, enum hycan_object_kind kind, op_found *found, void *userdata)
{
	const struct listing l = { .found = found, .userdata = userdata };

	if (kind == HYCAN_OBJECT_KIND_MASQUERADE)
		return list_masquerades(scope, &l);
	return kind == HYCAN_OBJECT_KIND_PORT ? list_ports(scope, &l) : list_networks(scope, &l);
}

struct settings_listing {
	op_found_settings *found;
	void *userdata;
};

static int found_settings(const struct kernel_wireguard *wireguard, void *userdata)
{
	const struct settings_listing *l = userdata;
	struct op_settings settings;

	op_settings_of_wireguard(&wireguard->device, &settings);
	return l->found(wireguard->device.name, &settings, l->userdata);
}

int op_monitor_list_settings(struct kernel_monitor *monitor, op_found_settings *found, void *userdata)
{
	struct settings_listing l = { .found = found, .userdata = userdata };

	return kernel_monitor_list_wireguard(monitor, false, found_settings, &l);
}

int op_monitor_list(struct kernel_monitor *monitor, enum hycan_object_kind kind, op_found *found, void *userdata)
{
	struct listing l = { .found = found, .userdata = userdata };
	const struct kernel_route_filter all = { 0 };
	struct kernel_scope *scope = kernel_monitor_scope(monitor);

	switch (kind) {
	case HYCAN_OBJECT_KIND_LINK:
		return kernel_link_list(scope, NULL, found_link, &l);
	case HYCAN_OBJECT_KIND_ADDRESS:
		return kernel_address_list(scope, NULL, 0, found_address, &l);
	case HYCAN_OBJECT_KIND_ROUTE:
		return kernel_route_list(scope, &all, found_route, &l);
	case HYCAN_OBJECT_KIND_RULE:
		return kernel_rule_list(scope, 0, found_rule, &l);
	case HYCAN_OBJECT_KIND_MASQUERADE:
	case HYCAN_OBJECT_KIND_PORT:
	case HYCAN_OBJECT_KIND_NETWORK:
		return op_scope_list_table(scope, kind, found, userdata);
	case HYCAN_OBJECT_KIND_FORWARDING:
		return kernel_forwarding_list(scope, found_forwarding, &l);
	case HYCAN_OBJECT_KIND_WIREGUARD_PEER:
		return kernel_monitor_list_wireguard(monitor, true, found_wireguard, &l);
	case HYCAN_OBJECT_KIND_DNS:
	case HYCAN_OBJECT_KIND_DNS_HOST:
		return -EINVAL;
	}
	return -EINVAL;
}

bool op_found_whole(enum hycan_object_kind kind, const void *found)
{
	return kind != HYCAN_OBJECT_KIND_NETWORK || ((const struct op_found_network *)found)->whole;
}
