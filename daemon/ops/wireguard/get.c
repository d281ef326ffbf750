/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.get: an interface and its peers, without private and preshared keys. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

/* A list that lives as long as the answer. */
static void *copy(struct op *op, const void *list, size_t n, size_t size)
{
	void *copied = op->memory(op, n ? n * size : 1);

	if (copied && n)
		memcpy(copied, list, n * size);
	return copied;
}

int op_wireguard_get(struct op *op, const struct hycan_wireguard_get_request *request, struct hycan_wireguard_get_reply *reply)
{
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	struct hycan_wireguard_peer *peers;
	struct hycan_prefix *allowed_ips;
	int r;

	r = kernel_wireguard_get(op->scope, request->name, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	peers = copy(op, is->peers, is->n_peers, sizeof(*peers));
	allowed_ips = copy(op, is->allowed_ips, is->n_allowed_ips, sizeof(*allowed_ips));
	if (!peers || !allowed_ips)
		return -ENOMEM;
	for (size_t i = 0, n = 0; i < is->n_peers; i++) {
		peers[i].allowed_ips = peers[i].n_allowed_ips ? allowed_ips + n : NULL;
		n += peers[i].n_allowed_ips;
	}
	reply->device = is->device;
	reply->peers = peers;
	reply->n_peers = is->n_peers;
	return 0;
}
