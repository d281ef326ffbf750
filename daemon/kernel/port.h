/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port mappings: ports of this host that lead to another address.
 *
 * A mapping is known by its protocol, its host port or range, and its host address, if it has one, else its family. Which
 * network it belongs to is noted with it; one without a note was made before there were networks.
 */
#ifndef KERNEL_PORT_H
#define KERNEL_PORT_H

#include <stdbool.h>
#include <stddef.h>

#include <hycan/types.h>

#include "scope.h"

/*
 * Makes sure that a mapping is there. -EEXIST: one of its ports leads elsewhere, or belongs to another range, to another
 * network, or to a mapping of one address where this is of all, or of all where this is of one; ret_holder is the mapping
 * that holds it. -EALREADY: the same is there, and nothing was changed. -EOPNOTSUPP: the
 * kernel lacks what it takes, or -EBUSY: a stranger's thing is in the way, and the scope's message says what. since: a generation
 * that was read in a turn of the caller's (nat.h); -ERESTART: it is another one by now. NULL: whichever it is.
 */
int kernel_port_add(struct kernel_scope *scope, const struct hycan_port_mapping *mapping, const uint32_t *since,
                    struct hycan_port_mapping *ret_holder);

/*
 * The same, and those of its own ports that lead elsewhere, or are noted as another network's, are put right. -EEXIST: one belongs to
 * another range, or to a mapping of one address where this is of all, or of all where this is of one.
 */
int kernel_port_put(struct kernel_scope *scope, const struct hycan_port_mapping *mapping, struct hycan_port_mapping *ret_holder);

/* Reads the mapping that key tells (as for kernel_port_remove()). -ENOENT: there is no such mapping. */
int kernel_port_get(struct kernel_scope *scope, const struct hycan_port_mapping *key, struct hycan_port_mapping *ret_mapping);

/*
 * Removes the mapping that key tells (to_address counts for nothing but its family). Connections that were made through
 * it end. -ENOENT: there is no such mapping. -EEXIST: the first of its ports belongs to another one, ret_holder.
 */
int kernel_port_remove(struct kernel_scope *scope, const struct hycan_port_mapping *key, struct hycan_port_mapping *ret_holder);

/* Reads all mappings, in order. ret_mappings is for the caller to free(). */
int kernel_port_list(struct kernel_scope *scope, struct hycan_port_mapping **ret_mappings, size_t *ret_n);

#endif
