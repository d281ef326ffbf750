/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.create: a network as it is asked for, or nothing.
 *
 * Our table comes first: from then on the link is the network's, and a daemon that is killed finds there what it was about
 * to make. A link that is there without the table saying so is a stranger's, and refused. What is absent from the request
 * is as it was, where the network is there already.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "kernel/link.h"
#include "nat.h"
#include "network.h"
#include "network_check.h"
#include "network_left.h"
#include "network_way.h"
#include "table.h"

static struct kernel_network wanted_of(const struct hycan_network *n, const struct kernel_network *before)
{
	struct kernel_network wanted = {
		.vlan_id = n->vlan_id,
		.gateway = { .address = n->gateway, .length = n->subnet.length },
		.mtu = n->has_mtu ? n->mtu
		       : before   ? before->mtu
		                  : 0,
		.internal = n->has_internal ? n->internal : before && before->internal,
	};

	wanted.nat = n->has_nat ? n->nat : !before || before->nat;
	if (n->has_ipv6_subnet)
		wanted.ipv6_gateway = (struct hycan_prefix){ .address = n->ipv6_gateway, .length = n->ipv6_subnet.length };
	memcpy(wanted.link, n->link, sizeof(wanted.link));
	memcpy(wanted.name, n->network_name, sizeof(wanted.name));
	if (n->has_parent)
		memcpy(wanted.parent, n->parent, sizeof(wanted.parent));
	else if (before)
		memcpy(wanted.parent, before->parent, sizeof(wanted.parent));
	return wanted;
}

static bool same_prefix(const struct hycan_prefix *a, const struct hycan_prefix *b)
{
	return a->address.family == b->address.family && a->length == b->length &&
	       memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes)) == 0;
}

static bool has_other_subnets(const struct kernel_network *a, const struct kernel_network *b)
{
	const struct hycan_prefix ipv4_a = network_subnet(&a->gateway), ipv4_b = network_subnet(&b->gateway),
				  ipv6_a = network_subnet(&a->ipv6_gateway), ipv6_b = network_subnet(&b->ipv6_gateway);

	return !same_prefix(&ipv4_a, &ipv4_b) || !same_prefix(&ipv6_a, &ipv6_b);
}

/* The first field that differs, or NULL. */
static const char *difference(const struct kernel_network *a, const struct kernel_network *b)
{
	const struct hycan_prefix subnet_a = network_subnet(&a->gateway), subnet_b = network_subnet(&b->gateway);

	if (strcmp(a->parent, b->parent) != 0)
		return "parent";
	if (strcmp(a->name, b->name) != 0)
		return "network_name";
	if (!same_prefix(&subnet_a, &subnet_b))
		return "subnet";
	if (!same_prefix(&a->gateway, &b->gateway))
		return "gateway";
	if (!same_prefix(&a->ipv6_gateway, &b->ipv6_gateway))
		return a->ipv6_gateway.length == b->ipv6_gateway.length ? "ipv6_gateway" : "ipv6_subnet";
	if (a->mtu != b->mtu)
		return "mtu";
	if (a->internal != b->internal)
		return "internal";
	/* what an internal network would have if it were none is nobody's difference */
	return a->nat != b->nat && !a->internal ? "nat" : NULL;
}

/* What is there may stay, or be changed? */
static int check_before(struct op *op, const struct hycan_network_create_request *request, const struct kernel_network *before,
                        const struct kernel_network *wanted)
{
	const char *field = difference(before, wanted);

	if (op->exclusive)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "vlan_id", "The network “%s” with VLAN %u exists already.", before->name,
		                 before->vlan_id);
	if (field && strcmp(field, "parent") == 0)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, field,
		                 "The network “%s” with VLAN %u is on “%s”; delete it first to have it on “%s”.", before->name,
		                 before->vlan_id, before->parent, wanted->parent);
	if (field && !(request->has_replace && request->replace))
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, field,
		                 "The network “%s” with VLAN %u exists already with another %s; say replace to change it.",
		                 before->name, before->vlan_id, field);
	return 0;
}

