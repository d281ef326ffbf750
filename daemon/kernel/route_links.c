/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the links that routes name.
 *
 * A list of routes names few links, mostly one behind another: the last one is compared first, and the kernel is asked
 * once for each name.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "route_message.h"

/* A link begins with its name, so that a name alone can be looked for. */
_Static_assert(offsetof(struct route_link, name) == 0, "the name comes first");

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int ask_link(struct kernel_scope *scope, struct route_link *link, const char *name)
{
	int r;

	strncpy(link->name, name, sizeof(link->name) - 1);
	r = kernel_link_index(scope, name, &link->ifindex);
	if (r == -ENODEV)
		link->ifindex = 0;
	return r == -ENODEV ? 0 : r;
}

/* A name that was not asked for yet. */
static int add_link(struct route_links *links, const char *name)
{
	_cleanup_free_ struct route_link *link = NULL;
	int r;

	if (links->first.name[0] == '\0') {
		r = ask_link(links->scope, &links->first, name);
		links->last = &links->first;
		if (r < 0)
			links->first.name[0] = '\0';
		return r;
	}
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	r = ask_link(links->scope, link, name);
	if (r < 0)
		return r;
	if (!tsearch(link, &links->others, compare_names))
		return -ENOMEM;
	links->last = steal(&link);
	return 0;
}

int route_links_find(struct route_links *links, const char *name, uint32_t *ret_ifindex)
{
	int r;

	if (!links->last || strcmp(links->last->name, name) != 0) {
		void *found = tfind(name, &links->others, compare_names);

		if (strcmp(links->first.name, name) == 0) {
			links->last = &links->first;
		} else if (found) {
			links->last = *(struct route_link *const *)found;
		} else {
			r = add_link(links, name);
			if (r < 0)
				return r;
		}
	}
	if (!links->last->ifindex)
		return -ENODEV;
	*ret_ifindex = links->last->ifindex;
	return 0;
}

void route_links_done(struct route_links *links)
{
	tdestroy(links->others, free);
	links->others = NULL;
}
