/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a network namespace is (ioctl_ns(2)). */
#ifndef KERNEL_NAMESPACE_H
#define KERNEL_NAMESPACE_H

#include <sys/types.h>

/* Owner of the user namespace that owns the network namespace. -EINVAL or -ENOTTY: the descriptor is no network namespace. */
int kernel_namespace_owner(int netns, uid_t *ret_owner);

#endif
