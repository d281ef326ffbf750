/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone: what the DNS of one network is to be. */
#ifndef RESOLVER_ZONE_H
#define RESOLVER_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/values.h>

#include "name.h"

#define RESOLVER_ADDRESSES_MAX 16 /* of a host */
#define RESOLVER_UPSTREAMS_MAX 8
#define RESOLVER_HOSTS_MAX     4096

/* Room for what dnsmasq says. */
#define RESOLVER_WORDS_SIZE 160

struct resolver_host {
	char name[RESOLVER_NAME_SIZE];
	uint8_t n_addresses;
	struct hycan_address address[RESOLVER_ADDRESSES_MAX];
};

struct resolver_zone {
	uint64_t netns; /* inode of the namespace, which with the VLAN says which zone it is */
	uint16_t vlan_id;
	char link[HYCAN_IFNAME_SIZE];
	char domain[RESOLVER_NAME_SIZE]; /* "": none */
	struct hycan_prefix gateway[2];  /* of IPv4, and of IPv6 or family 0: where it is asked, and what it knows in reverse */
	bool internal;                   /* the network has no way out, so nobody is asked for what is not known here */
	bool own_only;                   /* neither, since it is so wanted */
	uint8_t n_upstreams;             /* 0: whom this host asks */
	struct hycan_address upstream[RESOLVER_UPSTREAMS_MAX];
	size_t n_hosts;
	struct resolver_host *host; /* by name */
};

/* Forgets the hosts. */
void resolver_zone_done(struct resolver_zone *zone);

/* A copy with hosts of its own. 0 or -ENOMEM. */
int resolver_zone_copy(const struct resolver_zone *zone, struct resolver_zone *ret_copy);

/* The host of that name, or NULL. */
struct resolver_host *resolver_zone_find(const struct resolver_zone *zone, const char *name);

/* Adds a host or changes its addresses. 0, -ENOMEM, or -ENOSPC: there are too many. */
int resolver_zone_put(struct resolver_zone *zone, const struct resolver_host *host);

/* Whether there was such a host. */
bool resolver_zone_remove(struct resolver_zone *zone, const char *name);

/* Behind the bytes of an address that is not IPv6 there may be any others; one that is absent has no family. */
bool resolver_same_address(const struct hycan_address *a, const struct hycan_address *b);
bool resolver_same_prefix(const struct hycan_prefix *a, const struct hycan_prefix *b);

bool resolver_host_same(const struct resolver_host *a, const struct resolver_host *b);

/* Whether the same is told of them beside their hosts: the domain, and whom to ask for others. */
bool resolver_zone_tells_alike(const struct resolver_zone *a, const struct resolver_zone *b);

/* Whether they are the same, hosts included. */
bool resolver_zone_same(const struct resolver_zone *a, const struct resolver_zone *b);

/* Writes a zone to a file, whole or not at all. 0 or -errno. */
int resolver_zone_write(const char *path, const struct resolver_zone *zone);

/* Reads it: -EBADMSG when it is none. netns and vlan_id are not in it. */
int resolver_zone_read(const char *path, struct resolver_zone *ret_zone);

#endif
