/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks in our table, as they are found: one, by its link, its VLAN or an address of it, which costs the same however
 * many there are; or all of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "array.h"
#include "attribute.h"
#include "cleanup.h"
#include "network.h"
#include "network_element.h"

/* ---------------------------------------------------------------------------------------------------------- one of them */

/* Where there is no nf_tables there is no network. */
static int begin(struct kernel_scope *scope)
{
	uint32_t generation;
	int r = nft_generation(scope, &generation);

	return r == -EOPNOTSUPP ? -ENOENT : r;
}

/* A network that was read, or is being read. */
struct reading {
	struct kernel_network network;
	bool says; /* what it is to be, by its comment */
};

/* Once it is known how packets are treated: a former release said that by the sets alone. */
static void settle(struct reading *r)
{
	if (r->says)
		return;
	r->network.internal = r->network.is_internal;
	r->network.nat = r->network.has_nat || r->network.is_internal;
}

static int found_one(const struct nft_element *element, void *userdata)
{
	struct reading *r = userdata;

	if (!network_parse(element->comment, &r->network, &r->says))
		*r = (struct reading){ 0 };
	return 0;
}

static int has_element(struct kernel_scope *scope, enum nft_network_set set, const char *link, bool *ret_there)
{
	struct network_wish wish = network_wish_link(set, link, true);
	int r = network_wish_look(scope, &wish);

	if (r == 0)
		*ret_there = wish.there;
	return r;
}

int kernel_network_get(struct kernel_scope *scope, const char *link, struct kernel_network *ret_network)
{
	const struct network_wish key = network_wish_link(NFT_NETWORK, link, true);
	struct reading reading = { 0 };
	int r = begin(scope);

	if (r == 0)
		r = nft_element_get(scope, nft_network_set(NFT_NETWORK), key.key, key.size, found_one, &reading);
	/* a stranger's element, which says nothing that we know */
	if (r == 0 && !reading.network.vlan_id)
		r = -ENOENT;
	if (r == 0)
		r = has_element(scope, NFT_NETWORK_NAT, link, &reading.network.has_nat);
	if (r == 0)
		r = has_element(scope, NFT_NETWORK_INTERNAL, link, &reading.network.is_internal);
	if (r < 0)
		return r;
	settle(&reading);
	memcpy(reading.network.link, key.key, sizeof(reading.network.link));
	*ret_network = reading.network;
	return 0;
}

int kernel_network_of_vlan(struct kernel_scope *scope, uint16_t vlan_id, char ret_link[static HYCAN_IFNAME_SIZE])
{
	uint8_t key[2];
	size_t size = network_vlan_key(vlan_id, key);
	int r = begin(scope);

	return r < 0 ? r : network_lookup(scope, NFT_NETWORK_VLAN, key, size, ret_link);
}

int kernel_network_of_address(struct kernel_scope *scope, const struct hycan_address *address,
                              char ret_link[static HYCAN_IFNAME_SIZE])
{
	const enum nft_network_set set = address->family == AF_INET6 ? NFT_NETWORK_IPV6 : NFT_NETWORK_IPV4;
	int r = begin(scope);

	return r < 0 ? r : network_lookup(scope, set, address->bytes, attribute_address_size(address->family), ret_link);
}

int kernel_network_is_free(struct kernel_scope *scope, const struct kernel_network *network, bool *ret_free)
{
	struct network_wish wish[NETWORK_INDICES];
	bool taken = false;
	int r = begin(scope);

	network_wish_indices(network, true, wish);
	for (size_t i = 0; i < NETWORK_INDICES && r == 0; i++) {
		r = network_wish_look(scope, &wish[i]);
		taken |= wish[i].taken;
	}
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_free = !taken;
	return 0;
}

/* -------------------------------------------------------------------------------------------------------- all of them */

struct networks {
	struct reading *reading;
	size_t n;
};

static void networks_free(struct networks *networks)
{
	cleanup_free(&networks->reading);
}

static int found_network(const struct nft_element *element, void *userdata)
{
	struct networks *networks = userdata;
	struct reading reading = { 0 };
	int r;

	if (element->key_size != HYCAN_IFNAME_SIZE || !network_parse(element->comment, &reading.network, &reading.says))
		return 0;
	r = array_grow(&networks->reading, networks->n, sizeof(*networks->reading));
	if (r < 0)
		return r;
	memcpy(reading.network.link, element->key, HYCAN_IFNAME_SIZE - 1);
	networks->reading[networks->n++] = reading;
	return 0;
}

static int compare_links(const void *a, const void *b)
{
	return strcmp(((const struct reading *)a)->network.link, ((const struct reading *)b)->network.link);
}

static int compare_vlans(const void *a, const void *b)
{
	const struct kernel_network *x = a, *y = b;

	return x->vlan_id != y->vlan_id ? (x->vlan_id < y->vlan_id ? -1 : 1) : strcmp(x->link, y->link);
}

static struct kernel_network *find(const struct networks *networks, const struct nft_element *element)
{
	struct reading key = { 0 }, *found;

	if (element->key_size != HYCAN_IFNAME_SIZE || networks->n == 0)
		return NULL;
	memcpy(key.network.link, element->key, HYCAN_IFNAME_SIZE - 1);
	found = bsearch(&key, networks->reading, networks->n, sizeof(key), compare_links);
	return found ? &found->network : NULL;
}

