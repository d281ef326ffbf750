/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace that is observed, and the observer, for the files that are the observer alone:
 *
 *   observer.c        how the loop speaks to the thread
 *   observer_guard.c  where drift is noticed
 *   observer_thread.c the thread: whom it serves, and when
 *   observed.c        one namespace: hearing the kernel, and telling the subscriptions
 */
#ifndef SERVER_OBSERVED_H
#define SERVER_OBSERVED_H

#include <pthread.h>
#include <stdatomic.h>

#include "drift.h"
#include "hands.h"
#include "observer.h"

/* A network namespace that is watched. */
struct observed {
	struct observer *observer;
	struct kernel_monitor *monitor;
	uint64_t inode;
	uint32_t port;
	size_t n_users;  /* subscriptions and guards; the loop's view */
	size_t n_guards; /* of them, those who want drift to be noticed */
	atomic_bool is_guarded;
	atomic_bool has_table; /* something of ours is, or will be, in our table of nf_tables */

	/* the thread's */
	LIST_HEAD(, subscription) subscriptions;
	struct drift drift;
	struct kernel_nft_watch *table; /* what has_table asks for; NULL: not yet, or it cannot be */
	bool table_tried;
	uint32_t watched;
	uint32_t unknown;        /* of them, what was not read since it is watched, or since something was lost */
	bool more;               /* the kernel has told more than was read */
	uint64_t doubt_since_us; /* 0: there is none */
	uint64_t sync_after_us;
	uint64_t silent_us;       /* since when that was looked at last, and all of it is told */
	uint64_t silent_began_us; /* since when it is looked at just now, or 0 */
	uint64_t look_at_us;      /* when to look at what the kernel does not announce */
	bool watching;
};

SLIST_HEAD(command_list, subscription);

struct observer {
	pthread_t thread;
	bool running;
	int wake;   /* eventfd for the thread */
	int notify; /* eventfd for the loop */
	int receive_buffer;
	uint64_t patience_us;    /* with what has gone */
	struct repairs *repairs; /* NULL: nobody guards anything */
	uint64_t own;            /* the daemon's own namespace, if it is guarded */
	atomic_bool has_table;   /* as there */
	atomic_bool has_silent;  /* something of ours is of a kind that the kernel does not announce */
	size_t n_others;         /* namespaces that are guarded beside it */
	bool too_many;           /* was said */
	uint64_t token;
	atomic_size_t n_subscriptions; /* without any there is nothing to mark */
	struct hands hands;            /* requests under way: what they do, the ledger may not know yet */

	pthread_mutex_t lock;
	struct observed **observed;
	size_t n_observed;
	struct command_list begun;
	struct command_list ended;
	struct subscription_queue ready;
	bool stop;

	struct news news;
	struct telling telling;  /* the thread's */
	uint64_t silent_news_us; /* when the ledger told last of what the kernel does not announce */
	struct observed *current;
};

/* observer.c */

void observer_raise(int fd);
void observer_clear(int fd);

/* The thread begins. 0 or -errno. */
int observer_start(struct observer *observer);

/* A namespace that is observed, or NULL; and that of a scope, with one user more. Under the lock, or before there is a thread. */
struct observed *observed_find(struct observer *observer, uint64_t inode);
int observed_use(struct observer *observer, const struct kernel_scope *scope, struct observed **ret_observed);

/* observer_thread.c; the argument is the observer. */
void *observer_run(void *userdata);

/* observed.c */

/* Watches what the subscriptions want. */
void observed_watch(struct observed *o);

/* Hears what there is, reads anew what it is time for, and goes on with the subscriptions. */
void observed_serve(struct observed *o);

/* Tells what has changed in the ledger; lost: not all of it is there. */
void observed_tell_news(struct observed *o, const struct news_list *items, bool lost);

/* Whether somebody wants to hear of the ledger. */
bool observed_wants_news(const struct observed *o);

/* Whether everything that the kernel has told is told. */
bool observed_is_quiet(const struct observed *o);

/* Milliseconds until something is to be done that nobody tells, if that is before. */
int observed_wait_time(const struct observed *o, int before);
void observed_free(struct observed **observed);

#endif
