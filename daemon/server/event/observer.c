/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the loop speaks to the observer's thread (observed.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "array.h"
#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "observed.h"
#include "peer.h"
#include "table.h"
#include "thread.h"

void observer_raise(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void observer_clear(int fd)
{
	uint64_t n;

	(void)!read(fd, &n, sizeof(n));
}

int observer_start(struct observer *observer)
{
	int r = thread_begin(&observer->thread, observer_run, observer);

	observer->running = r == 0;
	return r;
}

int observer_open(int receive_buffer, uint64_t patience_us, struct ledger *ledger, struct observer **ret_observer)
{
	_cleanup_(observer_free) struct observer *observer = calloc(1, sizeof(*observer));

	if (!observer)
		return -ENOMEM;
	pthread_mutex_init(&observer->lock, NULL);
	TAILQ_INIT(&observer->ready);
	observer->receive_buffer = receive_buffer;
	observer->patience_us = patience_us ? patience_us : DRIFT_PATIENCE_US;
	observer->telling.lock = &observer->lock;
	observer->telling.ready = &observer->ready;
	observer->telling.ledger = ledger;
	observer->telling.news = &observer->news;
	STAILQ_INIT(&observer->telling.recent);
	observer->notify = -1;
	observer->wake = -1;
	observer->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (observer->wake < 0)
		return -errno;
	news_open(&observer->news, ledger, observer->wake);
	observer->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (observer->notify < 0)
		return -errno;
	if (getrandom(&observer->token, sizeof(observer->token), 0) != sizeof(observer->token))
		return -EIO;
	*ret_observer = steal(&observer);
	return 0;
}

void observer_free(struct observer **observer)
{
	struct observer *o = *observer;

	if (!o)
		return;
	if (o->running) {
		pthread_mutex_lock(&o->lock);
		o->stop = true;
		pthread_mutex_unlock(&o->lock);
		observer_raise(o->wake);
		pthread_join(o->thread, NULL);
	}
	news_close(&o->news);
	news_free_all(&o->telling.recent);
	for (size_t i = 0; i < o->n_observed; i++)
		observed_free(&o->observed[i]);
	free(o->observed);
	cleanup_close(&o->wake);
	cleanup_close(&o->notify);
	pthread_mutex_destroy(&o->lock);
	free(o);
	*observer = NULL;
}

int observer_fd(const struct observer *observer)
{
	return observer->notify;
}

size_t observer_count(const struct observer *observer)
{
	return observer->n_subscriptions;
}

const struct statistics_events *observer_statistics(const struct observer *observer)
{
	return &observer->telling.statistics;
}

struct observed *observed_find(struct observer *observer, uint64_t inode)
{
	for (size_t i = 0; i < observer->n_observed; i++)
		if (observer->observed[i]->inode == inode)
			return observer->observed[i];
	return NULL;
}

static int add_observed(struct observer *observer, const struct kernel_scope *scope, struct observed **ret_observed)
{
	_cleanup_(observed_free) struct observed *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->observer = observer;
	o->inode = op_scope_inode(scope);
	LIST_INIT(&o->subscriptions);
	r = op_monitor_open(scope, observer->receive_buffer, observer->token, &o->monitor);
	if (r < 0)
		return r;
	o->port = op_monitor_port(o->monitor);
	*ret_observed = steal(&o);
	return 0;
}

int observed_use(struct observer *observer, const struct kernel_scope *scope, struct observed **ret_observed)
{
	struct observed *o = observed_find(observer, op_scope_inode(scope));
	void *p;
	int r;

	if (!o) {
		p = reallocarray(observer->observed, observer->n_observed + 1, sizeof(*observer->observed));
		if (!p)
			return -ENOMEM;
		observer->observed = p;
		r = add_observed(observer, scope, &o);
		if (r < 0)
			return r;
		observer->observed[observer->n_observed++] = o;
	}
	o->n_users++;
	*ret_observed = o;
	return 0;
}

int observer_begin(struct observer *observer, const struct kernel_scope *scope, struct subscription *s)
{
	int r = observer->running ? 0 : observer_start(observer);

	if (r < 0)
		return r;
	pthread_mutex_lock(&observer->lock);
	r = observed_use(observer, scope, &s->observed);
	if (r == 0)
		SLIST_INSERT_HEAD(&observer->begun, s, command);
	pthread_mutex_unlock(&observer->lock);
	if (r < 0)
		return r;
	observer->n_subscriptions++;
	observer_raise(observer->wake);
	return 0;
}

void observer_end(struct observer *observer, struct subscription *s)
{
	bool is_new = false;
	struct subscription *other;

	pthread_mutex_lock(&observer->lock);
	s->ended = true;
	if (s->listed)
		TAILQ_REMOVE(&observer->ready, s, listed_entry);
	s->listed = false;
	s->observed->n_users--;
	/* perhaps the thread has not seen it yet */
	SLIST_FOREACH(other, &observer->begun, command)
	is_new |= other == s;
	if (is_new)
		SLIST_REMOVE(&observer->begun, s, subscription, command);
	else
		SLIST_INSERT_HEAD(&observer->ended, s, command);
	pthread_mutex_unlock(&observer->lock);
	if (is_new)
		subscription_free(s, observer->telling.ledger);
	observer->n_subscriptions--;
	observer_raise(observer->wake);
}

struct buffer observer_leave(struct observer *observer, struct subscription *s)
{
	struct buffer output;

	pthread_mutex_lock(&observer->lock);
	s->ended = true;
	if (s->listed)
		TAILQ_REMOVE(&observer->ready, s, listed_entry);
	s->listed = false;
	output = s->output;
	s->output = (struct buffer){ 0 };
	pthread_mutex_unlock(&observer->lock);
	return output;
}

struct subscription *observer_take(struct observer *observer)
{
	struct subscription *s;

	pthread_mutex_lock(&observer->lock);
	s = TAILQ_FIRST(&observer->ready);
	if (s) {
		TAILQ_REMOVE(&observer->ready, s, listed_entry);
		s->listed = false;
	} else {
		observer_clear(observer->notify);
	}
	pthread_mutex_unlock(&observer->lock);
	return s;
}

struct buffer observer_take_output(struct observer *observer, struct subscription *s)
{
	struct buffer output;
	bool hungry;

	pthread_mutex_lock(&observer->lock);
	output = s->output;
	s->output = (struct buffer){ 0 };
	hungry = s->hungry;
	s->hungry = false;
	pthread_mutex_unlock(&observer->lock);
	if (hungry)
		observer_raise(observer->wake);
	return output;
}

void observer_working(struct observer *observer, unsigned int hand, bool begins)
{
	if (begins)
		hands_fill(&observer->hands, hand);
	else
		hands_empty(&observer->hands, hand);
}

void observer_waiting(struct observer *observer, unsigned int hand, uint32_t kinds)
{
	hands_wait(&observer->hands, hand, kinds);
}

/* What a request is about: the link, and the peer. */
static void say_about(struct job *job, struct op_request *request)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view_of(job, &effects[i], &job->request);
		struct ledger_key key;

		if (effects[i].kind == HYCAN_OBJECT_KIND_WIREGUARD_PEER)
			request->about_peers = true;
		if (effects[i].list >= 0 || effects[i].n_parts == 0)
			continue;
		key_of(&v, 0, &key);
		/* a byte says that there is a value, and it ends with it */
		if (effects[i].kind == HYCAN_OBJECT_KIND_LINK)
			memcpy(request->link, key.identity + 1, strnlen((const char *)key.identity + 1, sizeof(request->link) - 1));
		request->has_peer = request->has_peer || effects[i].kind == HYCAN_OBJECT_KIND_WIREGUARD_PEER;
		if (effects[i].kind == HYCAN_OBJECT_KIND_WIREGUARD_PEER)
			memcpy(request->peer, key.identity + key.size - sizeof(request->peer), sizeof(request->peer));
	}
}

void observer_mark(struct observer *observer, struct job *job, bool begin, bool changed)
{
	struct op_request request = {
		.changed = changed,
		/* what a request has the daemon do with its own rights is the doing of whoever asked */
		.subject = job->peer ? job->peer->identity.subject : job->op.subject,
		.pid = job->peer ? job->peer->identity.pid : 0,
		.operation = job->operation->number,
		.seq = job->header.nlmsg_seq,
		.repair = job->repairs,
	};
	struct observed *o;
	uint32_t port = 0;

	if (!observer || atomic_load_explicit(&observer->n_subscriptions, memory_order_relaxed) == 0)
		return;
	pthread_mutex_lock(&observer->lock);
	o = observed_find(observer, op_scope_inode(job->op.scope));
	if (o && o->n_users > o->n_guards)
		port = o->port;
	pthread_mutex_unlock(&observer->lock);
	if (port)
		say_about(job, &request);
	if (port)
		op_scope_mark(job->op.scope, port, observer->token, &request, begin);
}
