/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What really reaches the kernel: every netlink message of the namespace, seen through an nlmon link.
 *
 * “Asking twice sends nothing” is proven by seeing nothing. The messages of all processes in the namespace are seen, so a
 * test that runs ip or wg in between looks away first.
 */
#ifndef SUPPORT_NETLINK_TAP_H
#define SUPPORT_NETLINK_TAP_H

#include <linux/netlink.h>

struct netlink_tap;

/*
 * Begins to watch what is sent to the kernel on a bus (NETLINK_ROUTE, …) in this namespace. Skips the test
 * where the kernel has no link kind nlmon.
 */
struct netlink_tap *netlink_tap_open(int bus);

/*
 * The next message that the kernel was sent, or NULL: there was none since. A message is there before its sender goes on,
 * so nobody has to wait. It is valid until the next call. Fails the test where a message was lost.
 */
const struct nlmsghdr *netlink_tap_next(struct netlink_tap *tap);

/* Forgets what was sent until now. */
void netlink_tap_look_away(struct netlink_tap *tap);

void netlink_tap_close(struct netlink_tap *tap);

#endif
