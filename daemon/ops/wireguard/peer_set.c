/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wireguard.peer_set: adds or changes one peer.
 *
 * The kernel cannot show a single peer, so this reads all of them: for many changes at once there is wireguard.sync.
 */
#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

int op_wireguard_peer_set(struct op *op, const struct hycan_wireguard_peer_set_request *request)
{
	_cleanup_(wireguard_plan_free) struct wireguard_plan *plan = NULL;
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	const struct hycan_wireguard_peer_config *peer = &request->wireguard_peer_config;
	int r;

	r = kernel_wireguard_get_peer(op->scope, request->name, &peer->public_key, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	r = wireguard_plan(op, is, peer, 1, false, &plan);
	if (r)
		return r;
	op->unchanged = plan->added == 0;
	return wireguard_refuse(op, request->name,
	                        kernel_wireguard_change_peers(op->scope, request->name, plan->changes, plan->n_changes));
}
