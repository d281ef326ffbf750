/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the values of a condition, and compares them with the values of a request.
 *
 * A value stands for a set: a name for itself, a network for its addresses, a range for its ports. What is allowed must
 * lie inside one listed value as a whole; what is denied need only touch one, so that neither 10.0.0.0/7 nor a range
 * with one port too many gets past a rule about 10.0.0.0/8 or that port.
 *
 * An IPv6 address with an IPv4 address in it (::ffff:10.0.0.1) is what it is for the kernel: an IPv6 address. It never
 * passes for the IPv4 address in an allow rule. A deny rule looks at both.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "condition.h"

#define TABLE_MAIN 254u

static const char *const names[N_CONDITIONS] = {
	[CONDITION_NAME] = "name",
	[CONDITION_PREFIX] = "prefix",
	[CONDITION_PORT] = "port",
	[CONDITION_TABLE] = "table",
};

enum condition_kind condition_by_name(const char *name)
{
	unsigned kind = 0;

	while (kind < N_CONDITIONS && strcmp(names[kind], name) != 0)
		kind++;
	return (enum condition_kind)kind;
}

const char *condition_name(enum condition_kind kind)
{
	return names[kind];
}

unsigned condition_kinds(enum hycan_type type)
{
	switch (type) {
	case HYCAN_TYPE_IFNAME:
		return 1u << CONDITION_NAME;
	case HYCAN_TYPE_ADDRESS:
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return 1u << CONDITION_PREFIX;
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_PORT_RANGE:
		return 1u << CONDITION_PORT;
	case HYCAN_TYPE_ENDPOINT:
		return 1u << CONDITION_PREFIX | 1u << CONDITION_PORT;
	case HYCAN_TYPE_TABLE:
		return 1u << CONDITION_TABLE;
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_ENUM:
	case HYCAN_TYPE_PERMILLE:
	case HYCAN_TYPE_STRING:
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_PAYLOAD:
	case HYCAN_TYPE_STRUCT:
		break;
	}
	return 0;
}

/* ----------------------------------------------------------------------------------------------------------- reading */

static int wrong(char *reason, size_t size, const char *text, const char *sentence)
{
	snprintf(reason, size, "“%s” %s", text, sentence);
	return -EINVAL;
}

/* The IPv4 network that an IPv6 network of the form ::ffff:0:0/96 and longer has in it. */
static bool mapped(const struct hycan_prefix *prefix, struct hycan_prefix *ret_prefix)
{
	static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

	if (prefix->address.family != AF_INET6 || prefix->length < 96 || memcmp(prefix->address.bytes, head, sizeof(head)) != 0)
		return false;
	*ret_prefix = (struct hycan_prefix){ .address.family = AF_INET, .length = (uint8_t)(prefix->length - 96) };
	memcpy(ret_prefix->address.bytes, prefix->address.bytes + sizeof(head), 4);
	return true;
}

static int read_prefix(const char *text, struct hycan_prefix *prefix, char *reason, size_t size)
{
	struct hycan_prefix inner;

	if (hycan_prefix_parse(text, prefix) < 0)
		return wrong(reason, size, text, "is no network; write one such as 10.0.0.0/8 or 2001:db8::/32");
	if (!hycan_prefix_is_network(prefix))
		return wrong(reason, size, text, "has bits set behind its prefix length; write a network such as 10.0.0.0/8");
	if (mapped(prefix, &inner))
		return wrong(reason, size, text, "is an IPv4 network in the form of IPv6; write it as IPv4");
	return 0;
}

static bool read_table(const char *text, uint32_t *ret_table)
{
	static const struct hycan_field field = { .name = "table", .type = HYCAN_TYPE_TABLE, .size = sizeof(*ret_table) };
	char reason[64];

	return hycan_value_parse(&field, text, ret_table, reason, sizeof(reason)) == 0 && *ret_table != 0;
}

/* “main”, “100”, “100-199” */
static bool read_tables(const char *text, union condition_item *item)
{
	const char *dash = strchr(text, '-');
	char first[16];

	if (!dash)
		return read_table(text, &item->range.first) && read_table(text, &item->range.last);
	return snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text) < (int)sizeof(first) &&
	       read_table(first, &item->range.first) && read_table(dash + 1, &item->range.last) &&
	       item->range.first <= item->range.last;
}

