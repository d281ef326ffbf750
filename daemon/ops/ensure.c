/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * “Make sure it is there”.
 *
 * The kernel is asked first, so that a second request changes and announces nothing. Whoever is faster in between is met
 * by the look after the attempt.
 */
#include <errno.h>
#include <string.h>

#include "ensure.h"
#include "kernel/link.h"

int ensure_link(struct op *op, const char *kind, const char *name, ensure_create *create, ensure_same *same, const void *request,
                struct hycan_link *ret_link)
{
	int r;

	r = kernel_link_get(op->scope, name, ret_link);
	if (r == -ENODEV) {
		r = create(op->scope, request, ret_link);
		if (r == -EOPNOTSUPP)
			return op_refuse_kernel(op, HYCAN_REFUSAL_UNSUPPORTED, NULL, r, "The kernel cannot make the %s link “%s”",
			                        kind, name);
		if (r != -EEXIST)
			return r;
		r = kernel_link_get(op->scope, name, ret_link);
		if (r == -ENODEV)
			return -EEXIST;
	}
	if (r < 0)
		return r;
	if (op->exclusive)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "name", "A link “%s” exists already.", name);
	if (!ret_link->has_kind || strcmp(ret_link->kind, kind) != 0)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "name", "A link “%s” exists already, of kind %s.", name,
		                 ret_link->has_kind ? ret_link->kind : "hardware");
	if (!same(ret_link, request))
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "name",
		                 "A %s link “%s” exists already with other properties; delete it first, or choose another name.",
		                 kind, name);
	op->unchanged = true;
	return 0;
}
