/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones in memory. Hosts are an array in the order of their names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "zone.h"

void resolver_zone_done(struct resolver_zone *zone)
{
	cleanup_free(&zone->host);
	zone->n_hosts = 0;
}

int resolver_zone_copy(const struct resolver_zone *zone, struct resolver_zone *ret_copy)
{
	struct resolver_zone copy = *zone;

	copy.host = NULL;
	copy.n_hosts = 0;
	for (size_t i = 0; i < zone->n_hosts; i++) {
		/* grows as it grew there */
		if (array_grow(&copy.host, i, sizeof(*copy.host)) < 0) {
			resolver_zone_done(&copy);
			return -ENOMEM;
		}
		copy.host[copy.n_hosts++] = zone->host[i];
	}
	*ret_copy = copy;
	return 0;
}

/* Where a host of that name is, or would be. */
static size_t place(const struct resolver_zone *zone, const char *name)
{
	size_t low = 0, high = zone->n_hosts;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(zone->host[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct resolver_host *resolver_zone_find(const struct resolver_zone *zone, const char *name)
{
	size_t at = place(zone, name);

	return at < zone->n_hosts && strcmp(zone->host[at].name, name) == 0 ? &zone->host[at] : NULL;
}

int resolver_zone_put(struct resolver_zone *zone, const struct resolver_host *host)
{
	size_t at = place(zone, host->name);

	if (at < zone->n_hosts && strcmp(zone->host[at].name, host->name) == 0) {
		zone->host[at] = *host;
		return 0;
	}
	if (zone->n_hosts == RESOLVER_HOSTS_MAX)
		return -ENOSPC;
	if (array_grow(&zone->host, zone->n_hosts, sizeof(*zone->host)) < 0)
		return -ENOMEM;
	memmove(zone->host + at + 1, zone->host + at, (zone->n_hosts - at) * sizeof(*zone->host));
	zone->host[at] = *host;
	zone->n_hosts++;
	return 0;
}

bool resolver_zone_remove(struct resolver_zone *zone, const char *name)
{
	struct resolver_host *host = resolver_zone_find(zone, name);
	size_t at = host ? (size_t)(host - zone->host) : 0;

	if (!host)
		return false;
	zone->n_hosts--;
	memmove(zone->host + at, zone->host + at + 1, (zone->n_hosts - at) * sizeof(*zone->host));
	return true;
}

bool resolver_same_address(const struct hycan_address *a, const struct hycan_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, hycan_address_size(a)) == 0;
}

bool resolver_same_prefix(const struct hycan_prefix *a, const struct hycan_prefix *b)
{
	return a->length == b->length && resolver_same_address(&a->address, &b->address);
}

bool resolver_host_same(const struct resolver_host *a, const struct resolver_host *b)
{
	bool same = strcmp(a->name, b->name) == 0 && a->n_addresses == b->n_addresses;

	for (size_t i = 0; same && i < a->n_addresses; i++)
		same = resolver_same_address(&a->address[i], &b->address[i]);
	return same;
}

bool resolver_zone_tells_alike(const struct resolver_zone *a, const struct resolver_zone *b)
{
	bool alike = strcmp(a->domain, b->domain) == 0 && a->own_only == b->own_only && a->n_upstreams == b->n_upstreams;

	for (size_t i = 0; alike && i < a->n_upstreams; i++)
		alike = resolver_same_address(&a->upstream[i], &b->upstream[i]);
	return alike;
}

bool resolver_zone_same(const struct resolver_zone *a, const struct resolver_zone *b)
{
	bool same = a->netns == b->netns && a->vlan_id == b->vlan_id && strcmp(a->link, b->link) == 0 &&
	            a->internal == b->internal && resolver_zone_tells_alike(a, b) && a->n_hosts == b->n_hosts;

	for (size_t i = 0; same && i < 2; i++)
		same = resolver_same_prefix(&a->gateway[i], &b->gateway[i]);
	for (size_t i = 0; same && i < a->n_hosts; i++)
		same = resolver_host_same(&a->host[i], &b->host[i]);
	return same;
}
