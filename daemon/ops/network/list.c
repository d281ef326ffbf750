/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.list: what our table says that there should be, and what the kernel has of it. Where a request is about a network meanwhile the
 * two differ without any stranger, so of such a one no drift is told.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "kernel/forwarding.h"
#include "kernel/link.h"
#include "kernel/nat.h"
#include "kernel/port.h"
#include "nat.h"
#include "network.h"
#include "network_way.h"
#include "port.h"
#include "port_network.h"
#include "table.h"

/* More than can be otherwise with one network. */
#define DRIFT_MAX 8

/* How often the table is read, as long as it is changed meanwhile. */
#define READS_MAX 3

/* VLAN identifiers that there can be. */
#define HYCAN_VLANS 4096

/* What is the same for all of them, read once. */
struct whole {
	struct op *op;
	uint64_t moment; /* at which one began to read */
	struct networks networks;
	bool *elements; /* of each network: all are there by which it works */
	struct kernel_network_way *ways;
	size_t n_ways;
	struct hycan_port_mapping *mappings;
	size_t n_mappings;
	uint32_t n_of[HYCAN_VLANS]; /* mappings of the network with each VLAN */
	bool rules;                 /* all rules of the table are there */
	bool forwarding[2];         /* IPv4, IPv6 */
};

static void whole_free(struct whole *w)
{
	networks_free(&w->networks);
	cleanup_free(&w->elements);
	cleanup_free(&w->ways);
	cleanup_free(&w->mappings);
}

static int count_mappings(struct whole *w)
{
	int r = 0;

	for (size_t i = 0; i < w->n_mappings && r == 0; i++) {
		struct hycan_port_mapping *m = &w->mappings[i];

		r = port_read_network(w->op, m, &m->network);
		w->n_of[m->network % HYCAN_VLANS]++;
	}
	return r;
}

static bool is_asked_for(const struct hycan_network_list_request *request, const struct kernel_network *network)
{
	return !request->has_vlan_id || network->vlan_id == request->vlan_id;
}

static int check_elements(struct whole *w, const struct hycan_network_list_request *request)
{
	int r = 0;

	w->elements = calloc(w->networks.n, sizeof(*w->elements));
	for (size_t i = 0; w->elements && i < w->networks.n && r == 0; i++)
		if (is_asked_for(request, &w->networks.network[i]))
			r = kernel_network_check(w->op->scope, &w->networks.network[i], &w->elements[i]);
	return w->elements ? r : -ENOMEM;
}

static int read_whole(struct whole *w, const struct hycan_network_list_request *request)
{
	struct kernel_scope *scope = w->op->scope;
	int r = networks_read(w->op, &w->networks);

	if (r != 0 || w->networks.n == 0)
		return r;
	r = check_elements(w, request);
	if (r == 0)
		r = kernel_network_list_ways(scope, &w->ways, &w->n_ways);
	if (r == 0)
		r = kernel_port_list(scope, &w->mappings, &w->n_mappings);
	if (r == 0)
		r = count_mappings(w);
	if (r == 0)
		r = kernel_nat_check(scope, &w->rules);
	/* a family that the kernel has not is one that it does not forward */
	(void)kernel_forwarding_get(scope, HYCAN_FAMILY_IPV4, NULL, &w->forwarding[0]);
	(void)kernel_forwarding_get(scope, HYCAN_FAMILY_IPV6, NULL, &w->forwarding[1]);
	return nat_refuse(w->op, r);
}

/*
 * What is in the table as it was at one moment, so that what is told of it goes together. Where somebody changes the rule set again and
 * again it is told as it was read, and where that is so fast that no part can be read at one moment, it is busy.
 */
