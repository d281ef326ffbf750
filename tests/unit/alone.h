/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test of the kernel's room in a network namespace of its own: its state is the scope there. */
#ifndef UNIT_ALONE_H
#define UNIT_ALONE_H

#include <errno.h>
#include <sched.h>

#include "kernel/scope.h"
#include "world.h"

static inline int alone_begin(void **state)
{
	struct kernel_scope *scope = NULL;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	assert_int_equal(kernel_scope_open(-1, &scope), 0);
	*state = scope;
	return 0;
}

static inline int alone_end(void **state)
{
	struct kernel_scope *scope = *state;

	kernel_scope_free(&scope);
	return 0;
}

#endif
