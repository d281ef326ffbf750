/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder that dnsmasq watches: a file for each host, by its name. And the file beside it of whom to ask, which it reads at
 * its start, and on SIGHUP.
 *
 * A file is made beside that folder and moved into it, so dnsmasq never reads half of one; and it goes by unlink(2), since
 * dnsmasq (2.90) does not notice one that is moved away. Both are noticed at once, and no question is left unanswered.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "cleanup.h"
#include "instance.h"

/* All addresses of a host, with both of its names. */
#define CONTENTS_SIZE ((size_t)RESOLVER_ADDRESSES_MAX * (HYCAN_ADDRESS_TEXT_SIZE + 3 * RESOLVER_NAME_SIZE))
#define SERVERS_SIZE  (RESOLVER_NAME_SIZE + (size_t)(2 + RESOLVER_UPSTREAMS_MAX) * (HYCAN_ADDRESS_TEXT_SIZE + 16))
#define PATH_SIZE     (INSTANCE_PATH_SIZE + RESOLVER_NAME_SIZE + 8)

static void forget_told(struct instance *instance)
{
	cleanup_free(&instance->told);
	instance->n_told = 0;
}

void instance_prepare(struct instance *instance, const struct order *order)
{
	forget_told(instance);
	instance->zone = *order;
	instance->prepared = instance->wanted = true;
}

static void host_path(const struct instance *instance, const char *name, char path[static PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/hosts/%s", instance->directory, name);
}

/* Lines as in /etc/hosts: the first name is the one that is told for the address. */
static size_t make_contents(const struct instance *instance, const struct order *host, char contents[static CONTENTS_SIZE])
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < host->n_addresses; i++) {
		hycan_address_format(&host->address[i], text, sizeof(text));
		if (*instance->zone.name)
			n += (size_t)snprintf(contents + n, CONTENTS_SIZE - n, "%s %s.%s %s\n", text, host->name,
			                      instance->zone.name, host->name);
		else
			n += (size_t)snprintf(contents + n, CONTENTS_SIZE - n, "%s %s\n", text, host->name);
	}
	return n;
}

static bool is_so(const char *path, const char *contents, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char there[CONTENTS_SIZE + 1];

	return fd >= 0 && read(fd, there, sizeof(there)) == (ssize_t)size && memcmp(there, contents, size) == 0;
}

static int write_file(const char *path, const char *contents, size_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, contents, size);

	if (n < 0)
		return -errno;
	return n == (ssize_t)size ? 0 : -ENOSPC;
}

/* Moves it to its place as a whole. */
static int put_file(const struct instance *instance, const char *path, const char *contents, size_t size)
{
	char other[PATH_SIZE];
	int r;

	snprintf(other, sizeof(other), "%s/new", instance->directory);
	r = write_file(other, contents, size);
	return r == 0 && rename(other, path) < 0 ? -errno : r;
}

static int tell(struct instance *instance, const char *name)
{
	if (!instance->prepared)
		return 0;
	if (array_grow(&instance->told, instance->n_told, sizeof(*instance->told)) < 0)
		return -ENOMEM;
	snprintf(instance->told[instance->n_told++], sizeof(*instance->told), "%s", name);
	return 0;
}

int instance_put_host(struct instance *instance, const struct order *order)
{
	char contents[CONTENTS_SIZE], path[PATH_SIZE];
	size_t size = make_contents(instance, order, contents);
	int r = tell(instance, order->name);

	if (r < 0)
		return r;
	host_path(instance, order->name, path);
	if (is_so(path, contents, size))
		return 0;
	return put_file(instance, path, contents, size);
}

int instance_write_servers(const struct instance *instance)
{
	char contents[SERVERS_SIZE], path[PATH_SIZE], text[HYCAN_ADDRESS_TEXT_SIZE];
	const struct order *zone = &instance->zone;
	size_t n = 0;

	/* nobody else is asked for a name of the domain, nor who has an address of the network */
	if (*zone->name)
		n += (size_t)snprintf(contents + n, sizeof(contents) - n, "server=/%s/\n", zone->name);
	for (size_t i = 0; i < 2; i++)
		if (zone->gateway[i].address.family)
			n += (size_t)snprintf(contents + n, sizeof(contents) - n, "rev-server=%s\n",
			                      hycan_prefix_format(&zone->gateway[i], text, sizeof(text)));
	for (size_t i = 0; !zone->ask_host && i < zone->n_addresses; i++)
		n += (size_t)snprintf(contents + n, sizeof(contents) - n, "server=%s\n",
		                      hycan_address_format(&zone->address[i], text, sizeof(text)));
	snprintf(path, sizeof(path), "%s/servers", instance->directory);
	return put_file(instance, path, contents, n);
}

int instance_remove_host(struct instance *instance, const char *name)
{
	char path[PATH_SIZE];

	host_path(instance, name, path);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int instance_settle_hosts(struct instance *instance)
{
	char path[PATH_SIZE];
	const struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/hosts", instance->directory);
	directory = opendir(path);
	if (!directory)
		return -errno;
	if (instance->n_told)
		qsort(instance->told, instance->n_told, sizeof(*instance->told), compare);
	while ((entry = readdir(directory))) {
		const char *name = entry->d_name;

		if (*name != '.' &&
		    !(instance->n_told && bsearch(name, instance->told, instance->n_told, sizeof(*instance->told), compare)))
			(void)unlinkat(dirfd(directory), name, 0);
	}
	closedir(directory);
	forget_told(instance);
	instance->prepared = false;
	return 0;
}

int instance_make_folder(const char *folder, struct instance *instance)
{
	char hosts[PATH_SIZE];

	if (snprintf(instance->directory, sizeof(instance->directory), "%s/%ju.%u", folder, (uintmax_t)instance->netns,
	             instance->vlan_id) >= (int)sizeof(instance->directory))
		return -ENAMETOOLONG;
	snprintf(hosts, sizeof(hosts), "%s/hosts", instance->directory);
	if (mkdir(instance->directory, 0700) < 0 && errno != EEXIST)
		return -errno;
	return mkdir(hosts, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

void instance_remove_folder(struct instance *instance)
{
	char path[PATH_SIZE];

	/* nothing was told of, so everything goes */
	forget_told(instance);
	(void)instance_settle_hosts(instance);
	snprintf(path, sizeof(path), "%s/hosts", instance->directory);
	(void)rmdir(path);
	snprintf(path, sizeof(path), "%s/new", instance->directory);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/servers", instance->directory);
	(void)unlink(path);
	(void)rmdir(instance->directory);
}
