/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: adding thousands.
 *
 * Requests go to the kernel in batches, and only the last one of a batch asks for an acknowledgement; the others answer
 * when they fail. A batch is small enough that the receive buffer holds the answers when every one of its routes fails
 * with a long text: an answer takes 2 KiB of the 8 MiB at most.
 *
 * The kernel says “exists” for whatever is in a route's place, and before that, where the gateway is not within reach any more or the link
 * is down, that. So at the end the tables in question are read, once, to tell the same route from another one, and from none.
 *
 * What breaks before anything was carried out is the failure of all. Later it is that of the routes that it is about,
 * since the others are there, and somebody has to know.
 */
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "attribute.h"
#include "cleanup.h"
#include "route_message.h"

#define BATCH_ROUTES 2048
#define BATCH_SIZE   (64 * 1024)

/* How often a reading is begun anew because routes changed meanwhile; what was seen until then counts in any case. */
#define READINGS_MAX 8

/* A route that may be there. */
struct taken {
	const struct hycan_route *route;
	int error; /* if it is not */
	bool same;
};

struct loading {
	struct kernel_scope *scope;
	const struct kernel_route_load *load;
	struct route_links links;

	size_t passed; /* routes that are in a batch, or not wanted */

	/* the batch */
	uint32_t first_seq;
	size_t n;
	size_t size;
	struct nlmsghdr *last;
	bool begun;    /* an earlier one was carried out */
	bool troubled; /* some route was not added */
	size_t index[BATCH_ROUTES];
	_Alignas(NLMSG_ALIGNTO) uint8_t requests[BATCH_SIZE];

	struct taken *taken;
	size_t n_taken;
};

static void loading_free(struct loading **loading)
{
	if (*loading) {
		route_links_done(&(*loading)->links);
		free((*loading)->taken);
	}
	free(*loading);
	*loading = NULL;
}

static void route_failed(struct loading *l, size_t index, int error)
{
	l->troubled = true;
	l->load->failed(index, error, l->load->userdata);
}

static void keep_taken(struct loading *l, size_t index, int error)
{
	int r = array_grow(&l->taken, l->n_taken, sizeof(*l->taken));

	if (r < 0) {
		route_failed(l, index, r);
		return;
	}
	l->troubled = true;
	l->taken[l->n_taken++] = (struct taken){ .route = &l->load->routes[index], .error = error };
}

static void request_failed(uint32_t seq, int error, const char *message, void *userdata)
{
	struct loading *l = userdata;
	uint32_t at = seq - l->first_seq;

	(void)message; /* it is the scope's own */
	if (at >= l->n)
		return;
	/* of what is invalid for another reason the kernel has words, which would be lost */
	if (error == -EEXIST || (route_is_unreached(error) && error != -EINVAL) || error == -ENETDOWN)
		keep_taken(l, l->index[at], error);
	else
		route_failed(l, l->index[at], error);
}

static int batch_send(struct loading *l)
{
	int r;

	if (l->n == 0)
		return 0;
	l->last->nlmsg_flags |= NLM_F_ACK;
	r = netlink_batch(l->scope, NETLINK_ROUTE, l->requests, l->size, l->last->nlmsg_seq, request_failed, l);
	for (size_t i = 0; r < 0 && l->begun && i < l->n; i++)
		route_failed(l, l->index[i], r);
	if (l->begun)
		r = 0;
	if (r == 0 && !l->troubled && l->passed < l->load->n)
		l->load->added(l->passed, l->load->userdata);
	l->begun = l->begun || r == 0;
	l->n = l->size = 0;
	return r;
}

