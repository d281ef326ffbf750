/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemon.status: what the daemon did since it started. */
#include "table.h"

int op_daemon_status(struct op *op, const struct hycan_daemon_status_request *request, struct hycan_daemon_status_reply *reply)
{
	(void)request;
	return op->server->status(op, reply);
}
