/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Choosing ports.
 *
 * The kernel gives a process its own number, which is below 2^22, and when that is taken one with the highest bit set. So
 * there is room between the two, and the daemon's own number says where in it.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "netlink_port.h"

/* Another daemon may be there, in a namespace of processes of its own. */
#define ATTEMPTS 256

uint16_t netlink_port_upper(void)
{
	static _Atomic uint16_t upper;
	uint16_t is = atomic_load_explicit(&upper, memory_order_relaxed);

	if (is == 0) {
		is = (uint16_t)(0x4000 | (getpid() & 0x3fff));
		atomic_store_explicit(&upper, is, memory_order_relaxed);
	}
	return is;
}

int netlink_bind(struct mnl_socket *nl)
{
	static _Atomic uint16_t last;

	for (int i = 0; i < ATTEMPTS; i++) {
		const uint16_t lower = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed);

		if (mnl_socket_bind(nl, 0, (pid_t)((uint32_t)netlink_port_upper() << 16 | lower)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
}
