/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Losses: what strangers took out of our table of nf_tables, and nobody has asked for since.
 *
 * With drift “report” (drift.h) what is gone leaves the ledger a moment later, since it is not there. That it is gone is not
 * over with that: who looks whether all is well hours later is to hear of it. So it is noted here, with whose it was, until
 * somebody asks for it again, or lets go of it: by the request that takes it away, with what held it, or by object.clear.
 *
 * Each network namespace has a share of its own for each kind: whoever is root in one could lose as much there as he likes, and
 * others are to hear of theirs. Of what does not fit one knows how many there are. When nobody looks after a namespace any more, nothing is missed in it.
 *
 * It is in memory alone: the ledger's file has what there is, and what its records are about is taken for there by whoever reads
 * it. A daemon that follows finds what went while there was none, since that is still in its ledger, and does not know what was
 * told before. Notes come from the observer's thread and from requests, on any thread.
 */
#ifndef SERVER_LOSSES_H
#define SERVER_LOSSES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ledger.h"

/* So many of a kind are noted in the daemon's own namespace and in each other one, about 100 bytes each; of more the number alone. */
#define LOSSES_MAX        16384u
#define LOSSES_OTHERS_MAX 1024u

#define LOSSES_LISTS 4096u

struct loss;
struct losses_place;

struct losses {
	pthread_mutex_t lock;
	bool open;
	uint64_t own; /* the daemon's namespace */
	atomic_size_t n;
	LIST_HEAD(, loss) list[LOSSES_LISTS];
	LIST_HEAD(, losses_place) places; /* namespaces in which something is missed: as many as are looked after, at most */
};

void losses_open(struct losses *losses, uint64_t own);
void losses_close(struct losses *losses);

/* An object was found to be gone. Under the ledger's lock. */
void losses_note(struct losses *losses, const struct ledger_object *object);

/* Whether it is noted, and whose it was. */
bool losses_has(struct losses *losses, const struct ledger_key *key, uint64_t *ret_subject);

/* It was asked for again, or taken away. Returns whether it was noted. */
bool losses_forget(struct losses *losses, const struct ledger_key *key);

/* The same of all that a user had, or with NULL everybody; of a kind, or of all (0). */
void losses_clear(struct losses *losses, const uint64_t *subject, unsigned int kind);

/* What a holder had in a namespace, of a kind or of all (0), and did not ask for again since it was noted, before that moment. */
void losses_end_round(struct losses *losses, const struct ledger_holder *holder, uint64_t netns, unsigned int kind,
                      uint64_t before_us);

/* Nobody looks after a namespace any more. */
void losses_end_place(struct losses *losses, uint64_t netns);

/* A session has nothing any more, and would not have what it held; and what one held is another's. */
void losses_end_session(struct losses *losses, uint64_t session);
void losses_adopt(struct losses *losses, uint64_t from, uint64_t to);

/* Tells of all of a kind in a namespace, under the lock. Returns how many more there are, or were, that were not noted. */
typedef void losses_found(const struct ledger_key *key, uint64_t subject, void *userdata);
size_t losses_list(struct losses *losses, uint64_t netns, enum hycan_object_kind kind, losses_found *found, void *userdata);

#endif
