/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks in our table.
 *
 * What a network should be is the comment of its element in the set “network”: “100 blue eth0 10.0.0.1/24 fd00::1/64 1450”,
 * with “-” for what it has not. So nobody has to remember it, nft(8) shows it, and it is there when the link is not.
 *
 * Each change is a list of elements that shall be there, or shall not; what is so already is left out, and the rest is
 * one batch. A comment cannot be changed, so its element is deleted and added.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "array.h"
#include "cleanup.h"
#include "network.h"
#include "nft_table.h"

/* ----------------------------------------------------------------------------------------------------------- comments */

static const char *format_prefix(const struct hycan_prefix *prefix, char text[static HYCAN_ADDRESS_TEXT_SIZE])
{
	return prefix->address.family ? hycan_prefix_format(prefix, text, HYCAN_ADDRESS_TEXT_SIZE) : "-";
}

static void format(const struct kernel_network *n, char comment[static NFT_COMMENT_SIZE])
{
	char ipv4[HYCAN_ADDRESS_TEXT_SIZE], ipv6[HYCAN_ADDRESS_TEXT_SIZE];

	snprintf(comment, NFT_COMMENT_SIZE, "%u %s %s %s %s %u", n->vlan_id, n->name, n->parent, format_prefix(&n->gateway, ipv4),
	         format_prefix(&n->ipv6_gateway, ipv6), n->mtu);
}

static bool parse_prefix(const char *text, uint8_t family, struct hycan_prefix *ret_prefix)
{
	if (strcmp(text, "-") == 0)
		return true;
	return hycan_prefix_parse(text, ret_prefix) == 0 && ret_prefix->address.family == family;
}

static bool parse_number(const char *text, unsigned long max, uint32_t *ret_number)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*ret_number = (uint32_t)number;
	return *text && !*end && number <= max;
}

/* What a stranger wrote is no network. */
static bool parse(const char *comment, struct kernel_network *ret_network)
{
	char vlan_id[8], ipv4[HYCAN_ADDRESS_TEXT_SIZE], ipv6[HYCAN_ADDRESS_TEXT_SIZE], mtu[8];
	uint32_t vlan;

	_Static_assert(HYCAN_IFNAME_SIZE == 16 && KERNEL_NETWORK_NAME_SIZE == 33 && HYCAN_ADDRESS_TEXT_SIZE >= 64, "widths below");
	if (!comment ||
	    sscanf(comment, "%7s %32s %15s %63s %63s %7s", vlan_id, ret_network->name, ret_network->parent, ipv4, ipv6, mtu) != 6)
		return false;
	if (!parse_number(vlan_id, 4094, &vlan) || !parse_number(mtu, UINT16_MAX, &ret_network->mtu))
		return false;
	ret_network->vlan_id = (uint16_t)vlan;
	return parse_prefix(ipv4, AF_INET, &ret_network->gateway) && parse_prefix(ipv6, AF_INET6, &ret_network->ipv6_gateway) &&
	       ret_network->gateway.address.family;
}

/* ----------------------------------------------------------------------------------------------------------- elements */

/* An element that shall be there, or shall not. */
struct wish {
	enum nft_network_set set;
	uint8_t key[2 * HYCAN_IFNAME_SIZE];
	size_t size;
	const char *comment; /* that it shall have, or NULL */
	bool wanted;
	bool there;
	bool differs; /* in its comment */
};

/* All that are to be changed together. */
struct wishes {
	struct wish *wish;
	size_t n;
};

static void wishes_free(struct wishes *wishes)
{
	cleanup_free(&wishes->wish);
}

static void put_name(uint8_t key[static HYCAN_IFNAME_SIZE], const char *link)
{
	size_t n = strnlen(link, HYCAN_IFNAME_SIZE - 1);

	memset(key, 0, HYCAN_IFNAME_SIZE);
	memcpy(key, link, n);
}

