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

/* There is no descriptor or no memory for it: of what it is nothing is known. */
static bool is_unknown(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* Opens a name, when that is the namespace. -ENOENT: it is not, or nothing that can be told; or -errno. */
static int open_there(int directory, const char *name, const struct stat *own, uint64_t inode, int *ret_netns)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	uid_t owner;
	int r = fstatat(directory, name, &st, 0) < 0 ? -errno : 0;

	/* a file that is no namespace may have the same number elsewhere */
	if (r == 0 && (st.st_ino != inode || st.st_dev != own->st_dev))
		r = -ENOENT;
	if (r == 0) {
		fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		r = fd < 0 || fstat(fd, &st) < 0 ? -errno : kernel_namespace_owner(fd, &owner);
	}
	if (r == 0 && st.st_ino != inode)
		r = -ENOENT;
	if (r < 0)
		return is_unknown(r) ? r : -ENOENT;
	*ret_netns = steal_fd(&fd);
	return 0;
}

/* The same for what stands at DIRECTORY/NAME suffix for an entry of it. */
static int find_below(const char *path, const char *suffix, bool numbers, uint64_t inode, int *ret_netns)
{
	_cleanup_(close_directory) DIR *directory = opendir(path);
	const struct dirent *entry;
	int r, result = -ENOENT;
	struct stat own;

	if (!directory || stat("/proc/self/ns/net", &own) < 0)
		return -errno;
	for (;;) {
		char name[sizeof(entry->d_name) + 16];

		errno = 0;
		entry = readdir(directory);
		if (!entry)
			return errno ? -errno : result;

		if (entry->d_name[0] == '.' || (numbers && !isdigit((unsigned char)entry->d_name[0])))
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name, suffix);
		r = open_there(dirfd(directory), name, &own, inode, ret_netns);
		if (r == 0)
			return 0;
		/* another name may lead there all the same */
		if (r != -ENOENT)
			result = r;
	}
}

int kernel_namespace_find(uint64_t inode, int *ret_netns)
{
	int by_name = find_below("/run/netns", "", false, inode, ret_netns);
	int by_process = by_name == 0 ? 0 : find_below("/proc", "/ns/net", true, inode, ret_netns);

	return by_process == -ENOENT ? by_name : by_process;
}
