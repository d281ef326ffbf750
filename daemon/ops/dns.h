/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operations have to do with the DNS of networks. */
#ifndef OPS_DNS_H
#define OPS_DNS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/network.h"
#include "op.h"
#include "resolver/resolver.h"

struct hycan_dns_host;
struct hycan_network_dns;

/* Refuses where there can be no DNS, and says what to install. */
int dns_available(struct op *op);

/* A zone as it is planned. */
struct dns_planned {
	struct resolver_zone zone;
	bool gone;
};

/* The zone of a VLAN as it is, or as it is planned. -ENOENT: there is none. */
int dns_zone_get(struct op *op, uint16_t vlan_id, struct resolver_zone *ret_zone);

/*
 * Asks the gate before a zone is changed (kernel/scope.h), to what is given, or with gone taken away. 0: go on; above 0: do
 * nothing, it is planned, and counts as done.
 */
int dns_gate(struct op *op, const struct resolver_zone *zone, bool gone);

/* A host as it was asked for: refuses what cannot be one of the network. */
int dns_take_host(struct op *op, const struct kernel_network *network, const char *domain, const struct hycan_dns_host *asked,
                  struct resolver_host *ret_host);

/* Hosts for an answer or a request. NULL: no memory. */
struct hycan_dns_host *dns_hosts(struct op *op, const struct resolver_host *host, size_t n);

/* Says what puts back a host of a zone (op_undo()); and the zone, with the first n_hosts of its hosts. */
int dns_say_host(struct op *op, const struct resolver_zone *zone, const struct resolver_host *host);
int dns_say_zone(struct op *op, const struct resolver_zone *zone, size_t n_hosts);

/* What the network is has to do with the zone. */
void dns_adopt_network(struct resolver_zone *zone, const struct kernel_network *network);

/* Makes a zone what it is given, in place of one that was read, or NULL. -EINTR: it is another one by now. Refuses with what dnsmasq said. */
int dns_set(struct op *op, const struct resolver_zone *zone, const struct resolver_zone *before);

/* A network is otherwise now: what its hosts ask is, too. */
int dns_refresh(struct op *op, const struct kernel_network *network);

/* Says that the names of a network are about to go, with all that goes along with it. 0 or -errno: then they must not. */
int dns_going(struct op *op, const struct kernel_network *network);

/* A network goes, and so do its names, of which that was said. */
int dns_drop(struct op *op, const struct kernel_network *network);

/* Asks every dnsmasq whether it is there, unless there is none. */
void dns_probe(struct op *op);

/* What a network has of it since then: ret_has false, where it has no zone. 0 or -errno. */
int dns_describe(struct op *op, uint16_t vlan_id, struct hycan_network_dns *ret_dns, bool *ret_has);

/* Tells of each zone of the namespace whose names nobody tells. */
typedef void dns_amiss(uint16_t vlan_id, const char *link, const char *message, void *userdata);
void dns_check(struct op *op, dns_amiss *found, void *userdata);

#endif
