/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of links by their number: as one dump tells them, or kept up to date by whoever hears of every change.
 *
 * What this file does not do: ask for the name of a single link (kernel_link_name() in link_read.c).
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "link.h"
#include "link_read.h"

/* How often a list that changes while it is read is read. */
#define NAMES_ATTEMPTS 3

struct kernel_link_names {
	size_t n;
	size_t room;
	struct {
		uint32_t ifindex;
		char name[HYCAN_IFNAME_SIZE];
	} * entry;
};

/* Room for one more name. */
static int names_grow(struct kernel_link_names *names)
{
	size_t room = names->room ? names->room * 2 : 32;
	void *p;

	if (names->n < names->room)
		return 0;
	p = reallocarray(names->entry, room, sizeof(*names->entry));
	if (!p)
		return -ENOMEM;
	names->entry = p;
	names->room = room;
	return 0;
}

static int names_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct kernel_link_names *names = userdata;
	struct hycan_link link;
	uint32_t parent, master;

	link_read(nlh, &link, &parent, &master);
	if (names_grow(names) < 0)
		return -ENOMEM;
	names->entry[names->n].ifindex = link.ifindex;
	memcpy(names->entry[names->n].name, link.name, HYCAN_IFNAME_SIZE);
	names->n++;
	return 0;
}

static int compare_ifindex(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int kernel_link_names_read(struct kernel_scope *scope, struct kernel_link_names **ret_names)
{
	_cleanup_(kernel_link_names_free) struct kernel_link_names *names = NULL;
	int r = -EINTR;

	names = calloc(1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (int i = 0; i < NAMES_ATTEMPTS && r == -EINTR; i++) {
		struct nlmsghdr *nlh = link_message(scope, RTM_GETLINK, NLM_F_DUMP, NULL);

		link_message_brief(nlh);
		names->n = 0;
		r = netlink_request(scope, NETLINK_ROUTE, nlh, names_answer, names);
	}
	/* a name too many or too few of a link that comes or goes just now harms nobody */
	if (r < 0 && r != -EINTR)
		return r;
	if (names->n)
		qsort(names->entry, names->n, sizeof(*names->entry), compare_ifindex);
	*ret_names = steal(&names);
	return 0;
}

void kernel_link_names_free(struct kernel_link_names **names)
{
	if (*names)
		free((*names)->entry);
	free(*names);
	*names = NULL;
}

/* Where the number stands, or would stand. New links have the highest numbers mostly. */
static size_t names_position(const struct kernel_link_names *names, uint32_t ifindex)
{
	size_t low = 0, high = names->n;

	if (high > 0 && names->entry[high - 1].ifindex < ifindex)
		return high;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (names->entry[middle].ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *kernel_link_names_find(const struct kernel_link_names *names, uint32_t ifindex)
{
	size_t at = names_position(names, ifindex);

	return at < names->n && names->entry[at].ifindex == ifindex ? names->entry[at].name : NULL;
}

struct kernel_link_names *link_names_new(void)
{
	return calloc(1, sizeof(struct kernel_link_names));
}

int link_names_put(struct kernel_link_names *names, uint32_t ifindex, const char *name)
{
	size_t at = names_position(names, ifindex);

	if (at == names->n || names->entry[at].ifindex != ifindex) {
		if (names_grow(names) < 0)
			return -ENOMEM;
		memmove(&names->entry[at + 1], &names->entry[at], (names->n - at) * sizeof(*names->entry));
		names->n++;
	}
	memset(&names->entry[at], 0, sizeof(*names->entry));
	names->entry[at].ifindex = ifindex;
	strncpy(names->entry[at].name, name, HYCAN_IFNAME_SIZE - 1);
	return 0;
}

void link_names_drop(struct kernel_link_names *names, uint32_t ifindex)
{
	size_t at = names_position(names, ifindex);

	if (at == names->n || names->entry[at].ifindex != ifindex)
		return;
	names->n--;
	memmove(&names->entry[at], &names->entry[at + 1], (names->n - at) * sizeof(*names->entry));
}
