/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks as tests write them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "text.h"

struct hycan_network network_of(const char *text)
{
	char vlan_id[8], subnet[64], gateway[64], ipv6_subnet[64], ipv6_gateway[64];
	struct hycan_network n = { .has_parent = true, .parent = "up0" };
	int fields =
		sscanf(text, "%7s %63s %63s %32s %63s %63s", vlan_id, subnet, gateway, n.network_name, ipv6_subnet, ipv6_gateway);

	assert_true(fields == 4 || fields == 6);
	n.vlan_id = (uint16_t)strtoul(vlan_id, NULL, 10);
	n.subnet = prefix_of(subnet);
	n.gateway = address_of(gateway);
	n.has_ipv6_subnet = n.has_ipv6_gateway = fields == 6;
	if (fields == 6) {
		n.ipv6_subnet = prefix_of(ipv6_subnet);
		n.ipv6_gateway = address_of(ipv6_gateway);
	}
	return n;
}

int network_create(struct hycan *h, const char *text)
{
	const struct hycan_network n = network_of(text);

	return hycan_network_create(h, &n, NULL, NULL);
}

int network_replace(struct hycan *h, const char *text)
{
	const struct hycan_network_create_options replace = { .has_replace = true, .replace = true };
	const struct hycan_network n = network_of(text);

	return hycan_network_create(h, &n, &replace, NULL);
}

void network_make_parent(void)
{
	need_kind("vlan");
	need_command("nft");
	free(shell("ip link set lo up && ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up"));
}

struct hycan_network_state *network_state(struct hycan *h, uint16_t vlan_id)
{
	const struct hycan_network_list_options options = { .has_vlan_id = true, .vlan_id = vlan_id };
	struct hycan_network_state *state = NULL;
	size_t n = 0;

	assert_done(h, hycan_network_list(h, &options, &state, &n));
	assert_int_equal(n, 1);
	return state;
}

void assert_no_drift(struct hycan *h, uint16_t vlan_id)
{
	struct hycan_network_state *state = network_state(h, vlan_id);

	if (state->n_drift)
		fail_msg("VLAN %u: %s", vlan_id, state->drift[0].message);
	free(state);
}

void assert_drift(struct hycan *h, uint16_t vlan_id, const char *part)
{
	struct hycan_network_state *state = network_state(h, vlan_id);
	bool found = false;

	for (size_t i = 0; i < state->n_drift; i++)
		found |= strstr(state->drift[i].message, part) != NULL;
	if (!found)
		fail_msg("VLAN %u: none of %zu says “%s”; the first: %s", vlan_id, state->n_drift, part,
		         state->n_drift ? state->drift[0].message : "");
	free(state);
}
