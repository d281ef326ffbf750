/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.cancel: takes back a transaction that waits to be confirmed; the server's work. */
#include "table.h"

int op_transaction_cancel(struct op *op, const struct hycan_transaction_cancel_request *request)
{
	return op->server->cancel(op, request->token);
}
