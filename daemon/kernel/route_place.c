/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: those in one place, kept as the kernel tells of them, and put back.
 *
 * Several routes may differ in their ways alone, and the kernel takes the first. So all of a place are kept, in their order and
 * with everything that the kernel says of them, as the requests that make them. What is there still when they are put back is
 * not touched, where the order lets it be, and of those that were not to go (nlmsg_seq is 0) none is made again. Nor is touched what
 * came meanwhile, but for what has the same way, as which the kernel has made one of them anew, and for what was made there in the place of one
 * of them (KERNEL_ROUTE_COMES).
 *
 * A new IPv4 route comes in front of those in its place, or with NLM_F_APPEND behind them; a new IPv6 route always behind, where
 * those with gateways become ways of one route (ip-route(8), append).
 */
#include <errno.h>
#include <stdlib.h>

#include "attribute.h"
#include "cleanup.h"
#include "route_message.h"

/* Units of time in RTA_CACHEINFO (USER_HZ). */
#define TICKS 100

/* ------------------------------------------------------------------------------------------------------ one message */

static uint8_t family_of(const struct nlmsghdr *route)
{
	return ((const struct rtmsg *)mnl_nlmsg_get_payload(route))->rtm_family;
}

static bool same_attribute(const struct nlmsghdr *a, const struct nlmsghdr *b, uint16_t type)
{
	return attribute_same(route_attribute(a, type), route_attribute(b, type));
}

static bool same_place(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	const struct rtmsg *x = mnl_nlmsg_get_payload(a), *y = mnl_nlmsg_get_payload(b);

	return x->rtm_family == y->rtm_family && x->rtm_dst_len == y->rtm_dst_len && x->rtm_src_len == y->rtm_src_len &&
	       x->rtm_tos == y->rtm_tos && same_attribute(a, b, RTA_DST) && same_attribute(a, b, RTA_SRC) &&
	       same_attribute(a, b, RTA_PRIORITY) &&
	       route_message_table(x, route_attribute(a, RTA_TABLE)) == route_message_table(y, route_attribute(b, RTA_TABLE));
}

/* Of a TOS, or for some sources alone, it is in a place of which the structure has no words. */
static bool in_words(const struct nlmsghdr *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(route);

	return !rtm->rtm_tos && !rtm->rtm_src_len;
}

static bool same_route(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	const size_t size = route_lasting_size(a);

	return size == route_lasting_size(b) && memcmp(a + 1, b + 1, size - sizeof(*a)) == 0;
}

/* What says by which way a route goes; a nexthop object says all of it. */
static const uint16_t ways[] = { RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH, RTA_ENCAP, RTA_ENCAP_TYPE };

#define N_WAYS (sizeof(ways) / sizeof(*ways))

static bool is_way(uint16_t type)
{
	for (size_t i = 0; i < N_WAYS; i++)
		if (type == ways[i])
			return true;
	return false;
}

static bool same_way(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	const struct rtmsg *x = mnl_nlmsg_get_payload(a), *y = mnl_nlmsg_get_payload(b);

	for (size_t i = 0; i < N_WAYS; i++)
		if (!same_attribute(a, b, ways[i]))
			return false;
	return x->rtm_type == y->rtm_type && same_attribute(a, b, RTA_NH_ID);
}

static bool has_way(const struct nlmsghdr *route, const struct route_way *way)
{
	struct route_way its;

	for (size_t i = 0; route_way(route, i, &its); i++)
		if (route_same_way(&its, way))
			return true;
	return false;
}

/*
 * Whether one that is there may be what the kernel has left of another one: with the same way, or of IPv6 with fewer ways, where the link of
 * one carries no IPv6 any more.
 */
static bool is_left_of(const struct nlmsghdr *route, const struct nlmsghdr *there)
{
	const struct rtmsg *x = mnl_nlmsg_get_payload(route), *y = mnl_nlmsg_get_payload(there);
	struct route_way way;

	if (same_way(route, there) || x->rtm_family == AF_INET)
		return same_way(route, there);
	for (size_t i = 0; route_way(there, i, &way); i++)
		if (!has_way(route, &way))
			return false;
	return x->rtm_type == y->rtm_type && same_attribute(route, there, RTA_NH_ID);
}

/* Of each way, whether it is to be reached, and not whether it can be just now. */
static void clear_flags(struct nlattr *multipath)
{
	uint8_t *p = mnl_attr_get_payload(multipath);
	size_t left = mnl_attr_get_payload_len(multipath);

	while (left >= sizeof(struct rtnexthop)) {
		struct rtnexthop *hop = (struct rtnexthop *)p;
		size_t step = RTNH_ALIGN((size_t)hop->rtnh_len);

		hop->rtnh_flags &= RTNH_F_ONLINK;
		if (hop->rtnh_len < sizeof(*hop) || step >= left)
			break;
		p += step;
		left -= step;
	}
}

