/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a network namespace is (ioctl_ns(2)), and where it can be found. */
#ifndef KERNEL_NAMESPACE_H
#define KERNEL_NAMESPACE_H

#include <stdint.h>
#include <sys/types.h>

/* Owner of the user namespace that owns the network namespace. -EINVAL or -ENOTTY: the descriptor is no network namespace. */
int kernel_namespace_owner(int netns, uid_t *ret_owner);

/*
 * Opens the network namespace with that inode, where a name (ip-netns(8)) or a process leads to it. -ENOENT: nothing that
 * can be seen from here does; or -errno, where that is not known: -EMFILE, -ENFILE and -ENOMEM say that nothing could be opened.
 */
int kernel_namespace_find(uint64_t inode, int *ret_netns);

#endif
