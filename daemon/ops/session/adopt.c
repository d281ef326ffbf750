/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.adopt: a connection goes on as a former one. */
#include "table.h"

int op_session_adopt(struct op *op, const struct hycan_session_adopt_request *request, struct hycan_session_adopt_reply *reply)
{
	return op->server->adopt(op, request->token, &reply->objects);
}
