/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about port mappings have in common. */
#ifndef OPS_PORT_H
#define OPS_PORT_H

#include <stddef.h>

#include "messages.h"
#include "op.h"

/* Room for what port_format() writes. */
#define PORT_TEXT_SIZE (2 * HYCAN_ADDRESS_TEXT_SIZE)

/* Writes the place of a mapping: “tcp 8000-8010 of 192.0.2.1”. Returns text. */
const char *port_format(const struct hycan_port_mapping *mapping, char *text, size_t size);

/*
 * Settles the address of a mapping that has none of its own, for the ledger: the unspecified one, which tells the mappings
 * of IPv4 and IPv6 apart.
 */
void port_settle(bool *has_host_address, struct hycan_address *host_address, uint8_t family);

/* The request that makes such a mapping, settled. */
struct hycan_port_add_request port_request(const struct hycan_port_mapping *mapping);

/* Whether that is how port_settle() says “every address of the host”. */
bool port_is_settled_any(const struct hycan_address *host_address);

#endif
