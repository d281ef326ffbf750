/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking messages apart: tables of attributes, and what the kernel's structures hold. */
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

static void parse(const struct nlattr *attr, const struct nlattr **table, uint16_t max)
{
	if (mnl_attr_get_type(attr) <= max)
		table[mnl_attr_get_type(attr)] = attr;
}

void netlink_parse(const struct nlmsghdr *nlh, size_t header_size, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1u) * sizeof(*table));
	mnl_attr_for_each (attr, nlh, (unsigned int)header_size)
		parse(attr, table, max);
}

void netlink_parse_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1u) * sizeof(*table));
	mnl_attr_for_each_nested (attr, nest)
		parse(attr, table, max);
}

struct nlmsghdr *netlink_keep(const struct nlmsghdr *nlh, size_t more)
{
	struct nlmsghdr *copy = calloc(1, NLMSG_ALIGN((size_t)nlh->nlmsg_len) + more);

	return copy ? memcpy(copy, nlh, nlh->nlmsg_len) : NULL;
}

void netlink_copy(const struct nlattr *attr, void *to, size_t size)
{
	size_t n = mnl_attr_get_payload_len(attr);

	memset(to, 0, size);
	memcpy(to, mnl_attr_get_payload(attr), n < size ? n : size);
}
