/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an address is that is asked for, and whether one that is there is that one. */
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "kernel/address.h"

#define FOR_EVER UINT32_MAX

/* Seconds that may lie between a request and the same one asked again. */
#define LIFETIME_TOLERANCE 2

uint32_t address_valid_lifetime(const struct hycan_link_address *a)
{
	return a->has_valid_lifetime ? a->valid_lifetime : FOR_EVER;
}

uint32_t address_preferred_lifetime(const struct hycan_link_address *a)
{
	return a->has_preferred_lifetime ? a->preferred_lifetime : address_valid_lifetime(a);
}

bool address_same_prefix(const struct hycan_prefix *a, const struct hycan_prefix *b)
{
	return a->length == b->length && memcmp(a->address.bytes, b->address.bytes, hycan_address_size(&a->address)) == 0;
}

const struct hycan_prefix *address_far_end(const struct hycan_link_address *a)
{
	return a->has_peer ? &a->peer : &a->address;
}

static bool same_lifetime(uint32_t wanted, uint32_t there)
{
	if (wanted == FOR_EVER || there == FOR_EVER)
		return wanted == there;
	return there <= wanted && wanted - there <= LIFETIME_TOLERANCE;
}

static const char *difference_for_good(const struct hycan_link_address *wanted, const struct hycan_link_address *there)
{
	bool route = !(wanted->has_no_prefix_route && wanted->no_prefix_route);
	bool route_there = !(there->has_no_prefix_route && there->no_prefix_route);

	if (!address_same_prefix(address_far_end(wanted), address_far_end(there)))
		return wanted->has_peer || there->has_peer ? "peer" : "prefix length";
	if (wanted->has_broadcast && (!there->has_broadcast || memcmp(wanted->broadcast.bytes, there->broadcast.bytes,
	                                                              sizeof(wanted->broadcast.bytes)) != 0))
		return "broadcast address";
	if (wanted->has_label && strcmp(wanted->label, there->has_label ? there->label : there->link) != 0)
		return "label";
	/* one that is none of those with a name is another */
	if (wanted->address.address.family == AF_INET &&
	    (!there->has_scope ||
	     there->scope != (wanted->has_scope ? wanted->scope : kernel_address_scope(&wanted->address.address))))
		return "scope";
	if (route != route_there)
		return "choice about the route to its network";
	if (wanted->has_no_dad && wanted->no_dad && !(there->has_no_dad && there->no_dad))
		return "choice about duplicate address detection";
	if (wanted->has_metric && wanted->metric != (there->has_metric ? there->metric : 0))
		return "metric";
	return NULL;
}

static const char *difference_of_lifetimes(const struct hycan_link_address *wanted, const struct hycan_link_address *there)
{
	uint32_t preferred = address_preferred_lifetime(wanted);

	if (!same_lifetime(address_valid_lifetime(wanted), address_valid_lifetime(there)))
		return "lifetime";
	/* the kernel keeps no end of the preference for an IPv4 address without end, except that it is over */
	if (wanted->address.address.family == AF_INET && address_valid_lifetime(wanted) == FOR_EVER && preferred != 0)
		preferred = FOR_EVER;
	return same_lifetime(preferred, address_preferred_lifetime(there)) ? NULL : "preferred lifetime";
}

const char *address_difference(const struct hycan_link_address *wanted, const struct hycan_link_address *there)
{
	const char *what = difference_for_good(wanted, there);

	return what ? what : difference_of_lifetimes(wanted, there);
}

bool address_differs_in_lifetimes_alone(const struct hycan_link_address *wanted, const struct hycan_link_address *there)
{
	return !difference_for_good(wanted, there) && difference_of_lifetimes(wanted, there);
}

void address_take_lifetimes(struct hycan_link_address *address, const struct hycan_link_address *of)
{
	address->has_valid_lifetime = of->has_valid_lifetime;
	address->valid_lifetime = of->valid_lifetime;
	/* as long as it is valid is what is not said */
	address->has_preferred_lifetime = address_preferred_lifetime(of) != address_valid_lifetime(of);
	address->preferred_lifetime = of->preferred_lifetime;
}