/* A link of that name that is no network's; left: a stranger took the network of that link out of the table. */
static int check_link(struct op *op, const struct kernel_network *wanted, bool left)
{
	struct hycan_link link;
	int r = kernel_link_get(op->scope, wanted->parent, &link);

	if (r == -ENODEV)
		return op_refuse_no_link(op, "parent", wanted->parent);
	if (r < 0)
		return r;
	r = kernel_link_get(op->scope, wanted->link, &link);
	/* whether it is that one is looked at later */
	if (r == 0 && (op->mends || left))
		return 0;
	if (r == 0)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "link",
		                 "A link “%s” exists already, and is no network's: delete it, or give another name.", wanted->link);
	return r == -ENODEV ? 0 : r;
}

/*
 * Nothing is another's? That is a few questions. What only reading all networks tells, what it is, or that what was planned
 * is in the way, is read when it is needed.
 */
static int check_others(struct op *op, const struct kernel_network *wanted)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	bool is_free = false;
	int r = op->plan ? 0 : kernel_network_is_free(op->scope, wanted, &is_free);

	if (r < 0 || is_free)
		return r;
	r = networks_read(op, &networks);
	return r == 0 ? network_check_others(op, wanted, &networks) : r;
}

/* The kernel says that something is another's: what it is, unless that has gone meanwhile. */
static int refuse_taken(struct op *op, const struct kernel_network *wanted, int error)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	int r = networks_read(op, &networks);

	if (r == 0)
		r = network_check_others(op, wanted, &networks);
	if (r == 0 && error != -EBUSY)
		return op_refuse(op, HYCAN_REFUSAL_BUSY, NULL,
		                 "The sets network_… of the table inet hycan have something that no network has: delete it.");
	return r == 0 ? nat_refuse(op, error) : r;
}

/* is_new: its link, too, is made from nothing. */
static int make(struct op *op, const struct kernel_network *wanted, const struct kernel_network *before, bool is_new,
                struct network_raised *raised)
{
	const struct kernel_network_ways ways = { .is_new = is_new, .remembers = network_way_is_remembered, .userdata = op };
	int r = kernel_network_put(op->scope, wanted, before, &ways);

	if (r == -EEXIST || r == -ENOTEMPTY || r == -EBUSY)
		return refuse_taken(op, wanted, r);
	/* whatever else failed may have come about */
	raised->changed = r != -EALREADY;
	if (r < 0 && r != -EALREADY)
		return nat_refuse(op, r);
	r = network_raise(op, wanted, before, raised);
	/* of one that a stranger took out of the table there may be names, too */
	return r == 0 ? dns_refresh(op, wanted) : r;
}

/* Keeps the refusal, since what is asked of the kernel meanwhile has words, too. */
static void take_back(struct op *op, const struct kernel_network *wanted, const struct kernel_network *before,
                      const struct network_raised *raised)
{
	struct network_raised back = { 0 };
	const struct op refusal = *op;

	/* what was refused because it is another's was never ours to take back */
	if (!before)
		/* where the link was there before there may be names, too */
		(void)(raised->changed
		               ? network_lower(op, wanted, raised->made_link, raised->made_link && dns_going(op, wanted) == 0)
		               : 0);
	else if (raised->changed)
		(void)make(op, before, wanted, false, &back);
	op->refusal = refusal.refusal;
	op->field = refusal.field;
	memcpy(op->sentence, refusal.sentence, sizeof(op->sentence));
}

/* What takes it back, once it is done. */
static int say(struct op *op, const struct kernel_network *wanted, const struct kernel_network *before)
{
	struct hycan_network_delete_request away = { .vlan_id = wanted->vlan_id, .has_link = true };
	struct hycan_network_create_request back;

	if (before) {
		back = network_request(before, true);
		return op_undo(op, HYCAN_OPERATION_NETWORK_CREATE, &back);
	}
	memcpy(away.link, wanted->link, sizeof(away.link));
	return op_undo(op, HYCAN_OPERATION_NETWORK_DELETE, &away);
}

