/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forwarding.get. */
#include "forwarding.h"
#include "kernel/forwarding.h"
#include "table.h"

int op_forwarding_get(struct op *op, const struct hycan_forwarding_get_request *request, struct hycan_forwarding_get_reply *reply)
{
	const char *link = request->has_interface ? request->interface : NULL;

	return forwarding_refuse(op, request->family, link, kernel_forwarding_get(op->scope, request->family, link, &reply->on));
}
