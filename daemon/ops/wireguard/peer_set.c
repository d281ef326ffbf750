/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wireguard.peer_set: adds or changes one peer.
 *
 * The kernel cannot show a single peer, so this reads all of them: for many changes at once there is wireguard.sync.
 */
#include <string.h>

#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

static bool has_allowed_ip(const struct hycan_wireguard_peer *peer, const struct hycan_prefix *prefix)
{
	for (size_t i = 0; i < peer->n_allowed_ips; i++)
		if (memcmp(&peer->allowed_ips[i], prefix, sizeof(*prefix)) == 0)
			return true;
	return false;
}

/* Says what the peer is, and those that an allowed IP is taken from. One that is added is simply removed again. */
static int before(struct op *op, const struct hycan_wireguard_peer_set_request *request)
{
	const struct hycan_wireguard_peer_config *config = &request->wireguard_peer_config;
	struct hycan_wireguard_peer_remove_request away = { .public_key = config->public_key };
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	bool known = false, takes = false;
	int r;

	if (!op_undoable(op))
		return 0;
	r = kernel_wireguard_get(op->scope, request->name, &is);
	for (size_t i = 0; r == 0 && i < is->n_peers; i++) {
		bool same = memcmp(&is->peers[i].public_key, &config->public_key, sizeof(config->public_key)) == 0, loses = false;

		for (size_t k = 0; !same && !loses && config->has_allowed_ips && k < config->n_allowed_ips; k++)
			loses = has_allowed_ip(&is->peers[i], &config->allowed_ips[k]);
		known = known || same;
		takes = takes || loses;
		if (same || loses)
			r = wireguard_before_peer(op, request->name, is, i, same && config->has_endpoint);
	}
	if (r < 0 || known || !takes)
		return r;
	memcpy(away.name, request->name, sizeof(away.name));
	return op_undo(op, HYCAN_OPERATION_WIREGUARD_PEER_REMOVE, &away);
}

int op_wireguard_peer_set(struct op *op, const struct hycan_wireguard_peer_set_request *request)
{
	_cleanup_(wireguard_plan_free) struct wireguard_plan *plan = NULL;
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	const struct hycan_wireguard_peer_config *peer = &request->wireguard_peer_config;
	size_t n = 1;
	int r;

	r = kernel_wireguard_get_peer(op->scope, request->name, &peer->public_key, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	r = wireguard_unseal(op, is, &peer, &n);
	if (r < 0)
		return r;
	r = wireguard_plan(op, is, peer, n, false, &plan);
	if (r)
		return r;
	op->unchanged = plan->added == 0;
	/* what is there may be otherwise only where it is the caller's */
	if (op->unchanged && plan->n_changes)
		r = op_claim_change(op, request);
	if (r != 0)
		return r;
	if (plan->n_changes)
		r = before(op, request);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	return wireguard_refuse(op, request->name,
	                        kernel_wireguard_change_peers(op->scope, request->name, plan->changes, plan->n_changes));
}
