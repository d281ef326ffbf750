/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlan.create: an 802.1Q or 802.1ad sub-interface (net/8021q/vlan_netlink.c). */
#include <errno.h>
#include <string.h>

#include "ensure.h"
#include "kernel/link.h"
#include "kernel/vlan.h"
#include "table.h"

static int create(struct kernel_scope *scope, const void *request, struct hycan_link *ret_link)
{
	const struct hycan_vlan_create_request *r = request;

	return kernel_vlan_create(scope, r->name, r->parent, r->vlan_id, r->protocol, r->has_mtu ? r->mtu : 0, ret_link);
}

static bool same(const struct hycan_link *link, const void *request)
{
	const struct hycan_vlan_create_request *r = request;

	return link->has_parent && strcmp(link->parent, r->parent) == 0 && link->vlan_id == r->vlan_id &&
	       link->vlan_protocol == r->protocol && (!r->has_mtu || link->mtu == r->mtu);
}

/* The name is free, so the parent has that VLAN under another one. */
static int refuse_twin(struct op *op, const struct hycan_vlan_create_request *request)
{
	char twin[HYCAN_IFNAME_SIZE];
	int r;

	r = kernel_vlan_find(op->scope, request->parent, request->vlan_id, request->protocol, twin);
	return op_refuse(op, HYCAN_REFUSAL_EXISTS, "vlan_id",
	                 "“%s” has VLAN %u already, as link “%s”: a parent carries a VLAN only once.", request->parent,
	                 request->vlan_id, r == 0 ? twin : "?");
}

static int refuse_mtu(struct op *op, const struct hycan_vlan_create_request *request, int error)
{
	struct hycan_link parent;
	int r;

	r = op_refuse_kernel(op, HYCAN_REFUSAL_OUT_OF_RANGE, "mtu", error, "The kernel refuses mtu %u for “%s”", request->mtu,
	                     request->name);
	if (kernel_link_get(op->scope, request->parent, &parent) == 0 && request->mtu > parent.mtu)
		r = op_refuse(op, HYCAN_REFUSAL_OUT_OF_RANGE, "mtu",
		              "The mtu of a VLAN link cannot exceed that of its parent: “%s” has %u.", request->parent, parent.mtu);
	return r;
}

int op_vlan_create(struct op *op, const struct hycan_vlan_create_request *request, struct hycan_vlan_create_reply *reply)
{
	int r = ensure_link(op, "vlan", request->name, create, same, request, &reply->link);

	if (r == -ENODEV)
		return op_refuse_no_link(op, "parent", request->parent);
	if (r == -EEXIST)
		return refuse_twin(op, request);
	if ((r == -EINVAL || r == -ERANGE) && request->has_mtu)
		return refuse_mtu(op, request, r);
	return r;
}
