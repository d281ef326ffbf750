/* SPDX-License-Identifier: BSD-3-Clause */
/* In which order the steps of an exported file can be carried out. */
#ifndef HYCANCTL_EXPORT_ORDER_H
#define HYCANCTL_EXPORT_ORDER_H

#include "export_entry.h"

/*
 * What stands on something comes behind it, and else what came about first: links behind those that they stand on, their peers,
 * addresses, routes, and of those the ones with a gateway last. Sets pointers to all objects of the namespace of a kind that there
 * may be: free() it. 0, or what asking the daemon came to.
 */
int export_order(struct exporter *e, const struct hycan_object *objects, size_t n, uint64_t netns,
                 const struct hycan_object ***ret_ordered, size_t *ret_n);

#endif
