/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.list: none where the kernel could not have any. */
#include <errno.h>

#include "cleanup.h"
#include "kernel/port.h"
#include "nat.h"
#include "table.h"

int op_port_list(struct op *op, const struct hycan_port_list_request *request)
{
	_cleanup_free_ struct hycan_port_mapping *mappings = NULL;
	size_t n = 0;
	int r;

	(void)request;
	r = kernel_port_list(op->scope, &mappings, &n);
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : nat_refuse(op, r);
	for (size_t i = 0; i < n; i++) {
		r = op->answer(op, &mappings[i]);
		if (r < 0)
			return r;
	}
	return 0;
}
