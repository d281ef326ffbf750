/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links as they are planned: made, changed, renamed or deleted by requests that the scope's gate did not let through. Each is
 * kept as the message in which the kernel would tell of it, and is what everybody reads in place of the kernel's own, so that
 * what comes behind in a plan finds its link as it will be. For this room alone.
 */
#ifndef KERNEL_LINK_PLAN_H
#define KERNEL_LINK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include <hycan/types.h>

#include "scope.h"

struct link_planned;

/* Forwarding as it is planned (forwarding.c). */
struct forwarding_planned {
	enum hycan_family family;
	uint32_t ifindex; /* 0: of the whole namespace */
	bool on;
};

/* Part of a scope. */
struct link_plan {
	struct link_planned *link;
	size_t n;
	size_t n_made_up; /* numbers that were given out */
	struct forwarding_planned *forwarding;
	size_t n_forwarding;
};

/* Notes what a request would have done to a link; of other things than those nothing. 0 or -errno. */
int link_plan_request(struct kernel_scope *scope, const struct nlmsghdr *request);

/* The link as a request changes it (link_merge.c), for the caller to free(); NULL: there is no memory. */
struct nlmsghdr *link_merge(const struct nlmsghdr *is, const struct nlmsghdr *request);

/* Notes that a link which is planned has another end, of that name. 0 or -errno. */
int link_plan_pair(struct kernel_scope *scope, const char *name, const char *peer);

bool link_plan_is_any(struct kernel_scope *scope);

/* The message of a planned link, by its name or, where that is NULL, by its number; NULL: it is as the kernel has it. */
const struct nlmsghdr *link_plan_find(struct kernel_scope *scope, const char *name, uint32_t ifindex);

/* Tells of the planned links of which the kernel has nothing to tell. 0, or what answer() returned. */
int link_plan_list(struct kernel_scope *scope, int (*answer)(const struct nlmsghdr *nlh, void *userdata), void *userdata);

/* Whether the number is one that was made up, of which the kernel knows nothing. */
bool link_plan_is_made_up(uint32_t ifindex);

/* The name that the kernel has for a link which is planned to have another; else NULL. */
const char *link_plan_kernel_name(struct kernel_scope *scope, uint32_t ifindex);

#endif
