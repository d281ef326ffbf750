/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.whoami: who the daemon thinks the caller is. */
#include "table.h"

int op_session_whoami(struct op *op, const struct hycan_session_whoami_request *request, struct hycan_session_whoami_reply *reply)
{
	(void)request;
	return op->server->whoami(op, reply);
}
