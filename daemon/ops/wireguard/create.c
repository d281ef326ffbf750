/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.create: a WireGuard link, without key and peers (drivers/net/wireguard). */
#include "ensure.h"
#include "kernel/link.h"
#include "table.h"

static int create(struct kernel_scope *scope, const void *request, struct hycan_link *ret_link)
{
	const struct hycan_wireguard_create_request *r = request;

	return kernel_link_create(scope, "wireguard", r->name, r->has_mtu ? r->mtu : 0, ret_link);
}

static bool same(const struct hycan_link *link, const void *request)
{
	const struct hycan_wireguard_create_request *r = request;

	return !r->has_mtu || link->mtu == r->mtu;
}

int op_wireguard_create(struct op *op, const struct hycan_wireguard_create_request *request,
                        struct hycan_wireguard_create_reply *reply)
{
	return ensure_link(op, "wireguard", request->name, create, same, request, &reply->link);
}
