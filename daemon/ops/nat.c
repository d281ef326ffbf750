/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about masquerade and port mappings have in common. */
#include <errno.h>

#include "kernel/scope.h"
#include "nat.h"

int nat_refuse(struct op *op, int r)
{
	if (r == -EOPNOTSUPP)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, NULL, "%s", kernel_scope_message(op->scope));
	if (r == -EBUSY)
		return op_refuse(op, HYCAN_REFUSAL_BUSY, NULL, "%s", kernel_scope_message(op->scope));
	if (r == -ERESTART || r == -EINTR)
		return op_refuse(op, HYCAN_REFUSAL_BUSY, NULL,
		                 "Somebody else changes the rules of nf_tables all the time; try again.");
	return r;
}
