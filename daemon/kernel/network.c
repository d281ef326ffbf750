/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks in our table, as they are changed.
 *
 * Each change is a list of elements that shall be there, or shall not; what is so already is left out, and the rest is
 * one batch. A comment cannot be changed, so its element is deleted and added.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "nat.h"
#include "network.h"
#include "network_element.h"
#include "network_way.h"

/* All that are to be changed together. */
struct wishes {
	struct network_wish *wish;
	size_t n;
	struct network_ways ways; /* which of them change along */
};

static void wishes_free(struct wishes *wishes)
{
	cleanup_free(&wishes->wish);
}

static bool is_to_go(const struct network_wish *w)
{
	return w->there && (!w->wanted || w->differs);
}

static bool is_to_come(const struct network_wish *w)
{
	return w->wanted && (!w->there || w->differs);
}

/* What all of them come to. */
struct sum {
	bool wanted;      /* something is to be there */
	bool unfulfilled; /* something has to be changed */
};

/* What is there of them. -EEXIST: something that is wanted is another network's. */
static int look_at_all(struct kernel_scope *scope, const struct wishes *wishes, struct sum *sum)
{
	for (size_t i = 0; i < wishes->n; i++) {
		struct network_wish *w = &wishes->wish[i];
		int r = network_wish_look(scope, w);

		if (r < 0)
			return r;
		if (w->wanted && w->taken)
			return -EEXIST;
		sum->wanted |= w->wanted;
		sum->unfulfilled |= is_to_come(w) || is_to_go(w);
	}
	return 0;
}

/* The ways that change along, of the table as it was read. */
static int look_at_ways(struct kernel_scope *scope, const struct nft_layout *layout, const struct wishes *wishes,
                        struct wishes *ret_more, struct sum *sum)
{
	struct network_ways ways = wishes->ways;
	int r;

	ways.adopt = sum->wanted && layout->networks && !layout->allowed;
	ways.but = wishes->wish;
	ways.n_but = wishes->n;
	r = network_ways_wish(scope, &ways, &ret_more->wish, &ret_more->n);
	return r == 0 ? look_at_all(scope, ret_more, sum) : r;
}

static size_t put_all(struct nft_batch *batch, uint16_t type, const struct wishes *wishes)
{
	size_t n = 0;

	for (size_t i = 0; i < wishes->n; i++)
		if (type == NFT_MSG_NEWSETELEM ? is_to_come(&wishes->wish[i]) : is_to_go(&wishes->wish[i]))
			n += network_wish_put(batch, type, &wishes->wish[i]);
	return n;
}

/* Only what is to be deleted must be there for a list of wishes without a wanted one. */
static int fulfil_once(struct kernel_scope *scope, const struct wishes *wishes)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	_cleanup_(wishes_free) struct wishes more = { 0 };
	size_t added = 0, deleted, total = 0;
	struct nft_layout layout;
	struct sum sum = { 0 };
	bool whole;
	int r = nft_layout_read(scope, &layout);

	if (r == 0)
		r = look_at_all(scope, wishes, &sum);
	if (r == 0)
		r = look_at_ways(scope, &layout, wishes, &more, &sum);
	if (r < 0)
		return r;
	whole = layout.networks && layout.allowed && nft_layout_is_whole(&layout);
	if (!sum.unfulfilled && (whole || !sum.wanted))
		return -EALREADY;
	if (!sum.wanted) {
		r = nft_layout_count(scope, &layout, &total);
		if (r < 0)
			return r;
	}
	nft_batch_begin(&batch, scope, layout.generation);
	layout.networks = layout.allowed = true;
	if (sum.wanted && !whole)
		nft_layout_put(&batch, &layout);
	deleted = put_all(&batch, NFT_MSG_DELSETELEM, wishes) + put_all(&batch, NFT_MSG_DELSETELEM, &more);
	added = put_all(&batch, NFT_MSG_NEWSETELEM, wishes) + put_all(&batch, NFT_MSG_NEWSETELEM, &more);
	if (!sum.wanted && total <= deleted)
		nft_batch_delete_table(&batch);
	r = nft_batch_send(&batch);
	if (r == 0)
		nft_layout_changed(scope, &layout, added, deleted);
	return r;
}

