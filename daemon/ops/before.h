/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is there before something is changed, said to whoever may take the change back (op_undo()).
 *
 * The kernel drops a lot by itself: routes when a link goes down or an address goes, IPv6 addresses with the link, VLANs
 * with their parent. Each function here says all of it. Nobody listens: they read nothing. 0, -errno, or a refusal.
 */
#ifndef OPS_BEFORE_H
#define OPS_BEFORE_H

#include "op.h"

struct kernel_route_former;

/* A link that is up, with everything that it loses when it goes down. Refuses where that is a nexthop object with a route. */
int before_link_down(struct op *op, const struct hycan_link *link);

/* One that is down, with everything that it loses when it goes down again. */
int before_link_up(struct op *op, const struct hycan_link *link);

/* A link whose properties change; those that wanted gives. */
int before_link_set(struct op *op, const struct hycan_link *link, const struct hycan_link_set_options *wanted);

/*
 * What goes along with the first IPv4 address of a link when that is taken away again: all over the link. Sets whether it is the first: then
 * the caller says that, too, once the address is there. Refuses as for routes.
 */
int before_address_add(struct op *op, const struct hycan_link_address *address, bool *ret_said);

/* The addresses of a link that go with this one, and the routes that go with them. Refuses as for routes. */
int before_address_remove(struct op *op, const char *link, const struct hycan_prefix *address);

/*
 * The route that gives way to one that is put in its place: the former one, where that would stay (kernel_route_look_at_former()), else
 * kernel_route_find_replaced(). Refuses where one in that place has something that there are no words for.
 */
int before_route_replace(struct op *op, const struct hycan_route *route, const struct kernel_route_former *former);

/*
 * The route that kernel_route_remove() would take; like: to that destination, in that table; or the very one that is meant, where it is
 * there, else NULL. The same is refused.
 */
int before_route_remove(struct op *op, const struct hycan_route *like, const struct hycan_route_remove_options *options,
                        const struct hycan_route *meant);

#endif
