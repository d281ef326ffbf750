/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.get: one link (rtnetlink(7), RTM_GETLINK). */
#include <errno.h>

#include "kernel/link.h"
#include "table.h"

int op_link_get(struct op *op, const struct hycan_link_get_request *request, struct hycan_link_get_reply *reply)
{
	int r = kernel_link_get(op->scope, request->name, &reply->link);

	return r == -ENODEV ? op_refuse_no_link(op, "name", request->name) : r;
}
