/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.rename: another name for a link (IFLA_IFNAME) that nobody else holds, who would not find it any more. */
#include <errno.h>
#include <string.h>

#include "kernel/link.h"
#include "table.h"

static int refuse(struct op *op, const struct hycan_link *link, const char *new_name, int error)
{
	if (error == -ENODEV)
		return op_refuse_no_link(op, "name", link->name);
	if (error == -EEXIST)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "new_name",
		                 "“%s” is the name of a link already; choose another, or rename or delete that link first.",
		                 new_name);
	if (error == -EBUSY && link->up)
		return op_refuse(
			op, HYCAN_REFUSAL_BUSY, "name",
			"The link “%s” is up, and this kernel renames only links that are down: set it down first (link.down).",
			link->name);
	return error;
}

int op_link_rename(struct op *op, const struct hycan_link_rename_request *request)
{
	struct hycan_link_rename_request back = { 0 };
	struct hycan_link link, other;
	int r;

	r = kernel_link_get(op->scope, request->name, &link);
	/* whoever has that name now */
	op->unchanged = r == -ENODEV && op->may_be_gone && kernel_link_get(op->scope, request->new_name, &link) == 0;
	if (op->unchanged)
		return 0;
	if (r == -ENODEV)
		return op_refuse_no_link(op, "name", request->name);
	if (r < 0)
		return r;
	op->unchanged = strcmp(link.name, request->new_name) == 0;
	if (op->unchanged)
		return 0;
	/* the kernel is not there to say so */
	if (op->plan && kernel_link_get(op->scope, request->new_name, &other) == 0)
		return refuse(op, &link, request->new_name, -EEXIST);
	r = op_claim(op, request);
	if (r != 0)
		return r;
	memcpy(back.name, request->new_name, sizeof(back.name));
	memcpy(back.new_name, link.name, sizeof(back.new_name));
	r = op_undo(op, HYCAN_OPERATION_LINK_RENAME, &back);
	if (r < 0)
		return r;
	r = kernel_link_rename(op->scope, link.ifindex, request->new_name);
	return r < 0 ? refuse(op, &link, request->new_name, r) : 0;
}
