/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DNS of networks, as the daemon sees it: which zones there are, and how the supervisor's dnsmasqs do.
 *
 * What is wanted is here, in memory and in a file for each zone beside the ledger's, from which a daemon's successor goes
 * on: that is the one truth. The supervisor (supervisor.h) is told, and can be told again. A zone is known by its network
 * namespace and VLAN.
 *
 * What this room does not do: know networks, or who may ask for what. Every function may be called by any thread.
 */
#ifndef RESOLVER_RESOLVER_H
#define RESOLVER_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zone.h"

struct resolver;

struct resolver_options {
	const char *state_path;     /* of the ledger, or NULL: zones end with the daemon */
	const char *program;        /* dnsmasq; NULL: where it mostly is */
	int patience_ms;            /* with one that was started, until it serves; 0: as long as is sensible */
	const char *socket;         /* of a supervisor that is a service; NULL: it is our child */
	void (*waits)(bool begins); /* told by a thread that waits for a dnsmasq for longer than they mostly take; or NULL */
};

/* Knows what a former daemon had, as far as it can be read. */
int resolver_open(const struct resolver_options *options, struct resolver **ret_resolver);

/* Whether all of it could be: what the resolver does not have there never was. */
bool resolver_is_whole(const struct resolver *resolver);

/* The supervisor ends, if it is our child, and every dnsmasq with it; the files stay. */
void resolver_free(struct resolver **resolver);

/* Starts the supervisor, unless it is a service, or dnsmasq is not installed. Before the first thread. 0 or -errno. */
int resolver_start(struct resolver *resolver);

/* The package that is missing, or NULL. */
const char *resolver_lacks(const struct resolver *resolver);

struct resolver_state {
	int pid;     /* 0: it does not run */
	bool serves; /* it answered when it was asked just now */
	bool starts; /* somebody waits for it to do so */
	uint32_t restarts;
	uint64_t since_ms;               /* for how long it runs, */
	uint64_t again_ms;               /* or in how long it is started again */
	char words[RESOLVER_WORDS_SIZE]; /* what it says to that */
};

/*
 * Makes a zone what it is given, with its hosts, and waits until dnsmasq serves it. netns: its namespace, which stays the
 * caller's; -1: the daemon's own. -errno: it is as it was; ret_words has what dnsmasq said. -ENOENT: it is not installed.
 */
int resolver_set(struct resolver *resolver, const struct resolver_zone *zone, int netns,
                 char ret_words[static RESOLVER_WORDS_SIZE]);

/* The same in place of a zone as it was read, or with NULL of none. -EINTR: it is another one by now. */
int resolver_replace(struct resolver *resolver, const struct resolver_zone *zone, const struct resolver_zone *before, int netns,
                     char ret_words[static RESOLVER_WORDS_SIZE]);

/* No zone any more. -ENOENT: there was none. */
int resolver_unset(struct resolver *resolver, uint64_t netns, uint16_t vlan_id);

/*
 * Adds a host, or gives it other addresses; takes one away. No question to dnsmasq stays without an answer. -ENOENT. read: the zone
 * as it was when it was decided that the host may be there, and before: that host then, or NULL; -EINTR: its network, or that
 * host, is another one by now.
 */
int resolver_put_host(struct resolver *resolver, const struct resolver_zone *read, const struct resolver_host *before,
                      const struct resolver_host *host);
int resolver_remove_host(struct resolver *resolver, uint64_t netns, uint16_t vlan_id, const char *name);

/* A copy of a zone. -ENOENT: there is none. */
int resolver_get(struct resolver *resolver, uint64_t netns, uint16_t vlan_id, struct resolver_zone *ret_zone);

/* VLANs of the zones in a namespace, in that order. ret_vlan_ids is for the caller to free(). */
int resolver_list(struct resolver *resolver, uint64_t netns, uint16_t **ret_vlan_ids, size_t *ret_n);

/* Asks every dnsmasq whether it is there; what they answered is in resolver_state(). 0, or -errno: nobody can be asked. */
int resolver_probe(struct resolver *resolver);
int resolver_state(struct resolver *resolver, uint64_t netns, uint16_t vlan_id, struct resolver_state *ret_state);

/*
 * After the start: tells of each zone that a former daemon had. found() completes it, opens its namespace (or leaves -1),
 * and returns 1, and it goes on; nobody waits until it does. 0: it is forgotten. -errno: nobody knows, so it is kept, and not run.
 */
typedef int resolver_found(struct resolver_zone *zone, int *ret_netns, void *userdata);
void resolver_resume(struct resolver *resolver, resolver_found *found, void *userdata);

#endif
