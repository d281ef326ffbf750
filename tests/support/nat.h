/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about masquerade and port mappings, in the words of a test; and what the kernel tells the world of changes. */
#ifndef SUPPORT_NAT_H
#define SUPPORT_NAT_H

#include <hycan/types.h>

#include "world.h"

/* “tcp 8080 172.18.0.2 80”, “udp 9000-9010 2001:db8::2 7000 192.0.2.1”: protocol, port, target, its port, address. */
struct hycan_port_mapping nat_mapping(const char *text);

/* What removes it. */
int nat_remove_mapping(struct hycan *h, const struct hycan_port_mapping *mapping);

/* “10.0.0.0/8”, “10.0.0.0/8 eth0”. */
struct hycan_masquerade nat_masquerade(const char *text);

/* All mappings, or masqueraded networks, one a line as above. free() it. */
char *nat_list_mappings(struct hycan *h);
char *nat_list_masquerades(struct hycan *h);

/* From here on changes of the rules are written down, and are to be had with nat_watch_end(). */
struct nat_watch;
struct nat_watch *nat_watch_begin(struct world *w);

/* What changed meanwhile, as nft(8) monitor tells it; "" for nothing. free() it. */
char *nat_watch_end(struct nat_watch *watch);

#endif
