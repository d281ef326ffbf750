/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table “inet hycan”, as it is found.
 *
 * The names of its sets tell what it consists of, and the number of its rules whether they are all there: a stranger
 * flushes a chain or a table, and hardly puts as many rules in place of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_plan.h"
#include "nft_table.h"

const char *nft_port_set(bool ipv6, bool address)
{
	static const char *const name[2][2] = {
		{ "port_ipv4", "port_ipv4_address" },
		{ "port_ipv6", "port_ipv6_address" },
	};

	return name[ipv6][address];
}

const char *nft_network_set(enum nft_network_set set)
{
	switch (set) {
	case NFT_NETWORK:
		return "network";
	case NFT_NETWORK_NAT:
		return "network_nat";
	case NFT_NETWORK_INTERNAL:
		return "network_internal";
	case NFT_NETWORK_WAY:
		return "network_way";
	case NFT_NETWORK_ALLOWED:
		return "network_allowed";
	case NFT_NETWORK_FORWARDING:
		return "network_forwarding";
	case NFT_NETWORK_VLAN:
		return "network_vlan";
	case NFT_NETWORK_NAME:
		return "network_name";
	case NFT_NETWORK_IPV4:
		return "network_ipv4";
	case NFT_NETWORK_IPV6:
		return "network_ipv6";
	case NFT_NETWORK_SETS:
		break;
	}
	return "";
}

static const char *masquerade_prefix(bool ipv6)
{
	return ipv6 ? "masquerade_ipv6_" : "masquerade_ipv4_";
}

const char *nft_masquerade_set(bool ipv6, bool link, unsigned int length, char name[static NFT_SET_NAME_SIZE])
{
	snprintf(name, NFT_SET_NAME_SIZE, "%s%u%s", masquerade_prefix(ipv6), length, link ? "_link" : "");
	return name;
}

static int set_found(const char *name, void *userdata)
{
	struct nft_layout *layout = userdata;

	layout->sets++;
	if (strcmp(name, nft_port_set(false, false)) == 0)
		layout->ports = true;
	for (int i = 0; i < NFT_NETWORK_SETS; i++)
		layout->network_sets += i != NFT_NETWORK_ALLOWED && strcmp(name, nft_network_set((enum nft_network_set)i)) == 0;
	if (strcmp(name, nft_network_set(NFT_NETWORK_ALLOWED)) == 0)
		layout->allowed = true;
	layout->networks = layout->network_sets > 0;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		size_t n = strlen(masquerade_prefix(ipv6));
		unsigned long length;
		char *end;

		if (strncmp(name, masquerade_prefix(ipv6), n) != 0)
			continue;
		length = strtoul(name + n, &end, 10);
		if (end > name + n && length <= (ipv6 ? 128 : 32) && (*end == '\0' || strcmp(end, "_link") == 0))
			layout->masquerade[ipv6][*end != '\0'][length] = true;
	}
	return 0;
}

int nft_layout_read(struct kernel_scope *scope, struct nft_layout *ret_layout)
{
	struct nft_layout layout = { 0 };
	int r;

	r = nft_generation(scope, &layout.generation);
	if (r < 0)
		return r;
	r = nft_set_list(scope, set_found, &layout);
	if (r < 0)
		return r;
	r = nft_rule_count(scope, &layout.rules);
	if (r < 0)
		return r;
	if (!layout.sets && !nft_plan_is_any(scope))
		*netlink_census(scope) = (struct netlink_census){ layout.generation, 0 };
	*ret_layout = layout;
	return 0;
}

static int count_element(const struct nft_element *element, void *userdata)
{
	(void)element;
	++*(size_t *)userdata;
	return 0;
}

int nft_layout_count(struct kernel_scope *scope, const struct nft_layout *layout, size_t *ret_n)
{
	struct netlink_census *census = netlink_census(scope);
	char name[NFT_SET_NAME_SIZE];
	size_t n = 0;
	int r;

	if (census->generation == layout->generation && !nft_plan_is_any(scope)) {
		*ret_n = census->elements;
		return 0;
	}
	for (int i = 0; layout->ports && i < 4; i++) {
		r = nft_element_list(scope, nft_port_set(i / 2, i % 2), count_element, &n);
		if (r < 0)
			return r;
	}
	for (int i = 0; layout->networks && i < NFT_NETWORK_SETS; i++) {
		r = nft_element_list(scope, nft_network_set((enum nft_network_set)i), count_element, &n);
		if (r < 0)
			return r;
	}
	for (int i = 0; i < 4; i++)
		for (unsigned int length = 0; length <= 128; length++) {
			if (!layout->masquerade[i / 2][i % 2][length])
				continue;
			r = nft_element_list(scope, nft_masquerade_set(i / 2, i % 2, length, name), count_element, &n);
			if (r < 0)
				return r;
		}
	if (!nft_plan_is_any(scope))
		*census = (struct netlink_census){ layout->generation, n };
	*ret_n = n;
	return 0;
}

void nft_layout_changed(struct kernel_scope *scope, const struct nft_layout *layout, size_t added, size_t deleted)
{
	struct netlink_census *census = netlink_census(scope);

	if (census->generation != layout->generation || netlink_is_held(scope) || netlink_turn(scope)->alone)
		return;
	/* a change makes the next generation; should the kernel ever count otherwise, the elements are counted again */
	census->generation++;
	census->elements += added - deleted;
}
