/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading which addresses will be lost, and what goes along with one, and saying how to put them back: routes first, since what is said last
 * is done first. Addresses that the kernel makes by itself come back by themselves.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "along.h"
#include "before_state.h"
#include "kernel/address.h"
#include "kernel/link.h"
#include "kernel/route.h"
#include "kernel/sysctl.h"

#define AUTOMATIC_LENGTH 64

/* The link-local address that the kernel makes of the hardware address (RFC 4291, appendix A). */
static struct hycan_address automatic(const struct hycan_link *link)
{
	const uint8_t *m = link->mac.bytes;

	return (struct hycan_address){
		.family = AF_INET6,
		.bytes = { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] },
	};
}

static bool is_automatic(const struct hycan_link *link, const struct hycan_prefix *p)
{
	const struct hycan_address made = automatic(link);

	return link->has_mac && p->length == AUTOMATIC_LENGTH && before_same_address(&made, &p->address);
}

/* Whether it makes it when the link comes up, or carries IPv6 again: where it would for a link of that name (“default”: for any new one), and has a carrier. */
static bool automatic_comes(struct op *op, const struct hycan_link *link, const char *name)
{
	char mode[64];

	snprintf(mode, sizeof(mode), "ipv6/conf/%s/addr_gen_mode", name);
	return (link->operstate == HYCAN_OPERSTATE_UP || link->operstate == HYCAN_OPERSTATE_UNKNOWN) &&
	       kernel_sysctl_is(op->scope, mode, "0");
}

static int say_address(struct op *op, const struct hycan_link_address *address)
{
	const struct hycan_address_add_request request = { .link_address = *address };

	return op_undo(op, HYCAN_OPERATION_ADDRESS_ADD, &request);
}

struct ipv6_addresses {
	struct op *op;
	const struct hycan_link *link;
	const struct hycan_address *only; /* or NULL */
	bool automatic_comes;             /* by itself: it is not said */
};

/* The newest is listed first, and said first, so it is put back last. */
static int say_ipv6_address(const struct hycan_link_address *address, void *userdata)
{
	const struct ipv6_addresses *a = userdata;

	if (a->only ? !before_same_address(a->only, &address->address.address)
	            : a->automatic_comes && is_automatic(a->link, &address->address))
		return 0;
	return say_address(a->op, address);
}

int before_say_ipv6_addresses(struct op *op, const struct hycan_link *link, bool goes_down)
{
	struct ipv6_addresses addresses = { .op = op,
		                            .link = link,
		                            .automatic_comes = automatic_comes(op, link, goes_down ? link->name : "default") };

	return kernel_address_list(op->scope, link->name, AF_INET6, say_ipv6_address, &addresses);
}

struct search {
	const struct hycan_link *link;
	bool found;
};

static int look_for_automatic(const struct hycan_link_address *address, void *userdata)
{
	struct search *s = userdata;

	s->found = s->found || is_automatic(s->link, &address->address);
	return 0;
}

int before_say_no_automatic(struct op *op, const struct hycan_link *link)
{
	struct hycan_address_remove_request away = { .address = { .address = automatic(link), .length = AUTOMATIC_LENGTH } };
	struct search search = { .link = link };
	int r;

	if (!link->has_mac || !link->up || link->mtu < KERNEL_LINK_MTU_MIN_IPV6)
		return 0;
	r = kernel_address_list(op->scope, link->name, AF_INET6, look_for_automatic, &search);
	memcpy(away.link, link->name, sizeof(away.link));
	return r < 0 || search.found ? r : op_undo_in_kernel(op, HYCAN_OPERATION_ADDRESS_REMOVE, &away);
}

struct ipv4_addresses {
	struct op *op;
	const struct hycan_prefix *gone;
	struct hycan_link_address *address;
	size_t n;
	size_t first; /* the one that goes; behind it are those that go with it */
	bool found;
};

static int keep_ipv4_address(const struct hycan_link_address *address, void *userdata)
{
	struct ipv4_addresses *a = userdata;
	int r = op_grow(a->op, &a->address, a->n, sizeof(*a->address));

	if (r < 0)
		return r;
	if (!a->found && kernel_address_is(address, a->gone)) {
		a->found = true;
		a->first = a->n;
	}
	a->address[a->n++] = *address;
	return 0;
}

/*
 * The order of IPv4 addresses says which of them a link prefers, and one that is added comes last. So those behind it are
 * put back as well; and one that the kernel promoted is no obstacle.
 */
