/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.clear: everything that the daemon made goes. */
#include "subject.h"
#include "table.h"

int op_object_clear(struct op *op, const struct hycan_object_clear_request *request, struct hycan_object_clear_reply *reply)
{
	bool others = (request->has_all && request->all) || (request->has_uid && request->uid != op->subject) ||
	              (request->has_cid && subject_of_cid(request->cid) != op->subject);

	if (others && !op->any_owner)
		return op_refuse(op, HYCAN_REFUSAL_DENIED,
		                 request->has_cid   ? "cid"
		                 : request->has_uid ? "uid"
		                                    : "all",
		                 "What others made goes by root alone, and by whom policy allows object.clear with owner=any.");
	if (op->plan || op_undoable(op))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, NULL,
		                 "object.clear cannot be taken back, so it is no step of a transaction: ask for it alone.");
	return op->server->clear(op, request, reply);
}
