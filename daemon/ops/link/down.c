/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.down: clears IFF_UP (netdevice(7)), of a link that nobody else holds. What is down already concerns nobody. */
#include <errno.h>

#include "before.h"
#include "kernel/link.h"
#include "table.h"

int op_link_down(struct op *op, const struct hycan_link_down_request *request)
{
	struct hycan_link link;
	int r = kernel_link_get(op->scope, request->name, &link);

	op->unchanged = r == 0 && !link.up;
	if (op->unchanged)
		return 0;
	if (r == 0)
		r = op_claim(op, request);
	if (r == 0)
		r = before_link_down(op, &link);
	if (r == 0)
		r = kernel_link_set_up(op->scope, request->name, false);
	return r == -ENODEV ? op_refuse_no_link(op, "name", request->name) : r;
}
