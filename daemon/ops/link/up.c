/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.up: sets IFF_UP (netdevice(7)). */
#include <errno.h>

#include "kernel/link.h"
#include "table.h"

int op_link_up(struct op *op, const struct hycan_link_up_request *request)
{
	int r = kernel_link_set_up(op->scope, request->name, true);

	return r == -ENODEV ? op_refuse_no_link(op, "name", request->name) : r;
}
