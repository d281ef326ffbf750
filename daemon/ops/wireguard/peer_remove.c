/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.peer_remove: removes one peer. The kernel says nothing about one that it does not know, so it is looked for. */
#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

int op_wireguard_peer_remove(struct op *op, const struct hycan_wireguard_peer_remove_request *request)
{
	const struct kernel_wireguard_change change = { .public_key = &request->public_key, .remove = true };
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	char text[HYCAN_KEY_TEXT_SIZE];
	int r;

	r = kernel_wireguard_get_peer(op->scope, request->name, &request->public_key, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	if (is->n_peers == 0)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "public_key", "“%s” has no peer %s.", request->name,
		                 hycan_key_format(&request->public_key, text, sizeof(text)));
	r = wireguard_before_peer(op, request->name, is, 0, false);
	if (r < 0)
		return r;
	return wireguard_refuse(op, request->name, kernel_wireguard_change_peers(op->scope, request->name, &change, 1));
}
