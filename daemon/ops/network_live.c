/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a network has outside our table: its link, the gateway's addresses, and forwarding (network_forwarding.c).
 *
 * Each part is looked at first, so that a second time changes nothing, and what a stranger took away comes back.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cleanup.h"
#include "dns.h"
#include "forwarding.h"
#include "kernel/address.h"
#include "kernel/link.h"
#include "kernel/nat.h"
#include "kernel/vlan.h"
#include "nat.h"
#include "network.h"
#include "table.h"

static bool same_prefix(const struct hycan_prefix *a, const struct hycan_prefix *b)
{
	return a->address.family == b->address.family && a->length == b->length &&
	       memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes)) == 0;
}

/* --------------------------------------------------------------------------------------------------------------- link */

/* The name is free, so the parent has that VLAN under another one. */
static int refuse_twin(struct op *op, const struct kernel_network *n)
{
	char twin[HYCAN_IFNAME_SIZE];
	int r = kernel_vlan_find(op->scope, n->parent, n->vlan_id, HYCAN_VLAN_PROTOCOL_802_1Q, twin);

	return op_refuse(op, HYCAN_REFUSAL_EXISTS, "vlan_id",
	                 "“%s” has VLAN %u already, as link “%s”: a parent carries a VLAN only once.", n->parent, n->vlan_id,
	                 r == 0 ? twin : "?");
}

static int make_link(struct op *op, const struct kernel_network *n, struct hycan_link *ret_link)
{
	int r = kernel_vlan_create(op->scope, n->link, n->parent, n->vlan_id, HYCAN_VLAN_PROTOCOL_802_1Q, n->mtu, ret_link);

	switch (r) {
	case -ENODEV:
		return op_refuse_no_link(op, "parent", n->parent);
	case -EEXIST:
		return refuse_twin(op, n);
	case -EOPNOTSUPP:
		return op_refuse_kernel(op, HYCAN_REFUSAL_UNSUPPORTED, "parent", r, "“%s” cannot carry a VLAN", n->parent);
	case -EINVAL:
	case -ERANGE:
		return op_refuse_kernel(op, HYCAN_REFUSAL_OUT_OF_RANGE, "mtu", r, "The kernel refuses mtu %u on “%s”", n->mtu,
		                        n->parent);
	}
	return r;
}

static int set_mtu(struct op *op, const struct kernel_network *n, const struct hycan_link *link, struct network_raised *raised)
{
	const struct hycan_link_set_options wanted = { .has_mtu = true, .mtu = n->mtu };
	const char *fault;
	int r;

	if (n->mtu == 0 || n->mtu == link->mtu)
		return 0;
	raised->changed = true;
	r = kernel_link_set(op->scope, link, &wanted, &fault);
	if (r == -EINVAL || r == -ERANGE)
		return op_refuse_kernel(op, HYCAN_REFUSAL_OUT_OF_RANGE, "mtu", r, "The kernel refuses mtu %u on “%s”", n->mtu,
		                        n->parent);
	return r;
}

static bool is_link_of(const struct kernel_network *n, const struct hycan_link *link)
{
	return link->has_vlan_id && link->vlan_id == n->vlan_id && link->has_parent && strcmp(link->parent, n->parent) == 0;
}

static int raise_link(struct op *op, const struct kernel_network *n, struct hycan_link *ret_link, struct network_raised *raised)
{
	int r = kernel_link_get(op->scope, n->link, ret_link);

	if (r == -ENODEV) {
		r = make_link(op, n, ret_link);
		/* where the answer was lost it may have come about */
		raised->made_link =
			r == 0 || (r < 0 && kernel_link_get(op->scope, n->link, ret_link) == 0 && is_link_of(n, ret_link));
		raised->changed |= raised->made_link;
		return r;
	}
	if (r < 0)
		return r;
	if (!is_link_of(n, ret_link))
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "link", "A link “%s” exists already, and is not VLAN %u of “%s”.",
		                 n->link, n->vlan_id, n->parent);
	return set_mtu(op, n, ret_link, raised);
}

/* ---------------------------------------------------------------------------------------------------------- addresses */

struct presence {
	const struct hycan_prefix *wanted;
	bool there;
};

static int found_address(const struct hycan_link_address *address, void *userdata)
{
	struct presence *p = userdata;

	p->there |= same_prefix(&address->address, p->wanted);
	return 0;
}

static int has_address(struct kernel_scope *scope, const char *link, const struct hycan_prefix *wanted, bool *ret_has)
{
	struct presence p = { .wanted = wanted };
	int r = kernel_address_list(scope, link, wanted->address.family, found_address, &p);

	*ret_has = p.there;
	return r;
}

int network_has_gateways(struct kernel_scope *scope, const struct kernel_network *network, bool *ret_ipv4, bool *ret_ipv6)
{
	int r = has_address(scope, network->link, &network->gateway, ret_ipv4);

	*ret_ipv6 = true;
	return r == 0 && network->ipv6_gateway.address.family ? has_address(scope, network->link, &network->ipv6_gateway, ret_ipv6)
	                                                      : r;
}

