/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a network namespace is, and where it is. A descriptor that comes from a client is asked for its type before
 * anything else.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "namespace.h"

int kernel_namespace_owner(int netns, uid_t *ret_owner)
{
	_cleanup_close_ int user = -1;
	int type = ioctl(netns, NS_GET_NSTYPE);

	if (type < 0)
		return -errno;
	if (type != CLONE_NEWNET)
		return -EINVAL;
	user = ioctl(netns, NS_GET_USERNS);
	if (user < 0)
		return -errno;
	if (ioctl(user, NS_GET_OWNER_UID, ret_owner) < 0)
		return -errno;
	return 0;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Opens what stands at DIRECTORY/NAME suffix for an entry of it, when that is the namespace. */
static int find_below(const char *path, const char *suffix, bool numbers, uint64_t inode, int *ret_netns)
{
	_cleanup_(close_directory) DIR *directory = opendir(path);
	const struct dirent *entry;
	struct stat st, own;

	if (!directory)
		return -ENOENT;
	/* a file that is no namespace may have the same number elsewhere */
	if (stat("/proc/self/ns/net", &own) < 0)
		return -errno;
	while ((entry = readdir(directory))) {
		_cleanup_close_ int fd = -1;
		char name[sizeof(entry->d_name) + 16];
		uid_t owner;

		if (entry->d_name[0] == '.' || (numbers && !isdigit((unsigned char)entry->d_name[0])))
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name, suffix);
		if (fstatat(dirfd(directory), name, &st, 0) < 0 || st.st_ino != inode || st.st_dev != own.st_dev)
			continue;
		fd = openat(dirfd(directory), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != inode || kernel_namespace_owner(fd, &owner) < 0)
			continue;
		*ret_netns = steal_fd(&fd);
		return 0;
	}
	return -ENOENT;
}

int kernel_namespace_find(uint64_t inode, int *ret_netns)
{
	int r = find_below("/run/netns", "", false, inode, ret_netns);

	return r == -ENOENT ? find_below("/proc", "/ns/net", true, inode, ret_netns) : r;
}