static struct wish wish_link(enum nft_network_set set, const char *link, bool wanted)
{
	struct wish w = { .set = set, .size = HYCAN_IFNAME_SIZE, .wanted = wanted };

	put_name(w.key, link);
	return w;
}

static struct wish wish_way(const char *from, const char *to, bool wanted)
{
	struct wish w = { .set = NFT_NETWORK_WAY, .size = sizeof(w.key), .wanted = wanted };

	put_name(w.key, from);
	put_name(w.key + HYCAN_IFNAME_SIZE, to);
	return w;
}

/* A family as the kernel's registers have it. */
static struct wish wish_family(enum hycan_family family, bool wanted)
{
	const uint8_t protocol = family == HYCAN_FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;

	return (struct wish){ .set = NFT_NETWORK_FORWARDING, .key = { protocol }, .size = 4, .wanted = wanted };
}

static int found_wish(const struct nft_element *element, void *userdata)
{
	struct wish *w = userdata;

	w->there = true;
	w->differs = w->comment && (!element->comment || strcmp(w->comment, element->comment) != 0);
	return 0;
}

static int look(struct kernel_scope *scope, struct wish *w)
{
	int r;

	w->there = w->differs = false;
	r = nft_element_get(scope, nft_network_set(w->set), w->key, w->size, found_wish, w);
	return r == -ENOENT ? 0 : r;
}

static void put_element(struct nft_batch *batch, uint16_t type, const struct wish *w)
{
	const struct nft_element element = {
		.key = w->key,
		.key_size = w->size,
		.comment = type == NFT_MSG_NEWSETELEM ? w->comment : NULL,
	};

	nft_batch_element(batch, type, nft_network_set(w->set), &element);
}

/* Only what is to be deleted must be there for a list of wishes without a wanted one. */
static int fulfil_once(struct kernel_scope *scope, const struct wishes *wishes)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	size_t added = 0, deleted = 0, total = 0;
	bool wanted = false, whole;
	struct nft_layout layout;
	int r = nft_layout_read(scope, &layout);

	for (size_t i = 0; i < wishes->n && r == 0; i++) {
		struct wish *w = &wishes->wish[i];

		r = look(scope, w);
		wanted |= w->wanted;
		added += w->wanted && (!w->there || w->differs);
		deleted += w->there && (!w->wanted || w->differs);
	}
	if (r < 0)
		return r;
	whole = layout.networks && nft_layout_is_whole(&layout);
	if (added + deleted == 0 && (whole || !wanted))
		return -EALREADY;
	if (!wanted) {
		r = nft_layout_count(scope, &layout, &total);
		if (r < 0)
			return r;
	}
	nft_batch_begin(&batch, scope, layout.generation);
	layout.networks = true;
	if (wanted && !whole)
		nft_layout_put(&batch, &layout);
	if (!wanted && total <= deleted) {
		nft_batch_delete_table(&batch);
	} else {
		for (size_t i = 0; i < wishes->n; i++)
			if (wishes->wish[i].there && (!wishes->wish[i].wanted || wishes->wish[i].differs))
				put_element(&batch, NFT_MSG_DELSETELEM, &wishes->wish[i]);
		for (size_t i = 0; i < wishes->n; i++)
			if (wishes->wish[i].wanted && (!wishes->wish[i].there || wishes->wish[i].differs))
				put_element(&batch, NFT_MSG_NEWSETELEM, &wishes->wish[i]);
	}
	r = nft_batch_send(&batch);
	if (r == 0)
		nft_layout_changed(scope, &layout, added, deleted);
	return r;
}

static int fulfil(struct kernel_scope *scope, const struct wishes *wishes)
{
	int r = -ERESTART;

	for (int i = 0; i < NFT_ATTEMPTS && (r == -ERESTART || r == -EINTR); i++)
		r = fulfil_once(scope, wishes);
	return r;
}

