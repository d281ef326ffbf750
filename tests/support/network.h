/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks as tests write them. */
#ifndef SUPPORT_NETWORK_H
#define SUPPORT_NETWORK_H

#include "world.h"

/* “100 10.9.0.0/24 10.9.0.1 blue”, and perhaps “fd09::/64 fd09::1” behind it; on the link “up0”. */
struct hycan_network network_of(const char *text);

/* Asks for it. */
int network_create(struct hycan *h, const char *text);

/* The same with replace. */
int network_replace(struct hycan *h, const char *text);

/* A link “up0” that can carry VLANs, whose other end is “up1”; skips the test where the kernel has no VLANs. */
void network_make_parent(void);

/* The one network of a VLAN as network.list tells it: free() it. */
struct hycan_network_state *network_state(struct hycan *h, uint16_t vlan_id);

/* Fails the test unless the network is as it was asked for, or has a drift with that part. */
void assert_no_drift(struct hycan *h, uint16_t vlan_id);
void assert_drift(struct hycan *h, uint16_t vlan_id, const char *part);

#endif
