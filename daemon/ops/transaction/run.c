/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.run: many requests as one; the server's work. */
#include "table.h"

int op_transaction_run(struct op *op, const struct hycan_transaction_run_request *request,
                       struct hycan_transaction_run_reply *reply)
{
	return op->server->transaction(op, request, reply);
}
