/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.list: transactions that wait to be confirmed; the server's work. */
#include "table.h"

int op_transaction_list(struct op *op, const struct hycan_transaction_list_request *request)
{
	(void)request;
	return op->server->pending(op);
}
