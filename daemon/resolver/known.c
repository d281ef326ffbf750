/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones in memory, by VLAN. */
#include "known.h"

#include <stdlib.h>

#include "cleanup.h"

struct known *known_find(struct resolver *resolver, uint64_t netns, uint16_t vlan_id)
{
	struct known *known;

	LIST_FOREACH(known, &resolver->zones, entries)
	if (known->zone.netns == netns && known->zone.vlan_id == vlan_id)
		return known;
	return NULL;
}

struct known *known_insert(struct resolver *resolver, struct resolver_zone *zone)
{
	struct known *known = calloc(1, sizeof(*known)), *other, *last = NULL;

	if (!known)
		return NULL;
	known->zone = *zone;
	known->netns = -1;
	zone->host = NULL;
	LIST_FOREACH(other, &resolver->zones, entries)
	if (other->zone.vlan_id < known->zone.vlan_id)
		last = other;
	if (last)
		LIST_INSERT_AFTER(last, known, entries);
	else
		LIST_INSERT_HEAD(&resolver->zones, known, entries);
	return known;
}

void known_drop(struct known *known)
{
	LIST_REMOVE(known, entries);
	resolver_zone_done(&known->zone);
	cleanup_close(&known->netns);
	free(known);
}
