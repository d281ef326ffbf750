/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The observer's thread, and how the loop speaks to it.
 *
 * The thread waits for the kernel, for the loop, and for the time to read anew what is in doubt: at once when the kernel has
 * fallen silent, and never again before as long has passed as reading takes, so that a large table which changes all the time
 * costs half a processor at most.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "array.h"
#include "cleanup.h"
#include "drift.h"
#include "job.h"
#include "log.h"
#include "messages.h"
#include "observer.h"
#include "peer.h"
#include "server.h"

/* Messages of the kernel that are read before others have their turn. */
#define MESSAGES_MAX 512

/* While the kernel goes on telling, what is in doubt waits no longer than this; and not shorter than that before it is read again. */
#define DOUBT_US   200000
#define BETWEEN_US 10000

/* A network namespace that is watched. */
struct observed {
	struct observer *observer;
	struct kernel_monitor *monitor;
	uint64_t inode;
	uint32_t port;
	size_t n_users; /* subscriptions; the loop's view */

	/* the thread's */
	LIST_HEAD(, subscription) subscriptions;
	struct drift drift;
	uint32_t watched;
	uint32_t unknown;        /* of them, what was not read since it is watched, or since something was lost */
	bool more;               /* the kernel has told more than was read */
	uint64_t doubt_since_us; /* 0: there is none */
	uint64_t sync_after_us;
	bool watching;
};

SLIST_HEAD(command_list, subscription);

struct observer {
	pthread_t thread;
	bool running;
	int wake;   /* eventfd for the thread */
	int notify; /* eventfd for the loop */
	int receive_buffer;
	uint64_t token;
	atomic_size_t n_subscriptions; /* without any there is nothing to mark */
	atomic_size_t n_working;       /* requests on workers: what they take away, the ledger may not know yet */

	pthread_mutex_t lock;
	struct observed **observed;
	size_t n_observed;
	struct command_list begun;
	struct command_list ended;
	struct subscription_queue ready;
	bool stop;

	struct telling telling; /* the thread's */
	struct observed *current;
};

