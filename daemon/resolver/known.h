/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The zones that are wanted, in memory and in files, and telling the supervisor of them: for resolver.c alone, which has the
 * lock.
 *
 * Nobody waits for a dnsmasq with the lock. Whoever changes a zone has taken it meanwhile, so that others who would change the
 * same zone wait for him, and for nobody else.
 */
#ifndef RESOLVER_KNOWN_H
#define RESOLVER_KNOWN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ask.h"
#include "zone.h"

struct known {
	LIST_ENTRY(known) entries;
	struct resolver_zone zone;
	int netns;    /* -1: the daemon's own */
	bool resumed; /* the supervisor is to run it; not yet, when it is a former daemon's */
};

/* A zone that is being changed, by whoever has this. */
struct taken {
	LIST_ENTRY(taken) entries;
	uint64_t netns;
	uint16_t vlan_id;
};

struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	LIST_HEAD(, taken) taken;
	unsigned int connection; /* to the supervisor, the how many-th */
	char *state_path;        /* or NULL */
	bool unread;             /* not all that is there could be read */
	bool resumed;            /* zones of a former daemon go on, or do not; before, each is only what it is to be */
	const char *program;
	int patience_ms;            /* with it */
	void (*waits)(bool begins); /* or NULL */
	bool started;
	struct ask ask;
	LIST_HEAD(, known) zones; /* by VLAN */
};

struct known *known_find(struct resolver *resolver, uint64_t netns, uint16_t vlan_id);

/* Takes the zone, and makes *zone empty. NULL: no memory. */
struct known *known_insert(struct resolver *resolver, struct resolver_zone *zone);
void known_drop(struct known *known);

/*
 * Its file, where there are files; and all of a former daemon's, but what is broken (known_file.c). 0 or -errno: of those, some
 * could not be read.
 */
int known_save(const struct resolver *resolver, const struct resolver_zone *zone);
void known_unsave(const struct resolver *resolver, const struct resolver_zone *zone);
int known_load(struct resolver *resolver);

/* Tells the supervisor of a whole zone; with wait, so that tell_until_served() can be asked. */
int tell_zone(struct resolver *resolver, const struct resolver_zone *zone, int netns, bool wait, struct answer *ret_answer);
int tell_host(struct resolver *resolver, const struct resolver_zone *zone, const struct resolver_host *host);
int tell_host_gone(struct resolver *resolver, const struct resolver_zone *zone, const char *name);

/* Tells it what needs no more words. */
int tell_simply(struct resolver *resolver, enum order_what what, const struct resolver_zone *zone, struct answer *ret_answer);

/* A thread waits for somebody, or no more. */
static inline void resolver_say_waits(const struct resolver *resolver, bool begins)
{
	if (resolver->waits)
		resolver->waits(begins);
}

/* Waits until a zone serves, without the lock. 0 or -errno: it does not, and the answer has words. */
int tell_until_served(struct resolver *resolver, const struct resolver_zone *zone, struct answer *ret_answer);

/* Waits until all that were asked have answered, or had the time to, without the lock. */
void tell_until_answered(struct resolver *resolver);

/* Tells of all zones, which are all that there shall be. */
int tell_all(struct resolver *resolver);

/* Sees to it that somebody is there, and knows what is wanted. */
int tell_connect(struct resolver *resolver);

#endif
