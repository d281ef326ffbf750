/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets between a virtual machine and its host (vsock(7)), as far as the daemon needs them: to listen, and to know who came.
 *
 * A socket there has no user at its other end, but a machine, by its context id, which the host gives and the kernels see
 * to; and a port, of which those below 1024 are given to privileged processes alone, as of old (bind(2), EACCES).
 */
#ifndef CORE_VSOCK_H
#define CORE_VSOCK_H

#include <stdbool.h>
#include <stdint.h>

#define VSOCK_PORT_DEFAULT 50052u
#define VSOCK_PORT_MAX     (UINT32_MAX - 1)

/* Listens on that port. 0 or -errno: -EAFNOSUPPORT where the kernel has no vsock. */
int vsock_listen(uint32_t port, int *ret_fd);

/* The port that a listening stream socket has; -ENOTSOCK when it is none of vsock. */
int vsock_listens(int fd, uint32_t *ret_port);

/* The machine at the other end, and whether a privileged process is there. -ENODATA: it is no socket of vsock. */
int vsock_peer(int fd, uint32_t *ret_cid, bool *ret_privileged);

#endif