static void raise_eventfd(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void clear_eventfd(int fd)
{
	uint64_t n;

	(void)!read(fd, &n, sizeof(n));
}

/* ---------------------------------------------------------------------------------------------------------- the thread */

static void on_change(const struct op_change *change, void *userdata)
{
	struct observed *o = userdata;
	struct telling *t = &o->observer->telling;
	struct hycan_event *e = &t->event;
	const struct hycan_operation *operation;
	const char *before = NULL;
	struct subscription *s;

	if (LIST_EMPTY(&o->subscriptions) && !(o->drift.ledger && change->what == HYCAN_EVENT_WHAT_GONE))
		return;
	memset(e, 0, sizeof(*e));
	if (op_monitor_event(o->monitor, change->entry, e) < 0)
		return;
	e->what = change->what;
	e->has_cause = true;
	e->cause.origin = change->origin;
	if (change->has_request) {
		e->cause.has_uid = e->cause.has_pid = e->cause.has_request = true;
		e->cause.uid = change->request.uid;
		e->cause.pid = change->request.pid;
		e->cause.request = change->request.seq;
		operation = hycan_operation_by_number(change->request.operation);
		e->cause.has_operation = operation;
		if (operation)
			strncpy(e->cause.operation, operation->name, sizeof(e->cause.operation) - 1);
	}
	if (change->what == HYCAN_EVENT_WHAT_GONE)
		drift_suspect_thing(&o->drift, e);
	if (e->has_link && change->what == HYCAN_EVENT_WHAT_CHANGED)
		before = op_monitor_link_name(o->monitor, e->link.ifindex);
	LIST_FOREACH(s, &o->subscriptions, of_observed)
	subscription_change(s, t, change->number, before);
}

static void lose(struct observed *o)
{
	struct subscription *s;

	o->unknown = o->watched;
	LIST_FOREACH(s, &o->subscriptions, of_observed)
	subscription_lose(s);
}

/* Watches what the subscriptions want. */
static void watch(struct observed *o)
{
	struct subscription *s;
	uint32_t families = 0;
	int r;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	families |= s->families;
	if (families == o->watched && o->watching)
		return;
	o->watching = true;
	r = op_monitor_watch(o->monitor, families, o->drift.ledger ? OP_FAMILIES : 0);
	if (r < 0) {
		log_write(LOG_ERR, "What the kernel tells cannot be heard: %s", strerror(-r));
		return;
	}
	/* links are known in any case */
	o->unknown = (o->unknown | (families & ~o->watched)) & families & op_monitor_doubts(o->monitor);
	o->watched = families;
}

static void hear(struct observed *o)
{
	int r = op_monitor_read(o->monitor, MESSAGES_MAX, on_change, o);

	o->more = r > 0;
	if (r == -ENOBUFS) {
		log_write(LOG_NOTICE, "The kernel told more than was read; everything is read anew.");
		lose(o);
	}
	drift_suspect(&o->drift, op_monitor_suspects(o->monitor));
	if (op_monitor_doubts(o->monitor) && o->doubt_since_us == 0)
		o->doubt_since_us = server_now_us();
}

/* When to read anew what is in doubt; 0: there is nothing. */
static uint64_t sync_time(const struct observed *o)
{
	uint64_t at;

	if (!op_monitor_doubts(o->monitor))
		return 0;
	at = o->more && !o->unknown ? o->doubt_since_us + DOUBT_US : o->doubt_since_us;
	return at > o->sync_after_us ? at : o->sync_after_us;
}

static void sync_doubts(struct observed *o)
{
	uint64_t began = server_now_us(), now;
	int r;

	r = op_monitor_sync(o->monitor, on_change, o);
	now = server_now_us();
	if (r < 0 && r != -EINTR)
		log_write(LOG_WARNING, "What the kernel has could not be read: %s", strerror(-r));
	else
		/* what changes all the time was read as well as can be */
		o->unknown = 0;
	o->doubt_since_us = op_monitor_doubts(o->monitor) ? now : 0;
	o->sync_after_us = now + BETWEEN_US + (now - began);
}

static void continue_subscriptions(struct observed *o)
{
	struct subscription *s;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	if (s->state != SUBSCRIPTION_LIVE && !(s->families & o->unknown))
		subscription_continue(s, &o->observer->telling, o->monitor);
}

static void serve(struct observed *o)
{
	uint64_t at;

	hear(o);
	at = sync_time(o);
	if (at && at <= server_now_us())
		sync_doubts(o);
	drift_look(&o->drift, o->monitor, atomic_load(&o->observer->n_working) > 0);
	continue_subscriptions(o);
}

static void subscription_free(struct subscription *s)
{
	buffer_release(&s->output);
	free(s);
}

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
		watch(s->observed);
	}
	while ((s = SLIST_FIRST(&ended))) {
		SLIST_REMOVE_HEAD(&ended, command);
		LIST_REMOVE(s, of_observed);
		watch(s->observed);
		subscription_free(s);
	}
}

static void observed_free(struct observed **observed)
{
	struct observed *o = *observed;

	if (!o)
		return;
	op_monitor_free(&o->monitor);
	free(o);
	*observed = NULL;
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

/* Milliseconds until something is to be done that nobody tells. */
static int wait_time(const struct observed *o, int before)
{
	uint64_t at = o->more ? 1 : sync_time(o), now;
	int ms;

	if (o->drift.at_us && (at == 0 || o->drift.at_us < at))
		at = o->drift.at_us;
	if (at == 0)
		return before;
	now = server_now_us();
	ms = at <= now ? 0 : (int)((at - now + 999) / 1000);
	return before < 0 || ms < before ? ms : before;
}

static void *observe(void *userdata)
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
			serve(observed[i]);
		if (observer->telling.told)
			raise_eventfd(observer->notify);
		if (!fds) {
			/* without memory there is nothing to wait with but time */
			(void)poll(NULL, 0, 1000);
			continue;
		}
		fds[0] = (struct pollfd){ .fd = observer->wake, .events = POLLIN };
		for (size_t i = 0; i < n; i++) {
			fds[i + 1] = (struct pollfd){ .fd = op_monitor_fd(observed[i]->monitor), .events = POLLIN };
			timeout = wait_time(observed[i], timeout);
		}
		(void)poll(fds, n + 1, timeout);
		if (fds[0].revents)
			clear_eventfd(observer->wake);
	}
}

