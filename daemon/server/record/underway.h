/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is under way: things of our table of nf_tables, and names of networks, that a request is changing just now, in the kernel and
 * not yet in the ledger, or the other way round.
 *
 * As long as that lasts the two differ, and who compares them would take a request for a stranger. It may last for twenty
 * seconds, for a request may wait for a dnsmasq. So nobody waits for the requests; but what is found to be amiss with a thing counts
 * only if no request was about that thing at any moment of the look. Other things are told meanwhile.
 *
 * A request is in here from before its first change of the kernel until the ledger knows all of it (intent.h). Things are known
 * by 64 bits of a hash. Of those that are over the last ones are known, for looks that began before.
 */
#ifndef SERVER_UNDERWAY_H
#define SERVER_UNDERWAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct job;
struct ledger_key;
struct underway_thing;

#define UNDERWAY_LISTS 1024u

/* So many that are over are known. */
#define UNDERWAY_OVER 4096u

/* What one request is about; zero at first. */
SLIST_HEAD(underway_things, underway_thing);

struct underway {
	pthread_mutex_t lock;
	bool open;
	uint64_t hash_key[2];
	uint64_t n_over; /* since the daemon began */
	uint64_t over[UNDERWAY_OVER];
	LIST_HEAD(, underway_thing) list[UNDERWAY_LISTS];
};

/* 0 or -errno. */
int underway_open(struct underway *underway);
void underway_close(struct underway *underway);

/*
 * A request is about to change a thing: said by the job that has it, again and again if it likes. 0, or -ENOMEM: then it must not
 * be changed.
 */
int underway_begin(struct underway *underway, struct underway_things *things, const struct job *job, const struct ledger_key *key);

/* The same of all that the row of the job's request is about, as far as anybody compares it, and of the table that it is in. */
int underway_begin_all(struct job *job);

/* Whether that job's request, or what it is part of, has changed the thing so far, or is about to. */
bool underway_is_by(struct underway *underway, const struct job *job, const struct ledger_key *key);

/* The ledger knows all of it. */
void underway_end(struct underway *underway, struct underway_things *things);

/* The moment at which a look begins. */
uint64_t underway_moment(struct underway *underway);

/* Whether more ended since then than are known: then each thing counts as under way, and one looks again. */
bool underway_is_behind(struct underway *underway, uint64_t moment);

/* Whether a request was about that thing, at any time since then; and about anything in the table of that namespace. */
bool underway_was(struct underway *underway, uint64_t moment, const struct ledger_key *key);
bool underway_was_table(struct underway *underway, uint64_t moment, uint64_t netns);

#endif
