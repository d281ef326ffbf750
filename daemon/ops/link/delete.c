/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.delete: removes a link for good (rtnetlink(7), RTM_DELLINK); of a pair, both ends.
 *
 * A CAN controller is looked for first: the kernel would say that it was deleted, and leave it where it is. The link of a network that
 * a stranger took out of our table goes by this, too, and first the forwarding that it needed: a daemon that is killed in between finds
 * the link, and does both again.
 */
#include <errno.h>

#include "kernel/link.h"
#include "network.h"
#include "table.h"

int op_link_delete(struct op *op, const struct hycan_link_delete_request *request)
{
	struct hycan_link link;
	int r;

	r = kernel_link_get(op->scope, request->name, &link);
	if (r == 0 && link.has_can)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "name",
		                 "The link “%s” is that of a CAN controller: hardware cannot be deleted.", request->name);
	if (r == 0)
		r = network_release_left(op, request->name);
	if (r == 0)
		r = kernel_link_delete(op->scope, request->name);
	if (r == -ENODEV)
		return op_refuse_no_link(op, "name", request->name);
	if (r == -EOPNOTSUPP)
		return op_refuse_kernel(op, HYCAN_REFUSAL_UNSUPPORTED, "name", r, "The kernel does not delete the link “%s”",
		                        request->name);
	return r;
}