static uint32_t expires_s(const struct nlattr *cacheinfo)
{
	struct rta_cacheinfo info = { 0 };

	if (cacheinfo)
		netlink_copy(cacheinfo, &info, sizeof(info));
	return info.rta_expires > 0 ? ((uint32_t)info.rta_expires + TICKS - 1) / TICKS : 0;
}

/*
 * Makes the request for a route of what was told of it: without how it is just now; and the ways of a nexthop object
 * (ip-nexthop(8)) are that one's. It never becomes longer.
 */
static void make_request(struct nlmsghdr *nlh)
{
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const bool by_object = route_attribute(nlh, RTA_NH_ID);
	const uint32_t seconds = expires_s(route_attribute(nlh, RTA_CACHEINFO));
	const uint8_t *end = mnl_nlmsg_get_payload_tail(nlh);
	struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, sizeof(*rtm));

	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = nlh->nlmsg_pid = 0;
	rtm->rtm_flags &= RTNH_F_ONLINK;
	nlh->nlmsg_len = MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(*rtm));
	while (mnl_attr_ok(attr, (int)(end - (const uint8_t *)attr))) {
		const uint16_t type = mnl_attr_get_type(attr);
		const size_t size = MNL_ALIGN(attr->nla_len);

		if (type == RTA_MULTIPATH)
			clear_flags(attr);
		if (type != RTA_CACHEINFO && !(by_object && is_way(type))) {
			memmove(mnl_nlmsg_get_payload_tail(nlh), attr, size);
			nlh->nlmsg_len += (uint32_t)size;
		}
		attr = (struct nlattr *)((uint8_t *)attr + size);
	}
	if (seconds)
		mnl_attr_put_u32(nlh, RTA_EXPIRES, seconds);
}

static int keep(struct route_messages *messages, const struct nlmsghdr *told)
{
	const size_t at = messages->size;
	int r = route_messages_keep(messages, told);
	struct nlmsghdr *nlh;

	if (r < 0)
		return r;
	nlh = (struct nlmsghdr *)(messages->data + at);
	make_request(nlh);
	messages->size = at + nlh->nlmsg_len;
	return 0;
}

/* ---------------------------------------------------------------------------------------------------------- keeping */

struct places {
	const struct kernel_route_places *asked;
	struct route_reader reader;
	struct route_messages place;
	_Alignas(NLMSG_ALIGNTO) uint8_t coming[ROUTE_MESSAGE_SIZE]; /* the message of what comes */
	uint8_t family;
	size_t n;
	bool goes;     /* any of them */
	bool comes;    /* all of those come back by themselves */
	bool gateways; /* one of them has a gateway */
};

static int place_ends(struct places *p)
{
	/* what comes back alone comes back in its order */
	const bool is = p->goes && (p->n > 1 || !p->comes);
	int r = is && p->asked->comes ? route_messages_keep(&p->place, (const struct nlmsghdr *)p->coming) : 0;

	if (is && r == 0)
		r = p->asked->found(p->place.data, p->place.size, p->gateways, p->asked->userdata);
	p->place.size = p->n = 0;
	p->goes = p->gateways = false;
	p->comes = true;
	return r;
}

static void look_at_ways(const struct places *p, const struct nlmsghdr *nlh, struct kernel_route_seen *seen)
{
	struct route_way way;

	seen->over = seen->stays = seen->dead = false;
	for (size_t i = 0; route_way(nlh, i, &way); i++) {
		const char *link = kernel_link_names_find(p->reader.names, way.ifindex);
		const bool over = link && p->asked->link && strcmp(link, p->asked->link) == 0;

		seen->over = seen->over || over;
		seen->dead = seen->dead || (way.dead && !(over && p->asked->link_up));
		seen->stays = seen->stays || !(way.dead || over);
	}
}

