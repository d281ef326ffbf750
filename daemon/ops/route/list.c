/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.list. */
#include <errno.h>
#include <linux/rtnetlink.h>

#include "kernel/route.h"
#include "table.h"

static int found(const struct hycan_route *route, void *userdata)
{
	struct op *op = userdata;

	return op->answer(op, route);
}

int op_route_list(struct op *op, const struct hycan_route_list_request *request)
{
	const struct kernel_route_filter filter = {
		.table = request->has_table ? request->table : RT_TABLE_MAIN,
		.family = request->has_family ? (uint8_t)request->family : 0,
		.protocol = request->has_protocol ? request->protocol : 0,
		.link = request->has_link ? request->link : NULL,
	};
	int r;

	r = kernel_route_list(op->scope, &filter, found, op);
	return r == -ENODEV && request->has_link ? op_refuse_no_link(op, "link", request->link) : r;
}
