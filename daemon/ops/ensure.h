/* SPDX-License-Identifier: GPL-2.0-or-later */
/* “Make sure it is there”: the part that the operations which create a link have in common. */
#ifndef OPS_ENSURE_H
#define OPS_ENSURE_H

#include "op.h"

/* Creates the link that request describes, and reads it. 0 or -errno. */
typedef int ensure_create(struct kernel_scope *scope, const void *request, struct hycan_link *ret_link);

/* Whether an existing link of the right kind is what request describes. */
typedef bool ensure_same(const struct hycan_link *link, const void *request);

/*
 * Makes sure that a link of that kind and name exists. The same there already: success and nothing changes, or a refusal
 * for an exclusive request. Something else of that name: refused. Answers the link. -EEXIST: create() says so, and yet
 * there is nothing of that name.
 */
int ensure_link(struct op *op, const char *kind, const char *name, ensure_create *create, ensure_same *same, const void *request,
                struct hycan_link *ret_link);

#endif
