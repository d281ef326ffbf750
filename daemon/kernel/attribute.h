/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values in attributes, for the files of this room alone.
 *
 * The readers look at the size before they touch a byte: an attribute of an unexpected size, from a kernel older or
 * newer than this code, counts as absent. A NULL attribute is absent, too.
 */
#ifndef KERNEL_ATTRIBUTE_H
#define KERNEL_ATTRIBUTE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

#include <hycan/types.h>

/* Bytes of an address of that family; 0 for one that is not IP. */
static inline size_t attribute_address_size(uint8_t family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static inline void attribute_put_address(struct nlmsghdr *nlh, uint16_t type, const struct hycan_address *address)
{
	mnl_attr_put(nlh, type, attribute_address_size(address->family), address->bytes);
}

/* Copies a payload of exactly that size. */
static inline bool attribute_bytes(const struct nlattr *attr, void *to, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return true;
}

static inline bool attribute_u32(const struct nlattr *attr, uint32_t *ret_value)
{
	return attribute_bytes(attr, ret_value, sizeof(*ret_value));
}

static inline bool attribute_address(const struct nlattr *attr, uint8_t family, struct hycan_address *ret_address)
{
	size_t size = attribute_address_size(family);

	if (!attr || size == 0 || mnl_attr_get_payload_len(attr) != size)
		return false;
	*ret_address = (struct hycan_address){ .family = family };
	memcpy(ret_address->bytes, mnl_attr_get_payload(attr), size);
	return true;
}

/* Text of at most size - 1 bytes; what is longer counts as absent. */
static inline bool attribute_text(const struct nlattr *attr, char *to, size_t size)
{
	size_t n;

	if (!attr)
		return false;
	n = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	if (n >= size)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), n);
	to[n] = '\0';
	return true;
}

/* The kernel allows any number for a scope; those without a name are left out. */
static inline bool attribute_scope(uint8_t number, enum hycan_scope *ret_scope)
{
	enum hycan_scope scope = (enum hycan_scope)number;

	switch (scope) {
	case HYCAN_SCOPE_GLOBAL:
	case HYCAN_SCOPE_SITE:
	case HYCAN_SCOPE_LINK:
	case HYCAN_SCOPE_HOST:
	case HYCAN_SCOPE_NOWHERE:
		*ret_scope = scope;
		return true;
	}
	return false;
}

/* Whether both say the same, or nothing. */
static inline bool attribute_same(const struct nlattr *a, const struct nlattr *b)
{
	return (!a && !b) || (a && b && a->nla_len == b->nla_len && memcmp(a, b, a->nla_len) == 0);
}

static inline bool attribute_same_address(const struct hycan_address *a, const struct hycan_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, attribute_address_size(a->family)) == 0;
}

#endif
