/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.confirm: makes a transaction last; the server's work. */
#include "table.h"

int op_transaction_confirm(struct op *op, const struct hycan_transaction_confirm_request *request)
{
	return op->server->confirm(op, request->token);
}
