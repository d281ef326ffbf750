/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done about drift, object by object: report (drift.h), ignore, or repair.
 *
 * What would make an object again is the request that made it, without keys: the ledger keeps it with the object, also for the
 * next daemon (wish.h). Here is how often it was tried. A repair that does not last is tried again later and later, and seven times
 * at most: then it is reported as any other loss. One that fails is tried as often, and then now and then, until somebody lets go of it.
 *
 * Notes come from any thread, drift from the observer's, and repairs are carried out on a worker.
 */
#ifndef SERVER_REPAIR_H
#define SERVER_REPAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "errand.h"
#include "ledger.h"
#include "settings.h"

struct job;
struct key_view;
struct repair;
struct server;

#define REPAIR_LISTS 16384u

TAILQ_HEAD(repair_queue, repair);

struct repairs {
	pthread_mutex_t lock;
	atomic_size_t n;
	LIST_HEAD(, repair) list[REPAIR_LISTS];
	size_t tidied;                            /* the list that was tidied last */
	struct repair_queue wanted[LEDGER_KINDS]; /* those that are to be made now, of each kind */
	struct settings settings;                 /* of links that are there */
	struct server *server;
	atomic_bool told; /* some are to be made again; the loop has not seen it yet */
	struct errand errand;
	bool runs; /* the loop's */
};

void repair_open(struct repairs *repairs, struct server *server);
void repair_close(struct repairs *repairs);

/* What the ledger has of a former daemon's wishes; before anybody looks. */
void repair_restore(struct repairs *repairs);

/* What is to be done about drift of an object. */
enum hycan_drift repair_drift(struct repairs *repairs, const struct ledger_key *key);

/* What a request made or found is to be repaired, ignored or reported, as its connection says. */
void repair_note(const struct key_view *v);

/*
 * What was wanted of an item of a request before a step of a transaction wants something else of it, in whole words for repair_put_back().
 * 0: it wants the same; -ENOMEM.
 */
#define REPAIR_BEFORE_SIZE 8512
ssize_t repair_before(const struct key_view *v, size_t item, uint8_t ret_bytes[static REPAIR_BEFORE_SIZE]);

/* What that is about. False: it makes no sense. And it is wanted again, unless others than that user have said something since: 0 or -ENOMEM. */
bool repair_read_before(const void *bytes, size_t size, struct ledger_key *ret_key);
int repair_put_back(struct repairs *repairs, uint64_t subject, const void *bytes, size_t size);

/* What a request changed in a thing is wanted of it from now on, where it is to be repaired. */
void repair_amend(const struct key_view *v);

/* A link is called otherwise in the ledger now, and what is on it: so it is in what is wanted. */
void repair_renamed(struct repairs *repairs, uint64_t netns, const char *from, const char *to);

/* A namespace has ended: nothing is wanted there any more. */
void repair_end_place(struct repairs *repairs, uint64_t netns);

/* A look begins at what there is of a kind in a namespace; this is there, as op_monitor_list() found it; and that was all. */
void repair_look_begin(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind);
void repair_seen(struct repairs *repairs, const struct ledger_key *key, const void *found);

/* Some of it is not what was asked for, also where other parts of it are. */
void repair_differs(struct repairs *repairs, const struct ledger_key *key);

/*
 * What was not seen as it was asked for, and was made before that moment, is made again where it is to be repaired. Returns when to look again, or 0. told: the loop has something to do.
 */
uint64_t repair_look_end(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind, uint64_t before_us, bool *ret_told);

/* In the loop: carries out what is wanted, on a worker. */
void repair_serve(struct repairs *repairs);

#endif
