/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By the kernel's header and not the C library's, which has no sched_setattr(2) yet and agrees with it on no sched_param. */
#include "processor.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

bool processor_slice(unsigned int us)
{
	struct sched_attr attr = { 0 };

	/* who is under another policy was put there by somebody who knows why */
	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 || attr.sched_policy != SCHED_NORMAL)
		return false;
	attr.sched_runtime = UINT64_C(1000) * us;
	return syscall(SYS_sched_setattr, 0, &attr, 0) == 0;
}

void processor_yield(void)
{
	(void)syscall(SYS_sched_yield);
}
