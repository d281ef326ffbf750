/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways between networks in our table.
 *
 * A way is in two sets: “network_way”, by which packets are treated, and “network_allowed”, which no rule looks at, and which
 * says what was asked for. Both are written in one batch, so where they differ a stranger changed one of them: mostly the first; whoever
 * knows better is asked. A table without the second one was made by a former release, and its ways count as asked for; the next change
 * notes that.
 */
#include "network_way.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"

/* ------------------------------------------------------------------------------------------------------------- reading */

struct ways {
	struct kernel_network_way *way;
	size_t n;
	bool asked; /* those of the set that is read */
};

static void ways_free(struct ways *ways)
{
	cleanup_free(&ways->way);
}

static int found_way(const struct nft_element *element, void *userdata)
{
	struct ways *w = userdata;
	const char *key = element->key;
	int r;

	if (element->key_size != (size_t)2 * HYCAN_IFNAME_SIZE || memcmp(key, key + HYCAN_IFNAME_SIZE, HYCAN_IFNAME_SIZE) == 0)
		return 0;
	r = array_grow(&w->way, w->n, sizeof(*w->way));
	if (r < 0)
		return r;
	w->way[w->n] = (struct kernel_network_way){ .open = !w->asked, .asked = w->asked };
	memcpy(w->way[w->n].from, key, HYCAN_IFNAME_SIZE - 1);
	memcpy(w->way[w->n++].to, key + HYCAN_IFNAME_SIZE, HYCAN_IFNAME_SIZE - 1);
	return 0;
}

static int compare_ways(const void *a, const void *b)
{
	const struct kernel_network_way *x = a, *y = b;
	const int from = strcmp(x->from, y->from);

	return from ? from : strcmp(x->to, y->to);
}

/* One that is in both sets was read twice. */
static void join(struct ways *ways)
{
	size_t n = 0;

	if (ways->n)
		qsort(ways->way, ways->n, sizeof(*ways->way), compare_ways);
	for (size_t i = 0; i < ways->n; i++) {
		if (n == 0 || compare_ways(&ways->way[n - 1], &ways->way[i]) != 0) {
			ways->way[n++] = ways->way[i];
			continue;
		}
		ways->way[n - 1].open |= ways->way[i].open;
		ways->way[n - 1].asked |= ways->way[i].asked;
	}
	ways->n = n;
}

static int found_set(const char *name, void *userdata)
{
	if (strcmp(name, nft_network_set(NFT_NETWORK_ALLOWED)) == 0)
		*(bool *)userdata = true;
	return 0;
}

/* Whether the table says which ways were asked for. */
static int says_allowed(struct kernel_scope *scope, bool *ret_says)
{
	*ret_says = false;
	return nft_set_list(scope, found_set, ret_says);
}

/* A way that came in between would be in one of the sets alone. */
static int read_sets(struct kernel_scope *scope, void *userdata)
{
	struct ways *ways = userdata;
	bool says = true;
	size_t n_open;
	int r;

	ways->n = 0;
	ways->asked = false;
	r = nft_element_list(scope, nft_network_set(NFT_NETWORK_WAY), found_way, ways);
	n_open = ways->n;
	ways->asked = true;
	if (r == 0)
		r = nft_element_list(scope, nft_network_set(NFT_NETWORK_ALLOWED), found_way, ways);
	if (r == 0 && n_open > 0 && ways->n == n_open)
		r = says_allowed(scope, &says);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_open; i++)
		ways->way[i].asked = !says;
	join(ways);
	return 0;
}

int kernel_network_list_ways(struct kernel_scope *scope, struct kernel_network_way **ret_ways, size_t *ret_n)
{
	_cleanup_(ways_free) struct ways w = { 0 };
	int r = nft_read_at_once(scope, read_sets, &w);

	if (r < 0)
		return r;
	*ret_n = w.n;
	*ret_ways = steal(&w.way);
	return 0;
}