static int read_at_once(struct whole *w, const struct hycan_network_list_request *request)
{
	uint32_t before = 0, after = 0;
	int r;

	for (int i = 0; i < READS_MAX && (i == 0 || before != after); i++) {
		whole_free(w);
		*w = (struct whole){ .op = w->op, .moment = w->op->server->moment(w->op) };
		/* where it cannot be told, there is nothing to read either */
		(void)kernel_nat_generation(w->op->scope, &before);
		r = read_whole(w, request);
		(void)kernel_nat_generation(w->op->scope, &after);
		if (r != 0)
			return r;
	}
	return 0;
}

__attribute__((format(printf, 2, 3))) static void drift(struct hycan_network_state *state, const char *message, ...)
{
	struct hycan_network_drift *d = (struct hycan_network_drift *)state->drift;
	va_list ap;

	if (state->n_drift == DRIFT_MAX)
		return;
	d += state->n_drift++;
	va_start(ap, message);
	vsnprintf(d->message, sizeof(d->message), message, ap);
	va_end(ap);
}

static int tell_link(struct whole *w, const struct kernel_network *network, struct hycan_network_state *state)
{
	bool has_ipv4 = false, has_ipv6 = false;
	struct hycan_link link;
	int r = kernel_link_get(w->op->scope, network->link, &link);

	if (r == -ENODEV) {
		drift(state, "The link %s is gone.", network->link);
		return 0;
	}
	if (r == 0)
		r = network_has_gateways(w->op->scope, network, &has_ipv4, &has_ipv6);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	state->has_mac = link.has_mac;
	state->mac = link.mac;
	state->has_mtu = true;
	state->mtu = link.mtu;
	state->has_statistics = link.has_statistics;
	state->statistics = link.statistics;
	state->up = link.up && link.operstate == HYCAN_OPERSTATE_UP;
	if (!link.has_vlan_id || link.vlan_id != network->vlan_id || !link.has_parent || strcmp(link.parent, network->parent) != 0)
		drift(state, "The link %s is not VLAN %u of %s.", network->link, network->vlan_id, network->parent);
	if (!link.up)
		drift(state, "The link %s is down.", network->link);
	if (network->mtu && link.mtu != network->mtu)
		drift(state, "The link %s has the mtu %u instead of %u.", network->link, link.mtu, network->mtu);
	if (!has_ipv4)
		drift(state, "The link %s does not have the gateway's address.", network->link);
	if (!has_ipv6)
		drift(state, "The link %s does not have the gateway's address of IPv6.", network->link);
	return 0;
}

static const struct kernel_network *network_at(const struct whole *w, const char *link)
{
	for (size_t i = 0; i < w->networks.n; i++)
		if (strcmp(w->networks.network[i].link, link) == 0)
			return &w->networks.network[i];
	return NULL;
}

static void tell_way(struct op *op, const struct kernel_network_way *way, struct hycan_network_state *state)
{
	switch (network_way_state(op, way)) {
	case NETWORK_WAY_AS_ASKED:
		break;
	case NETWORK_WAY_OPENED:
		drift(state, "The way to %s is open, and was not asked for.", way->to);
		break;
	case NETWORK_WAY_CLOSED:
		drift(state, "The way to %s was asked for, and is closed.", way->to);
		break;
	case NETWORK_WAY_FORGOTTEN:
		drift(state, "That the way to %s was asked for is not in the table inet hycan any more.", way->to);
		break;
	}
}

static int tell_ways(struct whole *w, const struct kernel_network *network, struct hycan_network_state *state)
{
	size_t n_from, n = 0;
	const struct kernel_network_way *from = kernel_network_ways_from(w->ways, w->n_ways, network->link, &n_from);
	struct hycan_network_way *way = w->op->memory(w->op, (n_from + 1) * sizeof(*way));

	if (!way)
		return -ENOMEM;
	for (size_t i = 0; i < n_from; i++) {
		const struct kernel_network_way *is = &from[i];
		const struct kernel_network *to;

		tell_way(w->op, is, state);
		if (!is->open)
			continue;
		to = network_at(w, is->to);
		way[n].vlan_id = to ? to->vlan_id : 0;
		memcpy(way[n++].link, is->to, sizeof(way->link));
	}
	state->ways = way;
	state->n_ways = n;
	return 0;
}