static int say_ipv4_addresses(const struct ipv4_addresses *a)
{
	int r = 0;

	for (size_t i = a->n; i > a->first && r == 0; i--)
		r = say_address(a->op, &a->address[i - 1]);
	for (size_t i = a->first; i < a->n && r == 0 && a->n > a->first + 1; i++) {
		struct hycan_address_remove_request away = { .address = a->address[i].address };

		memcpy(away.link, a->address[i].link, sizeof(away.link));
		r = op_undo_in_kernel(a->op, HYCAN_OPERATION_ADDRESS_REMOVE, &away);
	}
	return r;
}

struct concerned {
	const struct hycan_prefix *gone;
	bool found;
};

/* Of IPv4 addresses those behind it, too: see say_ipv4_addresses(). */
static bool is_concerned(const struct hycan_link_address *address, void *userdata)
{
	struct concerned *c = userdata;

	if (c->gone->address.family == AF_INET6)
		return before_same_address(&c->gone->address, &address->address.address);
	c->found = c->found || kernel_address_is(address, c->gone);
	return c->found;
}

/* Refuses what could not be put back as it was. */
static int check_address_words(struct op *op, const char *link, const struct hycan_prefix *address)
{
	struct concerned c = { .gone = address };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool whole;
	int r = kernel_address_are_whole(op->scope, link, address->address.family, is_concerned, &c, &whole);

	if (r < 0 || whole)
		return r;
	return op_refuse(
		op, HYCAN_REFUSAL_UNSUPPORTED, "address",
		"The address %s%s has properties that HyCAN has no words for, so it could not be put back: see ip -d address.",
		hycan_prefix_format(address, text, sizeof(text)), address->address.family == AF_INET ? ", or one behind it," : "");
}

/* With an IPv4 address the routes go that prefer it as their source; and with the last one all over its link. */
static int before_ipv4_address_remove(struct op *op, const char *link, const struct hycan_prefix *address)
{
	struct ipv4_addresses a = { .op = op, .gone = address };
	struct before_routes routes = { .op = op };
	int r = kernel_address_list(op->scope, link, AF_INET, keep_ipv4_address, &a);

	if (r < 0)
		return r;
	/* those behind it go, too, for a moment, when it is put back */
	routes.link = a.first == 0 ? link : NULL;
	routes.sources = a.n > 0 ? a.address + a.first : NULL;
	routes.n_sources = a.n - a.first;
	r = before_say_routes(&routes, 0, AF_INET);
	/* with the last one, neighbours */
	if (r == 0 && a.first == 0)
		r = along_say_neighbours(op, link, AF_INET);
	return r != 0 ? r : say_ipv4_addresses(&a);
}

/* With an IPv6 address its routes forget that they prefer it. */
static int before_ipv6_address_remove(struct op *op, const char *link, const struct hycan_prefix *address)
{
	const struct hycan_link_address source = { .address = *address };
	struct ipv6_addresses addresses = { .op = op, .only = &address->address };
	struct before_routes routes = { .op = op, .sources = &source, .n_sources = 1 };
	int r = before_say_routes(&routes, 0, AF_INET6);

	return r != 0 ? r : kernel_address_list(op->scope, link, AF_INET6, say_ipv6_address, &addresses);
}

int before_address_remove(struct op *op, const char *link, const struct hycan_prefix *address)
{
	int r;

	if (!op_undoable(op))
		return 0;
	r = check_address_words(op, link, address);
	if (r != 0)
		return r;
	return address->address.family == AF_INET ? before_ipv4_address_remove(op, link, address)
	                                          : before_ipv6_address_remove(op, link, address);
}

static int note_any(const struct hycan_link_address *address, void *any)
{
	(void)address;
	*(bool *)any = true;
	return 0;
}

int before_any_ipv4(struct op *op, const char *link, bool *ret_any)
{
	*ret_any = false;
	return kernel_address_list(op->scope, link, AF_INET, note_any, ret_any);
}

int before_address_add(struct op *op, const struct hycan_link_address *address, bool *ret_said)
{
	struct before_routes routes = { .op = op, .link = address->link, .ways_go = true };
	bool any;
	int r;

	*ret_said = false;
	if (!op_undoable(op) || op->plan || address->address.address.family != AF_INET)
		return 0;
	r = before_any_ipv4(op, address->link, &any);
	if (r < 0 || any)
		return r;
	*ret_said = true;
	r = before_say_routes(&routes, 0, AF_INET);
	if (r == 0 && *routes.way)
		return op_refuse(
			op, HYCAN_REFUSAL_UNSUPPORTED, "link",
			"One way of the route to %s is over the link “%s”, which has no IPv4 address yet: the kernel would take it "
			"for dead when that goes again. Add the address by itself.",
			routes.way, address->link);
	return r == 0 ? along_say_neighbours(op, address->link, AF_INET) : r;
}
