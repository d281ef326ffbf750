/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of the sockets that we speak to the kernel through.
 *
 * A socket of netlink has a number, the port, that is its own in its namespace, and what the kernel announces has that of
 * whoever asked for it. The kernel would choose any; ours are taken from numbers that no other process is given, so that our
 * own changes are told from a stranger's without keeping account of sockets, and by a filter, too.
 */
#ifndef KERNEL_NETLINK_PORT_H
#define KERNEL_NETLINK_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct mnl_socket;

/* Binds a socket to one of our ports. Where all of them are taken the kernel chooses, and we are a stranger. 0 or -errno. */
int netlink_bind(struct mnl_socket *nl);

/* What the upper 16 bits of our ports are. */
uint16_t netlink_port_upper(void);

static inline bool netlink_port_is_ours(uint32_t port)
{
	return port >> 16 == netlink_port_upper();
}

#endif
