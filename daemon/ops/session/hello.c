/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.hello: both sides say what they speak. */
#include "table.h"

int op_session_hello(struct op *op, const struct hycan_session_hello_request *request, struct hycan_session_hello_reply *reply)
{
	if (request->version != HYCAN_PROTOCOL_VERSION)
		return op_refuse(op, HYCAN_REFUSAL_VERSION, "version",
		                 "The client speaks version %u of the protocol and this daemon version %u: update the older one.",
		                 request->version, HYCAN_PROTOCOL_VERSION);
	return op->server->hello(op, request, reply);
}
