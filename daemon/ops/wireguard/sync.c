/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.sync: the whole set of peers at once. Peers that are as they should be are not touched. */
#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

int op_wireguard_sync(struct op *op, const struct hycan_wireguard_sync_request *request, struct hycan_wireguard_sync_reply *reply)
{
	_cleanup_(wireguard_plan_free) struct wireguard_plan *plan = NULL;
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	int r;

	r = kernel_wireguard_get(op->scope, request->name, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	r = wireguard_plan(op, is, request->peers, request->n_peers, true, &plan);
	if (r)
		return r;
	r = kernel_wireguard_change_peers(op->scope, request->name, plan->changes, plan->n_changes);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	reply->added = plan->added;
	reply->changed = plan->changed;
	reply->removed = plan->removed;
	return 0;
}
