/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our table as a whole: tidying it up, and making it what this release makes.
 *
 * The rules are put anew for what is left, in the same batch that removes the former ones and what is empty, so there is no
 * moment without.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>

#include "cleanup.h"
#include "nat.h"
#include "nft_table.h"

static int found(const struct nft_element *element, void *userdata)
{
	(void)element;
	*(bool *)userdata = true;
	return 0;
}

static int is_used(struct kernel_scope *scope, const char *set, bool *ret_used)
{
	return nft_element_list(scope, set, found, ret_used);
}

/* The part of the layout that something is in. */
static int read_used(struct kernel_scope *scope, const struct nft_layout *layout, struct nft_layout *ret_used)
{
	char name[NFT_SET_NAME_SIZE];
	int r;

	*ret_used = *layout;
	ret_used->ports = false;
	for (int i = 0; layout->ports && i < 4; i++) {
		r = is_used(scope, nft_port_set(i / 2, i % 2), &ret_used->ports);
		if (r < 0)
			return r;
	}
	ret_used->networks = false;
	for (int i = 0; layout->networks && i < NFT_NETWORK_SETS; i++) {
		r = is_used(scope, nft_network_set((enum nft_network_set)i), &ret_used->networks);
		if (r < 0)
			return r;
	}
	for (int i = 0; i < 4; i++)
		for (unsigned int length = 0; length <= 128; length++) {
			bool *used = &ret_used->masquerade[i / 2][i % 2][length];

			if (!*used)
				continue;
			*used = false;
			r = is_used(scope, nft_masquerade_set(i / 2, i % 2, length, name), used);
			if (r < 0)
				return r;
		}
	return 0;
}

static void delete (struct nft_batch *batch, uint16_t type, const char *name)
{
	struct nlmsghdr *nlh = nft_batch_message(batch, type, 0, NULL);

	_Static_assert((int)NFTA_SET_TABLE == (int)NFTA_CHAIN_TABLE, "both name their table first");
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, type == NFT_MSG_DELSET ? (uint16_t)NFTA_SET_NAME : (uint16_t)NFTA_CHAIN_NAME, name);
	nft_batch_message_end(batch, nlh);
}

/* Removes what layout has and used has not. Returns how many sets and chains that were. */
static size_t put_deletions(struct nft_batch *batch, const struct nft_layout *layout, const struct nft_layout *used)
{
	static const char *const chains[] = { "prerouting", "output", "port", "hairpin", "hairpin_masquerade" };
	char name[NFT_SET_NAME_SIZE];
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		for (unsigned int length = 0; length <= 128; length++)
			if (layout->masquerade[i / 2][i % 2][length] && !used->masquerade[i / 2][i % 2][length]) {
				delete (batch, NFT_MSG_DELSET, nft_masquerade_set(i / 2, i % 2, length, name));
				n++;
			}
	if (layout->networks && !used->networks) {
		for (int i = 0; i < NFT_NETWORK_SETS; i++)
			if (i != NFT_NETWORK_ALLOWED || layout->allowed)
				delete (batch, NFT_MSG_DELSET, nft_network_set((enum nft_network_set)i));
		delete (batch, NFT_MSG_DELCHAIN, "forward");
		delete (batch, NFT_MSG_DELCHAIN, "network_from");
		n += NFT_NETWORK_SETS;
	}
	if (!layout->ports || used->ports)
		return n;
	for (int i = 0; i < 4; i++)
		delete (batch, NFT_MSG_DELSET, nft_port_set(i / 2, i % 2));
	delete (batch, NFT_MSG_DELSET, NFT_SAME_LINK_SET);
	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		delete (batch, NFT_MSG_DELCHAIN, chains[i]);
	return n + 4;
}

static int tidy_once(struct kernel_scope *scope)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	struct nft_layout layout, used;
	int r;

	r = nft_layout_read(scope, &layout);
	if (r < 0)
		return r;
	/* a table without a set is none of ours */
	if (layout.sets == 0)
		return 0;
	r = read_used(scope, &layout, &used);
	if (r < 0)
		return r;
	nft_batch_begin(&batch, scope, layout.generation);
	nft_layout_put(&batch, &used);
	if (put_deletions(&batch, &layout, &used) == 0)
		return 0;
	r = nft_batch_send(&batch);
	if (r == 0)
		nft_layout_changed(scope, &layout, 0, 0);
	return r;
}

int kernel_nat_tidy(struct kernel_scope *scope)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	int r;

	do
		r = tidy_once(scope);
	while (kernel_nat_turn_again(turn, r));
	return r;
}

int kernel_nat_check(struct kernel_scope *scope, bool *ret_whole)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	struct nft_layout layout;
	int r = -EINTR;

	do
		r = nft_layout_read(scope, &layout);
	while (kernel_nat_turn_again(turn, r));
	if (r == 0)
		*ret_whole = layout.sets == 0 || nft_layout_is_whole(&layout);
	return r;
}

int kernel_nat_generation(struct kernel_scope *scope, uint32_t *ret_generation)
{
	return nft_generation(scope, ret_generation);
}

static int renew_once(struct kernel_scope *scope, bool *ret_renewed)
{
	_cleanup_(nft_batch_free) struct nft_batch batch = { 0 };
	struct nft_layout layout;
	int r = nft_layout_read(scope, &layout);

	*ret_renewed = r == 0 && nft_layout_is_former(&layout);
	if (!*ret_renewed)
		return r;
	nft_batch_begin(&batch, scope, layout.generation);
	nft_layout_put(&batch, &layout);
	r = nft_batch_send(&batch);
	if (r == 0)
		nft_layout_changed(scope, &layout, 0, 0);
	return r;
}

int kernel_nat_renew(struct kernel_scope *scope, bool *ret_renewed)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	int r;

	do
		r = renew_once(scope, ret_renewed);
	while (kernel_nat_turn_again(turn, r));
	return r;
}
