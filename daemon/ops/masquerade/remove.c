/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masquerade.remove. */
#include <errno.h>

#include "kernel/masquerade.h"
#include "kernel/nat.h"
#include "nat.h"
#include "table.h"

int op_masquerade_remove(struct op *op, const struct hycan_masquerade_remove_request *request)
{
	const struct hycan_masquerade *m = &request->masquerade;
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	const struct hycan_masquerade_add_request made = { .masquerade = *m };
	int r = op_undo(op, HYCAN_OPERATION_MASQUERADE_ADD, &made);

	if (r == 0)
		r = kernel_masquerade_remove(op->scope, m);
	if (r == 0 && op->exact)
		r = kernel_nat_tidy(op->scope);
	op->unchanged = r == -ENOENT && op_let_go_lost(op, HYCAN_OBJECT_KIND_MASQUERADE, &made);
	if (op->unchanged)
		return 0;
	if (r == -ENOENT)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "subnet", "%s is not masqueraded%s%s.",
		                 hycan_prefix_format(&m->subnet, text, sizeof(text)),
		                 m->has_out_interface ? " through the link " : " through every link",
		                 m->has_out_interface ? m->out_interface : "");
	return nat_refuse(op, r);
}
