/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masquerade.add. */
#include <errno.h>

#include "kernel/masquerade.h"
#include "nat.h"
#include "table.h"

int op_masquerade_add(struct op *op, const struct hycan_masquerade_add_request *request)
{
	const struct hycan_masquerade *m = &request->masquerade;
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r;

	if (m->subnet.length == 0 && !m->has_out_interface)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "out_interface",
		                 "Every destination lies in %s, and packets to the subnet itself are left alone; give the link "
		                 "through which they leave.",
		                 hycan_prefix_format(&m->subnet, text, sizeof(text)));
	r = kernel_masquerade_add(op->scope, m);
	if (r == -EALREADY && op->exclusive)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "subnet", "%s is masqueraded already.",
		                 hycan_prefix_format(&m->subnet, text, sizeof(text)));
	op->unchanged = r == -EALREADY;
	return op->unchanged ? 0 : nat_refuse(op, r);
}
