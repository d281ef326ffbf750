/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams of a fixed size between the daemon and its helpers, each with at most one descriptor.
 *
 * The sockets are SOCK_SEQPACKET: a datagram comes whole or not at all, and whoever holds one end learns from the kernel that
 * nobody has the other one any more. What this file does not do: know what is said.
 */
#ifndef CORE_DATAGRAM_H
#define CORE_DATAGRAM_H

#include <stddef.h>
#include <sys/types.h>

/* fork(2), with a socket between the two: each has its own end. Returns what fork() does, or -errno. */
pid_t datagram_fork(int *ret_fd);

/* Sends one, with a descriptor or -1. 0 or -errno. */
int datagram_send(int fd, const void *bytes, size_t size, int passed);

/*
 * Receives one of exactly that size, and sets the descriptor that came with it, or -1; with NULL none may come. Flags as of recvmsg(2).
 * 0 or -errno: -EPIPE when nobody is at the other end, -EBADMSG when something else came, -EMFILE when there was no room here for the
 * descriptor; of these two nothing is kept.
 */
int datagram_receive(int fd, void *bytes, size_t size, int flags, int *ret_passed);

#endif