static int place_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct places *p = userdata;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct kernel_route_seen seen;
	size_t at;
	int goes, r = route_read(&p->reader, nlh, &seen.route);

	if (r != 0 || rtm->rtm_family != p->family)
		return r < 0 ? r : 0;
	/* those of a place are told one behind the other */
	if (p->n > 0 && !same_place((const struct nlmsghdr *)p->place.data, nlh)) {
		r = place_ends(p);
		if (r < 0)
			return r;
	}
	seen.in_words = in_words(nlh);
	seen.by_object = route_attribute(nlh, RTA_NH_ID);
	seen.comes_back = route_comes_back(nlh);
	look_at_ways(p, nlh, &seen);
	goes = p->asked->goes(&seen, p->asked->userdata);
	if (goes < 0)
		return goes;
	/* the kernel knows more about its own IPv6 routes than it tells */
	if (seen.comes_back && p->family == AF_INET6 && goes != KERNEL_ROUTE_GOES_FOR_GOOD)
		return 0;
	p->goes = p->goes || goes;
	p->comes = p->comes && seen.comes_back && goes != KERNEL_ROUTE_GOES_FOR_GOOD;
	p->gateways = p->gateways || seen.route.has_via || seen.route.n_nexthops;
	p->n++;
	at = p->place.size;
	r = keep(&p->place, nlh);
	if (r == 0)
		((struct nlmsghdr *)(p->place.data + at))->nlmsg_seq = (uint32_t)goes;
	return r;
}

static int list_places(struct kernel_scope *scope, struct places *p)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	int r;

	rtm->rtm_family = p->family;
	if (p->asked->table)
		mnl_attr_put_u32(nlh, RTA_TABLE, p->asked->table);
	p->comes = true;
	r = netlink_request(scope, NETLINK_ROUTE, nlh, place_answer, p);
	/* a table comes with its first route, and IPv6 with its module */
	if (r < 0 && r != -ENOENT && r != -EAFNOSUPPORT)
		return r;
	return place_ends(p);
}

static int write_coming(struct kernel_scope *scope, struct places *p)
{
	_cleanup_(route_links_done) struct route_links links = { .scope = scope };
	int r = route_message(p->coming, 0, p->asked->comes, &links);

	((struct nlmsghdr *)p->coming)->nlmsg_seq = KERNEL_ROUTE_COMES;
	return r;
}

int kernel_route_list_places(struct kernel_scope *scope, const struct kernel_route_places *asked)
{
	_cleanup_(kernel_link_names_free) struct kernel_link_names *names = NULL;
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct places p = { .asked = asked };
	int r = kernel_link_names_read(scope, &names);

	if (r == 0 && asked->comes)
		r = write_coming(scope, &p);
	p.reader.names = names;
	for (size_t i = 0; i < 2 && r == 0; i++) {
		p.family = families[i];
		if (!asked->family || asked->family == p.family)
			r = list_places(scope, &p);
	}
	route_reader_done(&p.reader);
	route_messages_done(&p.place);
	return r;
}

/* ----------------------------------------------------------------------------------------------------- putting back */

struct placing {
	struct kernel_scope *scope;
	bool is_held;
	bool unreached;
};

/* Requests, each for one route. */
struct routes {
	struct route_messages messages;
	const struct nlmsghdr **route;
	size_t n;
};

static void routes_done(struct routes *routes)
{
	free(routes->route);
	route_messages_done(&routes->messages);
}

static int index_routes(struct routes *routes, const void *messages, size_t size)
{
	const struct nlmsghdr *nlh = messages;
	int left = (int)size;

	routes->route = calloc(size / sizeof(*nlh) + 1, sizeof(*routes->route));
	if (!routes->route)
		return -ENOMEM;
	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct rtmsg))
			routes->route[routes->n++] = nlh;
	return 0;
}

struct place_search {
	const struct nlmsghdr *like;
	struct route_messages *there;
	bool own;        /* the kernel's own of IPv6 are looked for, too; */
	size_t n_others; /* else they are left alone */
};

/* Of one that is dead nlmsg_seq is not 0. */
static int search_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct place_search *s = userdata;
	const size_t at = s->there->size;
	int r;

	if (!route_readable(nlh) || !same_place(s->like, nlh))
		return 0;
	if (!s->own && route_comes_back(nlh) && family_of(nlh) == AF_INET6) {
		s->n_others++;
		return 0;
	}
	r = keep(s->there, nlh);
	if (r == 0)
		((struct nlmsghdr *)(s->there->data + at))->nlmsg_seq = route_is_dead(nlh);
	return r;
}

static int read_place(struct kernel_scope *scope, struct place_search *s)
{
	const struct rtmsg *like = mnl_nlmsg_get_payload(s->like);
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	int r;

	rtm->rtm_family = like->rtm_family;
	mnl_attr_put_u32(nlh, RTA_TABLE, route_message_table(like, route_attribute(s->like, RTA_TABLE)));
	r = netlink_request(scope, NETLINK_ROUTE, nlh, search_answer, s);
	return r == -ENOENT || r == -EAFNOSUPPORT ? 0 : r;
}

