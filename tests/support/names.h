/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of networks as tests write them. */
#ifndef SUPPORT_NAMES_H
#define SUPPORT_NAMES_H

#include "world.h"

/* A parent for networks, as network_make_parent(); skips the test where there is no dnsmasq. */
void names_begin(void);

/* “web 10.9.0.2 fd09::2, db 10.9.0.3”. */
int names_set(struct hycan *h, uint16_t vlan_id, const char *hosts, const struct hycan_dns_set_options *options);

/* “web 10.9.0.2”. */
int names_add(struct hycan *h, uint16_t vlan_id, const char *host);

/* Addresses with blanks between. Returns how many. */
size_t names_addresses(const char *text, struct hycan_address *addresses, size_t room);

/* The names of one network: free() it. */
struct hycan_dns_state *names_state(struct hycan *h, uint16_t vlan_id);
int names_pid(struct hycan *h, uint16_t vlan_id);

/* What the ledger has of kinds dns and dns_host: a line an object. */
void names_objects(struct hycan *h, const char *expected);

#endif