static int batch_add(struct loading *l, size_t index)
{
	uint16_t flags = NLM_F_CREATE | (l->load->replace ? NLM_F_REPLACE : NLM_F_EXCL);
	struct nlmsghdr *nlh;
	int r;

	if (l->n == BATCH_ROUTES || sizeof(l->requests) - l->size < ROUTE_MESSAGE_SIZE) {
		r = batch_send(l);
		if (r < 0)
			return r;
	}
	if (l->n == 0)
		l->first_seq = netlink_sequence(l->scope, BATCH_ROUTES);
	r = route_message(l->requests + l->size, flags, &l->load->routes[index], &l->links);
	if (r == -ENODEV || r == -E2BIG || (r < 0 && l->begun)) {
		route_failed(l, index, r);
		return 0;
	}
	if (r < 0)
		return r;
	nlh = (struct nlmsghdr *)(l->requests + l->size);
	nlh->nlmsg_seq = l->first_seq + (uint32_t)l->n;
	l->last = nlh;
	l->size += nlh->nlmsg_len;
	l->index[l->n++] = index;
	return 0;
}

/* ------------------------------------------------------------------------------------------- what was there already */

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static uint32_t table(const struct hycan_route *route)
{
	return route->has_table ? route->table : RT_TABLE_MAIN;
}

int route_compare_places(const struct hycan_route *a, const struct hycan_route *b)
{
	int r = compare_numbers(a->destination.address.family, b->destination.address.family);

	if (r == 0)
		r = compare_numbers(table(a), table(b));
	if (r == 0)
		r = compare_numbers(a->destination.length, b->destination.length);
	if (r == 0)
		r = memcmp(a->destination.address.bytes, b->destination.address.bytes, sizeof(a->destination.address.bytes));
	return r ? r : compare_numbers(route_metric(a), route_metric(b));
}

static int compare_taken(const void *a, const void *b)
{
	return route_compare_places(((const struct taken *)a)->route, ((const struct taken *)b)->route);
}

static int taken_found(const struct hycan_route *there, void *userdata)
{
	struct loading *l = userdata;
	size_t low = 0, high = l->n_taken;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (route_compare_places(l->taken[middle].route, there) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* the same place more than once, when a load names it more than once */
	for (; low < l->n_taken && route_compare_places(l->taken[low].route, there) == 0; low++)
		l->taken[low].same = l->taken[low].same || kernel_route_same(l->taken[low].route, there);
	return 0;
}

/* Reads the tables of a run of one family. */
static int read_family(struct loading *l, size_t first, size_t end)
{
	const struct hycan_route *a = l->taken[first].route, *b = l->taken[end - 1].route;
	const struct kernel_route_filter filter = {
		.family = a->destination.address.family,
		.table = table(a) == table(b) ? table(a) : 0,
	};
	int r = -EINTR;

	for (int i = 0; i < READINGS_MAX && r == -EINTR; i++)
		r = kernel_route_list(l->scope, &filter, taken_found, l);
	return r == -EINTR ? 0 : r;
}

static void tell_taken(struct loading *l)
{
	size_t ipv6 = 0;
	int r = 0;

	if (l->n_taken == 0)
		return;
	qsort(l->taken, l->n_taken, sizeof(*l->taken), compare_taken);
	while (ipv6 < l->n_taken && l->taken[ipv6].route->destination.address.family == AF_INET)
		ipv6++;
	if (ipv6 > 0)
		r = read_family(l, 0, ipv6);
	if (r == 0 && ipv6 < l->n_taken)
		r = read_family(l, ipv6, l->n_taken);
	for (size_t i = 0; i < l->n_taken; i++)
		if (r == 0 && l->taken[i].same)
			l->load->there((size_t)(l->taken[i].route - l->load->routes), l->load->userdata);
		else
			l->load->failed((size_t)(l->taken[i].route - l->load->routes), r ? r : l->taken[i].error,
			                l->load->userdata);
}

int kernel_route_load(struct kernel_scope *scope, const struct kernel_route_load *load)
{
	_cleanup_(loading_free) struct loading *l = NULL;
	int r;

	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->scope = l->links.scope = scope;
	l->load = load;
	for (; l->passed < load->n; l->passed++) {
		size_t i = load->order ? load->order[l->passed] : l->passed;

		if (!load->wanted(i, load->userdata)) {
			l->troubled = true;
			continue;
		}
		r = batch_add(l, i);
		if (r < 0)
			return r;
	}
	r = batch_send(l);
	if (r == 0)
		tell_taken(l);
	return r;
}
