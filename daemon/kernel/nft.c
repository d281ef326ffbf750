/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables: transactions, and the elements of sets.
 *
 * The attributes are put together here with libmnl alone: an element is three of them, and ten thousand elements are
 * written and read without an allocation for each. What this file does not do: know what is in our table.
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

/* A list of elements is an attribute, which ends at 64 KiB; and a message has to leave room for one more element. */
#define LIST_FULL (NFT_MESSAGE_ROOM - 1024)

/* The name of the table is the first attribute of all these messages. */
_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1 &&
                       NFTA_SET_ELEM_LIST_TABLE == 1,
               "attribute of the table's name");

static void put_header(struct nlmsghdr *nlh, uint8_t family, uint16_t res_id)
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
	put_header(nlh, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
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
	put_header(nlh, NFPROTO_INET, 0);
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

static void put_element(struct nlmsghdr *nlh, const struct nft_element *element)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	put_value(nlh, NFTA_SET_ELEM_KEY, element->key, element->key_size);
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

	if (batch->list && (nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | type) || nlh->nlmsg_len > LIST_FULL))
		close_list(batch);
	if (!batch->list) {
		nlh = nft_batch_message(batch, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE | NLM_F_EXCL : 0, NULL);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
		batch->list = nlh->nlmsg_len;
		mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	}
	put_element(nlh, element);
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

static int no_nf_tables(struct kernel_scope *scope)
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
	put_header(nlh, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	nft_batch_message_end(batch, nlh);
	if (batch->error)
		return batch->error;
	r = netlink_batch(batch->scope, NETLINK_NETFILTER, batch->base, batch->size, last_seq, keep_first, &f);
	if (r < 0 || !f.error)
		return r;
	if (f.seq == batch->first_seq && f.error == -EOPNOTSUPP)
		return no_nf_tables(batch->scope);
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

/* ---------------------------------------------------------------------------------------------------------- reading */

static struct nlmsghdr *get_message(struct kernel_scope *scope, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = netlink_message(scope, NFNL_SUBSYS_NFTABLES << 8 | type, flags);

	put_header(nlh, NFPROTO_INET, 0);
	if (type != NFT_MSG_GETGEN)
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, NFT_TABLE);
	return nlh;
}

static int generation_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct nlattr *a[NFTA_GEN_MAX + 1];

	netlink_parse(nlh, sizeof(struct nfgenmsg), a, NFTA_GEN_MAX);
	if (a[NFTA_GEN_ID])
		*(uint32_t *)userdata = ntohl(mnl_attr_get_u32(a[NFTA_GEN_ID]));
	return 0;
}

int nft_generation(struct kernel_scope *scope, uint32_t *ret_generation)
{
	int r = netlink_request(scope, NETLINK_NETFILTER, get_message(scope, NFT_MSG_GETGEN, 0), generation_answer, ret_generation);

	/* that is how nfnetlink says that it knows nothing of the subsystem, and the kernel that it has no nfnetlink */
	return r == -EINVAL || r == -EPROTONOSUPPORT ? no_nf_tables(scope) : r;
}

struct element_reading {
	nft_element_found *found;
	void *userdata;
};

static const char *read_comment(const struct nlattr *attr)
{
	const uint8_t *p = mnl_attr_get_payload(attr);
	size_t n = mnl_attr_get_payload_len(attr);

	while (n >= 2 && p[1] <= n - 2) {
		if (p[0] == NFTNL_UDATA_SET_ELEM_COMMENT && p[1] > 0 && p[2 + p[1] - 1] == '\0')
			return (const char *)p + 2;
		n -= 2u + p[1];
		p += 2 + p[1];
	}
	return NULL;
}

static const void *read_value(const struct nlattr *nest, size_t *ret_size)
{
	const struct nlattr *a[NFTA_DATA_MAX + 1];

	netlink_parse_nested(nest, a, NFTA_DATA_MAX);
	if (!a[NFTA_DATA_VALUE])
		return NULL;
	*ret_size = mnl_attr_get_payload_len(a[NFTA_DATA_VALUE]);
	return mnl_attr_get_payload(a[NFTA_DATA_VALUE]);
}

