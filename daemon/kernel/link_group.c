/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deleting many links at once.
 *
 * Most of the time that deleting a link takes is waiting for readers of its structures to be gone, and a deletion by group
 * (IFLA_GROUP) waits once for all. But it takes every link that is in the group, whoever made it; and one that cannot be
 * deleted makes the whole of it fail. So the links are put into a group that nobody uses, and who is in it is looked at
 * before it is deleted.
 *
 * What this file does not do: delete hardware, which has no kind.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cleanup.h"
#include "link.h"
#include "netlink.h"

struct member {
	char name[HYCAN_IFNAME_SIZE];
	uint32_t ifindex; /* 0: there is none of that name */
	uint32_t group;   /* in which it was */
};

struct members {
	struct member *member; /* by name */
	size_t n;
	uint32_t group;
	bool used;      /* the group is somebody's */
	size_t n_found; /* of the group */
	bool strange;   /* one of them is none of ours, or could not be deleted */
};

static void members_done(struct members *m)
{
	free(m->member);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* Reads a link: which of the members it is, or NULL, and its group. */
static struct member *read_link(const struct members *m, const struct nlmsghdr *nlh, uint32_t *ret_group)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[IFLA_MAX + 1];
	struct member key = { 0 };

	netlink_parse(nlh, sizeof(*ifi), a, IFLA_MAX);
	*ret_group = a[IFLA_GROUP] ? mnl_attr_get_u32(a[IFLA_GROUP]) : 0;
	if (!a[IFLA_IFNAME] || !a[IFLA_LINKINFO] || ifi->ifi_flags & IFF_LOOPBACK)
		return NULL;
	netlink_copy(a[IFLA_IFNAME], key.name, sizeof(key.name) - 1);
	return bsearch(&key, m->member, m->n, sizeof(key), by_name);
}

static int note(const struct nlmsghdr *nlh, void *userdata)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct members *m = userdata;
	uint32_t group;
	struct member *member = read_link(m, nlh, &group);

	m->used = m->used || group == m->group;
	if (member) {
		member->ifindex = (uint32_t)ifi->ifi_index;
		member->group = group;
	}
	return 0;
}

static int verify(const struct nlmsghdr *nlh, void *userdata)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct members *m = userdata;
	uint32_t group;
	const struct member *member = read_link(m, nlh, &group);

	if (group != m->group)
		return 0;
	m->n_found++;
	m->strange = m->strange || !member || member->ifindex != (uint32_t)ifi->ifi_index;
	return 0;
}

static int dump(struct kernel_scope *scope, netlink_answer *answer, struct members *m)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETLINK, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return netlink_request(scope, NETLINK_ROUTE, nlh, answer, m);
}

static int set_group(struct kernel_scope *scope, uint32_t ifindex, uint32_t group)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	/* by number: without one, the kernel would take a group for whom it is about */
	ifi->ifi_index = (int)ifindex;
	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

static int delete_group(struct kernel_scope *scope, struct members *m)
{
	struct nlmsghdr *nlh;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < m->n && (r == 0 || r == -ENODEV); i++) {
		r = m->member[i].ifindex ? set_group(scope, m->member[i].ifindex, m->group) : -ENODEV;
		n += r == 0;
	}
	/* one that is not in it would count as deleted; what is gone meanwhile is */
	if (r < 0 && r != -ENODEV)
		return r;
	r = dump(scope, verify, m);
	if (r < 0 || m->strange || m->n_found != n || n == 0)
		return r < 0 ? r : n == 0 ? 0 : -EBUSY;
	nlh = netlink_message(scope, RTM_DELLINK, 0);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_GROUP, m->group);
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

int kernel_link_delete_many(struct kernel_scope *scope, const char (*names)[HYCAN_IFNAME_SIZE], size_t n)
{
	_cleanup_(members_done) struct members m = { .member = calloc(n + 1, sizeof(*m.member)), .n = n };
	int r;

	if (!m.member)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		memcpy(m.member[i].name, names[i], sizeof(m.member[i].name));
	qsort(m.member, n, sizeof(*m.member), by_name);
	if (getrandom(&m.group, sizeof(m.group), 0) != sizeof(m.group))
		return -EIO;
	/* by hand nobody takes such numbers */
	m.group |= UINT32_C(1) << 31;
	r = dump(scope, note, &m);
	if (r < 0 || m.used)
		return r < 0 ? r : -EBUSY;
	r = delete_group(scope, &m);
	for (size_t i = 0; r < 0 && i < n; i++)
		if (m.member[i].ifindex)
			(void)set_group(scope, m.member[i].ifindex, m.member[i].group);
	return r;
}
