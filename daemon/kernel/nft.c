/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables: transactions.
 *
 * The attributes are put together here with libmnl alone: an element is three of them, and ten thousand elements are
 * written without an allocation for each. What this file does not do: know what is in our table.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/udata.h>

#include "cleanup.h"
#include "nft.h"
#include "nft_plan.h"

/* A list of elements is an attribute, which ends at 64 KiB; and a message has to leave room for one more element. */
#define LIST_FULL (NFT_MESSAGE_ROOM - 1024)

/* The name of the table is the first attribute of all these messages. */
_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1 &&
                       NFTA_SET_ELEM_LIST_TABLE == 1,
               "attribute of the table's name");

void nft_put_header(struct nlmsghdr *nlh, uint8_t family, uint16_t res_id)
{
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res_id);
}

/* ------------------------------------------------------------------------------------------------------------ batch */

/* Makes room for one more message. */
static void reserve(struct nft_batch *batch)
{
	uint8_t *p;

	if (batch->size + NFT_MESSAGE_ROOM <= batch->room)
		return;
	p = realloc(batch->owned, batch->room * 2);
	if (!p) {
		/* go on writing where there is room: it will not be sent */
		batch->error = -ENOMEM;
		batch->size = 0;
		return;
	}
	if (!batch->owned)
		memcpy(p, batch->base, batch->size);
	/* libmnl leaves the bytes that fill an attribute up as they are, and they go to the kernel, too */
	memset(p + batch->size, 0, batch->room * 2 - batch->size);
	batch->base = batch->owned = p;
	batch->room *= 2;
}

static struct nlmsghdr *put_message(struct nft_batch *batch, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh;

	reserve(batch);
	nlh = mnl_nlmsg_put_header(batch->base + batch->size);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = netlink_sequence(batch->scope, 1);
	return nlh;
}

void nft_batch_message_end(struct nft_batch *batch, struct nlmsghdr *nlh)
{
	batch->last = batch->size;
	batch->last_seq = nlh->nlmsg_seq;
	batch->size += MNL_ALIGN(nlh->nlmsg_len);
}

void nft_batch_begin(struct nft_batch *batch, struct kernel_scope *scope, uint32_t generation)
{
	struct nlmsghdr *nlh;

	*batch = (struct nft_batch){ .scope = scope, .base = netlink_buffer(scope), .room = NETLINK_BUFFER_SIZE };
	nlh = put_message(batch, NFNL_MSG_BATCH_BEGIN, 0);
	nft_put_header(nlh, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	if (!netlink_turn(scope)->alone)
		mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(generation));
	batch->first_seq = nlh->nlmsg_seq;
	nft_batch_message_end(batch, nlh);
}

void nft_batch_free(struct nft_batch *batch)
{
	cleanup_free(&batch->owned);
}

/* Ends the message of elements that is open, if any. */
static void close_list(struct nft_batch *batch)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(batch->base + batch->size);

	if (!batch->list)
		return;
	mnl_attr_nest_end(nlh, (struct nlattr *)((uint8_t *)nlh + batch->list));
	batch->list = 0;
	nft_batch_message_end(batch, nlh);
}

struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags, const char *module)
{
	struct nlmsghdr *nlh;

	close_list(batch);
	nlh = put_message(batch, NFNL_SUBSYS_NFTABLES << 8 | type, flags);
	nft_put_header(nlh, NFPROTO_INET, 0);
	if (module && batch->n_needs < sizeof(batch->needs) / sizeof(batch->needs[0])) {
		batch->needs[batch->n_needs].module = module;
		batch->needs[batch->n_needs++].seq = nlh->nlmsg_seq;
	}
	return nlh;
}

uint32_t nft_comment(uint8_t userdata[static NFT_COMMENT_SIZE], uint8_t type, const char *text)
{
	size_t n = strnlen(text, NFT_COMMENT_SIZE - 3);

	userdata[0] = type;
	userdata[1] = (uint8_t)(n + 1);
	memcpy(userdata + 2, text, n);
	userdata[2 + n] = '\0';
	return (uint32_t)n + 3;
}

static void put_value(struct nlmsghdr *nlh, uint16_t type, const void *value, size_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, size, value);
	mnl_attr_nest_end(nlh, nest);
}

