/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "routing.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A test that hears nothing proves nothing. */
static void check_hearing(void)
{
	int fd = announcements_open();

	free(shell("for f in 203.0.113.0/24 2001:db8::/32; do ip route add blackhole $f && ip route delete blackhole $f; done; "
	           "for f in -4 -6; do ip $f rule add iif lo pref 9 && ip $f rule delete pref 9; done; "
	           "for a in 10.9.9.9/32 fd09::9/128; do ip address add $a dev vb && ip address delete $a dev vb; done"));
	assert_true(announcements_count(fd) >= 12);
	close(fd);
}

static int begin(void **state, const struct world_options *options)
{
	*state = world_start(options);
	free(shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad;"
	           "ip link add name va type veth peer name vb && ip link set va addrgenmode none && "
	           "ip link set vb addrgenmode none && ip link set va up && ip link set vb up"));
	/* not LOWER_UP, which is there before the kernel has told IPv6 */
	shell_until(10, "ip link show va | grep -q 'state UP' && ip link show vb | grep -q 'state UP'");
	check_hearing();
	return 0;
}

int routing_begin(void **state)
{
	return begin(state, NULL);
}

int routing_begin_for_all(void **state)
{
	return begin(state, &(struct world_options){ .policy = "allow * all\n", .open_to_all = true });
}

int routing_begin_with_addresses(void **state)
{
	routing_begin(state);
	free(shell("ip address add 10.0.0.1/24 dev va && ip address add fd00::1/64 dev va nodad"));
	routing_settle();
	return 0;
}

/*
 * The local route is the last but a few things that happen to an address, all under the routing lock: who gets that lock
 * next, as a change to a link does, comes after them.
 */
void routing_settle(void)
{
	shell_until(60, "[ $(ip -6 -o address show | wc -l) -le $(ip -6 route show table local type local | wc -l) ]");
	free(shell("ip link set va up"));
}

struct hycan_route route_to(const char *destination)
{
	return (struct hycan_route){ .destination = prefix_of(destination) };
}

struct hycan_route *routing_load(struct hycan *h, size_t n)
{
	struct hycan_route *routes = calloc(n, sizeof(*routes));
	struct hycan_route_load_reply *reply = NULL;

	assert_non_null(routes);
	for (size_t i = 0; i < n; i++) {
		routes[i] = route_to("11.0.0.0/32");
		routes[i].destination.address.bytes[1] = (uint8_t)(i >> 16);
		routes[i].destination.address.bytes[2] = (uint8_t)(i >> 8);
		routes[i].destination.address.bytes[3] = (uint8_t)i;
		routes[i].has_link = true;
		snprintf(routes[i].link, sizeof(routes[i].link), "va");
	}
	assert_done(h, hycan_route_load(h, routes, n, NULL, &reply));
	assert_int_equal(reply->added, n);
	free(reply);
	return routes;
}

struct hycan_route route_via(const char *destination, const char *via)
{
	struct hycan_route route = route_to(destination);

	route.has_via = true;
	route.via = address_of(via);
	return route;
}

int announcements_open(void)
{
	static const int groups[] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
		                      RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE };
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	assert_true(fd >= 0);
	/* a socket without a number of its own hears nothing */
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		assert_int_equal(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])), 0);
	return fd;
}

size_t announcements_count(int fd)
{
	_Alignas(struct nlmsghdr) char buffer[65536];
	size_t n = 0;
	ssize_t size;

	while ((size = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
		unsigned int left = (unsigned int)size;

		for (; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left))
			n++;
	}
	return n;
}

/* Takes the spaces before each line break away. */
static void trim(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '\n')
			while (to > text && to[-1] == ' ')
				to--;
		*to++ = *from;
	}
	*to = '\0';
}

void routing_assert_output(const char *expected, const char *file, int line, const char *format, ...)
{
	char command[1024];
	char *output;
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	output = shell("%s", command);
	trim(output);
	if (strcmp(output, expected) != 0) {
		print_error("“%s” says:\n%sinstead of:\n%s", command, output, expected);
		_fail(file, line);
	}
	free(output);
}
