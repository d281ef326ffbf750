/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a network can be as it is asked for. Every “no” says what to give instead. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "kernel/address.h"
#include "kernel/link.h"
#include "kernel/route.h"
#include "network_check.h"

/* The longest prefixes with room for the gateway and a host, and the shortest that somebody means. */
#define IPV4_LENGTH_MIN 8
#define IPV4_LENGTH_MAX 30
#define IPV6_LENGTH_MIN 16
#define IPV6_LENGTH_MAX 126

/* ---------------------------------------------------------------------------------------------------------- by itself */

static int check_name(struct op *op, const char *name)
{
	bool good = isalnum((unsigned char)name[0]);

	for (const char *c = name; good && *c; c++)
		good = isascii(*c) && (isalnum((unsigned char)*c) || strchr("._-", *c));
	if (good)
		return 0;
	return op_refuse(
		op, HYCAN_REFUSAL_INVALID, "network_name",
		"The name of a network is 1 to 32 letters, digits, “.”, “_” and “-”, and begins with a letter or a digit.");
}

/* Whether a host may have it: not the subnet's own address, and not its broadcast address. */
static bool is_host(const struct hycan_prefix *subnet, const struct hycan_address *address)
{
	unsigned int bits = (unsigned int)hycan_address_size(address) * 8;
	bool zeros = true, ones = address->family == AF_INET;

	for (unsigned int bit = subnet->length; bit < bits; bit++) {
		bool set = address->bytes[bit / 8] & 0x80 >> bit % 8;

		zeros &= !set;
		ones &= set;
	}
	return !zeros && !ones;
}

static int check_gateway(struct op *op, const char *field, const char *subnet_field, const struct hycan_prefix *subnet,
                         const struct hycan_address *gateway)
{
	const struct hycan_prefix host = { .address = *gateway, .length = (uint8_t)(hycan_address_size(gateway) * 8) };
	char text[HYCAN_ADDRESS_TEXT_SIZE], around[HYCAN_ADDRESS_TEXT_SIZE];

	hycan_address_format(gateway, text, sizeof(text));
	hycan_prefix_format(subnet, around, sizeof(around));
	if (!hycan_prefix_contains(subnet, &host))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "The gateway %s does not lie in the %s %s.", text, subnet_field,
		                 around);
	if (!is_host(subnet, gateway))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, field,
		                 "The gateway %s is the first or the last address of %s, which no host may have.", text, around);
	return 0;
}

static int check_length(struct op *op, const char *field, const struct hycan_prefix *subnet, unsigned int low, unsigned int high)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	if (subnet->length >= low && subnet->length <= high)
		return 0;
	return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "%s is no size for a network: give a length of /%u to /%u.",
	                 hycan_prefix_format(subnet, text, sizeof(text)), low, high);
}

static int refuse_kind(struct op *op, const char *field, const struct hycan_prefix *subnet)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	return op_refuse(op, HYCAN_REFUSAL_INVALID, field,
	                 "Hosts cannot have addresses in %s, which is for loopback, multicast, one link or nobody.",
	                 hycan_prefix_format(subnet, text, sizeof(text)));
}

static int check_ipv4(struct op *op, const struct hycan_network *n)
{
	uint8_t first = n->subnet.address.bytes[0];
	int r;

	if (n->subnet.address.family != AF_INET)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "subnet",
		                 "The subnet is one of IPv4; give that of IPv6 as ipv6_subnet.");
	if (n->gateway.family != AF_INET)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "gateway",
		                 "The gateway is an IPv4 address; give that of IPv6 as ipv6_gateway.");
	r = check_length(op, "subnet", &n->subnet, IPV4_LENGTH_MIN, IPV4_LENGTH_MAX);
	if (r != 0)
		return r;
	if (first == 0 || first == 127 || first >= 224 || (first == 169 && n->subnet.address.bytes[1] == 254))
		return refuse_kind(op, "subnet", &n->subnet);
	return check_gateway(op, "gateway", "subnet", &n->subnet, &n->gateway);
}

