/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short list: a plan makes few links, and each is looked for only when the kernel does not have it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link_plan.h"
#include "netlink.h"
#include "rtnetlink_plan.h"

/* The kernel counts from 1; it will not come here. */
#define FIRST UINT32_C(0x70000000)

int link_plan_add(struct kernel_scope *scope, struct hycan_link *link)
{
	struct link_plan *plan = netlink_plan(scope);
	void *p = reallocarray(plan->link, plan->n + 1, sizeof(*plan->link));

	if (!p)
		return -ENOMEM;
	plan->link = p;
	if (!link->ifindex)
		link->ifindex = FIRST + (uint32_t)plan->n;
	plan->link[plan->n++] = *link;
	return 0;
}

struct hycan_link *link_plan_find(struct kernel_scope *scope, const char *name)
{
	const struct link_plan *plan = netlink_plan(scope);

	for (size_t i = 0; i < plan->n; i++)
		if (strcmp(plan->link[i].name, name) == 0)
			return &plan->link[i];
	return NULL;
}

struct hycan_link *link_plan_find_index(struct kernel_scope *scope, uint32_t ifindex)
{
	const struct link_plan *plan = netlink_plan(scope);

	for (size_t i = 0; i < plan->n; i++)
		if (plan->link[i].ifindex == ifindex)
			return &plan->link[i];
	return NULL;
}

int link_plan_list(struct kernel_scope *scope, int (*found)(const struct hycan_link *link, void *userdata), void *userdata)
{
	const struct link_plan *plan = netlink_plan(scope);
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		r = found(&plan->link[i], userdata);
	return r;
}

bool link_plan_is_made_up(uint32_t ifindex)
{
	return ifindex >= FIRST;
}

void kernel_scope_forget_plan(struct kernel_scope *scope)
{
	struct link_plan *plan = netlink_plan(scope);

	free(plan->link);
	*plan = (struct link_plan){ 0 };
	nft_plan_forget(scope);
	rtnetlink_plan_forget(scope);
}
