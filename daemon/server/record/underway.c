/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Things in lists by their hash; and those that are over, in a ring. */
#include "underway.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "observe.h"
#include "server.h"
#include "siphash.h"
#include "table.h"

/* What is compared with anything. */
#define KINDS (OP_KINDS_IN_TABLE | OP_KIND(HYCAN_OBJECT_KIND_DNS))

struct underway_thing {
	LIST_ENTRY(underway_thing) entry;
	SLIST_ENTRY(underway_thing) next; /* of the same request */
	const struct job *job;
	uint64_t hash;
};

int underway_open(struct underway *underway)
{
	if (getrandom(underway->hash_key, sizeof(underway->hash_key), 0) != sizeof(underway->hash_key))
		return -EIO;
	pthread_mutex_init(&underway->lock, NULL);
	underway->open = true;
	return 0;
}

void underway_close(struct underway *underway)
{
	if (underway->open)
		pthread_mutex_destroy(&underway->lock);
	underway->open = false;
}

static uint64_t hash_of(const struct underway *underway, const struct ledger_key *key)
{
	const uint64_t own[2] = { underway->hash_key[0] ^ key->netns, underway->hash_key[1] ^ key->kind };

	return siphash(own, key->identity, key->size);
}

/* With the lock held; job NULL: of whichever request. */
static bool is_listed(const struct underway *underway, uint64_t hash, const struct job *job)
{
	const struct underway_thing *thing;

	LIST_FOREACH(thing, &underway->list[hash % UNDERWAY_LISTS], entry)
	if (thing->hash == hash && (!job || thing->job == job))
		return true;
	return false;
}

int underway_begin(struct underway *underway, struct underway_things *things, const struct job *job, const struct ledger_key *key)
{
	const uint64_t hash = hash_of(underway, key);
	struct underway_thing *thing = NULL;
	bool listed;

	pthread_mutex_lock(&underway->lock);
	listed = is_listed(underway, hash, job);
	if (!listed)
		thing = malloc(sizeof(*thing));
	if (thing) {
		*thing = (struct underway_thing){ .job = job, .hash = hash };
		LIST_INSERT_HEAD(&underway->list[hash % UNDERWAY_LISTS], thing, entry);
		SLIST_INSERT_HEAD(things, thing, next);
	}
	pthread_mutex_unlock(&underway->lock);
	return listed || thing ? 0 : -ENOMEM;
}

bool underway_is_by(struct underway *underway, const struct job *job, const struct ledger_key *key)
{
	bool is;

	pthread_mutex_lock(&underway->lock);
	is = is_listed(underway, hash_of(underway, key), job);
	pthread_mutex_unlock(&underway->lock);
	return is;
}

/* Our table itself, which is no object. */
static struct ledger_key table_of(uint64_t netns)
{
	return (struct ledger_key){ .netns = netns };
}

int underway_begin_all(struct job *job)
{
	struct underway *underway = &job->server->underway;
	const struct ledger_key table = table_of(op_scope_inode(job->op.scope));
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct key_view v;

		if (!(OP_KIND(effects[i].kind) & KINDS) || effects[i].n_parts == 0)
			continue;
		v = key_view(job, &effects[i]);
		r = underway_begin(underway, &job->intent.things, job, &table);
		for (size_t k = 0; !v.absent && k < v.n_items && r == 0; k++) {
			struct ledger_key key;

			key_of(&v, k, &key);
			r = underway_begin(underway, &job->intent.things, job, &key);
		}
	}
	return r;
}

void underway_end(struct underway *underway, struct underway_things *things)
{
	struct underway_thing *thing;

	if (SLIST_EMPTY(things))
		return;
	pthread_mutex_lock(&underway->lock);
	while ((thing = SLIST_FIRST(things))) {
		SLIST_REMOVE_HEAD(things, next);
		LIST_REMOVE(thing, entry);
		underway->over[underway->n_over++ % UNDERWAY_OVER] = thing->hash;
		free(thing);
	}
	pthread_mutex_unlock(&underway->lock);
}

uint64_t underway_moment(struct underway *underway)
{
	uint64_t moment;

	pthread_mutex_lock(&underway->lock);
	moment = underway->n_over;
	pthread_mutex_unlock(&underway->lock);
	return moment;
}

bool underway_is_behind(struct underway *underway, uint64_t moment)
{
	return underway_moment(underway) - moment > UNDERWAY_OVER;
}

bool underway_was_table(struct underway *underway, uint64_t moment, uint64_t netns)
{
	const struct ledger_key table = table_of(netns);

	return underway_was(underway, moment, &table);
}

bool underway_was(struct underway *underway, uint64_t moment, const struct ledger_key *key)
{
	const uint64_t hash = hash_of(underway, key);
	bool was;

	pthread_mutex_lock(&underway->lock);
	was = underway->n_over - moment > UNDERWAY_OVER || is_listed(underway, hash, NULL);
	for (uint64_t i = moment; !was && i < underway->n_over; i++)
		was = underway->over[i % UNDERWAY_OVER] == hash;
	pthread_mutex_unlock(&underway->lock);
	return was;
}
