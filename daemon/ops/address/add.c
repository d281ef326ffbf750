/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address.add.
 *
 * An address that is there already is the same when it has every property that the request gives, and for ever where it
 * gives no lifetime. A lifetime runs down, so it is the same for a moment only: a success must not stand for an address
 * that will be gone before its time. So where nothing else differs, an address that is the caller's gets the lifetimes of the request
 * while it is there, as “ip address replace” does that.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "before.h"
#include "kernel/address.h"
#include "kernel/link.h"
#include "table.h"

static bool unusable(const struct hycan_address *a)
{
	static const uint8_t none[16];

	return memcmp(a->bytes, none, hycan_address_size(a)) == 0 || (a->family == AF_INET6 && a->bytes[0] == 0xff);
}

static int check_ipv6(struct op *op, const struct hycan_link_address *a)
{
	if (a->has_broadcast)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "broadcast", "IPv6 has no broadcast addresses; leave it out.");
	if (a->has_label)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "label", "Only IPv4 addresses have a label; leave it out.");
	if (a->has_scope && a->scope != kernel_address_scope(&a->address.address))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "scope",
		                 "The scope of an IPv6 address follows from the address itself; leave it out.");
	return 0;
}

static int check_ipv4(struct op *op, const struct hycan_link_address *a)
{
	size_t n = strlen(a->link);

	if (a->has_no_dad && a->no_dad)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "no_dad", "IPv4 has no duplicate address detection; leave it out.");
	if (a->has_broadcast && a->broadcast.family != AF_INET)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "broadcast",
		                 "The broadcast address of an IPv4 address is an IPv4 one.");
	if (a->has_label && (strncmp(a->label, a->link, n) != 0 || (a->label[n] != '\0' && a->label[n] != ':')))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "label",
		                 "A label is the name of the link, or that with a colon and more behind it: “%s:1”.", a->link);
	return 0;
}

static int check(struct op *op, const struct hycan_link_address *a)
{
	if (unusable(&a->address.address))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "address",
		                 "A link cannot have the unspecified or a multicast address.");
	if (a->has_peer && a->peer.address.family != a->address.address.family)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "peer", "An address and its peer are of one family.");
	if (a->has_peer && a->address.length != hycan_address_size(&a->address.address) * 8 && a->address.length != a->peer.length)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "address",
		                 "With a peer, the length of the network belongs to the peer; give the address without one.");
	if (address_valid_lifetime(a) == 0)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "valid_lifetime", "An address that is valid for 0 seconds is none.");
	if (address_preferred_lifetime(a) > address_valid_lifetime(a))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "preferred_lifetime",
		                 "An address cannot be preferred for longer than it is valid.");
	return a->address.address.family == AF_INET6 ? check_ipv6(op, a) : check_ipv4(op, a);
}

/* What the link has instead of what is wanted. */
struct search {
	const struct hycan_link_address *wanted;
	struct hycan_link_address there;
	bool found;
};

/* An IPv6 address is on a link once; an IPv4 address once in a network. */
static int search_found(const struct hycan_link_address *there, void *userdata)
{
	struct search *s = userdata;
	const struct hycan_link_address *wanted = s->wanted;
	const struct hycan_address *a = &wanted->address.address, *b = &there->address.address;

	if (a->family != b->family || memcmp(a->bytes, b->bytes, hycan_address_size(a)) != 0)
		return 0;
	if (a->family == AF_INET && address_far_end(wanted)->length != address_far_end(there)->length)
		return 0;
	if (!s->found || address_same_prefix(address_far_end(wanted), address_far_end(there)))
		s->there = *there;
	s->found = true;
	return 0;
}

static bool is_that(const struct hycan_link_address *address, void *userdata)
{
	return address_same_prefix(&address->address, &((const struct hycan_link_address *)userdata)->address);
}

/* Of one that others hold, too, each counts on the lifetimes that he asked for; and what there are no words for would be lost. */
static int may_renew(struct op *op, struct hycan_link_address *there, bool *ret_may)
{
	const struct op_server *server = op->server;

	*ret_may = op->back;
	if (op->back || op->exclusive || !server || server->standing(op, HYCAN_OBJECT_KIND_ADDRESS, there) != OP_CALLERS ||
	    (!op->any_owner && server->is_others(op, HYCAN_OBJECT_KIND_ADDRESS, there)))
		return 0;
	return kernel_address_are_whole(op->scope, there->link, there->address.address.family, is_that, there, ret_may);
}

/* It gets the lifetimes that are asked for, and stays as it is otherwise. What takes that back says no more than the request. */
static int renew(struct op *op, const struct hycan_link_address *wanted, const struct hycan_link_address *there)
{
	struct hycan_address_add_request before = { .link_address = *wanted };
	struct hycan_link_address renewed = *there;
	int r;

	before.link_address.address = there->address;
	address_take_lifetimes(&before.link_address, there);
	address_take_lifetimes(&renewed, wanted);
	r = op_undo(op, HYCAN_OPERATION_ADDRESS_ADD, &before);
	return r < 0 ? r : kernel_address_change(op->scope, &renewed);
}

/* The kernel has it already: the same, or something else? */
static int settle_existing(struct op *op, const struct hycan_link_address *wanted)
{
	struct search s = { .wanted = wanted };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	const char *what;
	bool may;
	int r;

	r = kernel_address_list(op->scope, wanted->link, wanted->address.address.family, search_found, &s);
	if (r < 0)
		return r;
	if (!s.found)
		return -EEXIST;
	if (address_differs_in_lifetimes_alone(wanted, &s.there)) {
		r = may_renew(op, &s.there, &may);
		if (r < 0 || may)
			return r < 0 ? r : renew(op, wanted, &s.there);
	}
	what = address_difference(wanted, &s.there);
	hycan_prefix_format(address_far_end(&s.there), text, sizeof(text));
	if (what)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "address",
		                 "The link “%s” has this address already, as %s and with another %s; remove it first.",
		                 wanted->link, text, what);
	if (op->exclusive)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "address", "The link “%s” has the address %s already.", wanted->link,
		                 text);
	op->unchanged = true;
	return 0;
}

