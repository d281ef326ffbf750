/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network is one step, and so are its names. What is open between networks is part of both, and comes behind them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export_network.h"

/* ---------------------------------------------------------------------------------------------------------- networks */

/* Reads all networks, unless none is held. */
static int read_networks(struct exporter *e, const struct hycan_network_state **ret_networks, size_t *ret_n)
{
	struct listing *l = &e->listing[HYCAN_OBJECT_KIND_NETWORK];
	int r = e->held[HYCAN_OBJECT_KIND_NETWORK] ? export_list(e, l, hycan_operation_by_name("network.list")) : 0;

	if (r == 0) {
		*ret_networks = l->items;
		*ret_n = l->n;
	}
	return r;
}

/* The network whose link that is, or NULL. */
int export_find_network(struct exporter *e, const char *link, const struct hycan_network_state **ret_network)
{
	const struct hycan_network_state *networks = NULL;
	size_t n = 0;
	int r = read_networks(e, &networks, &n);

	*ret_network = NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(networks[i].link, link) == 0)
			*ret_network = &networks[i];
	return r;
}

/* It is held: what is open between it and others that are is the caller's, too. */
static int note_held(struct exporter *e, const struct listing *l, const struct hycan_network_state *network)
{
	if (!e->network_held)
		e->network_held = calloc(l->n, sizeof(*e->network_held));
	if (!e->network_held)
		return -ENOMEM;
	e->network_held[network - (const struct hycan_network_state *)l->items] = true;
	return 0;
}

/* A network has the mtu of its parent unless somebody asked for another; and one that is internal has no NAT as long as it is. */
int export_network(struct exporter *e, struct listing *l, char *identity)
{
	const struct hycan_operation *create = hycan_operation_by_name("network.create");
	const struct hycan_network_state *network;
	const struct hycan_link *link, *parent;
	const char *without[3] = { NULL };
	struct part parts[EXPORT_PARTS_MAX];
	size_t n, n_without = 0;
	const void *entry;
	int r = export_find_entry(e, l, "network", create, identity, parts, &n, &entry);

	network = entry;
	if (!network)
		return r;
	r = note_held(e, l, network);
	if (r == 0)
		r = export_find_link(e, network->parent, &parent);
	if (r == 0)
		r = export_find_link(e, network->link, &link);
	if (r)
		return r;
	if (network->internal)
		without[n_without++] = "nat";
	if (parent && network->has_mtu && parent->mtu == network->mtu)
		without[n_without++] = "mtu";
	export_begin_step(e, create->name);
	export_put_all_but(e, create, l->operation->reply, network, NULL, parts, n, without);
	export_end_step(e);
	return link ? export_put_properties(e, link) : 0;
}

static bool is_held(const struct exporter *e, const struct hycan_network_state *networks, size_t n, const char *link)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(networks[i].link, link) == 0)
			return e->network_held[i];
	return false;
}

/* Those between networks that are both held: any other one was opened by somebody else, or needs somebody else's network. */
int export_ways(struct exporter *e)
{
	const struct hycan_network_state *networks = NULL;
	size_t n = 0;
	int r = read_networks(e, &networks, &n);

	for (size_t i = 0; e->network_held && i < n; i++)
		for (size_t k = 0; e->network_held[i] && k < networks[i].n_ways; k++) {
			if (!is_held(e, networks, n, networks[i].ways[k].link))
				continue;
			export_begin_step(e, "network.allow");
			fprintf(e->out, ", \"from\": %u, \"to\": %u, \"on\": true", networks[i].vlan_id,
			        networks[i].ways[k].vlan_id);
			export_put_text(e, "from_link", networks[i].link);
			export_put_text(e, "to_link", networks[i].ways[k].link);
			export_end_step(e);
		}
	return r;
}

/* Whether this host has any, whoever holds them; also where nobody tells. */
static bool has_networks(struct exporter *e)
{
	struct hycan_network_state *networks = NULL;
	size_t n = 0;

	if (!e->networks_asked)
		e->has_networks = hycan_network_list(e->h, NULL, &networks, &n) != 0 || n > 0;
	e->networks_asked = true;
	free(networks);
	return e->has_networks;
}

/* Of no network it is on purpose only where there are any. */
int export_port(struct exporter *e, struct listing *l, char *identity)
{
	static const char *const network[] = { "network", NULL };
	const struct hycan_operation *add = hycan_operation_by_name("port.add");
	const struct hycan_port_mapping *mapping;
	struct part parts[EXPORT_PARTS_MAX];
	const void *entry;
	size_t n;
	int r = export_find_entry(e, l, "port", add, identity, parts, &n, &entry);
	bool without;

	mapping = entry;
	if (!mapping)
		return r;
	without = mapping->has_network && mapping->network == 0 && !has_networks(e);
	export_begin_step(e, add->name);
	export_put_all_but(e, add, l->operation->reply, mapping, NULL, parts, n, without ? network : NULL);
	export_end_step(e);
	return 0;
}

/* With all hosts. In an internal network nobody else is asked anyway. */
int export_dns(struct exporter *e, struct listing *l, char *identity)
{
	static const char *const own_only[] = { "own_only", NULL };
	const struct hycan_operation *set = hycan_operation_by_name("dns.set");
	const struct hycan_network_state *network;
	const struct hycan_dns_state *names;
	struct part parts[EXPORT_PARTS_MAX];
	const void *entry;
	size_t n;
	int r = export_find_entry(e, l, "dns", set, identity, parts, &n, &entry);

	names = entry;
	if (!names)
		return r;
	r = export_find_network(e, names->link, &network);
	export_begin_step(e, set->name);
	export_put_all_but(e, set, l->operation->reply, names, NULL, parts, n, network && network->internal ? own_only : NULL);
	export_end_step(e);
	return r;
}

/* One that is held without the names that it is among: “100 web link net100”. */
int export_dns_host(struct exporter *e, struct listing *l, char *identity)
{
	const struct hycan_operation *add = hycan_operation_by_name("dns.add_host");
	struct part parts[EXPORT_PARTS_MAX] = { { 0 } };
	int r = e->held[HYCAN_OBJECT_KIND_DNS] ? 0 : export_list(e, l, hycan_operation_by_name("dns.list"));
	const struct hycan_dns_state *names = l->items;

	if (r || e->held[HYCAN_OBJECT_KIND_DNS])
		return r;
	(void)export_read_identity(add->request, identity, parts);
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < names[i].n_hosts; k++) {
			const struct hycan_structure *host = export_field(l->operation->reply, "hosts")->structure;

			if (!parts[1].text || strcmp(names[i].hosts[k].name, parts[1].text) != 0 ||
			    strtoul(parts[0].text, NULL, 10) != names[i].vlan_id)
				continue;
			export_begin_step(e, add->name);
			fprintf(e->out, ", \"vlan_id\": %u", names[i].vlan_id);
			export_put_entry(e, add, host, &names[i].hosts[k], NULL, NULL, 0);
			export_put_text(e, "link", names[i].link);
			export_end_step(e);
		}
	return 0;
}
