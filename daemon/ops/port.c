/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about port mappings have in common. */
#include <stdio.h>
#include <string.h>

#include "port.h"

static const char *protocol_name(enum hycan_transport protocol)
{
	switch (protocol) {
	case HYCAN_TRANSPORT_TCP:
		return "tcp";
	case HYCAN_TRANSPORT_UDP:
		return "udp";
	case HYCAN_TRANSPORT_SCTP:
		return "sctp";
	}
	return "protocol";
}

const char *port_format(const struct hycan_port_mapping *mapping, char *text, size_t size)
{
	char range[HYCAN_ADDRESS_TEXT_SIZE], address[HYCAN_ADDRESS_TEXT_SIZE];

	hycan_port_range_format(&mapping->host_port, range, sizeof(range));
	if (mapping->has_host_address)
		snprintf(text, size, "%s %s of %s", protocol_name(mapping->protocol), range,
		         hycan_address_format(&mapping->host_address, address, sizeof(address)));
	else
		snprintf(text, size, "%s %s", protocol_name(mapping->protocol), range);
	return text;
}

void port_settle(bool *has_host_address, struct hycan_address *host_address, uint8_t family)
{
	if (*has_host_address)
		return;
	*has_host_address = true;
	*host_address = (struct hycan_address){ .family = family };
}

struct hycan_port_add_request port_request(const struct hycan_port_mapping *mapping)
{
	struct hycan_port_add_request request = { .port_mapping = *mapping };

	port_settle(&request.port_mapping.has_host_address, &request.port_mapping.host_address, mapping->to_address.family);
	return request;
}

bool port_is_settled_any(const struct hycan_address *host_address)
{
	static const uint8_t none[sizeof(host_address->bytes)];

	return memcmp(host_address->bytes, none, sizeof(none)) == 0;
}
