/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port mappings: ports of this host that lead to another address.
 *
 * A mapping is known by its protocol, its host port or range, and its host address, if it has one, else its family.
 */
#ifndef KERNEL_PORT_H
#define KERNEL_PORT_H

#include <stdbool.h>
#include <stddef.h>

#include <hycan/types.h>

#include "scope.h"

/*
 * Makes sure that a mapping is there. -EEXIST: one of its ports leads elsewhere, or belongs to another range;
 * ret_holder is the mapping that holds it. -EALREADY: the same is there, and nothing was changed. -EOPNOTSUPP: the
 * kernel lacks what it takes, or -EBUSY: a stranger's thing is in the way, and the scope's message says what.
 */
int kernel_port_add(struct kernel_scope *scope, const struct hycan_port_mapping *mapping, struct hycan_port_mapping *ret_holder);

/*
 * Removes the mapping that key tells (to_address counts for nothing but its family). Connections that were made through
 * it end. -ENOENT: there is no such mapping. -EEXIST: the first of its ports belongs to another one, ret_holder.
 */
int kernel_port_remove(struct kernel_scope *scope, const struct hycan_port_mapping *key, struct hycan_port_mapping *ret_holder);

/* Reads all mappings, in order. ret_mappings is for the caller to free(). */
int kernel_port_list(struct kernel_scope *scope, struct hycan_port_mapping **ret_mappings, size_t *ret_n);

#endif
