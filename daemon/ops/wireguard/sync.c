/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.sync: the whole set of peers at once. Peers that are as they should be are not touched. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

/* Which of the wanted peers are there already. */
static const bool *find_unchanged(struct op *op, const struct hycan_wireguard_sync_request *request,
                                  const struct wireguard_plan *plan)
{
	bool *unchanged = op->memory(op, request->n_peers * sizeof(*unchanged));

	if (!unchanged)
		return NULL;
	memset(unchanged, true, request->n_peers * sizeof(*unchanged));
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct kernel_wireguard_change *change = &plan->changes[i];

		/* the plan points at the keys of the request */
		if (!change->remove && !change->update_only)
			unchanged[((const char *)change->public_key - (const char *)request->peers) / sizeof(*request->peers)] =
				false;
	}
	return unchanged;
}

/* Says what all peers are, with which a plan compares. One that had no endpoint, and is given one, is removed before it is put back. */
static int before_in_plan(struct op *op, const struct hycan_wireguard_sync_request *request, const struct kernel_wireguard *is)
{
	struct hycan_wireguard_peer_remove_request away = { 0 };
	int r = wireguard_before_all(op, request->name, is);

	memcpy(away.name, request->name, sizeof(away.name));
	for (size_t i = 0; op_undoable(op) && i < request->n_peers; i++)
		for (size_t k = 0; r == 0 && request->peers[i].has_endpoint && k < is->n_peers; k++) {
			away.public_key = is->peers[k].public_key;
			if (!is->peers[k].has_endpoint &&
			    memcmp(&away.public_key, &request->peers[i].public_key, sizeof(away.public_key)) == 0)
				r = op_undo_in_kernel(op, HYCAN_OPERATION_WIREGUARD_PEER_REMOVE, &away);
		}
	return r;
}

/* Says what those are that will be otherwise, or go. */
static int before_change(struct op *op, const char *name, const struct kernel_wireguard *is, const struct wireguard_plan *plan)
{
	int r = 0;

	for (size_t i = 0; i < plan->n_former && r == 0; i++)
		r = wireguard_before_peer(op, name, is, plan->former[i].at, plan->former[i].gets_endpoint);
	return r;
}

/* And which come, and are to go: the others may be anybody's meanwhile. */
static int before(struct op *op, const struct hycan_wireguard_sync_request *request, const struct kernel_wireguard *is,
                  const struct wireguard_plan *plan)
{
	struct hycan_wireguard_peer_remove_request away = { 0 };
	int r;

	if (!op_undoable(op))
		return 0;
	r = op->plan ? before_in_plan(op, request, is) : before_change(op, request->name, is, plan);
	memcpy(away.name, request->name, sizeof(away.name));
	for (size_t i = 0; i < plan->n_changes && r == 0; i++) {
		if (plan->changes[i].remove || plan->changes[i].update_only)
			continue;
		away.public_key = *plan->changes[i].public_key;
		r = op_undo(op, HYCAN_OPERATION_WIREGUARD_PEER_REMOVE, &away);
	}
	return r;
}

/*
 * Those that are there, and are to be otherwise or to go, must be the caller's: the ledger was asked before they were read, and since
 * then others may have made some.
 */
static int claim_changed(struct op *op, const struct hycan_wireguard_sync_request *request, const struct wireguard_plan *plan)
{
	struct hycan_wireguard_sync_request *changed = op->memory(op, sizeof(*changed));
	struct hycan_wireguard_peer_config *peers;
	size_t n = 0;

	if (plan->n_changes == 0)
		return 0;
	peers = op->memory(op, plan->n_changes * sizeof(*peers));
	if (!peers || !changed)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_changes; i++)
		if (plan->changes[i].update_only || plan->changes[i].remove)
			peers[n++] = (struct hycan_wireguard_peer_config){ .public_key = *plan->changes[i].public_key };
	*changed = (struct hycan_wireguard_sync_request){ .peers = peers, .n_peers = n };
	memcpy(changed->name, request->name, sizeof(changed->name));
	return op_claim_change(op, changed);
}

int op_wireguard_sync(struct op *op, const struct hycan_wireguard_sync_request *request, struct hycan_wireguard_sync_reply *reply)
{
	_cleanup_(wireguard_plan_free) struct wireguard_plan *plan = NULL;
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	const struct hycan_wireguard_peer_config *peers = request->peers;
	size_t n = request->n_peers;
	int r;

	r = kernel_wireguard_get(op->scope, request->name, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	r = wireguard_unseal(op, is, &peers, &n);
	if (r < 0)
		return r;
	r = wireguard_plan(op, is, peers, n, !op->back, &plan);
	if (r)
		return r;
	r = op->sealed ? 0 : claim_changed(op, request, plan);
	if (r == 0)
		r = before(op, request, is, plan);
	if (r)
		return r;
	/* of one that is gone on with it is known what was there when it began */
	op->items_unchanged = op->sealed ? NULL : find_unchanged(op, request, plan);
	if (!op->sealed && !op->items_unchanged)
		return -ENOMEM;
	r = kernel_wireguard_change_peers(op->scope, request->name, plan->changes, plan->n_changes);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	reply->added = plan->added;
	reply->changed = plan->changed;
	reply->removed = plan->removed;
	return 0;
}
