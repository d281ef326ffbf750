/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwarding of packets between links (Documentation/networking/ip-sysctl.rst). */
#ifndef KERNEL_FORWARDING_H
#define KERNEL_FORWARDING_H

#include <stdbool.h>

#include <hycan/types.h>

#include "scope.h"

/*
 * Whether packets are forwarded; link is NULL for the whole namespace. -ENODEV: there is no such link. -EOPNOTSUPP: this
 * kernel, or the link, has no such family.
 */
int kernel_forwarding_get(struct kernel_scope *scope, enum hycan_family family, const char *link, bool *ret_on);

/* Turns it on or off. Where it is as wanted nothing is written. -EROFS: the kernel's settings are mounted read-only. */
int kernel_forwarding_set(struct kernel_scope *scope, enum hycan_family family, const char *link, bool on, bool *ret_changed);

/*
 * Tells of all that forwards, in both families: the whole namespace, with link NULL, and links. The callback asks the kernel
 * nothing. 0, -errno, or what found() returned.
 */
typedef int kernel_forwarding_found(enum hycan_family family, const char *link, void *userdata);
int kernel_forwarding_list(struct kernel_scope *scope, kernel_forwarding_found *found, void *userdata);

#endif
