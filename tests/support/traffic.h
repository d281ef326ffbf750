/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real connections between network namespaces.
 *
 * A socket stays in the namespace that it was made in, so the test makes sockets everywhere and needs no processes
 * there. Namespaces are those of ip-netns(8), by name; NULL is the test's own. Addresses are texts, IPv4 or IPv6.
 */
#ifndef SUPPORT_TRAFFIC_H
#define SUPPORT_TRAFFIC_H

#include <stdbool.h>

/* Room for the text of an address. */
#define TRAFFIC_ADDRESS_SIZE 64

/* A socket that waits on a port of all addresses, IPv4 and IPv6; protocol is IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP. */
int traffic_listen(const char *netns, int protocol, unsigned int port);

/*
 * Connects, sends and is answered. Returns the other side's view of who connected, in a buffer of its own, or the reason
 * why not: “refused”, “timeout”, “elsewhere” (connected, and not to that listener), or the text of an errno.
 * What was sent comes through unchanged in both directions, or the test fails.
 */
const char *traffic_seen(const char *netns, int protocol, const char *address, unsigned int port, int listener);

/* The same where nobody should see it, so that it is not waited for long. */
const char *traffic_lost(const char *netns, int protocol, const char *address, unsigned int port, int listener);

/* As the first, with a socket that is there already: connected by traffic_connect(), of UDP. */
const char *traffic_seen_again(int fd, int listener);

/* A UDP socket that sends to and hears from that address and port alone. */
int traffic_connect_udp(const char *netns, const char *address, unsigned int port);

/* A connection that stays: both of its ends, of which listener's is the second; and that it is open in both directions. */
void traffic_connect_tcp(const char *netns, const char *address, unsigned int port, int listener, int ret_ends[static 2]);
void traffic_assert_open(const int ends[static 2]);

#endif
