/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short list: a plan makes few links, and each is looked for only when the kernel does not have it. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "link.h"
#include "link_plan.h"
#include "link_read.h"
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
		if (plan->link[i].name[0] && strcmp(plan->link[i].name, name) == 0)
			return &plan->link[i];
	return NULL;
}

struct hycan_link *link_plan_find_index(struct kernel_scope *scope, uint32_t ifindex)
{
	const struct link_plan *plan = netlink_plan(scope);

	for (size_t i = 0; i < plan->n; i++)
		if (plan->link[i].name[0] && plan->link[i].ifindex == ifindex)
			return &plan->link[i];
	return NULL;
}

int link_plan_list(struct kernel_scope *scope, int (*found)(const struct hycan_link *link, void *userdata), void *userdata)
{
	const struct link_plan *plan = netlink_plan(scope);
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->link[i].name[0])
			r = found(&plan->link[i], userdata);
	return r;
}

/* Those that are planned on a link, or are it. */
static int take_planned(struct kernel_scope *scope, const char *name)
{
	struct link_plan *plan = netlink_plan(scope);
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		struct hycan_link *link = &plan->link[i];
		const struct hycan_link gone = *link;

		if (!link->name[0] || (strcmp(link->name, name) != 0 && !(link->has_parent && strcmp(link->parent, name) == 0)))
			continue;
		/* its number is no other one's */
		link->name[0] = '\0';
		r = rtnetlink_plan_take_link(scope, gone.ifindex);
		if (r == 0)
			r = take_planned(scope, gone.name);
	}
	return r;
}

/* Links of the kernel that stand on some that go. */
struct standing {
	struct kernel_scope *scope;
	struct hycan_link *link;
	size_t n;
};

static int find_standing(const struct nlmsghdr *nlh, void *userdata)
{
	struct standing *s = userdata;
	struct hycan_link link;
	uint32_t parent, master;

	link_read(nlh, &link, &parent, &master);
	if (!parent || !rtnetlink_plan_lacks_link(s->scope, parent))
		return 0;
	if (array_grow(&s->link, s->n, sizeof(*s->link)) < 0)
		return -ENOMEM;
	s->link[s->n++] = link;
	return 0;
}

/* Both ends of a pair stand on each other. True: there may be more that stand on those. */
static int take_standing(struct kernel_scope *scope, bool *ret_more)
{
	struct standing s = { .scope = scope };
	struct nlmsghdr *nlh = link_message(scope, RTM_GETLINK, NLM_F_DUMP, NULL);
	_cleanup_free_ void *memory = NULL;
	int r;

	link_message_brief(nlh);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, find_standing, &s);
	memory = s.link;
	for (size_t i = 0; i < s.n && r == 0; i++) {
		r = rtnetlink_plan_take_link(scope, s.link[i].ifindex);
		if (r == 0)
			r = take_planned(scope, s.link[i].name);
	}
	*ret_more = s.n > 0;
	return r;
}

int link_plan_delete(struct kernel_scope *scope, const char *name)
{
	uint32_t ifindex;
	bool more = true;
	int r = kernel_link_index(scope, name, &ifindex);

	if (r == 0)
		r = rtnetlink_plan_take_link(scope, ifindex);
	if (r == 0)
		r = take_planned(scope, name);
	while (r == 0 && more && !link_plan_is_made_up(ifindex))
		r = take_standing(scope, &more);
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
