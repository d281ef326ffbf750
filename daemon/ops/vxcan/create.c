/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxcan.create: a pair of virtual CAN links (drivers/net/can/vxcan.c).
 *
 * Each end has the other as its parent. An end whose peer lives in another namespace has none here, and is not the pair
 * that was asked for.
 */
#include <errno.h>
#include <string.h>

#include "can_mtu.h"
#include "ensure.h"
#include "kernel/link.h"
#include "kernel/vxcan.h"
#include "table.h"

static int create(struct kernel_scope *scope, const void *request, struct hycan_link *ret_link)
{
	const struct hycan_vxcan_create_request *r = request;

	return kernel_vxcan_create(scope, r->name, r->peer, r->has_mtu ? r->mtu : 0, ret_link);
}

static bool same(const struct hycan_link *link, const void *request)
{
	const struct hycan_vxcan_create_request *r = request;

	return link->has_parent && strcmp(link->parent, r->peer) == 0 && (!r->has_mtu || link->mtu == r->mtu);
}

/* The other end has its own mtu, which somebody may have changed. */
static int check_peer(struct op *op, const struct hycan_vxcan_create_request *request)
{
	struct hycan_link peer;
	int r;

	r = kernel_link_get(op->scope, request->peer, &peer);
	if (r < 0 || peer.mtu == request->mtu)
		return r;
	return op_refuse(op, HYCAN_REFUSAL_EXISTS, "mtu",
	                 "The pair exists already, and the mtu of “%s” is %u; change it, or delete the pair first.", request->peer,
	                 peer.mtu);
}

int op_vxcan_create(struct op *op, const struct hycan_vxcan_create_request *request, struct hycan_vxcan_create_reply *reply)
{
	int r;

	if (strcmp(request->name, request->peer) == 0)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "peer", "The two ends of a pair cannot both be called “%s”.",
		                 request->name);
	r = op_check_can_mtu(op, request->has_mtu, request->mtu);
	if (r != 0)
		return r;
	r = ensure_link(op, "vxcan", request->name, create, same, request, &reply->link);
	if (r == -EEXIST)
		return op_refuse(
			op, HYCAN_REFUSAL_EXISTS, "peer",
			"A link “%s” exists already, and is not the other end of “%s”; delete it first, or choose another name.",
			request->peer, request->name);
	/* one that was made now has it at both ends */
	return r == 0 && op->unchanged && request->has_mtu ? check_peer(op, request) : r;
}