static int check_ipv6(struct op *op, const struct hycan_network *n)
{
	const uint8_t *bytes = n->ipv6_subnet.address.bytes;
	int r;

	if (n->has_ipv6_subnet != n->has_ipv6_gateway)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, n->has_ipv6_subnet ? "ipv6_gateway" : "ipv6_subnet",
		                 "A network has a subnet and a gateway of IPv6, or neither.");
	if (!n->has_ipv6_subnet)
		return 0;
	if (n->ipv6_subnet.address.family != AF_INET6)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "ipv6_subnet", "That is no subnet of IPv6.");
	if (n->ipv6_gateway.family != AF_INET6)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "ipv6_gateway", "That is no address of IPv6.");
	r = check_length(op, "ipv6_subnet", &n->ipv6_subnet, IPV6_LENGTH_MIN, IPV6_LENGTH_MAX);
	if (r != 0)
		return r;
	if (bytes[0] == 0 || bytes[0] == 0xff || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80))
		return refuse_kind(op, "ipv6_subnet", &n->ipv6_subnet);
	if (n->has_mtu && n->mtu < KERNEL_LINK_MTU_MIN_IPV6)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "mtu", "IPv6 needs an mtu of %u at least.", KERNEL_LINK_MTU_MIN_IPV6);
	return check_gateway(op, "ipv6_gateway", "ipv6_subnet", &n->ipv6_subnet, &n->ipv6_gateway);
}

int network_check(struct op *op, const struct hycan_network *network)
{
	int r = check_name(op, network->network_name);

	if (r == 0)
		r = check_ipv4(op, network);
	if (r == 0)
		r = check_ipv6(op, network);
	if (r != 0)
		return r;
	/* what is put back may have had it before it was internal */
	if (network->has_internal && network->internal && network->has_nat && network->nat && !op->back)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "nat", "An internal network has no way out, and so no NAT.");
	if (network->has_parent && strcmp(network->parent, network->link) == 0)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "link", "A link cannot be its own parent.");
	return 0;
}

/* ------------------------------------------------------------------------------------------------------- beside others */

static bool overlap(const struct hycan_prefix *a, const struct hycan_prefix *b)
{
	return a->address.family && b->address.family && (hycan_prefix_contains(a, b) || hycan_prefix_contains(b, a));
}

static int check_other(struct op *op, const struct kernel_network *wanted, const struct kernel_network *other)
{
	bool ipv6 = overlap(&wanted->ipv6_gateway, &other->ipv6_gateway);
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	struct hycan_prefix subnet;

	if (strcmp(wanted->link, other->link) == 0)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "link", "The link “%s” is that of the network “%s” with VLAN %u.",
		                 wanted->link, other->name, other->vlan_id);
	if (strcmp(wanted->name, other->name) == 0)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "network_name", "A network “%s” exists already, with VLAN %u.",
		                 other->name, other->vlan_id);
	if (!ipv6 && !overlap(&wanted->gateway, &other->gateway))
		return 0;
	subnet = network_subnet(ipv6 ? &other->ipv6_gateway : &other->gateway);
	return op_refuse(op, HYCAN_REFUSAL_EXISTS, ipv6 ? "ipv6_subnet" : "subnet",
	                 "The subnet overlaps with %s of the network “%s” with VLAN %u; choose another.",
	                 hycan_prefix_format(&subnet, text, sizeof(text)), other->name, other->vlan_id);
}

int network_check_others(struct op *op, const struct kernel_network *wanted, const struct networks *networks)
{
	int r = 0;

	for (size_t i = 0; i < networks->n && r == 0; i++) {
		const struct kernel_network *other = &networks->network[i];

		if (other->vlan_id != wanted->vlan_id)
			r = check_other(op, wanted, other);
		else if (strcmp(other->link, wanted->link) != 0)
			r = op_refuse(op, HYCAN_REFUSAL_EXISTS, "vlan_id",
			              "The network “%s” has VLAN %u already, with the link “%s”.", other->name, other->vlan_id,
			              other->link);
	}
	return r;
}

