/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changes in the ledger, on its way to the subscriptions.
 *
 * The ledger tells it where it happens, on any thread, and under its lock: so it is only put into a queue, together with
 * who asks for what on that thread just now. The observer's thread empties the queue.
 */
#ifndef SERVER_NEWS_H
#define SERVER_NEWS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#include <hycan/types.h>

#include "ledger.h"

/* So many may wait; what is more is lost, and the subscriptions get another snapshot. */
#define NEWS_MAX 65536u

struct job;

struct news_item {
	STAILQ_ENTRY(news_item) entry;
	struct ledger_news news;
	struct hycan_event_cause cause;
};

STAILQ_HEAD(news_list, news_item);

struct news {
	pthread_mutex_t lock; /* nothing else is locked under it */
	struct news_list items;
	size_t n;
	bool lost;
	int wake; /* eventfd of whoever empties it */
	struct ledger *ledger;
	bool is_on; /* the observer's thread alone */
};

void news_open(struct news *news, struct ledger *ledger, int wake);
void news_close(struct news *news);

/* Begins or ends to hear the ledger. */
void news_turn_on(struct news *news, bool on);

/* Takes what there is; whether some of it was lost. */
bool news_take(struct news *news, struct news_list *ret_items);
void news_free_all(struct news_list *items);

/* Whether it is in the news that a user had something: in what was taken, or in what is still to be taken. */
bool news_tell(const struct news_list *items, const struct ledger_key *key, uint64_t subject);
bool news_will_tell(struct news *news, const struct ledger_key *key, uint64_t subject);

/* On this thread, what changes is a job's doing from now on, or is no more. Of jobs in jobs, the outer one's. */
void news_act(struct job *job, bool begins);

/* On this thread, what changes otherwise is a stranger's doing, and not the daemon's. */
void news_act_for_strangers(void);

/* Or that one's, whose doing it is without a job of his on this thread. */
void news_act_for(const struct hycan_event_cause *cause);

/* The same of what a job comes upon, and is not its doing; and no more. */
void news_find(bool begins);

#endif