int kernel_network_put(struct kernel_scope *scope, const struct kernel_network *network)
{
	char comment[NFT_COMMENT_SIZE];
	struct wish wish[] = {
		wish_link(NFT_NETWORK, network->link, true),
		wish_link(NFT_NETWORK_NAT, network->link, network->nat),
		wish_link(NFT_NETWORK_INTERNAL, network->link, network->internal),
		/* what comes back to the link that it came through does not leave the network */
		wish_way(network->link, network->link, true),
	};

	format(network, comment);
	wish[0].comment = comment;
	return fulfil(scope, &(struct wishes){ wish, sizeof(wish) / sizeof(*wish) });
}

int kernel_network_set_way(struct kernel_scope *scope, const char *from, const char *to, bool open)
{
	struct wish wish = wish_way(from, to, open);

	return fulfil(scope, &(struct wishes){ &wish, 1 });
}

int kernel_network_note_forwarding(struct kernel_scope *scope, enum hycan_family family, bool on)
{
	struct wish wish = wish_family(family, on);

	return fulfil(scope, &(struct wishes){ &wish, 1 });
}

int kernel_network_has_forwarding(struct kernel_scope *scope, enum hycan_family family, bool *ret_on)
{
	struct wish wish = wish_family(family, true);
	int r = look(scope, &wish);

	if (r == 0)
		*ret_on = wish.there;
	return r;
}

/* ------------------------------------------------------------------------------------------------------------ listing */

struct ways {
	struct kernel_network_way *way;
	size_t n;
};

static void ways_free(struct ways *ways)
{
	cleanup_free(&ways->way);
}

static int found_way(const struct nft_element *element, void *userdata)
{
	struct ways *w = userdata;
	const char *key = element->key;
	int r;

	if (element->key_size != (size_t)2 * HYCAN_IFNAME_SIZE || memcmp(key, key + HYCAN_IFNAME_SIZE, HYCAN_IFNAME_SIZE) == 0)
		return 0;
	r = array_grow(&w->way, w->n, sizeof(*w->way));
	if (r < 0)
		return r;
	w->way[w->n] = (struct kernel_network_way){ 0 };
	memcpy(w->way[w->n].from, key, HYCAN_IFNAME_SIZE - 1);
	memcpy(w->way[w->n++].to, key + HYCAN_IFNAME_SIZE, HYCAN_IFNAME_SIZE - 1);
	return 0;
}

static int compare_ways(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct kernel_network_way));
}

int kernel_network_list_ways(struct kernel_scope *scope, struct kernel_network_way **ret_ways, size_t *ret_n)
{
	_cleanup_(ways_free) struct ways w = { 0 };
	int r = -EINTR;

	for (int i = 0; i < NFT_ATTEMPTS && r == -EINTR; i++) {
		w.n = 0;
		r = nft_element_list(scope, nft_network_set(NFT_NETWORK_WAY), found_way, &w);
	}
	if (r < 0)
		return r;
	if (w.n)
		qsort(w.way, w.n, sizeof(*w.way), compare_ways);
	*ret_n = w.n;
	*ret_ways = steal(&w.way);
	return 0;
}

struct networks {
	struct kernel_network *network;
	size_t n;
};

static void networks_free(struct networks *networks)
{
	cleanup_free(&networks->network);
}

static int found_network(const struct nft_element *element, void *userdata)
{
	struct networks *networks = userdata;
	struct kernel_network network = { 0 };
	int r;

	if (element->key_size != HYCAN_IFNAME_SIZE || !parse(element->comment, &network))
		return 0;
	r = array_grow(&networks->network, networks->n, sizeof(*networks->network));
	if (r < 0)
		return r;
	memcpy(network.link, element->key, HYCAN_IFNAME_SIZE - 1);
	networks->network[networks->n++] = network;
	return 0;
}

static int compare_links(const void *a, const void *b)
{
	return strcmp(((const struct kernel_network *)a)->link, ((const struct kernel_network *)b)->link);
}

