/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones in memory, by VLAN, and a file for each: beside the ledger's, with its name and a mark before what the zone is of. */
#include "known.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"

#define FILE_MARK ".dns-"

/* --------------------------------------------------------------------------------------------------------------- zones */

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

/* --------------------------------------------------------------------------------------------------------------- files */

static bool file_path(const struct resolver *resolver, const struct resolver_zone *zone, char path[static PATH_MAX])
{
	return resolver->state_path && snprintf(path, PATH_MAX, "%s" FILE_MARK "%ju-%u", resolver->state_path,
	                                        (uintmax_t)zone->netns, zone->vlan_id) < PATH_MAX;
}

int known_save(const struct resolver *resolver, const struct resolver_zone *zone)
{
	char path[PATH_MAX];

	return file_path(resolver, zone, path) ? resolver_zone_write(path, zone) : 0;
}

void known_unsave(const struct resolver *resolver, const struct resolver_zone *zone)
{
	char path[PATH_MAX];

	if (file_path(resolver, zone, path))
		(void)unlink(path);
}

static void load_one(struct resolver *resolver, const char *path, uint64_t netns, uint16_t vlan_id)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	int r = resolver_zone_read(path, &zone);

	zone.netns = netns;
	zone.vlan_id = vlan_id;
	if (r == 0 && !known_insert(resolver, &zone))
		r = -ENOMEM;
	if (r < 0)
		log_write(LOG_WARNING, "%s is not read, and the DNS of VLAN %u not resumed: %s", path, vlan_id, strerror(-r));
}

/* “NETNS-VLAN”. */
static bool read_mark(const char *text, uint64_t *ret_netns, uint16_t *ret_vlan_id)
{
	char *end;
	uintmax_t netns = strtoumax(text, &end, 10), vlan_id;

	if (*end != '-')
		return false;
	vlan_id = strtoumax(end + 1, &end, 10);
	if (*end || vlan_id == 0 || vlan_id > 4094)
		return false;
	*ret_netns = netns;
	*ret_vlan_id = (uint16_t)vlan_id;
	return true;
}

int known_load(struct resolver *resolver)
{
	_cleanup_free_ char *copy = strdup(resolver->state_path), *other = strdup(resolver->state_path);
	const struct dirent *entry;
	char prefix[NAME_MAX], path[PATH_MAX];
	uint64_t netns;
	uint16_t vlan_id;
	DIR *directory;

	if (!copy || !other)
		return -ENOMEM;
	directory = opendir(dirname(copy));
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	snprintf(prefix, sizeof(prefix), "%s" FILE_MARK, basename(other));
	while ((entry = readdir(directory))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
		    !read_mark(entry->d_name + strlen(prefix), &netns, &vlan_id))
			continue;
		snprintf(path, sizeof(path), "%s" FILE_MARK "%ju-%u", resolver->state_path, (uintmax_t)netns, vlan_id);
		load_one(resolver, path, netns, vlan_id);
	}
	closedir(directory);
	return 0;
}