const struct kernel_network_way *kernel_network_ways_from(const struct kernel_network_way *ways, size_t n, const char *link,
                                                          size_t *ret_n)
{
	size_t first = 0, behind = n;

	while (first < behind) {
		const size_t middle = first + (behind - first) / 2;

		if (strcmp(ways[middle].from, link) < 0)
			first = middle + 1;
		else
			behind = middle;
	}
	while (behind < n && strcmp(ways[behind].from, link) == 0)
		behind++;
	*ret_n = behind - first;
	return n ? &ways[first] : ways;
}

bool kernel_network_way_differs(const struct kernel_network_way *way)
{
	return way->open != way->asked;
}

bool kernel_network_keeps_ways(const struct kernel_network_way *ways, size_t n, const char *link)
{
	size_t n_from;
	const struct kernel_network_way *from = kernel_network_ways_from(ways, n, link, &n_from);

	for (size_t i = 0; i < n_from; i++)
		if (kernel_network_way_differs(&from[i]))
			return false;
	return true;
}

int kernel_network_get_way(struct kernel_scope *scope, const char *from, const char *to, struct kernel_network_way *ret_way)
{
	struct network_wish asked = network_wish_way(NFT_NETWORK_ALLOWED, from, to, true),
			    open = network_wish_way(NFT_NETWORK_WAY, from, to, true);
	bool says = true;
	int r = network_wish_look(scope, &asked);

	if (r == 0)
		r = network_wish_look(scope, &open);
	if (r == 0 && open.there && !asked.there)
		r = says_allowed(scope, &says);
	if (r < 0)
		return r;
	*ret_way = (struct kernel_network_way){ .open = open.there, .asked = asked.there || !says };
	memcpy(ret_way->from, from, strnlen(from, sizeof(ret_way->from) - 1));
	memcpy(ret_way->to, to, strnlen(to, sizeof(ret_way->to) - 1));
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------- changing */

/* Room for what one way may come to. */
#define WISHES_EACH 2

static bool is_among(const struct network_wish *wish, const struct network_wish *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (network_wish_same(wish, &list[i]))
			return true;
	return false;
}

static bool is_of(const struct kernel_network_way *way, const char *link)
{
	return link && (strcmp(way->from, link) == 0 || strcmp(way->to, link) == 0);
}

static bool was_asked(const struct network_ways *ways, const struct kernel_network_way *way)
{
	return way->asked || (ways->told && ways->told->remembers && ways->told->remembers(way, ways->told->userdata));
}

static size_t wish_one(const struct network_ways *ways, const struct kernel_network_way *way,
                       struct network_wish wish[static WISHES_EACH])
{
	const bool goes = is_of(way, ways->drop),
		   mends = ways->mend && kernel_network_way_differs(way) && strcmp(way->from, ways->mend) == 0,
		   wanted = !goes && (mends ? was_asked(ways, way) : way->asked);

	wish[0] = network_wish_way(NFT_NETWORK_WAY, way->from, way->to, wanted);
	wish[1] = network_wish_way(NFT_NETWORK_ALLOWED, way->from, way->to, wanted);
	if (goes)
		return 2;
	if (ways->adopt) {
		wish[0] = wish[1];
		return !is_among(&wish[1], ways->but, ways->n_but);
	}
	return mends ? 2 : 0;
}

int network_ways_wish(struct kernel_scope *scope, const struct network_ways *ways, struct network_wish **ret_wish, size_t *ret_n)
{
	_cleanup_(ways_free) struct ways w = { 0 };
	_cleanup_free_ struct network_wish *wish = NULL;
	size_t n = 0;
	int r = 0;

	if (ways->mend || ways->drop || ways->adopt)
		r = kernel_network_list_ways(scope, &w.way, &w.n);
	if (r < 0 || w.n == 0)
		return r;
	wish = calloc(w.n, WISHES_EACH * sizeof(*wish));
	if (!wish)
		return -ENOMEM;
	for (size_t i = 0; i < w.n; i++)
		n += wish_one(ways, &w.way[i], wish + n);
	*ret_n = n;
	*ret_wish = steal(&wish);
	return 0;
}