static int compare_vlans(const void *a, const void *b)
{
	const struct kernel_network *x = a, *y = b;

	return x->vlan_id != y->vlan_id ? (x->vlan_id < y->vlan_id ? -1 : 1) : strcmp(x->link, y->link);
}

static struct kernel_network *find(const struct networks *networks, const struct nft_element *element)
{
	struct kernel_network key = { 0 };

	if (element->key_size != HYCAN_IFNAME_SIZE || networks->n == 0)
		return NULL;
	memcpy(key.link, element->key, HYCAN_IFNAME_SIZE - 1);
	return bsearch(&key, networks->network, networks->n, sizeof(key), compare_links);
}

static int found_nat(const struct nft_element *element, void *userdata)
{
	struct kernel_network *network = find(userdata, element);

	if (network)
		network->nat = true;
	return 0;
}

static int found_internal(const struct nft_element *element, void *userdata)
{
	struct kernel_network *network = find(userdata, element);

	if (network)
		network->internal = true;
	return 0;
}

static int list_once(struct kernel_scope *scope, struct networks *networks)
{
	int r;

	networks->n = 0;
	r = nft_element_list(scope, nft_network_set(NFT_NETWORK), found_network, networks);
	if (r < 0 || networks->n == 0)
		return r;
	qsort(networks->network, networks->n, sizeof(*networks->network), compare_links);
	r = nft_element_list(scope, nft_network_set(NFT_NETWORK_NAT), found_nat, networks);
	if (r == 0)
		r = nft_element_list(scope, nft_network_set(NFT_NETWORK_INTERNAL), found_internal, networks);
	qsort(networks->network, networks->n, sizeof(*networks->network), compare_vlans);
	return r;
}

int kernel_network_list(struct kernel_scope *scope, struct kernel_network **ret_networks, size_t *ret_n)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	uint32_t generation;
	int r = nft_generation(scope, &generation);

	if (r == -EOPNOTSUPP) {
		*ret_networks = NULL;
		*ret_n = 0;
		return 0;
	}
	if (r == 0)
		r = -EINTR;
	for (int i = 0; i < NFT_ATTEMPTS && r == -EINTR; i++)
		r = list_once(scope, &networks);
	if (r < 0)
		return r;
	*ret_n = networks.n;
	*ret_networks = steal(&networks.network);
	return 0;
}

/* ----------------------------------------------------------------------------------------------------------- removing */

static int remove_once(struct kernel_scope *scope, const char *link)
{
	_cleanup_(wishes_free) struct wishes wishes = { 0 };
	_cleanup_(ways_free) struct ways ways = { 0 };
	int r = nft_element_list(scope, nft_network_set(NFT_NETWORK_WAY), found_way, &ways);

	if (r < 0)
		return r;
	wishes.wish = calloc(ways.n + 4, sizeof(*wishes.wish));
	if (!wishes.wish)
		return -ENOMEM;
	wishes.wish[wishes.n++] = wish_link(NFT_NETWORK, link, false);
	wishes.wish[wishes.n++] = wish_link(NFT_NETWORK_NAT, link, false);
	wishes.wish[wishes.n++] = wish_link(NFT_NETWORK_INTERNAL, link, false);
	wishes.wish[wishes.n++] = wish_way(link, link, false);
	for (size_t i = 0; i < ways.n; i++)
		if (strcmp(ways.way[i].from, link) == 0 || strcmp(ways.way[i].to, link) == 0)
			wishes.wish[wishes.n++] = wish_way(ways.way[i].from, ways.way[i].to, false);
	return fulfil_once(scope, &wishes);
}

int kernel_network_remove(struct kernel_scope *scope, const char *link)
{
	int r = -ERESTART;

	for (int i = 0; i < NFT_ATTEMPTS && (r == -ERESTART || r == -EINTR); i++)
		r = remove_once(scope, link);
	return r == -EALREADY ? -ENOENT : r;
}
