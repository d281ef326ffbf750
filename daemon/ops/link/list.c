/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.list: the links of the namespace (rtnetlink(7), RTM_GETLINK). */
#include "kernel/link.h"
#include "table.h"

static int answer(const struct hycan_link *link, void *userdata)
{
	struct op *op = userdata;

	return op->answer(op, link);
}

int op_link_list(struct op *op, const struct hycan_link_list_request *request)
{
	return kernel_link_list(op->scope, request->has_kind ? request->kind : NULL, answer, op);
}
