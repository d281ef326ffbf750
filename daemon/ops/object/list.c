/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.list: what the daemon made. */
#include "table.h"

int op_object_list(struct op *op, const struct hycan_object_list_request *request)
{
	return op->server->objects(op, request);
}
