/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observer's thread: it waits for the kernel, for the loop, and for the time to read anew what is in doubt. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "observed.h"
#include "server.h"

/* Takes what the loop has given, and gives back what it wants to be rid of. */
static void take_commands(struct observer *observer)
{
	struct command_list begun, ended;
	struct subscription *s;

	pthread_mutex_lock(&observer->lock);
	begun = observer->begun;
	ended = observer->ended;
	SLIST_INIT(&observer->begun);
	SLIST_INIT(&observer->ended);
	pthread_mutex_unlock(&observer->lock);
	while ((s = SLIST_FIRST(&begun))) {
		SLIST_REMOVE_HEAD(&begun, command);
		LIST_INSERT_HEAD(&s->observed->subscriptions, s, of_observed);
		observed_watch(s->observed);
	}
	while ((s = SLIST_FIRST(&ended))) {
		SLIST_REMOVE_HEAD(&ended, command);
		LIST_REMOVE(s, of_observed);
		observed_watch(s->observed);
		subscription_free(s, observer->telling.ledger);
	}
}

/* Frees the namespaces that nobody watches any more; only the thread takes them out of the array. */
static void forget_unused(struct observer *observer)
{
	pthread_mutex_lock(&observer->lock);
	for (size_t i = 0; i < observer->n_observed;) {
		struct observed *o = observer->observed[i];

		if (o->n_users > 0 || !LIST_EMPTY(&o->subscriptions)) {
			i++;
			continue;
		}
		observer->observed[i] = observer->observed[--observer->n_observed];
		observed_free(&o);
	}
	pthread_mutex_unlock(&observer->lock);
}

/* What the thread looks at in a round, and waits for. */
struct round {
	struct observed **observed;
	struct pollfd *fds; /* of what is observed, two each, behind that of the eventfd which wakes the thread */
	size_t room;
};

static void round_release(struct round *round)
{
	free(round->observed);
	free(round->fds);
}

static void round_grow(struct round *round, size_t room)
{
	struct observed **observed = reallocarray(round->observed, room, sizeof(*observed));
	struct pollfd *fds = reallocarray(round->fds, 2 * room, sizeof(*fds));

	round->observed = observed ? observed : round->observed;
	round->fds = fds ? fds : round->fds;
	if (observed && fds)
		round->room = room;
}

/* Takes what is observed at this moment, or as much as there is memory for. Returns how many. */
static size_t round_begin(struct round *round, const struct observer *observer)
{
	size_t n = observer->n_observed;

	if (n >= round->room)
		round_grow(round, n + 17);
	if (round->room == 0)
		return 0;
	n = n < round->room ? n : round->room - 1;
	if (n)
		memcpy(round->observed, observer->observed, n * sizeof(*round->observed));
	return n;
}

static void round_wait(struct round *round, size_t n, const struct observer *observer)
{
	int timeout = -1;

	if (round->room == 0) {
		/* without memory there is nothing to wait with but time */
		(void)poll(NULL, 0, 1000);
		return;
	}
	round->fds[0] = (struct pollfd){ .fd = observer->wake, .events = POLLIN };
	for (size_t i = 0; i < n; i++) {
		round->fds[2 * i + 1] = (struct pollfd){ .fd = op_monitor_fd(round->observed[i]->monitor), .events = POLLIN };
		round->fds[2 * i + 2] = (struct pollfd){
			.fd = round->observed[i]->table ? op_nft_watch_fd(round->observed[i]->table) : -1,
			.events = POLLIN,
		};
		timeout = observed_wait_time(round->observed[i], timeout);
	}
	(void)poll(round->fds, 2 * n + 1, timeout);
	if (round->fds[0].revents)
		observer_clear(observer->wake);
}

/* Tells what has changed in the ledger, and keeps it until everything is told that the kernel told before. */
static void tell_news(struct observer *observer, struct observed *const *observed, size_t n)
{
	struct news_list items;
	const struct news_item *item;
	bool wanted = false, lost;

	for (size_t i = 0; i < n; i++)
		wanted = wanted || observed_wants_news(observed[i]);
	news_turn_on(&observer->news, wanted);
	lost = news_take(&observer->news, &items);
	for (size_t i = 0; i < n; i++)
		observed_tell_news(observed[i], &items, lost);
	STAILQ_FOREACH(item, &items, entry)
	if (OP_KIND(item->news.object.key.kind) & OP_KINDS_SILENT)
		observer->silent_news_us = server_now_us();
	STAILQ_CONCAT(&observer->telling.recent, &items);
}

static void forget_news(struct observer *observer, struct observed *const *observed, size_t n)
{
	bool quiet = true;

	for (size_t i = 0; i < n; i++)
		quiet = quiet && observed_is_quiet(observed[i]);
	if (quiet)
		news_free_all(&observer->telling.recent);
}

void *observer_run(void *userdata)
{
	struct observer *observer = userdata;
	_cleanup_(round_release) struct round round = { 0 };
	size_t n;
	bool stop;

	news_act_for_strangers();
	for (;;) {
		take_commands(observer);
		forget_unused(observer);
		pthread_mutex_lock(&observer->lock);
		stop = observer->stop;
		n = round_begin(&round, observer);
		pthread_mutex_unlock(&observer->lock);
		if (stop) {
			/* what ended between the first look and the second */
			take_commands(observer);
			return NULL;
		}
		observer->telling.told = false;
		tell_news(observer, round.observed, n);
		for (size_t i = 0; i < n; i++)
			observed_serve(round.observed[i]);
		forget_news(observer, round.observed, n);
		if (observer->telling.told)
			observer_raise(observer->notify);
		round_wait(&round, n, observer);
	}
}
