/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hearing what the kernel announces about links. */
#include "watch.h"
#include "world.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int watch_links(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void read_event(const struct nlmsghdr *nlh, struct watch_event *event)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	const struct rtattr *rta = IFLA_RTA(ifi);
	int left = (int)IFLA_PAYLOAD(nlh);

	*event = (struct watch_event){ .type = nlh->nlmsg_type, .flags = ifi->ifi_flags };
	for (; RTA_OK(rta, left); rta = RTA_NEXT(rta, left))
		if (rta->rta_type == IFLA_IFNAME)
			strncpy(event->name, RTA_DATA(rta), sizeof(event->name) - 1);
}

size_t watch_read(int fd, struct watch_event *ret_events, size_t max)
{
	_Alignas(NLMSG_ALIGNTO) char buffer[65536];
	size_t n = 0;

	for (;;) {
		ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)buffer;
		int left = (int)size;

		if (size < 0 && errno == EAGAIN)
			return n;
		assert_true(size > 0);
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			if (n < max)
				read_event(nlh, &ret_events[n]);
			n++;
		}
	}
}

size_t watch_count(int fd)
{
	return watch_read(fd, NULL, 0);
}
