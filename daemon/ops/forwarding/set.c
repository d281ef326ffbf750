/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forwarding.set. */
#include "forwarding.h"
#include "kernel/forwarding.h"
#include "table.h"

int op_forwarding_set(struct op *op, const struct hycan_forwarding_set_request *request)
{
	const char *link = request->has_interface ? request->interface : NULL;
	bool changed = false;
	int r = kernel_forwarding_set(op->scope, request->family, link, request->on, &changed);

	op->unchanged = r == 0 && !changed;
	return forwarding_refuse(op, request->family, link, r);
}
