/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: the process that starts dnsmasq, one for each zone, and starts it again when it ends.
 *
 * The daemon itself starts no programs and sends no packets, and that stays so: this is a process of its own, that was there
 * before the daemon confined itself, or a service of its own (systemd/hycan-resolver.service). It takes orders of a fixed
 * form (order.h), neither a path nor an argument. It has a user of its own, no right over the network but to enter
 * namespaces and to use port 53, and a read-only file system in which /tmp is its own. Its dnsmasqs die with it.
 */
#ifndef RESOLVER_SUPERVISOR_H
#define RESOLVER_SUPERVISOR_H

/* Where dnsmasq may be. NULL: it is not installed. */
const char *supervisor_find_program(const char *asked);

/* How long a dnsmasq that was started has until it serves, unless something else is asked for. */
#define SUPERVISOR_PATIENCE_MS 20000

/* The package that has it, for people. */
#define SUPERVISOR_PACKAGE "dnsmasq-base"

/*
 * Works for whoever is at the other end of that socket, and ends with it; never returns. The process is its own: it was just
 * forked. Says at first that it is ready, by an answer. patience_ms: with a dnsmasq; 0: as long as is sensible.
 */
__attribute__((noreturn)) void supervisor_work(int fd, const char *program, int patience_ms);

/* The same as a service: for whoever comes to the socket that systemd passed. Returns what to exit with. */
int supervisor_serve(const char *program, int patience_ms);

#endif