/* Where a route stands among those that are there; SIZE_MAX: nowhere. */
static size_t position(const struct routes *there, const struct nlmsghdr *route)
{
	for (size_t i = 0; i < there->n; i++)
		if (same_route(there->route[i], route))
			return i;
	return SIZE_MAX;
}

static bool is_left_of_any(const struct routes *kept, const struct nlmsghdr *route)
{
	for (size_t i = 0; i < kept->n; i++)
		if (is_left_of(kept->route[i], route))
			return true;
	return false;
}

/* What is in the place, and was not: of IPv6 it may be what the kernel made of one that was, without its source address. */
static int remove_others(const struct placing *p, const struct routes *kept, const struct routes *there)
{
	int r = 0;

	for (size_t i = 0; i < there->n && r == 0; i++)
		if (position(kept, there->route[i]) == SIZE_MAX && (p->is_held || is_left_of_any(kept, there->route[i])))
			r = route_take(p->scope, there->route[i]);
	return r == -ESRCH ? 0 : r;
}

static int make(const struct placing *p, const struct nlmsghdr *route, uint16_t flags)
{
	return route_make(p->scope, route, flags, p->unreached);
}

static int put(const struct placing *p, const struct nlmsghdr *route, bool is_there, uint16_t flags)
{
	return is_there ? route_move(p->scope, route, NLM_F_CREATE | flags) : make(p, route, NLM_F_CREATE | flags);
}

/* The routes are to be there in that order; at: where each of them stands. Those at one end may be so already. */
static int arrange(const struct placing *p, const struct routes *kept, const size_t *at, bool ipv4)
{
	size_t first = 0, last = kept->n, moves_first = 0, moves_last = 0;
	int r = 0;

	while (first < kept->n && at[first] != SIZE_MAX && (first == 0 || at[first - 1] < at[first]))
		first++;
	while (last > 0 && at[last - 1] != SIZE_MAX && (last == kept->n || at[last - 1] < at[last]))
		last--;
	if (first == kept->n)
		return 0;
	for (size_t i = first; i < kept->n; i++)
		moves_last += at[i] != SIZE_MAX;
	for (size_t i = 0; i < last; i++)
		moves_first += at[i] != SIZE_MAX;
	if (ipv4 && moves_first <= moves_last)
		for (size_t i = last; i > 0 && r == 0; i--)
			r = put(p, kept->route[i - 1], at[i - 1] != SIZE_MAX, 0);
	else
		for (size_t i = first; i < kept->n && r == 0; i++)
			r = put(p, kept->route[i], at[i] != SIZE_MAX, NLM_F_APPEND);
	return r;
}

static bool is_to_be(const struct nlmsghdr *kept)
{
	return kept->nlmsg_seq == KERNEL_ROUTE_GOES_FOR_GOOD || (kept->nlmsg_seq && !route_comes_back(kept));
}

/*
 * Of those that were not to go, and are not there, somebody else took them; and the kernel's own come by themselves, or do not.
 */
static void forget_those_that_left(struct routes *kept, const struct routes *there)
{
	size_t n = 0;

	for (size_t i = 0; i < kept->n; i++)
		if (is_to_be(kept->route[i]) || position(there, kept->route[i]) != SIZE_MAX)
			kept->route[n++] = kept->route[i];
	kept->n = n;
}

/* That one is looked for by what was asked for of it: the kernel may have made it a way of another one (IPv6). */
static int take_what_came(const struct placing *p, struct routes *kept)
{
	_cleanup_(route_reader_done) struct route_reader reader = { .scope = p->scope };
	struct kernel_route_result result;
	struct hycan_route route;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < kept->n && r >= 0; i++) {
		if (kept->route[i]->nlmsg_seq != KERNEL_ROUTE_COMES) {
			kept->route[n++] = kept->route[i];
			continue;
		}
		r = route_read(&reader, kept->route[i], &route);
		if (r == 0)
			r = kernel_route_remove_same(p->scope, &route, false, &result);
		r = r == -ESRCH ? 0 : r;
	}
	kept->n = n;
	return r < 0 ? r : 0;
}

