/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Masquerade: packets from a network leave with the address of the outgoing link. */
#ifndef KERNEL_MASQUERADE_H
#define KERNEL_MASQUERADE_H

#include <stddef.h>

#include <hycan/types.h>

#include "scope.h"

/*
 * Makes sure that a network is masqueraded. -EALREADY: it is, and nothing was changed. -EOPNOTSUPP: the kernel lacks
 * what it takes, or -EBUSY: a stranger's thing is in the way, and the scope's message says what.
 */
int kernel_masquerade_add(struct kernel_scope *scope, const struct hycan_masquerade *masquerade);

/* Takes that back. Networks inside it or around it stay. -ENOENT: it is not masqueraded. */
int kernel_masquerade_remove(struct kernel_scope *scope, const struct hycan_masquerade *masquerade);

/* Reads all masqueraded networks, in order. ret_masquerades is for the caller to free(). */
int kernel_masquerade_list(struct kernel_scope *scope, struct hycan_masquerade **ret_masquerades, size_t *ret_n);

#endif
