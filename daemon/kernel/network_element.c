/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network as elements of sets.
 *
 * What it should be is the comment of its element in the set “network”: “100 blue eth0 10.0.0.1/24 fd00::1/64 1450 n”, with
 * “-” for what it has not. So nobody has to remember it, nft(8) shows it, and it is there when the link is not. The last word
 * has an “n” where NAT was asked for, and an “i” where it is internal. That is in sets of their own, too, by which packets are
 * treated; where the comment is without that word (a former release wrote it), they are all that says so.
 *
 * What is its own, VLAN, name and subnets, leads to its link in maps. So one question tells whether that is somebody's, and
 * whose, however many networks there are. An interval that lies within another one is found by either end; one around
 * others is not, and the kernel does not take it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attribute.h"
#include "network_element.h"

/* ----------------------------------------------------------------------------------------------------------- comments */

static const char *format_prefix(const struct hycan_prefix *prefix, char text[static HYCAN_ADDRESS_TEXT_SIZE])
{
	return prefix->address.family ? hycan_prefix_format(prefix, text, HYCAN_ADDRESS_TEXT_SIZE) : "-";
}

void network_format(const struct kernel_network *n, char comment[static NFT_COMMENT_SIZE])
{
	char ipv4[HYCAN_ADDRESS_TEXT_SIZE], ipv6[HYCAN_ADDRESS_TEXT_SIZE];

	snprintf(comment, NFT_COMMENT_SIZE, "%u %s %s %s %s %u %s%s%s", n->vlan_id, n->name, n->parent,
	         format_prefix(&n->gateway, ipv4), format_prefix(&n->ipv6_gateway, ipv6), n->mtu, n->nat ? "n" : "",
	         n->internal ? "i" : "", n->nat || n->internal ? "" : "-");
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

bool network_parse(const char *comment, struct kernel_network *ret_network, bool *ret_says)
{
	char vlan_id[8], ipv4[HYCAN_ADDRESS_TEXT_SIZE], ipv6[HYCAN_ADDRESS_TEXT_SIZE], mtu[8], flags[4] = "";
	uint32_t vlan;

	_Static_assert(HYCAN_IFNAME_SIZE == 16 && KERNEL_NETWORK_NAME_SIZE == 33 && HYCAN_ADDRESS_TEXT_SIZE >= 64, "widths below");
	if (!comment || sscanf(comment, "%7s %32s %15s %63s %63s %7s %3s", vlan_id, ret_network->name, ret_network->parent, ipv4,
	                       ipv6, mtu, flags) < 6)
		return false;
	if (!parse_number(vlan_id, 4094, &vlan) || !parse_number(mtu, UINT16_MAX, &ret_network->mtu))
		return false;
	ret_network->vlan_id = (uint16_t)vlan;
	ret_network->nat = strchr(flags, 'n');
	ret_network->internal = strchr(flags, 'i');
	*ret_says = *flags;
	return parse_prefix(ipv4, AF_INET, &ret_network->gateway) && parse_prefix(ipv6, AF_INET6, &ret_network->ipv6_gateway) &&
	       ret_network->gateway.address.family;
}

/* --------------------------------------------------------------------------------------------------------------- keys */

static void put_name(uint8_t key[static HYCAN_IFNAME_SIZE], const char *link)
{
	size_t n = strnlen(link, HYCAN_IFNAME_SIZE - 1);

	memset(key, 0, HYCAN_IFNAME_SIZE);
	memcpy(key, link, n);
}

struct network_wish network_wish_link(enum nft_network_set set, const char *link, bool wanted)
{
	struct network_wish w = { .set = set, .size = HYCAN_IFNAME_SIZE, .wanted = wanted };

	put_name(w.key, link);
	return w;
}

struct network_wish network_wish_way(enum nft_network_set set, const char *from, const char *to, bool wanted)
{
	struct network_wish w = { .set = set, .size = (size_t)2 * HYCAN_IFNAME_SIZE, .wanted = wanted };

	put_name(w.key, from);
	put_name(w.key + HYCAN_IFNAME_SIZE, to);
	return w;
}

/* A family as the kernel's registers have it. */
struct network_wish network_wish_family(enum hycan_family family, bool wanted)
{
	const uint8_t protocol = family == HYCAN_FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;

	return (struct network_wish){ .set = NFT_NETWORK_FORWARDING, .key = { protocol }, .size = 4, .wanted = wanted };
}

size_t network_vlan_key(uint16_t vlan_id, uint8_t key[static 2])
{
	uint16_t be = htons(vlan_id);

	memcpy(key, &be, sizeof(be));
	return sizeof(be);
}

/* nft(8) has no longer texts than names of links; it reads no empty ones, and no name has the sign that stands for those. */
static void put_text(uint8_t key[static 3 * HYCAN_IFNAME_SIZE], const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < 3; i++) {
		size_t from = i * (HYCAN_IFNAME_SIZE - 1);

		put_name(key + i * HYCAN_IFNAME_SIZE, from < n ? name + from : "=");
	}
}

void network_read_name(const void *key, char ret_name[static KERNEL_NETWORK_NAME_SIZE])
{
	const char *part = key;
	size_t n = 0;

	for (size_t i = 0; i < 3; i++, part += HYCAN_IFNAME_SIZE)
		for (size_t k = 0; k < HYCAN_IFNAME_SIZE - 1 && part[k] && part[k] != '=' && n < KERNEL_NETWORK_NAME_SIZE - 1; k++)
			ret_name[n++] = part[k];
	ret_name[n] = '\0';
}

