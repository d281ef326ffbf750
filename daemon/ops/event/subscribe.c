/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event.subscribe: what there is, and what changes. */
#include "table.h"

int op_event_subscribe(struct op *op, const struct hycan_event_subscribe_request *request)
{
	return op->server->subscribe(op, request);
}
