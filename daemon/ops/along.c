/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "along.h"

int along_say_sysctls(struct op *op, const char *link, const struct kernel_sysctls *sysctls)
{
	return sysctls->size ? op_undo_along(op, OP_ALONG_SYSCTLS, link, sysctls->lines, sysctls->size) : 0;
}

int op_put_back_along(struct op *op, uint32_t what, const void *bytes, size_t size)
{
	switch (what) {
	case OP_ALONG_SYSCTLS:
		return kernel_sysctl_put_back(op->scope, bytes, size);
	}
	return -EINVAL;
}