/* From the first address of a subnet to the first behind it. */
static struct network_wish wish_subnet(const struct hycan_prefix *gateway, bool wanted)
{
	struct network_wish w = {
		.set = gateway->address.family == AF_INET6 ? NFT_NETWORK_IPV6 : NFT_NETWORK_IPV4,
		/* what a network has not is nowhere */
		.size = gateway->address.family ? attribute_address_size(gateway->address.family) : 0,
		.interval = true,
		.wanted = wanted && gateway->address.family,
	};

	memcpy(w.key, gateway->address.bytes, w.size);
	memcpy(w.last, gateway->address.bytes, w.size);
	for (size_t bit = gateway->length; bit < w.size * 8; bit++) {
		w.key[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		w.last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	memcpy(w.behind, w.last, w.size);
	/* no network is at the very end of all addresses, which are multicast */
	for (size_t i = w.size; i > 0 && ++w.behind[i - 1] == 0; i--)
		;
	return w;
}

void network_wish_indices(const struct kernel_network *network, bool wanted, struct network_wish wish[static NETWORK_INDICES])
{
	wish[0] = (struct network_wish){ .set = NFT_NETWORK_VLAN, .wanted = wanted };
	wish[0].size = network_vlan_key(network->vlan_id, wish[0].key);
	wish[1] = (struct network_wish){ .set = NFT_NETWORK_NAME, .size = sizeof(wish[1].key), .wanted = wanted };
	put_text(wish[1].key, network->name);
	wish[2] = wish_subnet(&network->gateway, wanted);
	wish[3] = wish_subnet(&network->ipv6_gateway, wanted);
	for (size_t i = 0; i < NETWORK_INDICES; i++)
		put_name((uint8_t *)wish[i].link, network->link);
}

bool network_wish_same(const struct network_wish *a, const struct network_wish *b)
{
	return a->set == b->set && memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
	       memcmp(a->behind, b->behind, sizeof(a->behind)) == 0;
}

/* ------------------------------------------------------------------------------------------------------------ looking */

/* What is at a key, or around it. */
struct looking {
	const struct network_wish *wish;
	bool found;
	bool differs;
	bool begins; /* the interval begins with the wish's key */
	char link[HYCAN_IFNAME_SIZE];
};

static int looked_at(const struct nft_element *element, void *userdata)
{
	struct looking *l = userdata;
	const struct network_wish *w = l->wish;

	l->found = true;
	l->differs = w->comment && (!element->comment || strcmp(w->comment, element->comment) != 0);
	l->begins = element->key_size == w->size && memcmp(element->key, w->key, w->size) == 0;
	if (element->data && element->data_size == HYCAN_IFNAME_SIZE)
		memcpy(l->link, element->data, HYCAN_IFNAME_SIZE - 1);
	return 0;
}

static int look_at(struct kernel_scope *scope, const struct network_wish *w, const uint8_t *key, struct looking *ret_looking)
{
	int r;

	*ret_looking = (struct looking){ .wish = w };
	r = nft_element_get(scope, nft_network_set(w->set), key, w->size, looked_at, ret_looking);
	return r == -ENOENT ? 0 : r;
}

/* It is there when it begins and ends as it should. What is around either end, or begins there, is another's. */
static int look_at_interval(struct kernel_scope *scope, struct network_wish *w)
{
	struct looking first, last, behind;
	int r = look_at(scope, w, w->key, &first);

	if (r == 0)
		r = look_at(scope, w, w->last, &last);
	if (r == 0)
		r = look_at(scope, w, w->behind, &behind);
	if (r < 0)
		return r;
	w->taken = (first.found && strcmp(first.link, w->link) != 0) || (last.found && strcmp(last.link, w->link) != 0);
	w->there = first.found && first.begins && last.found && last.begins && !(behind.found && behind.begins) && !w->taken;
	return 0;
}

int network_wish_look(struct kernel_scope *scope, struct network_wish *w)
{
	struct looking l;
	int r;

	w->there = w->differs = w->taken = false;
	if (w->size == 0)
		return 0;
	if (w->interval)
		return look_at_interval(scope, w);
	r = look_at(scope, w, w->key, &l);
	w->taken = l.found && w->link[0] && strcmp(l.link, w->link) != 0;
	w->there = l.found && !w->taken;
	w->differs = l.differs;
	return r;
}

int network_lookup(struct kernel_scope *scope, enum nft_network_set set, const void *key, size_t size,
                   char ret_link[static HYCAN_IFNAME_SIZE])
{
	const struct network_wish w = { .set = set, .size = size };
	struct looking l;
	int r = look_at(scope, &w, key, &l);

	if (r < 0 || !l.found)
		return r < 0 ? r : -ENOENT;
	memcpy(ret_link, l.link, sizeof(l.link));
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ putting */

size_t network_wish_put(struct nft_batch *batch, uint16_t type, const struct network_wish *w)
{
	const char *set = nft_network_set(w->set);
	struct nft_element element = { .key = w->key, .key_size = w->size };

	if (type == NFT_MSG_NEWSETELEM) {
		element.comment = w->comment;
		element.data = w->link[0] ? w->link : NULL;
		element.data_size = sizeof(w->link);
	}
	nft_batch_element(batch, type, set, &element);
	if (!w->interval)
		return 1;
	element = (struct nft_element){ .key = w->behind, .key_size = w->size, .end = true };
	nft_batch_element(batch, type, set, &element);
	return 2;
}
