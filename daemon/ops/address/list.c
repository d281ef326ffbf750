/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address.list. */
#include <errno.h>

#include "kernel/address.h"
#include "table.h"

static int found(const struct hycan_link_address *address, void *userdata)
{
	struct op *op = userdata;

	return op->answer(op, address);
}

int op_address_list(struct op *op, const struct hycan_address_list_request *request)
{
	int r;

	r = kernel_address_list(op->scope, request->has_link ? request->link : NULL,
	                        request->has_family ? (uint8_t)request->family : 0, found, op);
	if (r == -ENODEV && request->has_link)
		return op_refuse_no_link(op, "link", request->link);
	return r;
}
