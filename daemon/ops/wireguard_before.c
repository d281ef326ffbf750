/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the peers of an interface are before a request changes them, so that it can be taken back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "wireguard.h"

static struct hycan_wireguard_peer_config config_of(const struct kernel_wireguard *is, size_t i)
{
	const struct hycan_wireguard_peer *peer = &is->peers[i];

	return (struct hycan_wireguard_peer_config){
		.public_key = peer->public_key,
		.has_preshared_key = true,
		.preshared_key = is->preshared_keys[i],
		.has_endpoint = peer->has_endpoint,
		.endpoint = peer->endpoint,
		.has_persistent_keepalive = true,
		.persistent_keepalive = peer->persistent_keepalive,
		.has_allowed_ips = true,
		.allowed_ips = peer->allowed_ips,
		.n_allowed_ips = peer->n_allowed_ips,
	};
}

int wireguard_before_peer(struct op *op, const char *name, const struct kernel_wireguard *is, size_t i, bool gets_endpoint)
{
	struct hycan_wireguard_peer_set_request back = { .wireguard_peer_config = config_of(is, i) };
	struct hycan_wireguard_peer_remove_request away = { .public_key = is->peers[i].public_key };
	int r;

	snprintf(back.name, sizeof(back.name), "%s", name);
	snprintf(away.name, sizeof(away.name), "%s", name);
	r = op_undo(op, HYCAN_OPERATION_WIREGUARD_PEER_SET, &back);
	explicit_bzero(&back, sizeof(back));
	if (r == 0 && gets_endpoint && !is->peers[i].has_endpoint)
		r = op_undo_in_kernel(op, HYCAN_OPERATION_WIREGUARD_PEER_REMOVE, &away);
	return r;
}

int wireguard_before_key(struct op *op, const char *name, const struct kernel_wireguard *is, const struct hycan_key *private_key)
{
	struct hycan_key itself;
	size_t i;
	int r;

	if (is->n_peers == 0 || kernel_wireguard_key_is_none(private_key))
		return 0;
	r = kernel_wireguard_public_key(private_key, &itself);
	if (r < 0)
		return r;
	i = kernel_wireguard_find_peer(is, &itself);
	return i < is->n_peers ? wireguard_before_peer(op, name, is, i, false) : 0;
}

int wireguard_before_all(struct op *op, const char *name, const struct kernel_wireguard *is)
{
	struct hycan_wireguard_sync_request back = { .n_peers = is->n_peers };
	struct hycan_wireguard_peer_config *peers;
	int r;

	if (!op_undoable(op))
		return 0;
	peers = calloc(is->n_peers + 1, sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	for (size_t i = 0; i < is->n_peers; i++)
		peers[i] = config_of(is, i);
	snprintf(back.name, sizeof(back.name), "%s", name);
	back.peers = peers;
	r = op_undo(op, HYCAN_OPERATION_WIREGUARD_SYNC, &back);
	explicit_bzero(peers, is->n_peers * sizeof(*peers));
	free(peers);
	return r;
}
