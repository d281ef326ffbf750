/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "along.h"
#include "cleanup.h"
#include "kernel/neighbour.h"
#include "kernel/rule.h"

int along_say_sysctls(struct op *op, const char *link, const struct kernel_sysctls *sysctls)
{
	return sysctls->size ? op_undo_along(op, OP_ALONG_SYSCTLS, link, sysctls->lines, sysctls->size) : 0;
}

int along_say_neighbours(struct op *op, const char *link, uint8_t family)
{
	_cleanup_(kernel_neighbours_free) struct kernel_neighbours kept = { 0 };
	int r = kernel_neighbour_keep(op->scope, link, family, &kept);

	return r == 0 && kept.size ? op_undo_along(op, OP_ALONG_NEIGHBOURS, link, kept.messages, kept.size) : r;
}

int along_say_rule_place(struct op *op, const struct hycan_rule *wanted)
{
	_cleanup_(kernel_rule_place_free) struct kernel_rule_place kept = { 0 };
	int r = kernel_rule_keep_place(op->scope, wanted, op->exact, &kept);

	return r == 0 && kept.size ? op_undo_along(op, OP_ALONG_RULE_PLACE, NULL, kept.bytes, kept.size) : r;
}

int op_put_back_along(struct op *op, uint32_t what, const char *link, const void *bytes, size_t size)
{
	switch (what) {
	case OP_ALONG_SYSCTLS:
		return kernel_sysctl_put_back(op->scope, bytes, size);
	case OP_ALONG_NEIGHBOURS:
		return kernel_neighbour_put_back(op->scope, link, bytes, size);
	case OP_ALONG_RULE_PLACE:
		return kernel_rule_put_in_place(op->scope, bytes, size);
	}
	return -EINVAL;
}