void nft_put_element(struct nlmsghdr *nlh, const struct nft_element *element)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	put_value(nlh, NFTA_SET_ELEM_KEY, element->key, element->key_size);
	if (element->end)
		mnl_attr_put_u32(nlh, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	if (element->data)
		put_value(nlh, NFTA_SET_ELEM_DATA, element->data, element->data_size);
	if (element->comment) {
		uint8_t userdata[NFT_COMMENT_SIZE];
		uint32_t n = nft_comment(userdata, NFTNL_UDATA_SET_ELEM_COMMENT, element->comment);

		mnl_attr_put(nlh, NFTA_SET_ELEM_USERDATA, n, userdata);
	}
	mnl_attr_nest_end(nlh, nest);
}

void nft_batch_element(struct nft_batch *batch, uint16_t type, const char *set, const struct nft_element *element)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(batch->base + batch->size);

	if (batch->list && (nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | type) || nlh->nlmsg_len > LIST_FULL ||
	                    strcmp(batch->list_set, set) != 0))
		close_list(batch);
	if (!batch->list) {
		nlh = nft_batch_message(batch, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE | NLM_F_EXCL : 0, NULL);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
		batch->list = nlh->nlmsg_len;
		batch->list_set = set;
		mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	}
	nft_put_element(nlh, element);
}

void nft_batch_delete_table(struct nft_batch *batch)
{
	struct nlmsghdr *nlh = nft_batch_message(batch, NFT_MSG_DELTABLE, 0, NULL);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, NFT_TABLE);
	nft_batch_message_end(batch, nlh);
}

struct first_failure {
	uint32_t seq;
	int error;
	char message[256];
};

static void keep_first(uint32_t seq, int error, const char *message, void *userdata)
{
	struct first_failure *f = userdata;

	if (f->error)
		return;
	f->seq = seq;
	f->error = error;
	strncpy(f->message, message, sizeof(f->message) - 1);
}

int nft_absent(struct kernel_scope *scope)
{
	netlink_explain(scope, "This kernel has no nf_tables (module nf_tables).");
	return -EOPNOTSUPP;
}

int nft_batch_send(struct nft_batch *batch)
{
	struct first_failure f = { 0 };
	struct nlmsghdr *nlh;
	uint32_t last_seq;
	int r;

	close_list(batch);
	/* the end itself is acknowledged by new kernels alone, so the message before it has to tell */
	nlh = (struct nlmsghdr *)(batch->base + batch->last);
	nlh->nlmsg_flags |= NLM_F_ACK;
	last_seq = batch->last_seq;
	nlh = put_message(batch, NFNL_MSG_BATCH_END, 0);
	nft_put_header(nlh, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	nft_batch_message_end(batch, nlh);
	if (batch->error)
		return batch->error;
	r = netlink_batch(batch->scope, NETLINK_NETFILTER, batch->base, batch->size, last_seq, keep_first, &f);
	if (r == 0 && netlink_is_held(batch->scope)) {
		r = netlink_tells(batch->scope) ? nft_plan_tell(batch->scope, batch->base, batch->size) : 0;
		return r == 0 ? nft_plan_batch(batch->scope, batch->base, batch->size) : r;
	}
	if (r < 0 || !f.error)
		return r;
	if (f.seq == batch->first_seq && f.error == -EOPNOTSUPP)
		return nft_absent(batch->scope);
	/* somebody took something out of our table since it was read, or put it there */
	if ((f.error == -ENOENT || f.error == -EEXIST) && netlink_turn(batch->scope)->alone)
		return -ERESTART;
	netlink_explain(batch->scope, "%s", f.message);
	if (f.error == -EEXIST || f.error == -EOPNOTSUPP) {
		/* elements are read first, so it is a chain or a set that is something else than it should be */
		netlink_explain(batch->scope, "The table inet " NFT_TABLE " holds something that HyCAN did not make; remove it.");
		return -EBUSY;
	}
	for (size_t i = 0; f.error == -ENOENT && i < batch->n_needs; i++)
		if (batch->needs[i].seq == f.seq) {
			netlink_explain(batch->scope, "This kernel lacks a part of nf_tables: %s.", batch->needs[i].module);
			return -EOPNOTSUPP;
		}
	return f.error;
}
