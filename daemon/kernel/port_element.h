/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port mapping as elements of a map, one for each port, for the files of this room alone. */
#ifndef KERNEL_PORT_ELEMENT_H
#define KERNEL_PORT_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/types.h>

#include "nft.h"

/* The registers of a key, or of what it leads to. */
struct port_registers {
	uint8_t bytes[24];
	size_t size;
};

/* One element: a port, and the mapping that it belongs to. */
struct port_entry {
	struct hycan_port_mapping mapping;
	uint16_t port;
};

/* The map that a mapping belongs in. */
const char *port_set(const struct hycan_port_mapping *m);

void port_key(struct port_registers *ret_key, const struct hycan_port_mapping *m, uint16_t port);
void port_data(struct port_registers *ret_data, const struct hycan_port_mapping *m, uint16_t port);

/* The comment that tells the range and the network: “8000-8010 network 100”. Returns whether there is anything to tell. */
bool port_comment(const struct hycan_port_mapping *m, char *text, size_t size);

/* Reads an element of a map (nft_port_set()). -EBADMSG: it is none that port.add could have made. */
int port_read(const char *set, const struct nft_element *element, struct port_entry *ret_entry);

/*
 * Whether two mappings are of the same protocol, family and host address; have the same ports; lead to the same; are of the
 * same network, unless one does not say; all of it.
 */
bool port_same_place(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b);
bool port_same_range(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b);
bool port_same_target(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b);
bool port_same_network(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b);
bool port_same(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b);

#endif
