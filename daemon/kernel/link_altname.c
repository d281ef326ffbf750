/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a name is the name of a link, or only another name of one (IFLA_ALT_IFNAME).
 *
 * To the kernel both are the same wherever a link is asked for by name, and every request asks here first. So numbers are
 * remembered, and the kernel is asked for the name of the number: an ioctl that takes a tenth of what a netlink request
 * takes, and no lock. What is remembered is a hint: only the kernel's answer counts.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "link.h"
#include "netlink.h"

static uint32_t slot_of(const char *name)
{
	uint32_t hash = 2166136261u;

	while (*name)
		hash = (hash ^ (uint8_t)*name++) * 16777619u;
	return (hash ^ hash >> 16) % NETLINK_NAMES;
}

/* Whether the link of that number has that name. */
static bool has_name(struct kernel_scope *scope, uint32_t ifindex, const char *name)
{
	struct ifreq request = { .ifr_ifindex = (int)ifindex };
	int fd;

	if (netlink_descriptor(scope, NETLINK_ROUTE, &fd) < 0 || ioctl(fd, SIOCGIFNAME, &request) < 0)
		return false;
	return strncmp(request.ifr_name, name, sizeof(request.ifr_name)) == 0;
}

int kernel_link_own_name(struct kernel_scope *scope, const char *name, char ret_name[static HYCAN_IFNAME_SIZE])
{
	uint32_t *hint = &netlink_names(scope)[slot_of(name)];
	struct hycan_link link;
	int r;

	if (*hint && has_name(scope, *hint, name)) {
		memcpy(ret_name, name, strlen(name) + 1);
		return 0;
	}
	r = kernel_link_get(scope, name, &link);
	if (r < 0)
		return r;
	*hint = link.ifindex;
	memcpy(ret_name, link.name, sizeof(link.name));
	return 0;
}
