/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.replace_end: what was not asked for goes. */
#include "table.h"

int op_object_replace_end(struct op *op, const struct hycan_object_replace_end_request *request,
                          struct hycan_object_replace_end_reply *reply)
{
	(void)request;
	return op->server->replace_end(op, &reply->removed);
}