/* By what an address is named: one with a far end has no network of its own. */
static uint8_t named_length(const struct hycan_link_address *a)
{
	return a->has_peer ? (uint8_t)(hycan_address_size(&a->address.address) * 8) : a->address.length;
}

/* One that has the same name, and another far end. */
static int search_namesake(const struct hycan_link_address *there, void *userdata)
{
	struct search *s = userdata;
	const struct hycan_address *a = &s->wanted->address.address, *b = &there->address.address;

	if (a->family != b->family || memcmp(a->bytes, b->bytes, hycan_address_size(a)) != 0 ||
	    named_length(s->wanted) != named_length(there) ||
	    address_same_prefix(address_far_end(s->wanted), address_far_end(there)))
		return 0;
	s->there = *there;
	s->found = true;
	return 0;
}

/*
 * To the kernel an IPv4 address with a far end and one that stands alone are two, and so are those with two far ends (inet_insert_ifa(),
 * net/ipv4/devinet.c). Who removes one names the address alone, and so does the ledger: so there is one of them.
 */
static int refuse_namesake(struct op *op, const struct hycan_link_address *wanted)
{
	struct search s = { .wanted = wanted };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r = 0;

	/* a network of its own tells it from all that have a far end */
	if (wanted->address.address.family == AF_INET && named_length(wanted) == 32 && !op->back && !op->mends)
		r = kernel_address_list(op->scope, wanted->link, AF_INET, search_namesake, &s);
	if (r < 0 || !s.found)
		return r == -ENODEV ? 0 : r;
	return op_refuse(op, HYCAN_REFUSAL_EXISTS, "address",
	                 "The link “%s” has this address already, as %s and with another peer; remove it first.", wanted->link,
	                 hycan_prefix_format(address_far_end(&s.there), text, sizeof(text)));
}

/* What the kernel changes of an address while it is there are its lifetimes, its metric and, of IPv6, its flags and its far end. */
static int mend(struct op *op, const struct hycan_link_address *wanted)
{
	int r = kernel_address_change(op->scope, wanted);

	if (r < 0)
		return r;
	r = settle_existing(op, wanted);
	op->unchanged = false;
	return r;
}

/* A link too small for a family has none of its state, and the kernel says so in a different way in each release. */
static int explain_unsupported(struct op *op, const struct hycan_link_address *a, int error)
{
	bool ipv6 = a->address.address.family == AF_INET6;
	uint32_t least = ipv6 ? KERNEL_LINK_MTU_MIN_IPV6 : KERNEL_LINK_MTU_MIN_IPV4;
	struct hycan_link link;
	int r;

	r = kernel_link_get(op->scope, a->link, &link);
	if (r == 0 && link.mtu < least)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "link",
		                 "The link “%s” has an MTU of %u bytes and cannot carry %s, which needs %u.", a->link, link.mtu,
		                 ipv6 ? "IPv6" : "IPv4", least);
	return error;
}

/* The kernel has an address with a far end alone, without the length of a network. */
static int settle(struct op *op, const struct hycan_address_add_request *request)
{
	struct hycan_address_add_request *settled;

	if (!request->link_address.has_peer)
		return 0;
	settled = op->memory(op, sizeof(*settled));
	if (!settled)
		return -ENOMEM;
	*settled = *request;
	settled->link_address.address.length = (uint8_t)(hycan_address_size(&request->link_address.address.address) * 8);
	op->settled = settled;
	return 0;
}

static int say_away(struct op *op, const struct hycan_link_address *address)
{
	struct hycan_address_remove_request away = { .address = address->address };

	memcpy(away.link, address->link, sizeof(away.link));
	return op_undo(op, HYCAN_OPERATION_ADDRESS_REMOVE, &away);
}

int op_address_add(struct op *op, const struct hycan_address_add_request *request)
{
	const struct hycan_link_address *a = &request->link_address;
	bool said;
	int r;

	r = check(op, a);
	if (r == 0)
		r = settle(op, request);
	if (r == 0)
		r = refuse_namesake(op, a);
	if (r != 0)
		return r;
	/* -EEXIST: it is not there */
	r = op->plan ? settle_existing(op, a) : -EEXIST;
	if (r != -EEXIST)
		return r == -ENODEV ? op_refuse_no_link(op, "link", a->link) : r;
	r = before_address_add(op, a, &said);
	if (r > 0)
		return r;
	if (r == 0)
		r = kernel_address_add(op->scope, a);
	switch (r) {
	case 0:
		return said ? say_away(op, a) : 0;
	case -ENODEV:
		return op_refuse_no_link(op, "link", a->link);
	case -EEXIST:
		return op->mends ? mend(op, a) : settle_existing(op, a);
	case -ENOBUFS:
	case -EINVAL:
		return explain_unsupported(op, a, r);
	case -EADDRNOTAVAIL:
		return op_refuse_kernel(op, HYCAN_REFUSAL_INVALID, "address", r, "The kernel gives no link like “%s” this address",
		                        a->link);
	case -EACCES:
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "link",
		                 "IPv6 is switched off on the link “%s” (net.ipv6.conf.%s.disable_ipv6).", a->link, a->link);
	}
	return r;
}
