/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Masquerade.
 *
 * A network is one element of the set for its prefix length (nft_table.h). Without a link the element is the network
 * twice: packets from it are masqueraded, except those to the same network. Through one link all packets from it are,
 * as whoever names the link has said where the network ends.
 *
 * Connections keep the translation that they began with. What this file does not do: switch on forwarding.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "array.h"
#include "attribute.h"
#include "cleanup.h"
#include "masquerade.h"
#include "nat.h"
#include "nft_table.h"

/* The element of a network. */
struct place {
	char set[NFT_SET_NAME_SIZE];
	uint8_t key[32];
	size_t size;
	bool there;
};

static bool is_ipv6(const struct hycan_masquerade *m)
{
	return m->subnet.address.family == AF_INET6;
}

static void put_place(struct place *ret_place, const struct hycan_masquerade *m)
{
	size_t size = attribute_address_size(m->subnet.address.family);

	*ret_place = (struct place){ 0 };
	nft_masquerade_set(is_ipv6(m), m->has_out_interface, m->subnet.length, ret_place->set);
	memcpy(ret_place->key, m->subnet.address.bytes, size);
	if (m->has_out_interface) {
		strncpy((char *)ret_place->key + size, m->out_interface, HYCAN_IFNAME_SIZE);
		ret_place->size = size + HYCAN_IFNAME_SIZE;
	} else {
		memcpy(ret_place->key + size, m->subnet.address.bytes, size);
		ret_place->size = size + size;
	}
}

static int found(const struct nft_element *element, void *userdata)
{
	(void)element;
	((struct place *)userdata)->there = true;
	return 0;
}

/* Reads what there is, and whether the network is in it. */
static int read_once(struct kernel_scope *scope, struct place *place, struct nft_layout *layout)
{
	int r = nft_layout_read(scope, layout);

	if (r < 0)
		return r;
	place->there = false;
	r = nft_element_get(scope, place->set, place->key, place->size, found, place);
	return r == -ENOENT ? 0 : r;
}

static void put_element(struct nft_batch *batch, uint16_t type, const struct place *place)
{
	struct nft_element element = { .key = place->key, .key_size = place->size };

	nft_batch_element(batch, type, place->set, &element);
}

static int add_once(struct kernel_scope *scope, const struct hycan_masquerade *m, struct place *place)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	struct nft_layout layout;
	bool *has_set = &layout.masquerade[is_ipv6(m)][m->has_out_interface][m->subnet.length];
	bool whole;
	int r;

	r = read_once(scope, place, &layout);
	if (r < 0)
		return r;
	whole = *has_set && nft_layout_is_whole(&layout);
	if (whole && place->there)
		return -EALREADY;
	nft_batch_begin(&batch, scope, layout.generation);
	*has_set = true;
	if (!whole)
		nft_layout_put(&batch, &layout);
	if (!place->there)
		put_element(&batch, NFT_MSG_NEWSETELEM, place);
	r = nft_batch_send(&batch);
	if (r < 0)
		return r;
	nft_layout_changed(scope, &layout, place->there ? 0 : 1, 0);
	return 0;
}

int kernel_masquerade_add(struct kernel_scope *scope, const struct hycan_masquerade *masquerade)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	struct place place;
	int r;

	put_place(&place, masquerade);
	do
		r = add_once(scope, masquerade, &place);
	while (kernel_nat_turn_again(turn, r));
	return r;
}

static int remove_once(struct kernel_scope *scope, struct place *place)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	struct nft_layout layout;
	size_t n;
	int r;

	r = read_once(scope, place, &layout);
	if (r < 0)
		return r;
	if (!place->there)
		return -ENOENT;
	r = nft_layout_count(scope, &layout, &n);
	if (r < 0)
		return r;
	nft_batch_begin(&batch, scope, layout.generation);
	if (n > 1)
		put_element(&batch, NFT_MSG_DELSETELEM, place);
	else
		nft_batch_delete_table(&batch);
	r = nft_batch_send(&batch);
	if (r < 0)
		return r;
	nft_layout_changed(scope, &layout, 0, 1);
	return 0;
}

int kernel_masquerade_remove(struct kernel_scope *scope, const struct hycan_masquerade *masquerade)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	struct place place;
	int r;

	put_place(&place, masquerade);
	do
		r = remove_once(scope, &place);
	while (kernel_nat_turn_again(turn, r));
	return r;
}

/* ---------------------------------------------------------------------------------------------------------- listing */

struct listing {
	struct hycan_masquerade like; /* what the set that is read has in common */
	struct hycan_masquerade *masquerade;
	size_t n;
};

static void listing_free(struct listing *l)
{
	cleanup_free(&l->masquerade);
}

static int list_element(const struct nft_element *element, void *userdata)
{
	struct listing *l = userdata;
	size_t size = attribute_address_size(l->like.subnet.address.family);
	struct hycan_masquerade *m;
	int r;

	if (element->key_size != size + (l->like.has_out_interface ? HYCAN_IFNAME_SIZE : size))
		return 0;
	r = array_grow(&l->masquerade, l->n, sizeof(*l->masquerade));
	if (r < 0)
		return r;
	m = &l->masquerade[l->n++];
	*m = l->like;
	memcpy(m->subnet.address.bytes, element->key, size);
	if (m->has_out_interface)
		memcpy(m->out_interface, (const uint8_t *)element->key + size, HYCAN_IFNAME_SIZE - 1);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct hycan_masquerade *x = a, *y = b;
	int r;

	if (x->subnet.address.family != y->subnet.address.family)
		return x->subnet.address.family < y->subnet.address.family ? -1 : 1;
	r = memcmp(x->subnet.address.bytes, y->subnet.address.bytes, sizeof(x->subnet.address.bytes));
	if (r)
		return r;
	if (x->subnet.length != y->subnet.length)
		return x->subnet.length < y->subnet.length ? -1 : 1;
	return strcmp(x->out_interface, y->out_interface);
}

static int list_once(struct kernel_scope *scope, struct listing *l)
{
	struct nft_layout layout;
	int r;

	l->n = 0;
	r = nft_layout_read(scope, &layout);
	if (r < 0)
		return r;
	for (int i = 0; i < 4; i++)
		for (unsigned int length = 0; length <= 128; length++) {
			char set[NFT_SET_NAME_SIZE];

			if (!layout.masquerade[i / 2][i % 2][length])
				continue;
			l->like = (struct hycan_masquerade){ .has_out_interface = i % 2 };
			l->like.subnet.address.family = i / 2 ? AF_INET6 : AF_INET;
			l->like.subnet.length = (uint8_t)length;
			r = nft_element_list(scope, nft_masquerade_set(i / 2, i % 2, length, set), list_element, l);
			if (r < 0)
				return r;
		}
	return 0;
}

int kernel_masquerade_list(struct kernel_scope *scope, struct hycan_masquerade **ret_masquerades, size_t *ret_n)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	_cleanup_(listing_free) struct listing l = { 0 };
	int r = -EINTR;

	do
		r = list_once(scope, &l);
	while (kernel_nat_turn_again(turn, r));
	if (r < 0)
		return r;
	if (l.n)
		qsort(l.masquerade, l.n, sizeof(*l.masquerade), compare);
	*ret_n = l.n;
	*ret_masquerades = steal(&l.masquerade);
	return 0;
}