static int fulfil(struct kernel_scope *scope, const struct wishes *wishes)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	int r;

	do
		r = fulfil_once(scope, wishes);
	while (kernel_nat_turn_again(turn, r));
	return r;
}

/* Elements of a network: one in each set, but for forwarding. */
#define ELEMENTS (4 + NETWORK_INDICES)

int kernel_network_put(struct kernel_scope *scope, const struct kernel_network *network, const struct kernel_network *before,
                       const struct kernel_network_ways *ways)
{
	struct network_wish wish[ELEMENTS + NETWORK_INDICES] = {
		network_wish_link(NFT_NETWORK, network->link, true),
		network_wish_link(NFT_NETWORK_NAT, network->link, network->nat && !network->internal),
		network_wish_link(NFT_NETWORK_INTERNAL, network->link, network->internal),
		/* what comes back to the link that it came through does not leave the network */
		network_wish_way(NFT_NETWORK_WAY, network->link, network->link, true),
	};
	struct network_wish former[NETWORK_INDICES];
	struct wishes wishes = { wish, ELEMENTS, { .mend = before ? network->link : NULL } };
	char comment[NFT_COMMENT_SIZE];

	if (ways && ways->is_new)
		wishes.ways.drop = network->link;
	else
		wishes.ways.told = ways;
	network_format(network, comment);
	wish[0].comment = comment;
	network_wish_indices(network, true, wish + ELEMENTS - NETWORK_INDICES);
	if (before)
		network_wish_indices(before, false, former);
	for (size_t i = 0; before && i < NETWORK_INDICES; i++)
		if (!network_wish_same(&former[i], &wish[ELEMENTS - NETWORK_INDICES + i]))
			wish[wishes.n++] = former[i];
	return fulfil(scope, &wishes);
}

int kernel_network_check(struct kernel_scope *scope, const struct kernel_network *network, bool *ret_whole)
{
	struct network_wish wish[1 + NETWORK_INDICES] = { network_wish_way(NFT_NETWORK_WAY, network->link, network->link, true) };
	bool whole = network->has_nat == (network->nat && !network->internal) && network->is_internal == network->internal;
	int r = 0;

	network_wish_indices(network, true, wish + 1);
	for (size_t i = 0; i < 1 + NETWORK_INDICES && r == 0; i++) {
		if (!wish[i].wanted)
			continue;
		r = network_wish_look(scope, &wish[i]);
		/* the set may be gone, too */
		if (r == -ENOENT)
			r = 0;
		whole = whole && wish[i].there && !wish[i].taken;
	}
	if (r == 0)
		*ret_whole = whole;
	return r;
}

int kernel_network_set_way(struct kernel_scope *scope, const char *from, const char *to, bool open)
{
	struct network_wish wish[] = {
		network_wish_way(NFT_NETWORK_WAY, from, to, open),
		network_wish_way(NFT_NETWORK_ALLOWED, from, to, open),
	};

	return fulfil(scope, &(struct wishes){ wish, 2, { 0 } });
}

int kernel_network_note_forwarding(struct kernel_scope *scope, enum hycan_family family, bool on)
{
	struct network_wish wish = network_wish_family(family, on);

	return fulfil(scope, &(struct wishes){ &wish, 1, { 0 } });
}

int kernel_network_has_forwarding(struct kernel_scope *scope, enum hycan_family family, bool *ret_on)
{
	struct network_wish wish = network_wish_family(family, true);
	int r = network_wish_look(scope, &wish);

	if (r == 0)
		*ret_on = wish.there;
	return r;
}

int kernel_network_remove(struct kernel_scope *scope, const struct kernel_network *network)
{
	struct network_wish wish[ELEMENTS] = {
		network_wish_link(NFT_NETWORK, network->link, false),
		network_wish_link(NFT_NETWORK_NAT, network->link, false),
		network_wish_link(NFT_NETWORK_INTERNAL, network->link, false),
		network_wish_way(NFT_NETWORK_WAY, network->link, network->link, false),
	};
	int r;

	network_wish_indices(network, false, wish + ELEMENTS - NETWORK_INDICES);
	r = fulfil(scope, &(struct wishes){ wish, ELEMENTS, { .drop = network->link } });
	return r == -EALREADY ? -ENOENT : r;
}