/* The request with the parent that was found. */
static int settle(struct op *op, const struct hycan_network_create_request *request, const struct kernel_network *wanted)
{
	struct hycan_network_create_request *settled = op->memory(op, sizeof(*settled));

	if (!settled)
		return -ENOMEM;
	*settled = *request;
	settled->network.has_parent = true;
	memcpy(settled->network.parent, wanted->parent, sizeof(settled->network.parent));
	op->settled = settled;
	return 0;
}

/* The network that the link of the request is, or nothing. */
static int read_before(struct op *op, const struct hycan_network *n, struct kernel_network *ret_network,
                       const struct kernel_network **ret_before)
{
	int r = kernel_network_get(op->scope, n->link, ret_network);

	*ret_before = r == 0 && ret_network->vlan_id == n->vlan_id ? ret_network : NULL;
	if (r == 0 && !*ret_before)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "link", "The link “%s” is that of the network “%s” with VLAN %u.",
		                 n->link, ret_network->name, ret_network->vlan_id);
	return r == -ENOENT ? 0 : r;
}

/* Whether it is made again around its own link, which then says where it is. */
static int look_for_left(struct op *op, struct kernel_network *wanted, bool *ret_left)
{
	struct kernel_network left;
	int r = network_find_left(op, wanted->vlan_id, wanted->link, &left, ret_left);

	if (r == 0 && *ret_left && !wanted->parent[0])
		memcpy(wanted->parent, left.parent, sizeof(left.parent));
	return r == -ENOENT ? 0 : r;
}

static int create(struct op *op, const struct hycan_network_create_request *request, const struct kernel_network *before,
                  struct hycan_link *ret_link)
{
	/* what other requests made of it since then stays */
	struct kernel_network wanted = op->mends && before ? *before : wanted_of(&request->network, before);
	struct network_raised raised = { 0 };
	/* where it is put back there may be hosts that came since */
	const bool moves = before && !op->back && has_other_subnets(before, &wanted);
	bool left = false;
	int r = check_others(op, &wanted);

	if (r == 0 && !before)
		r = look_for_left(op, &wanted, &left);
	if (r == 0 && !wanted.parent[0])
		r = network_find_parent(op, wanted.parent);
	if (r == 0)
		r = before ? check_before(op, request, before, &wanted) : check_link(op, &wanted, left);
	if (r == 0)
		r = network_check_addresses(op, &wanted);
	if (r == 0 && moves)
		r = network_check_hosts(op, &wanted, before);
	if (r == 0)
		r = settle(op, request, &wanted);
	if (r == 0)
		r = network_say_forwarding(op, &wanted);
	if (r == 0 && before)
		r = say(op, &wanted, before);
	if (r != 0)
		return r;
	r = make(op, &wanted, before, !before && !left && !op->mends, &raised);
	/* those that came meanwhile; who comes from now on finds the other subnet */
	if (r == 0 && moves)
		r = network_check_hosts(op, &wanted, before);
	/* a stranger took the table away, which said so */
	if (r == 0 && !before && !raised.made_link)
		r = nat_refuse(op, network_recall_forwarding(op, wanted.link));
	if (r == 0 && !before)
		r = say(op, &wanted, NULL);
	if (r == 0)
		r = kernel_link_get(op->scope, wanted.link, ret_link);
	if (r != 0)
		take_back(op, &wanted, before, &raised);
	op->kept_link = r == 0 && !raised.made_link;
	op->unchanged = r == 0 && !raised.changed;
	return r;
}

int op_network_create(struct op *op, const struct hycan_network_create_request *request, struct hycan_network_create_reply *reply)
{
	struct kernel_network there;
	const struct kernel_network *before;
	int r = network_check(op, &request->network);

	if (r == 0)
		r = read_before(op, &request->network, &there, &before);
	return r == 0 ? create(op, request, before, &reply->link) : r;
}
