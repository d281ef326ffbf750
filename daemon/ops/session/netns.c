/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.netns: later requests act in another network namespace.
 *
 * Root may enter any. Others may enter one whose user namespace is their own: there they could do everything themselves,
 * so the daemon gives nothing away (ioctl_ns(2)).
 */
#include <errno.h>

#include "cleanup.h"
#include "kernel/namespace.h"
#include "kernel/scope.h"
#include "table.h"

int op_session_netns(struct op *op, const struct hycan_session_netns_request *request, struct hycan_session_netns_reply *reply)
{
	_cleanup_(kernel_scope_free) struct kernel_scope *scope = NULL;
	uid_t owner;
	int r;

	r = kernel_namespace_owner(request->netns, &owner);
	if (r == -ENOTTY || r == -EINVAL)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "netns",
		                 "The descriptor is no network namespace; open /proc/PID/ns/net or /run/netns/NAME and send that.");
	if (r < 0)
		return r;
	if (op->subject != 0 && op->subject != owner)
		return op_refuse(
			op, HYCAN_REFUSAL_DENIED, "netns",
			"The network namespace belongs to a user namespace of uid %u; only that user and root may act in it.",
			owner);
	r = kernel_scope_open(request->netns, &scope);
	if (r < 0)
		return r;
	reply->netns = kernel_scope_inode(scope);
	r = op->server->enter(op, scope, request->netns);
	if (r == 0)
		(void)steal(&scope);
	return r;
}
