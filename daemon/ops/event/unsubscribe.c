/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event.unsubscribe: the end of a subscription. */
#include "table.h"

int op_event_unsubscribe(struct op *op, const struct hycan_event_unsubscribe_request *request)
{
	return op->server->unsubscribe(op, request->subscription);
}