static int elements_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct element_reading *reading = userdata;
	const struct nlattr *a[NFTA_SET_ELEM_LIST_MAX + 1], *e[NFTA_SET_ELEM_MAX + 1], *attr;
	int r = 0;

	netlink_parse(nlh, sizeof(struct nfgenmsg), a, NFTA_SET_ELEM_LIST_MAX);
	if (!a[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0;
	mnl_attr_for_each_nested (attr, a[NFTA_SET_ELEM_LIST_ELEMENTS]) {
		struct nft_element element = { 0 };

		netlink_parse_nested(attr, e, NFTA_SET_ELEM_MAX);
		if (e[NFTA_SET_ELEM_KEY])
			element.key = read_value(e[NFTA_SET_ELEM_KEY], &element.key_size);
		if (e[NFTA_SET_ELEM_DATA])
			element.data = read_value(e[NFTA_SET_ELEM_DATA], &element.data_size);
		if (e[NFTA_SET_ELEM_USERDATA])
			element.comment = read_comment(e[NFTA_SET_ELEM_USERDATA]);
		if (element.key)
			r = reading->found(&element, reading->userdata);
		if (r)
			return r;
	}
	return 0;
}

int nft_element_get(struct kernel_scope *scope, const char *set, const void *key, size_t key_size, nft_element_found *found,
                    void *userdata)
{
	struct element_reading reading = { .found = found, .userdata = userdata };
	struct nft_element element = { .key = key, .key_size = key_size };
	struct nlmsghdr *nlh = get_message(scope, NFT_MSG_GETSETELEM, 0);
	struct nlattr *list;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	put_element(nlh, &element);
	mnl_attr_nest_end(nlh, list);
	return netlink_request(scope, NETLINK_NETFILTER, nlh, elements_answer, &reading);
}

/* A list of what is not there is empty. */
static int list_request(struct kernel_scope *scope, struct nlmsghdr *nlh, netlink_answer *answer, void *userdata)
{
	int r = netlink_request(scope, NETLINK_NETFILTER, nlh, answer, userdata);

	return r == -ENOENT ? 0 : r;
}

int nft_element_list(struct kernel_scope *scope, const char *set, nft_element_found *found, void *userdata)
{
	struct element_reading reading = { .found = found, .userdata = userdata };
	struct nlmsghdr *nlh = get_message(scope, NFT_MSG_GETSETELEM, NLM_F_DUMP);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	return list_request(scope, nlh, elements_answer, &reading);
}

struct set_reading {
	nft_set_found *found;
	void *userdata;
};

static int sets_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct set_reading *reading = userdata;
	const struct nlattr *a[NFTA_SET_MAX + 1];

	netlink_parse(nlh, sizeof(struct nfgenmsg), a, NFTA_SET_MAX);
	if (!a[NFTA_SET_NAME])
		return 0;
	return reading->found(mnl_attr_get_str(a[NFTA_SET_NAME]), reading->userdata);
}

int nft_set_list(struct kernel_scope *scope, nft_set_found *found, void *userdata)
{
	struct set_reading reading = { .found = found, .userdata = userdata };

	return list_request(scope, get_message(scope, NFT_MSG_GETSET, NLM_F_DUMP), sets_answer, &reading);
}

static int count_answer(const struct nlmsghdr *nlh, void *userdata)
{
	(void)nlh;
	++*(size_t *)userdata;
	return 0;
}

int nft_rule_count(struct kernel_scope *scope, size_t *ret_n)
{
	size_t n = 0;
	int r = list_request(scope, get_message(scope, NFT_MSG_GETRULE, NLM_F_DUMP), count_answer, &n);

	if (r == 0)
		*ret_n = n;
	return r;
}
