/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links that are planned: made or renamed while the scope's gate let nothing through. They are found like any other, so
 * that what comes behind in a plan finds its link; they have no addresses and no routes. For this room alone.
 */
#ifndef KERNEL_LINK_PLAN_H
#define KERNEL_LINK_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include <hycan/types.h>

#include "scope.h"

/* Part of a scope. */
struct link_plan {
	struct hycan_link *link; /* without a name: it is planned to go again */
	size_t n;
	int8_t forwarding[2]; /* of IPv4 and IPv6, between all links: 1 on, -1 off, 0: as it is */
};

/* Plans a link, as it will be; its number is made up unless it has one. 0 or -ENOMEM. */
int link_plan_add(struct kernel_scope *scope, struct hycan_link *link);

/* Plans that a link goes, with those that stand on it. 0, -ENODEV, or -errno. */
int link_plan_delete(struct kernel_scope *scope, const char *name);

/* A planned link by name, or by number; NULL: there is none. */
struct hycan_link *link_plan_find(struct kernel_scope *scope, const char *name);
struct hycan_link *link_plan_find_index(struct kernel_scope *scope, uint32_t ifindex);

/* All planned links. 0, or what found() returned. */
int link_plan_list(struct kernel_scope *scope, int (*found)(const struct hycan_link *link, void *userdata), void *userdata);

/* Whether the number is one that was made up, of which the kernel knows nothing. */
bool link_plan_is_made_up(uint32_t ifindex);

#endif
