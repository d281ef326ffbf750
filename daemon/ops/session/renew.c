/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.renew: leases last as long again. */
#include "table.h"

int op_session_renew(struct op *op, const struct hycan_session_renew_request *request)
{
	return op->server->renew(op, request->has_token ? request->token : NULL);
}
