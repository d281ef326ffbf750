/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observer's thread: it waits for the kernel, for the loop, and for the time to read anew what is in doubt. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "observed.h"

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
		subscription_free(s);
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

void *observer_run(void *userdata)
{
	struct observer *observer = userdata;
	_cleanup_free_ struct pollfd *fds = NULL;
	_cleanup_free_ struct observed **observed = NULL;
	size_t room = 0, n;
	bool stop;

	for (;;) {
		int timeout = -1;

		take_commands(observer);
		forget_unused(observer);
		pthread_mutex_lock(&observer->lock);
		stop = observer->stop;
		n = observer->n_observed;
		if (n + 1 > room) {
			struct pollfd *more = reallocarray(fds, n + 17, sizeof(*fds));
			struct observed **others = reallocarray(observed, n + 17, sizeof(*observed));

			fds = more ? more : fds;
			observed = others ? others : observed;
			if (more && others)
				room = n + 17;
			else
				n = room ? room - 1 : 0;
		}
		if (n)
			memcpy(observed, observer->observed, n * sizeof(*observed));
		pthread_mutex_unlock(&observer->lock);
		if (stop)
			return NULL;
		observer->telling.told = false;
		for (size_t i = 0; i < n; i++)
			observed_serve(observed[i]);
		if (observer->telling.told)
			observer_raise(observer->notify);
		if (!fds) {
			/* without memory there is nothing to wait with but time */
			(void)poll(NULL, 0, 1000);
			continue;
		}
		fds[0] = (struct pollfd){ .fd = observer->wake, .events = POLLIN };
		for (size_t i = 0; i < n; i++) {
			fds[i + 1] = (struct pollfd){ .fd = op_monitor_fd(observed[i]->monitor), .events = POLLIN };
			timeout = observed_wait_time(observed[i], timeout);
		}
		(void)poll(fds, n + 1, timeout);
		if (fds[0].revents)
			observer_clear(observer->wake);
	}
}
