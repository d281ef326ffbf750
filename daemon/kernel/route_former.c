/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: which one gives way to another in its place, and putting one in the place of that which is meant.
 *
 * To the kernel NLM_F_REPLACE is about the first of a place: of IPv4 whichever that is (fib_table_insert(), net/ipv4/fib_trie.c), of IPv6 the
 * first with a gateway where the new one has one, or without where it has none, and only where there is no such the first of all
 * (fib6_add_rt2node(), net/ipv6/ip6_fib.c). Where a stranger's is that one, ours would stay beside the new one, and the stranger's be lost.
 */
#include <errno.h>

#include "cleanup.h"
#include "route_message.h"

#define NONE SIZE_MAX

/* What there is in a place, looked at before a route is put there. */
struct view {
	const struct hycan_route *by;     /* that one */
	const struct hycan_route *former; /* what is meant to give way, or NULL */
	bool is_there;                    /* the new one */
	size_t n;
	size_t gives_way;             /* the one that the kernel would take; NONE: none of its kind */
	size_t former_at;             /* what is meant, */
	size_t former_like;           /* and what is the same but for who made it */
	kernel_route_replaced *found; /* NULL: nobody is told */
	size_t told;
	void *userdata;
};

static bool goes_by_gateway(const struct hycan_route *route)
{
	return (route->has_via || route->n_nexthops) && !(route->has_protocol && kernel_route_comes_back(route->protocol));
}

static bool is_of_a_kind(const struct hycan_route *by, const struct hycan_route *there)
{
	return by->destination.address.family == AF_INET || goes_by_gateway(by) == goes_by_gateway(there);
}

static uint8_t protocol(const struct hycan_route *route)
{
	return route->has_protocol ? route->protocol : RTPROT_STATIC;
}

static int view(const struct hycan_route *there, void *userdata)
{
	struct view *v = userdata;
	const bool same = kernel_route_same(v->by, there);
	const bool ipv4 = v->by->destination.address.family == AF_INET;

	v->is_there = v->is_there || same;
	if (v->gives_way == NONE && is_of_a_kind(v->by, there))
		v->gives_way = v->n;
	/* strangers' ways may have been added to those of IPv6 */
	if (v->former && !same && (ipv4 ? kernel_route_same : kernel_route_is_left)(v->former, there)) {
		if (v->former_like == NONE)
			v->former_like = v->n;
		if (v->former_at == NONE && protocol(v->former) == protocol(there))
			v->former_at = v->n;
	}
	v->n++;
	return 0;
}

static int tell(const struct hycan_route *there, void *userdata)
{
	struct view *v = userdata;

	return v->told++ == v->gives_way ? v->found(there, v->n, v->userdata) : 0;
}

static int look(struct kernel_scope *scope, struct view *v)
{
	_cleanup_(route_messages_done) struct route_messages messages = { 0 };
	const uint32_t metric = route_metric(v->by);
	int r = route_find(scope, &v->by->destination, v->by->has_table ? v->by->table : RT_TABLE_MAIN, &metric, &messages);

	v->gives_way = v->former_at = v->former_like = NONE;
	r = r < 0 ? r : route_messages_read(scope, &messages, view, v);
	if (r < 0)
		return r;
	if (v->former_at == NONE)
		v->former_at = v->former_like;
	if (v->gives_way == NONE)
		v->gives_way = 0;
	if (!v->found)
		return 0;
	if (v->former_at != NONE)
		v->gives_way = v->former_at;
	return route_messages_read(scope, &messages, tell, v);
}

int kernel_route_find_replaced(struct kernel_scope *scope, const struct hycan_route *by, const struct kernel_route_former *former,
                               kernel_route_replaced *found, void *userdata)
{
	struct view v = { .by = by, .former = former->stays ? former->route : NULL, .found = found, .userdata = userdata };

	return look(scope, &v);
}

/* Both are requests. */
static bool asks_the_same(const struct hycan_route *former, const struct hycan_route *by)
{
	struct hycan_route full = *by;

	full.has_scope = true;
	full.scope = route_scope(by);
	return kernel_route_same(former, &full);
}

/* What IPv4 says at once, in a time that does not depend on the size of the table. False: that is to be looked for. */
static bool is_told_at_once(struct kernel_scope *scope, struct kernel_route_former *former, const struct hycan_route *by,
                            int *ret_r)
{
	/* neither to be made nor to be changed: “exists” for the very same, “no such” for another */
	int r = route_change(scope, former->route, 0);

	*ret_r = 0;
	if (r != -EEXIST || route_change(scope, by, 0) == -EEXIST)
		return r == -ENOENT;
	/* in its own place nothing changes where it is the first, and “exists” where it is not */
	r = route_change(scope, former->route, NLM_F_REPLACE);
	former->stays = r == -EEXIST;
	*ret_r = former->stays ? 0 : r;
	return true;
}

int kernel_route_look_at_former(struct kernel_scope *scope, struct kernel_route_former *former, const struct hycan_route *by,
                                bool only)
{
	const bool ipv4 = by->destination.address.family == AF_INET;
	struct view v = { .by = by, .former = former->route };
	int r;

	former->stays = former->is_both = false;
	if (asks_the_same(former->route, by) || (!ipv4 && goes_by_gateway(former->route) && goes_by_gateway(by)))
		return 0;
	if (ipv4 && !only && is_told_at_once(scope, former, by, &r))
		return r;
	r = look(scope, &v);
	if (r < 0)
		return r;
	former->is_both = v.is_there && v.former_at != NONE;
	former->stays = former->is_both || (v.former_at != NONE && v.former_at != v.gives_way);
	return 0;
}

static int append(struct kernel_scope *scope, const struct hycan_route *route, bool unreached,
                  struct kernel_route_result *ret_result)
{
	_cleanup_(route_links_done) struct route_links links = { .scope = scope };
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[ROUTE_MESSAGE_SIZE];
	int r = route_change_told(scope, route, NLM_F_CREATE | NLM_F_APPEND, ret_result);

	if (!unreached || !route_is_unreached(r))
		return r;
	r = route_message(buffer, 0, route, &links);
	return r < 0 ? r : route_make(scope, (struct nlmsghdr *)buffer, NLM_F_CREATE | NLM_F_APPEND, true);
}

int kernel_route_replace_former(struct kernel_scope *scope, const struct kernel_route_former *former,
                                const struct hycan_route *route, bool again, bool only, struct kernel_route_result *ret_result)
{
	struct kernel_route_result taken;
	bool in_its_way;
	int r;

	*ret_result = (struct kernel_route_result){ 0 };
	r = former->is_both ? 0 : append(scope, route, again, ret_result);
	/* of IPv6 there is no other with the same way */
	in_its_way = r == -EEXIST;
	if (r < 0 && !in_its_way)
		return r;
	r = kernel_route_remove_same(scope, former->route, only, &taken);
	if (r < 0 && r != -ESRCH) {
		/* what may be gone by now is asked for once more */
		if (ret_result->changed && !netlink_is_in_doubt(scope))
			(void)kernel_route_remove_same(scope, route, only, &taken);
		return r;
	}
	r = in_its_way ? append(scope, route, again, ret_result) : 0;
	ret_result->changed = true;
	return r == -EEXIST ? 0 : r;
}
