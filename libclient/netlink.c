/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One link as an object, over a connection of its own.
 *
 * Nothing about the link is remembered but its name: whether it exists and is up is asked each time, since anybody may
 * change it.
 */
#include <errno.h>
#include <stdlib.h>

#include <hycan/netlink.h>
#include <hycan/operations.h>

#include "connection.h"
#include "request.h"

struct hycan_netlink {
	struct hycan *h;
	char name[HYCAN_IFNAME_SIZE];
};

/* Sees to it that there is a link of that name. */
static int ensure(struct hycan_netlink *nl)
{
	int r;

	r = hycan_link_get(nl->h, nl->name, NULL);
	if (r != HYCAN_REFUSAL_NOT_FOUND)
		return r;
	r = hycan_vcan_create(nl->h, nl->name, NULL, NULL);
	/* somebody was faster, with a link of another kind: it is taken as it is */
	if (r == HYCAN_REFUSAL_EXISTS)
		r = hycan_link_get(nl->h, nl->name, NULL);
	return r;
}

int hycan_netlink_open(struct hycan_netlink **ret_nl, const char *name)
{
	struct hycan_netlink *nl;
	int r;

	nl = calloc(1, sizeof(*nl));
	*ret_nl = nl;
	if (!nl)
		return -ENOMEM;
	r = hycan_open(&nl->h, NULL);
	if (r < 0)
		return r;
	r = request_text(nl->h, "name", nl->name, sizeof(nl->name), name);
	return r < 0 ? r : ensure(nl);
}

int hycan_netlink_up(struct hycan_netlink *nl)
{
	return nl ? hycan_link_up(nl->h, nl->name) : -EINVAL;
}

int hycan_netlink_down(struct hycan_netlink *nl)
{
	return nl ? hycan_link_down(nl->h, nl->name) : -EINVAL;
}

/* Asks for the link; that there is none is an answer too. */
static int look(struct hycan_netlink *nl, bool *ret_exists, bool *ret_up)
{
	struct hycan_link link = { 0 };
	int r;

	if (!nl)
		return -EINVAL;
	r = hycan_link_get(nl->h, nl->name, &link);
	if (r != 0 && r != HYCAN_REFUSAL_NOT_FOUND)
		return r;
	*ret_exists = r == 0;
	*ret_up = r == 0 && link.up;
	failure_clear(&nl->h->failure);
	return 0;
}

int hycan_netlink_exists(struct hycan_netlink *nl, bool *ret_exists)
{
	bool up;

	return look(nl, ret_exists, &up);
}

int hycan_netlink_is_up(struct hycan_netlink *nl, bool *ret_up)
{
	bool exists;

	return look(nl, &exists, ret_up);
}

const char *hycan_netlink_error_message(const struct hycan_netlink *nl)
{
	return hycan_error_message(nl ? nl->h : NULL);
}

struct hycan *hycan_netlink_connection(struct hycan_netlink *nl)
{
	return nl ? nl->h : NULL;
}

void hycan_netlink_close(struct hycan_netlink *nl)
{
	if (!nl)
		return;
	hycan_close(nl->h);
	free(nl);
}
