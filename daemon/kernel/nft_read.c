/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables: reading.
 *
 * The kernel reads out a set piece by piece, and finds its place again by counting. While it moves the elements to a
 * larger or smaller table, for some time after many were added or deleted, the count leads to another place: some
 * elements come twice, and as many never. So an element that comes twice means that all have to be read again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/udata.h>

#include "array.h"
#include "cleanup.h"
#include "fnv.h"
#include "nat.h"
#include "nft.h"
#include "nft_plan.h"

static struct nlmsghdr *get_message(struct kernel_scope *scope, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = netlink_message(scope, NFNL_SUBSYS_NFTABLES << 8 | type, flags);

	nft_put_header(nlh, NFPROTO_INET, 0);
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
	return r == -EINVAL || r == -EPROTONOSUPPORT ? nft_absent(scope) : r;
}

static int read_once(struct kernel_scope *scope, nft_reader *read, void *userdata)
{
	uint32_t before = 0, after = 0;
	int r = nft_generation(scope, &before);

	if (r == 0)
		r = read(scope, userdata);
	if (r == 0)
		r = nft_generation(scope, &after);
	return r == 0 && before != after ? -EINTR : r;
}

int nft_read_at_once(struct kernel_scope *scope, nft_reader *read, void *userdata)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(scope);
	int r = -EINTR;

	do
		r = read_once(scope, read, userdata);
	while (kernel_nat_turn_again(turn, r));
	return r;
}

struct element_reading {
	struct kernel_scope *scope;
	const char *set;
	nft_element_found *found;
	void *userdata;
	bool list;
	uint64_t *seen; /* of a list: a hash of each key */
	size_t n_seen;
};

static void element_reading_free(struct element_reading *reading)
{
	cleanup_free(&reading->seen);
}

/* Two elements of one set in 2^64 have the same. Where one interval ends another may begin. */
static uint64_t hash(const struct nft_element *element)
{
	return fnv1a(FNV_BASIS ^ element->end, element->key, element->key_size);
}

static int compare_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool has_twice(const struct element_reading *reading)
{
	if (reading->n_seen)
		qsort(reading->seen, reading->n_seen, sizeof(*reading->seen), compare_hash);
	for (size_t i = 1; i < reading->n_seen; i++)
		if (reading->seen[i - 1] == reading->seen[i])
			return true;
	return false;
}

static int element_read(const struct nft_element *element, void *userdata)
{
	struct element_reading *reading = userdata;
	int r;

	if (reading->list) {
		r = array_grow(&reading->seen, reading->n_seen, sizeof(*reading->seen));
		if (r < 0)
			return r;
		reading->seen[reading->n_seen++] = hash(element);
		if (nft_plan_hides(reading->scope, reading->set, element))
			return 0;
	}
	return reading->found(element, reading->userdata);
}

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

int nft_elements_read(const struct nlmsghdr *nlh, nft_element_found *found, void *userdata)
{
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
		if (e[NFTA_SET_ELEM_FLAGS])
			element.end = ntohl(mnl_attr_get_u32(e[NFTA_SET_ELEM_FLAGS])) & NFT_SET_ELEM_INTERVAL_END;
		if (element.key)
			r = found(&element, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}

static int elements_answer(const struct nlmsghdr *nlh, void *userdata)
{
	return nft_elements_read(nlh, element_read, userdata);
}

int nft_element_get(struct kernel_scope *scope, const char *set, const void *key, size_t key_size, nft_element_found *found,
                    void *userdata)
{
	_cleanup_(element_reading_free) struct element_reading reading = { .found = found, .userdata = userdata };
	struct nft_element element = { .key = key, .key_size = key_size };
	int r = nft_plan_get(scope, set, key, key_size, found, userdata);
	struct nlmsghdr *nlh;
	struct nlattr *list;

	if (r <= 0)
		return r;
	nlh = get_message(scope, NFT_MSG_GETSETELEM, 0);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	nft_put_element(nlh, &element);
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
	_cleanup_(element_reading_free) struct element_reading reading = {
		.scope = scope, .set = set, .found = found, .userdata = userdata, .list = true
	};
	struct nlmsghdr *nlh;
	int r = 0;

	if (!nft_plan_hides_table(scope)) {
		nlh = get_message(scope, NFT_MSG_GETSETELEM, NLM_F_DUMP);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
		r = list_request(scope, nlh, elements_answer, &reading);
	}
	if (r == 0 && has_twice(&reading))
		r = -EINTR;
	return r == 0 ? nft_plan_list(scope, set, found, userdata) : r;
}

struct set_reading {
	struct kernel_scope *scope;
	nft_set_found *found;
	void *userdata;
};

static int sets_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct set_reading *reading = userdata;
	const struct nlattr *a[NFTA_SET_MAX + 1];

	netlink_parse(nlh, sizeof(struct nfgenmsg), a, NFTA_SET_MAX);
	if (!a[NFTA_SET_NAME] || nft_plan_hides_set(reading->scope, mnl_attr_get_str(a[NFTA_SET_NAME])))
		return 0;
	return reading->found(mnl_attr_get_str(a[NFTA_SET_NAME]), reading->userdata);
}

int nft_set_list(struct kernel_scope *scope, nft_set_found *found, void *userdata)
{
	struct set_reading reading = { .scope = scope, .found = found, .userdata = userdata };
	int r = 0;

	if (!nft_plan_hides_table(scope))
		r = list_request(scope, get_message(scope, NFT_MSG_GETSET, NLM_F_DUMP), sets_answer, &reading);
	return r == 0 ? nft_plan_list_sets(scope, found, userdata) : r;
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
	int r = 0;

	if (!nft_plan_rules(scope, &n))
		r = list_request(scope, get_message(scope, NFT_MSG_GETRULE, NLM_F_DUMP), count_answer, &n);
	if (r == 0)
		*ret_n = n;
	return r;
}
