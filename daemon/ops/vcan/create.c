/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcan.create: a virtual CAN link (drivers/net/can/vcan.c). */
#include "can_mtu.h"
#include "ensure.h"
#include "kernel/link.h"
#include "table.h"

static int create(struct kernel_scope *scope, const void *request, struct hycan_link *ret_link)
{
	const struct hycan_vcan_create_request *r = request;

	return kernel_link_create(scope, "vcan", r->name, r->has_mtu ? r->mtu : 0, ret_link);
}

static bool same(const struct hycan_link *link, const void *request)
{
	const struct hycan_vcan_create_request *r = request;

	return !r->has_mtu || link->mtu == r->mtu;
}

int op_vcan_create(struct op *op, const struct hycan_vcan_create_request *request, struct hycan_vcan_create_reply *reply)
{
	int r = op_check_can_mtu(op, request->has_mtu, request->mtu);

	return r != 0 ? r : ensure_link(op, "vcan", request->name, create, same, request, &reply->link);
}
