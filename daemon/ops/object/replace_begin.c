/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.replace_begin: what is asked for from now on stays. */
#include "table.h"

int op_object_replace_begin(struct op *op, const struct hycan_object_replace_begin_request *request)
{
	return op->server->replace_begin(op, request);
}