static int raise_address(struct op *op, const char *link, const struct hycan_prefix *wanted, const struct hycan_prefix *before,
                         struct network_raised *raised)
{
	struct hycan_link_address address = { .address = *wanted };
	struct hycan_prefix gone;
	bool has = false;
	int r = 0;

	if (before && before->address.family && !same_prefix(before, wanted)) {
		raised->changed = true;
		r = kernel_address_remove(op->scope, link, before, &gone);
		if (r < 0 && r != -EADDRNOTAVAIL)
			return r;
	}
	if (!wanted->address.family)
		return 0;
	r = has_address(op->scope, link, wanted, &has);
	if (r < 0 || has)
		return r;
	raised->changed = true;
	memcpy(address.link, link, sizeof(address.link));
	/* hosts ask for it at once; and who else would have it on this VLAN? */
	address.has_no_dad = address.no_dad = wanted->address.family == AF_INET6;
	r = kernel_address_add(op->scope, &address);
	if (r == -EACCES || r == -EINVAL)
		return op_refuse_kernel(op, HYCAN_REFUSAL_UNSUPPORTED, address.no_dad ? "ipv6_gateway" : "gateway", r,
		                        "The link “%s” does not take the gateway's address", link);
	return r == -EEXIST ? 0 : r;
}

/* --------------------------------------------------------------------------------------------------------- forwarding */

static int raise_forwarding(struct op *op, const struct kernel_network *network, const struct kernel_network *before,
                            struct network_raised *raised)
{
	uint32_t families = 0;
	int r;

	forwarding_lock();
	/* an internal network has a way out by what it was allowed since */
	r = nat_refuse(op, network_read_forwards(op, network, &families));
	if (r == 0 && families)
		r = network_forward(op, network, &raised->changed);
	/* it may have been the last one of IPv6 */
	if (r == 0 && before && before->ipv6_gateway.address.family && !network->ipv6_gateway.address.family)
		r = nat_refuse(op, network_release_unused(op, NULL));
	forwarding_unlock();
	return r;
}

/* Out of the table, too: until then who lets go of forwarding leaves it to this network. */
static int leave_table(struct op *op, const struct kernel_network *network)
{
	int r;

	forwarding_lock();
	r = network_release_unused(op, network);
	if (r == 0)
		r = kernel_network_remove(op->scope, network);
	forwarding_unlock();
	return r;
}

/* ----------------------------------------------------------------------------------------------------------- together */

int network_raise(struct op *op, const struct kernel_network *network, const struct kernel_network *before,
                  struct network_raised *ret_raised)
{
	struct hycan_link link;
	int r = raise_link(op, network, &link, ret_raised);

	if (r == 0)
		r = raise_address(op, network->link, &network->gateway, before ? &before->gateway : NULL, ret_raised);
	if (r == 0)
		r = raise_address(op, network->link, &network->ipv6_gateway, before ? &before->ipv6_gateway : NULL, ret_raised);
	if (r == 0 && !link.up) {
		ret_raised->changed = true;
		r = kernel_link_set_up(op->scope, network->link, true);
		if (r == -ENETDOWN)
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "parent",
			                 "The link “%s” is down, and so would be the network on it: set it up first.",
			                 network->parent);
	}
	return r == 0 ? raise_forwarding(op, network, before, ret_raised) : r;
}

/* How often what stops half way is tried again: what may be there in a moment is memory, a descriptor, or a list without a change in it. */
#define PATIENCE 10
static const struct timespec patience_step = { .tv_nsec = 20000000 };

bool network_try_again(int r, unsigned int *tried)
{
	if (r != -ENOMEM && r != -ENOBUFS && r != -EMFILE && r != -ENFILE && r != -EIO && r != -EAGAIN && r != -EINTR &&
	    r != -ERESTART)
		return false;
	if (++*tried > PATIENCE)
		return false;
	nanosleep(&patience_step, NULL);
	return true;
}

/*
 * What is done already is not done again. The table behind the link: as long as it has the network, somebody can ask for the rest;
 * and names last, since they are as good as before where the network is made again, and lead to what is left where it is not.
 */
static int lower(struct op *op, const struct kernel_network *network, bool link, bool names, bool *ret_at_link)
{
	int r = 0;

	*ret_at_link = false;
	if (link) {
		r = kernel_link_delete(op->scope, network->link);
		r = r == -ENODEV ? 0 : r;
		*ret_at_link = r < 0;
	}
	if (r == 0)
		r = leave_table(op, network);
	if (r == 0 || r == -ENOENT)
		r = kernel_nat_tidy(op->scope);
	return r == 0 && names ? dns_drop(op, network) : r;
}

int network_lower(struct op *op, const struct kernel_network *network, bool link, bool names)
{
	unsigned int tried = 0;
	bool at_link;
	int r;

	do
		r = lower(op, network, link, names, &at_link);
	while (network_try_again(r, &tried));
	if (at_link)
		return op_refuse_kernel(op, HYCAN_REFUSAL_KERNEL, "link", r, "The kernel does not delete the link “%s”",
		                        network->link);
	return nat_refuse(op, r);
}
