/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file for each zone: beside the ledger's, with its name and a mark before what the zone is of. */
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
#include "known.h"
#include "log.h"

#define FILE_MARK ".dns-"

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

/* What is broken is as good as gone; what cannot be read may be read by the next daemon. Of other files 0. */
static int load_one(struct resolver *resolver, const char *mark)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	struct resolver_zone of = { 0 };
	char path[PATH_MAX];
	int r;

	if (!read_mark(mark, &of.netns, &of.vlan_id) || !file_path(resolver, &of, path))
		return 0;
	r = resolver_zone_read(path, &zone);
	zone.netns = of.netns;
	zone.vlan_id = of.vlan_id;
	if (r == 0 && !known_insert(resolver, &zone))
		r = -ENOMEM;
	if (r < 0)
		log_write(LOG_WARNING, "%s is not read, and the DNS of VLAN %u not resumed: %s", path, zone.vlan_id, strerror(-r));
	return r == -EBADMSG ? 0 : r;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

int known_load(struct resolver *resolver)
{
	_cleanup_free_ char *copy = strdup(resolver->state_path), *other = strdup(resolver->state_path);
	_cleanup_(close_folder) DIR *folder = NULL;
	const struct dirent *entry;
	char prefix[NAME_MAX];
	int r = 0;

	if (!copy || !other)
		return -ENOMEM;
	folder = opendir(dirname(copy));
	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	snprintf(prefix, sizeof(prefix), "%s" FILE_MARK, basename(other));
	/* only so does the end differ from a fault */
	while ((errno = 0, entry = readdir(folder)))
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
			const int one = load_one(resolver, entry->d_name + strlen(prefix));

			r = r < 0 ? r : one;
		}
	return errno ? -errno : r;
}
