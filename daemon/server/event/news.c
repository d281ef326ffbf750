/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of news, and on each thread, whose doing it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "about.h"
#include "job.h"
#include "key.h"
#include "messages.h"
#include "news.h"
#include "peer.h"

/* Jobs in jobs, and who began with them. */
static _Thread_local struct {
	unsigned int depth;
	bool finds;
	struct hycan_event_cause otherwise;
	const char *operation;
	struct hycan_event_cause cause; /* without its name */
} acting;

void news_act(struct job *job, bool begins)
{
	struct hycan_event_cause *cause = &acting.cause;

	if (!begins) {
		acting.depth--;
		return;
	}
	if (acting.depth++ > 0)
		return;
	*cause = (struct hycan_event_cause){
		.origin = job->repairs ? HYCAN_EVENT_ORIGIN_REPAIR
		          : job->peer  ? HYCAN_EVENT_ORIGIN_REQUEST
		                       : HYCAN_EVENT_ORIGIN_DAEMON,
		.has_operation = true,
		.has_pid = job->peer,
		.pid = job->peer ? job->peer->identity.pid : 0,
		.has_request = job->peer,
		.request = job->header.nlmsg_seq,
	};
	about_asker(job->op.subject, cause);
	acting.operation = job->operation->name;
}

void news_act_for(const struct hycan_event_cause *cause)
{
	acting.otherwise = *cause;
}

void news_act_for_strangers(void)
{
	news_act_for(&(const struct hycan_event_cause){ .origin = HYCAN_EVENT_ORIGIN_STRANGER });
}

void news_find(bool begins)
{
	acting.finds = begins;
}

static void on_news(const struct ledger_news *told, void *userdata)
{
	const uint64_t one = 1;
	struct news *news = userdata;
	struct news_item *item;
	bool first;

	pthread_mutex_lock(&news->lock);
	item = news->n < NEWS_MAX && !news->lost ? malloc(sizeof(*item)) : NULL;
	first = news->n == 0 && !news->lost;
	if (item) {
		item->news = *told;
		item->cause = acting.cause;
		if (acting.finds)
			item->cause = (struct hycan_event_cause){ .origin = HYCAN_EVENT_ORIGIN_STRANGER };
		else if (acting.depth > 0)
			snprintf(item->cause.operation, sizeof(item->cause.operation), "%s", acting.operation);
		else if (acting.otherwise.origin)
			item->cause = acting.otherwise;
		else
			item->cause = (struct hycan_event_cause){ .origin = HYCAN_EVENT_ORIGIN_DAEMON };
		STAILQ_INSERT_TAIL(&news->items, item, entry);
		news->n++;
	} else {
		news->lost = true;
	}
	pthread_mutex_unlock(&news->lock);
	while (first && write(news->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void news_open(struct news *news, struct ledger *ledger, int wake)
{
	*news = (struct news){ .ledger = ledger, .wake = wake };
	pthread_mutex_init(&news->lock, NULL);
	STAILQ_INIT(&news->items);
}

void news_close(struct news *news)
{
	struct news_list left;

	if (!news->ledger)
		return;
	news_turn_on(news, false);
	(void)news_take(news, &left);
	news_free_all(&left);
	pthread_mutex_destroy(&news->lock);
	news->ledger = NULL;
}

void news_turn_on(struct news *news, bool on)
{
	if (on != news->is_on)
		ledger_watch(news->ledger, on ? on_news : NULL, news);
	news->is_on = on;
}

bool news_take(struct news *news, struct news_list *items)
{
	bool lost;

	STAILQ_INIT(items);
	pthread_mutex_lock(&news->lock);
	STAILQ_CONCAT(items, &news->items);
	news->n = 0;
	lost = news->lost;
	news->lost = false;
	pthread_mutex_unlock(&news->lock);
	return lost;
}

bool news_tell(const struct news_list *items, const struct ledger_key *key, uint64_t subject)
{
	const struct news_item *item;

	STAILQ_FOREACH(item, items, entry)
	if (item->news.subject == subject && key_same(&item->news.object.key, key))
		return true;
	return false;
}

bool news_will_tell(struct news *news, const struct ledger_key *key, uint64_t subject)
{
	bool tells;

	pthread_mutex_lock(&news->lock);
	tells = news_tell(&news->items, key, subject);
	pthread_mutex_unlock(&news->lock);
	return tells;
}

void news_free_all(struct news_list *items)
{
	struct news_item *item;

	while ((item = STAILQ_FIRST(items))) {
		STAILQ_REMOVE_HEAD(items, entry);
		free(item);
	}
}