/* Those that led to its hosts before it got another subnet. */
static void tell_mappings(const struct whole *w, const struct kernel_network *network, struct hycan_network_state *state)
{
	char place[PORT_TEXT_SIZE], to[HYCAN_ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < w->n_mappings && state->n_drift < DRIFT_MAX; i++) {
		const struct hycan_port_mapping *m = &w->mappings[i];

		if (m->network == network->vlan_id && !network_has(network, &m->to_address))
			drift(state, "The port mapping %s leads to %s, which is not in the network any more.",
			      port_format(m, place, sizeof(place)), hycan_address_format(&m->to_address, to, sizeof(to)));
	}
}

static int tell(struct whole *w, size_t i)
{
	const struct kernel_network *network = &w->networks.network[i];
	struct hycan_network_state state = {
		.vlan_id = network->vlan_id,
		.subnet = network_subnet(&network->gateway),
		.gateway = network->gateway.address,
		.has_ipv6_subnet = network->ipv6_gateway.address.family != 0,
		.has_ipv6_gateway = network->ipv6_gateway.address.family != 0,
		.ipv6_gateway = network->ipv6_gateway.address,
		.nat = network->has_nat,
		.internal = network->is_internal,
		.drift = w->op->memory(w->op, DRIFT_MAX * sizeof(struct hycan_network_drift)),
	};
	int r;

	if (!state.drift)
		return -ENOMEM;
	if (state.has_ipv6_subnet)
		state.ipv6_subnet = network_subnet(&network->ipv6_gateway);
	memcpy(state.network_name, network->name, sizeof(network->name));
	memcpy(state.link, network->link, sizeof(state.link));
	memcpy(state.parent, network->parent, sizeof(state.parent));
	state.mappings = w->n_of[network->vlan_id];
	if (state.mappings)
		tell_mappings(w, network, &state);
	if (!w->rules)
		drift(&state, "Some of the rules in the table inet hycan are gone, or others came.");
	if (network->is_internal != network->internal)
		drift(&state, network->internal ? "It is to be internal, and has a way out." : "It is internal, and not to be so.");
	if (network->has_nat != (network->nat && !network->internal))
		drift(&state, network->has_nat ? "NAT is on, and was asked to be off." : "NAT is off, and was asked to be on.");
	if (!network->internal && !w->forwarding[0])
		drift(&state, "IPv4 is not forwarded.");
	if (!network->internal && state.has_ipv6_subnet && !w->forwarding[1])
		drift(&state, "IPv6 is not forwarded.");
	if (!w->elements[i])
		drift(&state, "Elements of it are gone from the table inet hycan.");
	r = tell_link(w, network, &state);
	if (r == 0)
		r = tell_ways(w, network, &state);
	if (r == 0)
		r = dns_describe(w->op, network->vlan_id, &state.dns, &state.has_dns);
	if (state.n_drift > 0 && network_was_under_way(w->op, w->moment, network->vlan_id, network->link))
		state.n_drift = 0;
	return r == 0 ? w->op->answer(w->op, &state) : r;
}

int op_network_list(struct op *op, const struct hycan_network_list_request *request)
{
	_cleanup_(whole_free) struct whole w = { .op = op };
	int r = read_at_once(&w, request);

	if (r != 0)
		return r;
	if (request->has_vlan_id && !networks_find(&w.networks, request->vlan_id))
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "vlan_id",
		                 "There is no network with VLAN %u in this network namespace.", request->vlan_id);
	dns_probe(op);
	for (size_t i = 0; i < w.networks.n && r == 0; i++)
		if (is_asked_for(request, &w.networks.network[i]))
			r = tell(&w, i);
	return r;
}