static int put_back(const struct placing *p, struct routes *kept, struct routes *there)
{
	const bool ipv4 = family_of(kept->route[0]) == AF_INET;
	struct place_search search = { .like = kept->route[0], .there = &there->messages };
	_cleanup_free_ size_t *at = NULL;
	bool missing = false;
	int r;

	for (size_t i = 0; i < kept->n; i++)
		search.own = search.own || kept->route[i]->nlmsg_seq == KERNEL_ROUTE_GOES_FOR_GOOD;
	r = read_place(p->scope, &search);

	r = r < 0 ? r : index_routes(there, there->messages.data, there->messages.size);
	if (r < 0)
		return r;
	forget_those_that_left(kept, there);
	at = calloc(kept->n + 1, sizeof(*at));
	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < kept->n; i++) {
		at[i] = position(there, kept->route[i]);
		missing = missing || at[i] == SIZE_MAX;
	}
	/* the one takes the other's place, and there is no moment without */
	if (missing && kept->n == 1 && there->n == 1 && search.n_others == 0 &&
	    (p->is_held || is_left_of(kept->route[0], there->route[0])))
		return make(p, kept->route[0], NLM_F_CREATE | NLM_F_REPLACE);
	/* a way over a link that was down is dead until that has a carrier, but for one that is made anew; where it is down still, it stays */
	if (!missing && !ipv4 && kept->n == 1 && there->n == 1 && there->route[0]->nlmsg_seq)
		(void)make(p, kept->route[0], NLM_F_CREATE | NLM_F_REPLACE);
	if (missing && !ipv4)
		r = remove_others(p, kept, there);
	return r < 0 ? r : arrange(p, kept, at, ipv4);
}

/* In a time that does not depend on the size of the table, for the most: one IPv4 route that is there, or where there is none. */
static int put_back_alone(const struct placing *p, const struct nlmsghdr *route)
{
	int r = make(p, route, NLM_F_CREATE | NLM_F_EXCL);

	/* neither to be made nor to be changed: “exists” for the very same */
	if (r == -EEXIST && make(p, route, 0) == -EEXIST)
		return 0;
	/* with a link that is down the kernel looks no further, though one of several ways over it is there */
	return route_is_unreached(r) || r == -ENETDOWN ? -EEXIST : r;
}

static bool is_route(const void *messages, size_t size)
{
	return mnl_nlmsg_ok(messages, (int)size) && mnl_nlmsg_get_payload_len(messages) >= sizeof(struct rtmsg);
}

bool kernel_route_same_place(const void *messages, size_t size, const void *others, size_t others_size)
{
	return is_route(messages, size) && is_route(others, others_size) && same_place(messages, others);
}

int kernel_route_put_back(struct kernel_scope *scope, const void *messages, size_t size, bool is_held, bool unreached)
{
	const struct placing placing = { .scope = scope, .is_held = is_held, .unreached = unreached };
	_cleanup_(routes_done) struct routes kept = { 0 };
	_cleanup_(routes_done) struct routes there = { 0 };
	const struct nlmsghdr *first = messages;
	int r;

	if (!is_route(messages, size))
		return -EBADMSG;
	if (first->nlmsg_len == size && family_of(first) == AF_INET) {
		r = put_back_alone(&placing, first);
		if (r != -EEXIST)
			return r;
	}
	r = index_routes(&kept, messages, size);
	if (r == 0)
		r = take_what_came(&placing, &kept);
	return r < 0 || kept.n == 0 ? r : put_back(&placing, &kept, &there);
}

int kernel_route_is_put_back(struct kernel_scope *scope, const void *messages, size_t size, bool *ret_is)
{
	_cleanup_(routes_done) struct routes kept = { 0 };
	_cleanup_(routes_done) struct routes there = { 0 };
	struct place_search search = { .like = messages, .there = &there.messages };
	int r = index_routes(&kept, messages, size);

	if (r == 0 && kept.n == 0)
		r = -EBADMSG;
	if (r == 0)
		r = read_place(scope, &search);
	if (r == 0)
		r = index_routes(&there, there.messages.data, there.messages.size);
	if (r < 0)
		return r;
	*ret_is = true;
	for (size_t i = 0; i < kept.n; i++)
		*ret_is = *ret_is && (!kept.route[i]->nlmsg_seq || kept.route[i]->nlmsg_seq == KERNEL_ROUTE_COMES ||
		                      position(&there, kept.route[i]) != SIZE_MAX);
	return 0;
}

int kernel_route_read_place(struct kernel_scope *scope, const void *messages, size_t size, struct hycan_route *ret_route,
                            bool *ret_in_words)
{
	_cleanup_(route_reader_done) struct route_reader reader = { .scope = scope };
	int r = mnl_nlmsg_ok(messages, (int)size) ? route_read(&reader, messages, ret_route) : 1;

	ret_route->has_nexthops = false;
	ret_route->nexthops = NULL;
	ret_route->n_nexthops = 0;
	*ret_in_words = r == 0 && in_words(messages);
	return r > 0 ? -EBADMSG : r;
}
