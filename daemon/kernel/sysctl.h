/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values below /proc/sys/net (Documentation/networking/ip-sysctl.rst) that the kernel sets along with something else. */
#ifndef KERNEL_SYSCTL_H
#define KERNEL_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "scope.h"

/* Lines, to be put back in their order: “ipv4/conf/eth0/forwarding 1”, and with “?” in front what has to be so for those behind it. */
struct kernel_sysctls {
	char *lines; /* owned: kernel_sysctls_free() */
	size_t size;
};

/*
 * Keeps a value as it is now. condition: it is not put back itself, and nothing behind it either where it is another one then. What the
 * kernel does not have, or does not tell, is no error. 0 or -errno.
 */
int kernel_sysctl_keep(struct kernel_scope *scope, struct kernel_sysctls *sysctls, const char *path, bool condition);

/* Keeps those of a directory (“ipv6/conf”) that a link has otherwise than one has that is new (“default”). 0 or -errno. */
int kernel_sysctl_keep_own(struct kernel_scope *scope, struct kernel_sysctls *sysctls, const char *directory, const char *link);

/* Whether the kernel tells such a value. */
bool kernel_sysctl_is_told(struct kernel_scope *scope, const char *path);

/* And that one: “0”. */
bool kernel_sysctl_is(struct kernel_scope *scope, const char *path, const char *value);

void kernel_sysctls_free(struct kernel_sysctls *sysctls);

/*
 * Writes those that are another by now; what the kernel does not have any more is no error. Lines may come from anywhere. 0, or the
 * first -errno when all have been tried.
 */
int kernel_sysctl_put_back(struct kernel_scope *scope, const char *lines, size_t size);

#endif
