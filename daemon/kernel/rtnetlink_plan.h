/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is planned of addresses, routes and rules: the requests that the scope's gate did not let through. What they would have
 * made is told of like anything else, and what they would have taken away is not, so that what comes behind in a plan sees
 * what there will be. And which links are planned to go, or to go down; what becomes of the others is in link_plan.h. For this
 * room alone.
 */
#ifndef KERNEL_RTNETLINK_PLAN_H
#define KERNEL_RTNETLINK_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "netlink.h"

/* A link that goes, or goes down alone. */
struct rtnetlink_gone {
	uint32_t ifindex;
	bool down;
};

/* Part of a scope. */
struct rtnetlink_plan {
	struct rtnetlink_planned *planned;
	size_t n;
	void *places; /* of routes, that anything planned is about: a tree of them (tsearch(3)) */
	struct rtnetlink_gone *gone;
	size_t n_gone;
};

/* Notes what a request would have done; of other things than those nothing. 0 or -ENOMEM. */
int rtnetlink_plan_request(struct kernel_scope *scope, const struct nlmsghdr *request);

bool rtnetlink_plan_is_any(struct kernel_scope *scope);

/*
 * Whether any route to that destination in that table, of whatever metric, is planned to come or to go by itself: if not, those are there
 * that the kernel has, but for what goes with a link.
 */
bool rtnetlink_plan_touches(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table);

/* Whether any link is planned to go, or to go down. */
bool rtnetlink_plan_takes_links(struct kernel_scope *scope);

/*
 * A link is planned to go, and what is on it with it; down: it goes down alone, and its routes and IPv6 addresses go. Tells of the
 * addresses. 0 or -errno.
 */
int rtnetlink_plan_take_link(struct kernel_scope *scope, uint32_t ifindex, const char *name, bool down);
bool rtnetlink_plan_lacks_link(struct kernel_scope *scope, uint32_t ifindex);

/* Whether what the kernel tells of is planned to go. */
bool rtnetlink_plan_hides(struct kernel_scope *scope, const struct nlmsghdr *told);

/* Tells of what is planned to come, in messages of that type (RTM_NEWADDR). 0, or what answer() returned. */
int rtnetlink_plan_list(struct kernel_scope *scope, uint16_t type, netlink_answer *answer, void *userdata);

void rtnetlink_plan_forget(struct kernel_scope *scope);

#endif
