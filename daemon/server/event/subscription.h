/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A subscription: which events a client wants, and how far it has got.
 *
 * It begins with a snapshot, which goes through what the monitor knows in steps, as fast as the client reads; a change of
 * what was told already is told at once, and what was not told yet is told as it is when its turn comes. A client that does
 * not read loses events, and nobody waits for it: when it reads again, it is told so, and gets another snapshot.
 *
 * The observer's thread writes events into a buffer that the loop empties; the lock of the observer is for that buffer.
 */
#ifndef SERVER_SUBSCRIPTION_H
#define SERVER_SUBSCRIPTION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <hycan/types.h>

#include "buffer.h"
#include "news.h"
#include "observe.h"
#include "statistics.h"

/* Bytes that may wait for a client; a snapshot goes on when so much is read, so that changes have room beside it. */
#define SUBSCRIPTION_ROOM     (64u << 10)
#define SUBSCRIPTION_SNAPSHOT (32u << 10)

enum subscription_state {
	SUBSCRIPTION_NEW, /* nothing is told yet */
	SUBSCRIPTION_SNAPSHOT_BEGUN,
	SUBSCRIPTION_LIVE, /* it knows everything */
	SUBSCRIPTION_LOST, /* something could not be told */
};

struct observed;
struct peer;

/* Subscriptions of one connection. */
#define SUBSCRIPTIONS_PER_PEER 16u

/* What was asked for, and how far it has come: this goes on in another daemon. */
struct subscription_record {
	uint64_t number; /* of the event that was told last; written by the observer, under the lock */
	uint32_t seq;    /* of the request */
	uint32_t port;
	uint64_t owner;  /* what this subject alone holds */
	uint64_t viewer; /* of objects, only what this subject holds */
	uint32_t families;
	/* no bool: that has two values */
	uint8_t has_owner;
	uint8_t has_viewer;
	char name[64]; /* what the name of a link must match; "": any */
};

struct subscription {
	/* the loop's */
	struct peer *peer;         /* NULL: it has gone */
	struct observed *observed; /* its namespace */
	bool stalled;              /* the peer has enough to read already */
	LIST_ENTRY(subscription) of_peer;

	struct subscription_record record;
	uint64_t netns;

	/* the observer's */
	enum subscription_state state;
	bool had;            /* it wanted what has just changed, as it was, and does not as it is */
	uint64_t cursor;     /* number of the thing that was told last in the snapshot */
	struct entry *place; /* of the object that was told last; NULL: none was */
	LIST_ENTRY(subscription) of_observed;

	/* both's, under the lock */
	struct buffer output;
	bool hungry; /* the observer waits for room */
	bool listed; /* in the list of those with something to read */
	bool ended;  /* the observer has forgotten it */
	TAILQ_ENTRY(subscription) listed_entry;
	SLIST_ENTRY(subscription) command;
};

TAILQ_HEAD(subscription_queue, subscription);

/* What the subscriptions of a namespace share while events are told to them. */
struct telling {
	pthread_mutex_t *lock;
	struct subscription_queue *ready; /* those with something to read; under the lock */
	bool told;                        /* something was put there */
	struct ledger *ledger;
	struct news *news;
	struct news_list recent; /* what the ledger had a moment ago, and the kernel may just have told of */
	struct statistics_events statistics;
	bool has_former; /* of a change, all subscriptions know whether they wanted what it was */
	bool left;       /* and some do not want what it is */
	struct hycan_event event;
	uint8_t frame[SUBSCRIPTION_ROOM / 2];
};

/*
 * A thing that was told may come to be wanted by a change, or be wanted no more: it is new then, or gone. What it was is in t->event, before
 * subscription_change(), and once more behind it, if t->left.
 */
void subscription_note_former(struct subscription *s, const struct telling *t);
void subscription_tell_left(struct subscription *s, struct telling *t);

/* Tells of a change, which is in t->event but for its number, if it is wanted. before: name that a link had, or NULL. */
void subscription_change(struct subscription *s, struct telling *t, uint64_t number, const char *before);

/* Tells of a change of the ledger, if it is wanted. */
void subscription_news(struct subscription *s, struct telling *t, const struct news_item *item);

/* Events were lost before they came here. */
void subscription_lose(struct subscription *s, struct telling *t);

/* Goes on with the snapshot, as far as there is room. */
void subscription_continue(struct subscription *s, struct telling *t, struct kernel_monitor *monitor);

/* Frees it, when neither the loop nor the thread has it any more. */
void subscription_free(struct subscription *s, struct ledger *ledger);

#endif
