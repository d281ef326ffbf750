/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port.add.
 *
 * Loopback addresses are neither mapped nor mapped to: the kernel lets no packet between them and another link, unless
 * route_localnet is set, which would open every service on them to the neighbours.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "kernel/nat.h"
#include "kernel/port.h"
#include "nat.h"
#include "port.h"
#include "port_network.h"
#include "table.h"

static bool is_loopback(const struct hycan_address *a)
{
	static const uint8_t ipv6[16] = { [15] = 1 };

	return a->family == AF_INET ? a->bytes[0] == 127 : memcmp(a->bytes, ipv6, sizeof(ipv6)) == 0;
}

/* Addresses that no single host has: unspecified, multicast, broadcast. */
static bool is_nobody(const struct hycan_address *a)
{
	static const uint8_t none[16];

	if (memcmp(a->bytes, none, hycan_address_size(a)) == 0)
		return true;
	return a->family == AF_INET ? a->bytes[0] >= 224 : a->bytes[0] == 0xff;
}

static int check(struct op *op, const struct hycan_port_mapping *m)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	if (is_loopback(&m->to_address) || is_nobody(&m->to_address))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "to_address",
		                 "A port cannot lead to %s: give the address of one host, and of this one none of loopback.",
		                 hycan_address_format(&m->to_address, text, sizeof(text)));
	if (m->has_host_address && m->host_address.family != m->to_address.family)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "host_address",
		                 "The address on this host and the one where it leads must both be IPv4 or both IPv6.");
	if (m->has_host_address && (is_loopback(&m->host_address) || is_nobody(&m->host_address)))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "host_address",
		                 "A port of %s cannot be mapped: give an address of a link, or none for all of them.",
		                 hycan_address_format(&m->host_address, text, sizeof(text)));
	if (m->to_port + (m->host_port.last - m->host_port.first) > UINT16_MAX)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "to_port",
		                 "%u ports from port %u on would end behind port 65535; begin at a lower one.",
		                 m->host_port.last - m->host_port.first + 1u, m->to_port);
	return 0;
}

static int refuse_exists(struct op *op, const struct hycan_port_mapping *holder)
{
	char place[PORT_TEXT_SIZE], to[HYCAN_ADDRESS_TEXT_SIZE], network[32] = "";
	const struct hycan_endpoint endpoint = { .address = holder->to_address, .port = holder->to_port };

	if (holder->has_network && holder->network)
		snprintf(network, sizeof(network), " in network %u", holder->network);
	return op_refuse(op, HYCAN_REFUSAL_EXISTS, "host_port",
	                 "There is a mapping already: %s leads to %s%s. Remove it first, or choose another port.",
	                 port_format(holder, place, sizeof(place)), hycan_endpoint_format(&endpoint, to, sizeof(to)), network);
}

/* It is there, but by a stranger, in place of what is in the ledger. */
static int refuse_otherwise(struct op *op, const struct hycan_port_mapping *wanted)
{
	char place[PORT_TEXT_SIZE];

	return op_refuse(op, HYCAN_REFUSAL_EXISTS, "host_port",
	                 "A mapping of %s was asked for that leads elsewhere, and a stranger changed it. Remove it first.",
	                 port_format(wanted, place, sizeof(place)));
}

/* In place of what a stranger made of it, which is put back where this is taken back. */
static int replace(struct op *op, const struct hycan_port_mapping *wanted, struct hycan_port_mapping *holder)
{
	const struct hycan_port_add_request back = port_request(holder);
	int r = op_undo(op, HYCAN_OPERATION_PORT_ADD, &back);

	return r == 0 ? kernel_port_put(op->scope, wanted, holder) : r;
}

/* What others made there meanwhile is no more what is put back than any other mapping. */
static bool is_anothers(struct op *op, const struct hycan_port_add_request *settled)
{
	return op->server && op->server->is_anothers(op, HYCAN_OBJECT_KIND_PORT, &settled->port_mapping);
}

/* -ERESTART: somebody changed the table since its network was found, which may have another subnet now. */
static int settle_and_add(struct op *op, struct hycan_port_mapping *wanted, enum op_asked *ret_asked,
                          struct hycan_port_add_request *settled, struct hycan_port_mapping *ret_holder)
{
	uint32_t generation;
	bool is_known = !op->back && kernel_nat_generation(op->scope, &generation) == 0;
	int r = port_settle_network(op, wanted);

	if (r != 0)
		return r;
	*settled = port_request(wanted);
	op->settled = settled;
	*ret_asked = op->server ? op->server->asked(op, HYCAN_OBJECT_KIND_PORT, &settled->port_mapping) : OP_ASKED_UNKNOWN;
	return kernel_port_add(op->scope, wanted, is_known ? &generation : NULL, ret_holder);
}

static int add(struct op *op, struct hycan_port_mapping *wanted, enum op_asked *ret_asked, struct hycan_port_add_request *settled,
               struct hycan_port_mapping *ret_holder)
{
	_cleanup_(kernel_nat_turn_end) struct kernel_scope *turn = kernel_nat_turn_begin(op->scope);
	const struct hycan_port_mapping asked_for = *wanted;
	int r;

	do {
		*wanted = asked_for;
		r = settle_and_add(op, wanted, ret_asked, settled, ret_holder);
	} while (kernel_nat_turn_again(turn, r));
	return r;
}

int op_port_add(struct op *op, const struct hycan_port_add_request *request)
{
	struct hycan_port_add_request *settled = op->memory(op, sizeof(*settled));
	struct hycan_port_mapping wanted = request->port_mapping, holder;
	enum op_asked asked = OP_ASKED_UNKNOWN;
	int r;

	if (!settled)
		return -ENOMEM;
	/* as it is put back, and wanted from then on */
	if ((op->back || op->mends) && wanted.has_host_address && port_is_settled_any(&wanted.host_address))
		wanted.has_host_address = false;
	r = check(op, &wanted);
	if (r == 0)
		r = add(op, &wanted, &asked, settled, &holder);
	/* a stranger has made something else of it */
	if (r == -EEXIST && (op->mends || (op->back && !is_anothers(op, settled)) || asked == OP_ASKED_FITS))
		r = replace(op, &wanted, &holder);
	if (r == -EALREADY && asked == OP_ASKED_DIFFERS && !op->back)
		return refuse_otherwise(op, &wanted);
	if (r == -EEXIST)
		return refuse_exists(op, &holder);
	if (r == -EALREADY && op->exclusive)
		return refuse_exists(op, &wanted);
	op->unchanged = r == -EALREADY;
	return op->unchanged ? 0 : nat_refuse(op, r);
}