/* The gateway of a network within the new subnet is told of as that network. */
static int refuse_address(struct op *op, const struct kernel_network *wanted, const struct hycan_link_address *address)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r = networks_read(op, &networks);

	if (r == 0)
		r = network_check_others(op, wanted, &networks);
	if (r != 0)
		return r;
	return op_refuse(op, HYCAN_REFUSAL_EXISTS, address->address.address.family == AF_INET6 ? "ipv6_subnet" : "subnet",
	                 "The subnet overlaps with the address %s of the link “%s”; choose another.",
	                 hycan_prefix_format(&address->address, text, sizeof(text)), address->link);
}

int network_check_addresses(struct op *op, const struct kernel_network *wanted)
{
	const struct hycan_prefix *const gateway[] = { &wanted->gateway, &wanted->ipv6_gateway };
	struct hycan_link_address address;

	for (int i = 0; i < 2; i++) {
		const struct hycan_prefix subnet = network_subnet(gateway[i]);
		int r = subnet.address.family ? kernel_address_find_overlap(op->scope, &subnet, wanted->link, &address) : -ENOENT;

		if (r == 0)
			return refuse_address(op, wanted, &address);
		if (r != -ENOENT)
			return r;
	}
	return 0;
}

/* -------------------------------------------------------------------------------------------------------- the parent */

/* Candidates that are named. */
#define NAMED_MAX 8

struct candidates {
	struct op *op;
	char (*name)[HYCAN_IFNAME_SIZE];
	size_t n;
};

static int add_candidate(struct candidates *c, const char *name)
{
	int r = op_grow(c->op, &c->name, c->n, sizeof(*c->name));

	if (r == 0)
		snprintf(c->name[c->n++], HYCAN_IFNAME_SIZE, "%s", name);
	return r;
}

/* Several routes may lead to one link. */
static int add_candidate_once(struct candidates *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->name[i], name) == 0)
			return 0;
	return add_candidate(c, name);
}

/* “eth0, eth1 and 3 more” */
static const char *say_candidates(const struct candidates *c, char *text, size_t size)
{
	const size_t named = c->n < NAMED_MAX ? c->n : NAMED_MAX;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < named; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", c->name[i]);
	if (c->n > named)
		snprintf(text + used, size - used, " and %zu more", c->n - named);
	return text;
}

static int find_default(const struct hycan_route *route, void *userdata)
{
	int r = 0;

	if (route->destination.length != 0 || (route->has_type && route->type != HYCAN_ROUTE_TYPE_UNICAST))
		return 0;
	if (route->has_link)
		r = add_candidate_once(userdata, route->link);
	for (size_t i = 0; i < route->n_nexthops && r == 0; i++)
		if (route->nexthops[i].has_link)
			r = add_candidate_once(userdata, route->nexthops[i].link);
	return r;
}

/* What could carry a VLAN: is up, and no VLAN itself. */
static int find_link(const struct hycan_link *link, void *userdata)
{
	if (link->up && link->has_mac && !link->has_vlan_id && strcmp(link->name, "lo") != 0)
		return add_candidate(userdata, link->name);
	return 0;
}

int network_find_parent(struct op *op, char ret_parent[static HYCAN_IFNAME_SIZE])
{
	const struct kernel_route_filter ipv4 = { .table = 254, .family = AF_INET }, ipv6 = { .table = 254, .family = AF_INET6 };
	char text[NAMED_MAX * (HYCAN_IFNAME_SIZE + 2) + 32];
	struct candidates c = { .op = op };
	int r = kernel_route_list(op->scope, &ipv4, find_default, &c);

	if (r == 0 && c.n == 0)
		r = kernel_route_list(op->scope, &ipv6, find_default, &c);
	if (r < 0)
		return r;
	if (c.n > 1)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "parent", "There are several default routes; give the parent: %s.",
		                 say_candidates(&c, text, sizeof(text)));
	if (c.n == 1) {
		memcpy(ret_parent, c.name[0], sizeof(c.name[0]));
		return 0;
	}
	r = kernel_link_list(op->scope, NULL, find_link, &c);
	if (r < 0)
		return r;
	return op_refuse(op, HYCAN_REFUSAL_INVALID, "parent", "There is no default route; give the parent%s%s.", c.n ? ": " : "",
	                 say_candidates(&c, text, sizeof(text)));
}
