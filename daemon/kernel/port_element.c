/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port mapping as elements of a map: a key of address, protocol and port, and the address and port where it leads. The
 * comment of an element tells the range that its port was added with.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attribute.h"
#include "nft_table.h"
#include "port_element.h"

static void add_field(struct port_registers *r, const void *value, size_t size)
{
	memcpy(r->bytes + r->size, value, size);
	r->size += (size + 3) & ~(size_t)3;
}

void port_key(struct port_registers *ret_key, const struct hycan_port_mapping *m, uint16_t port)
{
	uint8_t protocol = (uint8_t)m->protocol;
	uint16_t be = htons(port);

	*ret_key = (struct port_registers){ 0 };
	if (m->has_host_address)
		add_field(ret_key, m->host_address.bytes, attribute_address_size(m->host_address.family));
	add_field(ret_key, &protocol, sizeof(protocol));
	add_field(ret_key, &be, sizeof(be));
}

void port_data(struct port_registers *ret_data, const struct hycan_port_mapping *m, uint16_t port)
{
	uint16_t be = htons((uint16_t)(m->to_port + (port - m->host_port.first)));

	*ret_data = (struct port_registers){ 0 };
	add_field(ret_data, m->to_address.bytes, attribute_address_size(m->to_address.family));
	add_field(ret_data, &be, sizeof(be));
}

const char *port_set(const struct hycan_port_mapping *m)
{
	return nft_port_set(m->to_address.family == AF_INET6, m->has_host_address);
}

bool port_comment(const struct hycan_port_mapping *m, char *text, size_t size)
{
	char range[16] = "", network[16] = "";

	if (m->host_port.first != m->host_port.last)
		snprintf(range, sizeof(range), "%u-%u", m->host_port.first, m->host_port.last);
	if (m->has_network)
		snprintf(network, sizeof(network), "network %u", m->network);
	snprintf(text, size, "%s%s%s", range, *range && *network ? " " : "", network);
	return *text;
}

static bool is_transport(uint8_t protocol)
{
	enum hycan_transport transport = (enum hycan_transport)protocol;

	switch (transport) {
	case HYCAN_TRANSPORT_TCP:
	case HYCAN_TRANSPORT_UDP:
	case HYCAN_TRANSPORT_SCTP:
		return true;
	}
	return false;
}

/* The network that the comment tells at its end. */
static void read_network(struct hycan_port_mapping *m, const char *comment)
{
	static const char word[] = "network ";
	const char *p = comment ? strstr(comment, word) : NULL;
	unsigned long number;
	char *end;

	if (!p || (p != comment && p[-1] != ' '))
		return;
	p += sizeof(word) - 1;
	number = strtoul(p, &end, 10);
	m->has_network = end != p && !*end && number <= 4094;
	m->network = m->has_network ? (uint16_t)number : 0;
}

/* The range that the comment tells, unless a stranger's hand wrote it and the port is not of it. */
static void read_range(struct port_entry *e, const char *comment)
{
	struct hycan_port_mapping *m = &e->mapping;
	struct hycan_port_range range;
	char *end;
	int before;

	if (!comment)
		return;
	range.first = (uint16_t)strtoul(comment, &end, 10);
	range.last = *end == '-' ? (uint16_t)strtoul(end + 1, NULL, 10) : 0;
	if (e->port < range.first || e->port > range.last)
		return;
	before = e->port - range.first;
	if (m->to_port <= before || m->to_port - before + (range.last - range.first) > UINT16_MAX)
		return;
	m->host_port = range;
	m->to_port = (uint16_t)(m->to_port - before);
}

int port_read(const char *set, const struct nft_element *element, struct port_entry *ret_entry)
{
	struct port_entry e = { 0 };
	struct hycan_port_mapping *m = &e.mapping;
	bool ipv6 = set == nft_port_set(true, false) || set == nft_port_set(true, true);
	size_t size = ipv6 ? 16 : 4;
	const uint8_t *key = element->key, *data = element->data;
	uint16_t port;

	m->has_host_address = set == nft_port_set(ipv6, true);
	if (element->key_size != (m->has_host_address ? size : 0) + 8 || !data || element->data_size != size + 4)
		return -EBADMSG;
	m->to_address.family = m->host_address.family = ipv6 ? AF_INET6 : AF_INET;
	if (m->has_host_address) {
		memcpy(m->host_address.bytes, key, size);
		key += size;
	} else {
		m->host_address.family = AF_UNSPEC;
	}
	m->protocol = (enum hycan_transport)key[0];
	memcpy(&port, key + 4, sizeof(port));
	e.port = ntohs(port);
	memcpy(m->to_address.bytes, data, size);
	memcpy(&port, data + size, sizeof(port));
	m->to_port = ntohs(port);
	if (!is_transport(key[0]) || !e.port || !m->to_port)
		return -EBADMSG;
	m->host_port.first = m->host_port.last = e.port;
	read_range(&e, element->comment);
	read_network(m, element->comment);
	*ret_entry = e;
	return 0;
}

bool port_same_range(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b)
{
	return a->host_port.first == b->host_port.first && a->host_port.last == b->host_port.last;
}

bool port_same_target(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b)
{
	return a->to_port == b->to_port && attribute_same_address(&a->to_address, &b->to_address);
}

bool port_same_place(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b)
{
	return a->protocol == b->protocol && a->to_address.family == b->to_address.family &&
	       a->has_host_address == b->has_host_address &&
	       (!a->has_host_address || attribute_same_address(&a->host_address, &b->host_address));
}

bool port_same_network(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b)
{
	return !a->has_network || !b->has_network || a->network == b->network;
}

bool port_same(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b)
{
	return port_same_place(a, b) && port_same_range(a, b) && port_same_target(a, b) && port_same_network(a, b);
}
