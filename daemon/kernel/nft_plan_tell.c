/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a batch that was held would have done to our table, in words: its elements as nft(8) shows them. Sets, chains and rules come
 * with the table, and go with it.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "nft_plan.h"
#include "nft_plan_state.h"
#include "nft_put.h"

/* So many elements of a set are told one by one: thousands are a range of ports, and nobody reads them. */
#define TOLD_MAX 64

/* A batch, while it is told. An element that may be the first of an interval waits for its end. */
struct telling {
	struct kernel_scope *scope;
	enum hycan_change_action action;
	const char *set;
	const struct nft_set_type *type;
	bool waits;
	struct nft_element first;
	size_t n; /* of that set */
};

/* -------------------------------------------------------------------------------------------------------------- words */

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	}
	return "sctp";
}

static void format_field(uint16_t field, const uint8_t *bytes, char *text, size_t size)
{
	switch (field) {
	case FIELD_IPV4:
	case FIELD_IPV6:
		(void)inet_ntop(field == FIELD_IPV6 ? AF_INET6 : AF_INET, bytes, text, (socklen_t)size);
		return;
	case FIELD_FAMILY:
		snprintf(text, size, "%s", bytes[0] == NFPROTO_IPV6 ? "ipv6" : "ipv4");
		return;
	case FIELD_PROTOCOL:
		snprintf(text, size, "%s", protocol_name(bytes[0]));
		return;
	case FIELD_PORT:
		snprintf(text, size, "%u", bytes[0] << 8 | bytes[1]);
		return;
	}
	snprintf(text, size, "%.*s", HYCAN_IFNAME_SIZE, (const char *)bytes);
}

/* Fields with a full stop between them, each of which begins with a register. */
static void format_fields(const uint16_t *field, const void *value, size_t n, char *text, size_t size)
{
	const uint8_t *bytes = value;
	size_t at = 0, used = 0;

	for (size_t i = 0; field[i] && at + (field[i] & 0xffu) <= n; i++) {
		used += (size_t)snprintf(text + used, size - used, "%s", i ? " . " : "");
		format_field(field[i], bytes + at, text + used, size - used);
		used += strlen(text + used);
		at += ((field[i] & 0xffu) + 3) & ~3u;
	}
}

/* Of an interval, all of which are prefixes of ours: the first key behind it differs from its first one in the last bit of the prefix. */
static unsigned int length_of(const uint8_t *first, const uint8_t *behind, size_t n)
{
	unsigned int zeros = 0;

	while (zeros < n * 8 && !((first[n - 1 - zeros / 8] ^ behind[n - 1 - zeros / 8]) >> zeros % 8 & 1))
		zeros++;
	return (unsigned int)(n * 8) - zeros;
}

static void tell_element(struct telling *t, const struct nft_element *element, const struct nft_element *end)
{
	struct hycan_planned_change change = { .action = t->action };
	char key[256] = "", data[128] = "", length[16] = "";

	if (t->n++ >= TOLD_MAX)
		return;
	format_fields(t->type->key, element->key, element->key_size, key, sizeof(key));
	if (element->data)
		format_fields(t->type->data, element->data, element->data_size, data, sizeof(data));
	if (end)
		snprintf(length, sizeof(length), "/%u", length_of(element->key, end->key, element->key_size));
	snprintf(change.what, sizeof(change.what), "element %s %s%s", t->set, key, length);
	if (t->action == HYCAN_CHANGE_ACTION_MAKE && (data[0] || element->comment)) {
		change.has_becomes = true;
		snprintf(change.becomes, sizeof(change.becomes), "%s", element->comment ? element->comment : data);
	}
	netlink_tell(t->scope, &change);
}

/* ------------------------------------------------------------------------------------------------------------ batches */

static void tell_first(struct telling *t, const struct nft_element *end)
{
	if (t->waits)
		tell_element(t, &t->first, end);
	t->waits = false;
}

/* Those that were too many to be told. */
static void tell_more(struct telling *t)
{
	struct hycan_planned_change change = { .action = t->action };

	if (t->n > TOLD_MAX) {
		snprintf(change.what, sizeof(change.what), "%zu more elements %s", t->n - TOLD_MAX, t->set);
		netlink_tell(t->scope, &change);
	}
	t->n = 0;
}

static int found(const struct nft_element *element, void *userdata)
{
	struct telling *t = userdata;

	if (element->end && t->waits) {
		tell_first(t, element);
		return 0;
	}
	tell_first(t, NULL);
	t->waits = !element->end;
	t->first = *element;
	return 0;
}

static void tell_table(struct kernel_scope *scope, enum hycan_change_action action)
{
	const struct hycan_planned_change change = { .action = action, .what = "table inet " NFT_TABLE };

	netlink_tell(scope, &change);
}

static void tell_message(struct telling *t, const struct nlmsghdr *nlh, bool is_new)
{
	const uint16_t type = NFNL_MSG_TYPE(nlh->nlmsg_type);
	const enum hycan_change_action action = type == NFT_MSG_NEWSETELEM ? HYCAN_CHANGE_ACTION_MAKE : HYCAN_CHANGE_ACTION_TAKE;
	const char *set;

	if (type == NFT_MSG_NEWTABLE && is_new)
		tell_table(t->scope, HYCAN_CHANGE_ACTION_MAKE);
	if (type == NFT_MSG_DELTABLE)
		tell_table(t->scope, HYCAN_CHANGE_ACTION_TAKE);
	if (type != NFT_MSG_NEWSETELEM && type != NFT_MSG_DELSETELEM)
		return;
	set = nft_plan_read_name(nlh, NFTA_SET_ELEM_LIST_SET);
	if (t->set && (t->action != action || strcmp(t->set, set) != 0))
		tell_more(t);
	t->action = action;
	t->set = set;
	t->type = nft_set_type(t->set);
	if (t->type)
		(void)nft_elements_read(nlh, found, t);
	tell_first(t, NULL);
}

static int count_set(const char *name, void *userdata)
{
	(void)name;
	++*(size_t *)userdata;
	return 0;
}

int nft_plan_tell(struct kernel_scope *scope, void *batch, size_t size)
{
	_cleanup_free_ void *copy = malloc(size);
	struct telling t = { .scope = scope };
	const struct nlmsghdr *nlh;
	int left = (int)size, r;
	size_t n_sets = 0;

	if (!copy)
		return -ENOMEM;
	/* it may stand in the buffer that requests are built in; a table of ours has sets */
	memcpy(copy, batch, size);
	r = nft_set_list(scope, count_set, &n_sets);
	memcpy(batch, copy, size);
	for (nlh = copy; r == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (NFNL_SUBSYS_ID(nlh->nlmsg_type) == NFNL_SUBSYS_NFTABLES)
			tell_message(&t, nlh, n_sets == 0);
	tell_more(&t);
	return r;
}
