/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masquerade.list: none where the kernel could not have any. */
#include <errno.h>

#include "cleanup.h"
#include "kernel/masquerade.h"
#include "nat.h"
#include "table.h"

int op_masquerade_list(struct op *op, const struct hycan_masquerade_list_request *request)
{
	_cleanup_free_ struct hycan_masquerade *masquerades = NULL;
	size_t n = 0;
	int r;

	(void)request;
	r = kernel_masquerade_list(op->scope, &masquerades, &n);
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : nat_refuse(op, r);
	for (size_t i = 0; i < n; i++) {
		r = op->answer(op, &masquerades[i]);
		if (r < 0)
			return r;
	}
	return 0;
}
