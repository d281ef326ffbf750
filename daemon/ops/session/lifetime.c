/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.lifetime: how long the caller holds what it asks for from now on. */
#include "table.h"

int op_session_lifetime(struct op *op, const struct hycan_session_lifetime_request *request)
{
	if (request->lifetime == HYCAN_LIFETIME_LEASE && !request->has_seconds)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "seconds", "A lease has an end: give the seconds.");
	if (request->lifetime != HYCAN_LIFETIME_LEASE && request->has_seconds)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "seconds", "Only a lease ends after some seconds; leave them out.");
	return op->server->lifetime(op, request);
}