/* ------------------------------------------------------------------------------------------------------------ the loop */

static int start_thread(struct observer *observer)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&observer->thread, NULL, observe, observer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	observer->running = r == 0;
	return -r;
}

int observer_open(int receive_buffer, struct observer **ret_observer)
{
	_cleanup_(observer_free) struct observer *observer = calloc(1, sizeof(*observer));

	if (!observer)
		return -ENOMEM;
	pthread_mutex_init(&observer->lock, NULL);
	TAILQ_INIT(&observer->ready);
	observer->receive_buffer = receive_buffer;
	observer->telling.lock = &observer->lock;
	observer->telling.ready = &observer->ready;
	observer->notify = -1;
	observer->wake = -1;
	observer->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (observer->wake < 0)
		return -errno;
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
		raise_eventfd(o->wake);
		pthread_join(o->thread, NULL);
	}
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

static struct observed *find_observed(struct observer *observer, uint64_t inode)
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

/* The namespace of a scope, with one user more; under the lock. */
static int use_observed(struct observer *observer, const struct kernel_scope *scope, struct observed **ret_observed)
{
	struct observed *o = find_observed(observer, op_scope_inode(scope));
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

int observer_guard(struct observer *observer, const struct kernel_scope *scope, struct ledger *ledger)
{
	struct observed *o;
	int r;

	/* there is no thread yet that could look at it */
	r = use_observed(observer, scope, &o);
	if (r < 0)
		return r;
	o->drift.ledger = ledger;
	o->drift.netns = op_scope_inode(scope);
	/* what went while nobody listened */
	drift_suspect(&o->drift, OP_FAMILIES);
	watch(o);
	return observer->running ? 0 : start_thread(observer);
}

int observer_begin(struct observer *observer, const struct kernel_scope *scope, struct subscription *s)
{
	int r = observer->running ? 0 : start_thread(observer);

	if (r < 0)
		return r;
	pthread_mutex_lock(&observer->lock);
	r = use_observed(observer, scope, &s->observed);
	if (r == 0)
		SLIST_INSERT_HEAD(&observer->begun, s, command);
	pthread_mutex_unlock(&observer->lock);
	if (r < 0)
		return r;
	observer->n_subscriptions++;
	raise_eventfd(observer->wake);
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
		subscription_free(s);
	observer->n_subscriptions--;
	raise_eventfd(observer->wake);
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
		clear_eventfd(observer->notify);
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
		raise_eventfd(observer->wake);
	return output;
}

void observer_working(struct observer *observer, bool begins)
{
	if (begins)
		atomic_fetch_add(&observer->n_working, 1);
	else
		atomic_fetch_sub(&observer->n_working, 1);
}

void observer_mark(struct observer *observer, struct job *job, bool begin)
{
	const struct op_request request = {
		.uid = job->op.uid,
		.pid = job->peer ? job->peer->identity.pid : 0,
		.operation = job->operation->number,
		.seq = job->header.nlmsg_seq,
	};
	struct observed *o;
	uint32_t port = 0;

	if (!observer || atomic_load_explicit(&observer->n_subscriptions, memory_order_relaxed) == 0)
		return;
	pthread_mutex_lock(&observer->lock);
	o = find_observed(observer, op_scope_inode(job->op.scope));
	if (o && o->n_users > (o->drift.ledger ? 1 : 0))
		port = o->port;
	pthread_mutex_unlock(&observer->lock);
	if (port)
		op_scope_mark(job->op.scope, port, observer->token, &request, begin);
}
