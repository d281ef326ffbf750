/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call through the daemon is made of, without the daemon: an echo over a Unix socket between two processes, and a
 * netlink request made directly.
 */
#ifndef BENCH_DIRECT_H
#define BENCH_DIRECT_H

#include <stdint.h>
#include <sys/types.h>

struct mnl_socket;

struct direct {
	pid_t server; /* that echoes */
	int echo;
	struct mnl_socket *nl;
	uint32_t seq;
};

void direct_open(struct direct *d);
void direct_close(struct direct *d);

/* 64 bytes to the server and back. */
void direct_echo(struct direct *d);

/* What the daemon asks the kernel for link.up of lo, and for link.get. */
void direct_link_up(struct direct *d);
void direct_link_get(struct direct *d);

#endif
