/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding of packets between links.
 *
 * The kernel keeps these values in files below /proc/sys/net, and which namespace's they are is decided by the thread
 * that opens them. A link's name is one component of a path, opened for itself; “all” and “default” are no links there.
 *
 * What this file does not do: undo what the kernel does along with it. ip_forward sets the value of every link, and a
 * link that forwards IPv6 no longer listens to router advertisements (accept_ra).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "forwarding.h"
#include "link.h"
#include "netlink.h"

static const char *conf_directory(enum hycan_family family)
{
	return family == HYCAN_FAMILY_IPV6 ? "/proc/sys/net/ipv6/conf" : "/proc/sys/net/ipv4/conf";
}

/* Opens the file of a link, below its directory. */
static int open_link(enum hycan_family family, const char *link, int flags, int *ret_fd)
{
	_cleanup_close_ int conf = -1, directory = -1;
	int fd;

	if (strchr(link, '/') || strcmp(link, ".") == 0 || strcmp(link, "..") == 0 || strcmp(link, "all") == 0 ||
	    strcmp(link, "default") == 0)
		return -ENODEV;
	conf = open(conf_directory(family), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (conf < 0)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	directory = openat(conf, link, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	fd = openat(directory, "forwarding", flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int open_value(enum hycan_family family, const char *link, int flags, int *ret_fd)
{
	const char *path = family == HYCAN_FAMILY_IPV6 ? "/proc/sys/net/ipv6/conf/all/forwarding" : "/proc/sys/net/ipv4/ip_forward";
	int fd;

	if (link)
		return open_link(family, link, flags, ret_fd);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	*ret_fd = fd;
	return 0;
}

static int read_value(enum hycan_family family, const char *link, bool *ret_on)
{
	_cleanup_close_ int fd = -1;
	char text[16];
	ssize_t n;
	int r;

	r = open_value(family, link, O_RDONLY, &fd);
	if (r < 0)
		return r;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	*ret_on = n > 0 && text[0] != '0';
	return 0;
}

static int write_value(enum hycan_family family, const char *link, bool on)
{
	_cleanup_close_ int fd = -1;
	int r;

	r = open_value(family, link, O_WRONLY, &fd);
	if (r < 0)
		return r;
	return write(fd, on ? "1\n" : "0\n", 2) < 0 ? -errno : 0;
}

/* Into the namespace. The files there tell a link that is not there from one without the family only if it is looked for. */
static int enter(struct kernel_scope *scope, const char *link)
{
	uint32_t ifindex;
	int r = link ? kernel_link_index(scope, link, &ifindex) : 0;

	return r < 0 ? r : kernel_scope_enter(scope);
}

static int8_t *planned_value(struct kernel_scope *scope, enum hycan_family family)
{
	return &netlink_plan(scope)->forwarding[family == HYCAN_FAMILY_IPV6];
}

/* As it is, or is planned to be; a link that is planned will have what all have. In the namespace. */
static int find_value(struct kernel_scope *scope, enum hycan_family family, const char *link, bool *ret_on)
{
	const int8_t planned = *planned_value(scope, family);

	if (link && link_plan_find(scope, link))
		link = NULL;
	if (link || planned == 0)
		return read_value(family, link, ret_on);
	*ret_on = planned > 0;
	return 0;
}

int kernel_forwarding_get(struct kernel_scope *scope, enum hycan_family family, const char *link, bool *ret_on)
{
	int r = enter(scope, link);

	if (r < 0)
		return r;
	r = find_value(scope, family, link, ret_on);
	kernel_scope_leave(scope);
	return r;
}

int kernel_forwarding_set(struct kernel_scope *scope, enum hycan_family family, const char *link, bool on, bool *ret_changed)
{
	bool is_on;
	int r = enter(scope, link);

	if (r < 0)
		return r;
	r = find_value(scope, family, link, &is_on);
	if (r == 0 && is_on != on) {
		r = netlink_gate(scope);
		if (r > 0 && !link)
			*planned_value(scope, family) = on ? 1 : -1;
		r = r ? r : write_value(family, link, on);
	}
	kernel_scope_leave(scope);
	if (r >= 0)
		*ret_changed = is_on != on;
	return r < 0 ? r : 0;
}