static int found_nat(const struct nft_element *element, void *userdata)
{
	struct kernel_network *network = find(userdata, element);

	if (network)
		network->has_nat = true;
	return 0;
}

static int found_internal(const struct nft_element *element, void *userdata)
{
	struct kernel_network *network = find(userdata, element);

	if (network)
		network->is_internal = true;
	return 0;
}

/* What a network is to be and what packets are treated by are in sets of their own, and changed together. */
static int read_networks(struct kernel_scope *scope, void *userdata)
{
	struct networks *networks = userdata;
	int r;

	networks->n = 0;
	r = nft_element_list(scope, nft_network_set(NFT_NETWORK), found_network, networks);
	if (r < 0 || networks->n == 0)
		return r;
	qsort(networks->reading, networks->n, sizeof(*networks->reading), compare_links);
	r = nft_element_list(scope, nft_network_set(NFT_NETWORK_NAT), found_nat, networks);
	if (r == 0)
		r = nft_element_list(scope, nft_network_set(NFT_NETWORK_INTERNAL), found_internal, networks);
	return r;
}

int kernel_network_list(struct kernel_scope *scope, struct kernel_network **ret_networks, size_t *ret_n)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	_cleanup_free_ struct kernel_network *list = NULL;
	int r = nft_read_at_once(scope, read_networks, &networks);

	/* what is changed all the time is told as it was seen */
	if (r == -EINTR)
		r = read_networks(scope, &networks);
	if (r == -EOPNOTSUPP) {
		*ret_networks = NULL;
		*ret_n = 0;
		return 0;
	}
	if (r < 0)
		return r;
	list = networks.n ? calloc(networks.n, sizeof(*list)) : NULL;
	if (networks.n && !list)
		return -ENOMEM;
	for (size_t i = 0; i < networks.n; i++) {
		settle(&networks.reading[i]);
		list[i] = networks.reading[i].network;
	}
	if (networks.n)
		qsort(list, networks.n, sizeof(*list), compare_vlans);
	*ret_n = networks.n;
	*ret_networks = steal(&list);
	return 0;
}

/* -------------------------------------------------------------------------------------------------- what is left of one */

struct recalling {
	struct kernel_network *network;
	uint8_t first[16], behind[16]; /* of the interval that leads to its link */
	bool found, ends;
};

static bool leads_to(const struct nft_element *element, const char *link)
{
	return !element->end && element->data && element->data_size == HYCAN_IFNAME_SIZE &&
	       strncmp(element->data, link, HYCAN_IFNAME_SIZE) == 0;
}

static int recall_name(const struct nft_element *element, void *userdata)
{
	struct recalling *r = userdata;

	if (leads_to(element, r->network->link) && element->key_size == (size_t)3 * HYCAN_IFNAME_SIZE)
		network_read_name(element->key, r->network->name);
	return 0;
}

static int recall_first(const struct nft_element *element, void *userdata)
{
	struct recalling *r = userdata;

	if (!leads_to(element, r->network->link) || element->key_size > sizeof(r->first))
		return 0;
	memcpy(r->first, element->key, element->key_size);
	r->found = true;
	return 0;
}

/* The next end behind it; nothing lies within it. */
static int recall_end(const struct nft_element *element, void *userdata)
{
	struct recalling *r = userdata;

	if (!element->end || element->key_size > sizeof(r->behind) || memcmp(element->key, r->first, element->key_size) <= 0 ||
	    (r->ends && memcmp(element->key, r->behind, element->key_size) >= 0))
		return 0;
	memcpy(r->behind, element->key, element->key_size);
	r->ends = true;
	return 0;
}

/* How many bits the first and the last address of an interval have in common. */
static uint8_t common_bits(const struct recalling *r, size_t size)
{
	uint8_t last[16];
	unsigned int bit = 0;

	memcpy(last, r->behind, sizeof(last));
	for (size_t i = size; i > 0 && last[i - 1]-- == 0; i--)
		;
	while (bit < size * 8 && !((r->first[bit / 8] ^ last[bit / 8]) & 0x80 >> bit % 8))
		bit++;
	return (uint8_t)bit;
}

static int recall_subnet(struct kernel_scope *scope, enum nft_network_set set, uint8_t family, struct kernel_network *network,
                         struct hycan_prefix *ret_subnet)
{
	const size_t size = attribute_address_size(family);
	struct recalling recalling = { .network = network };
	int r = nft_element_list(scope, nft_network_set(set), recall_first, &recalling);

	if (r == 0 && recalling.found)
		r = nft_element_list(scope, nft_network_set(set), recall_end, &recalling);
	if (r < 0 || !recalling.ends)
		return r;
	*ret_subnet = (struct hycan_prefix){ .address.family = family, .length = common_bits(&recalling, size) };
	memcpy(ret_subnet->address.bytes, recalling.first, size);
	return 0;
}

int kernel_network_recall(struct kernel_scope *scope, struct kernel_network *network)
{
	struct recalling recalling = { .network = network };
	int r = begin(scope);

	if (r == 0)
		r = nft_element_list(scope, nft_network_set(NFT_NETWORK_NAME), recall_name, &recalling);
	if (r == 0)
		r = recall_subnet(scope, NFT_NETWORK_IPV4, AF_INET, network, &network->gateway);
	if (r == 0)
		r = recall_subnet(scope, NFT_NETWORK_IPV6, AF_INET6, network, &network->ipv6_gateway);
	return r == -ENOENT ? 0 : r;
}
