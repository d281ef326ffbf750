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
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
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

/* A link, or the whole namespace (NULL), and what is planned of it. */
struct meant {
	enum hycan_family family;
	const char *link;        /* as the caller calls it */
	const char *kernel_name; /* and as the kernel does now; NULL: it is planned, and will have what all have */
	uint32_t ifindex;        /* 0: of the whole */
};

/* The files below /proc/sys tell a link that is not there from one without the family only if it is looked for. */
static int find_meant(struct kernel_scope *scope, enum hycan_family family, const char *link, struct meant *ret_meant)
{
	struct meant m = { .family = family, .link = link, .kernel_name = link };
	int r = link ? kernel_link_index(scope, link, &m.ifindex) : 0;

	if (r < 0)
		return r;
	if (link_plan_is_made_up(m.ifindex))
		m.kernel_name = NULL;
	else if (link && link_plan_kernel_name(scope, m.ifindex))
		m.kernel_name = link_plan_kernel_name(scope, m.ifindex);
	*ret_meant = m;
	return 0;
}

/* As it is, or is planned to be. In the namespace. */
static int find_value(struct kernel_scope *scope, const struct meant *m, bool *ret_on)
{
	const struct link_plan *plan = netlink_plan(scope);

	for (size_t i = plan->n_forwarding; i > 0; i--) {
		const struct forwarding_planned *p = &plan->forwarding[i - 1];

		/* what all have, each has */
		if (p->family == m->family && (p->ifindex == m->ifindex || p->ifindex == 0)) {
			*ret_on = p->on;
			return 0;
		}
	}
	return read_value(m->family, m->kernel_name, ret_on);
}

/* It was held. */
static int plan_value(struct kernel_scope *scope, const struct meant *m, bool on)
{
	struct hycan_planned_change change = { .action = HYCAN_CHANGE_ACTION_CHANGE };
	struct link_plan *plan = netlink_plan(scope);

	if (array_grow(&plan->forwarding, plan->n_forwarding, sizeof(*plan->forwarding)) < 0)
		return -ENOMEM;
	plan->forwarding[plan->n_forwarding++] =
		(struct forwarding_planned){ .family = m->family, .ifindex = m->ifindex, .on = on };
	snprintf(change.what, sizeof(change.what), "forwarding %s%s%s", m->family == HYCAN_FAMILY_IPV6 ? "ipv6" : "ipv4",
	         m->link ? " interface " : "", m->link ? m->link : "");
	netlink_tell_values(&change, "", on ? "off" : "on", on ? "on" : "off");
	netlink_tell(scope, &change);
	return 0;
}

int kernel_forwarding_get(struct kernel_scope *scope, enum hycan_family family, const char *link, bool *ret_on)
{
	struct meant m;
	int r = find_meant(scope, family, link, &m);

	r = r < 0 ? r : kernel_scope_enter(scope);
	if (r < 0)
		return r;
	r = find_value(scope, &m, ret_on);
	kernel_scope_leave(scope);
	return r;
}

int kernel_forwarding_set(struct kernel_scope *scope, enum hycan_family family, const char *link, bool on, bool *ret_changed)
{
	struct meant m;
	bool is_on;
	int r = find_meant(scope, family, link, &m);

	r = r < 0 ? r : kernel_scope_enter(scope);
	if (r < 0)
		return r;
	r = find_value(scope, &m, &is_on);
	if (r == 0 && is_on != on) {
		r = netlink_gate(scope);
		if (r == 0)
			r = write_value(family, m.kernel_name, on);
		else if (r > 0)
			r = plan_value(scope, &m, on);
	}
	kernel_scope_leave(scope);
	if (r >= 0)
		*ret_changed = is_on != on;
	return r < 0 ? r : 0;
}