static int read_item(enum condition_kind kind, const char *text, union condition_item *item, char *reason, size_t size)
{
	struct hycan_port_range ports;

	switch (kind) {
	case CONDITION_NAME:
		if (strlen(text) >= sizeof(item->glob) || strchr(text, '/'))
			return wrong(reason, size, text,
			             "is no pattern for names of links; write one of at most 31 bytes, such as vcan*");
		strcpy(item->glob, text);
		return 0;
	case CONDITION_PREFIX:
		return read_prefix(text, &item->prefix, reason, size);
	case CONDITION_PORT:
		if (hycan_port_range_parse(text, &ports) < 0 || ports.first == 0 || ports.first > ports.last)
			return wrong(reason, size, text, "is no port; write one from 1 to 65535, or a range such as 8000-8999");
		item->range.first = ports.first;
		item->range.last = ports.last;
		return 0;
	case CONDITION_TABLE:
		if (!read_tables(text, item))
			return wrong(reason, size, text,
			             "is no routing table; write a number from 1 on, main, or a range such as 100-199");
		return 0;
	case N_CONDITIONS:
		break;
	}
	return -EINVAL;
}

int condition_add(struct condition *condition, enum condition_kind kind, const char *text, char *reason, size_t reason_size)
{
	union condition_item item = { 0 };
	void *p;
	int r;

	r = read_item(kind, text, &item, reason, reason_size);
	if (r < 0)
		return r;
	p = reallocarray(condition->item, condition->n_items + 1, sizeof(item));
	if (!p)
		return -ENOMEM;
	condition->item = p;
	condition->item[condition->n_items++] = item;
	return 0;
}

void condition_done(struct condition *condition)
{
	free(condition->item);
	*condition = (struct condition){ 0 };
}

/* --------------------------------------------------------------------------------------------------------- comparing */

static struct hycan_prefix prefix_of(enum hycan_type type, const void *value)
{
	struct hycan_prefix prefix = { 0 };

	if (type == HYCAN_TYPE_PREFIX || type == HYCAN_TYPE_ADDRESS_PREFIX)
		return *(const struct hycan_prefix *)value;
	prefix.address = type == HYCAN_TYPE_ENDPOINT ? ((const struct hycan_endpoint *)value)->address
	                                             : *(const struct hycan_address *)value;
	prefix.length = (uint8_t)(hycan_address_size(&prefix.address) * 8);
	return prefix;
}

static void range_of(enum hycan_type type, const void *value, uint32_t *ret_first, uint32_t *ret_last)
{
	uint32_t table;

	if (type == HYCAN_TYPE_PORT_RANGE) {
		*ret_first = ((const struct hycan_port_range *)value)->first;
		*ret_last = ((const struct hycan_port_range *)value)->last;
	} else if (type == HYCAN_TYPE_TABLE) {
		table = *(const uint32_t *)value;
		/* where a route is changed, the kernel takes 0 for main */
		*ret_first = *ret_last = table ? table : TABLE_MAIN;
	} else {
		*ret_first = *ret_last =
			type == HYCAN_TYPE_ENDPOINT ? ((const struct hycan_endpoint *)value)->port : *(const uint16_t *)value;
	}
}

static bool overlap(const struct hycan_prefix *a, const struct hycan_prefix *b)
{
	return hycan_prefix_contains(a, b) || hycan_prefix_contains(b, a);
}

static bool prefix_in(const struct condition *condition, const struct hycan_prefix *prefix, bool whole)
{
	struct hycan_prefix inner;
	bool has_inner = !whole && mapped(prefix, &inner);

	for (size_t i = 0; i < condition->n_items; i++) {
		const struct hycan_prefix *listed = &condition->item[i].prefix;

		if (whole ? hycan_prefix_contains(listed, prefix)
		          : overlap(listed, prefix) || (has_inner && overlap(listed, &inner)))
			return true;
	}
	return false;
}

static bool range_in(const struct condition *condition, uint32_t first, uint32_t last, bool whole)
{
	for (size_t i = 0; i < condition->n_items; i++) {
		uint32_t from = condition->item[i].range.first, to = condition->item[i].range.last;

		if (whole ? from <= first && last <= to : from <= last && first <= to)
			return true;
	}
	return false;
}

static bool name_in(const struct condition *condition, const char *name)
{
	for (size_t i = 0; i < condition->n_items; i++)
		if (fnmatch(condition->item[i].glob, name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

static bool in(const struct condition *condition, enum condition_kind kind, enum hycan_type type, const void *value, bool whole)
{
	struct hycan_prefix prefix;
	uint32_t first, last;

	switch (kind) {
	case CONDITION_NAME:
		return name_in(condition, value);
	case CONDITION_PREFIX:
		prefix = prefix_of(type, value);
		return prefix_in(condition, &prefix, whole);
	case CONDITION_PORT:
	case CONDITION_TABLE:
		range_of(type, value, &first, &last);
		return range_in(condition, first, last, whole);
	case N_CONDITIONS:
		break;
	}
	return false;
}

bool condition_covers(const struct condition *condition, enum condition_kind kind, enum hycan_type type, const void *value)
{
	return in(condition, kind, type, value, true);
}

bool condition_touches(const struct condition *condition, enum condition_kind kind, enum hycan_type type, const void *value)
{
	return in(condition, kind, type, value, false);
}
