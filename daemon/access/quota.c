/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each user has.
 *
 * A user is in the table while it has a connection, holds an object or has one reserved. Without any of those it may still
 * owe for its last requests, so that nobody gets new ones by connecting again; it is then idle, and goes when they are
 * paid for, or when too many others are idle. So the table is as long as the lists that it counts.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "quota.h"

#define BUCKETS 1024u

/* Users who have nothing and owe something. */
#define IDLE_MAX 1024u

/* Idle users that are looked at whenever somebody comes or goes: more than can become idle meanwhile. */
#define REAPED 4

LIST_HEAD(bucket, quota_user);
TAILQ_HEAD(idle, quota_user);

struct quota_table {
	pthread_mutex_t lock;
	struct bucket bucket[BUCKETS];
	struct idle idle; /* the longest one first */
	size_t n_idle;
};

static void lock(struct quota_table *t)
{
	pthread_mutex_lock(&t->lock);
}

static void unlock(struct quota_table *t)
{
	pthread_mutex_unlock(&t->lock);
}

int quota_open(struct quota_table **ret_table)
{
	struct quota_table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	TAILQ_INIT(&t->idle);
	*ret_table = t;
	return 0;
}

void quota_free(struct quota_table **table)
{
	struct quota_table *t = *table;
	struct quota_user *user;

	if (!t)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while ((user = LIST_FIRST(&t->bucket[i]))) {
			LIST_REMOVE(user, entry);
			free(user);
		}
	pthread_mutex_destroy(&t->lock);
	free(t);
	*table = NULL;
}

/* uids are handed out one behind the other, so their low bits tell them apart best */
static struct bucket *bucket_of(struct quota_table *t, uint64_t subject)
{
	return &t->bucket[subject % BUCKETS];
}

static struct quota_user *find(struct quota_table *t, uint64_t subject)
{
	struct quota_user *user;

	LIST_FOREACH(user, bucket_of(t, subject), entry)
	if (user->subject == subject)
		break;
	return user;
}

static bool has_nothing(const struct quota_user *user)
{
	return user->n_refs == 0 && user->objects[0] == 0 && user->reserved[0] == 0;
}

static void forget(struct quota_table *t, struct quota_user *user)
{
	TAILQ_REMOVE(&t->idle, user, idle);
	t->n_idle--;
	LIST_REMOVE(user, entry);
	free(user);
}

static void reap(struct quota_table *t, uint64_t now_ns)
{
	for (int i = 0; i < REAPED; i++) {
		struct quota_user *user = TAILQ_FIRST(&t->idle);

		if (!user || user->paid_ns > now_ns)
			return;
		forget(t, user);
	}
}

/* Finds a user, or makes one, who is about to get something. */
static struct quota_user *obtain(struct quota_table *t, uint64_t subject)
{
	struct quota_user *user = find(t, subject);

	if (user) {
		if (has_nothing(user)) {
			TAILQ_REMOVE(&t->idle, user, idle);
			t->n_idle--;
		}
		return user;
	}
	user = calloc(1, sizeof(*user));
	if (!user)
		return NULL;
	user->subject = subject;
	quota_user_init(user);
	LIST_INSERT_HEAD(bucket_of(t, subject), user, entry);
	return user;
}

/* Something was taken from a user. */
static void settle(struct quota_table *t, struct quota_user *user)
{
	if (!has_nothing(user))
		return;
	TAILQ_INSERT_TAIL(&t->idle, user, idle);
	if (++t->n_idle > IDLE_MAX)
		forget(t, TAILQ_FIRST(&t->idle));
}

int quota_connect(struct quota_table *table, uint64_t subject, uint64_t now_ns, struct quota_user **ret_user)
{
	struct quota_user *user;

	lock(table);
	user = obtain(table, subject);
	if (user)
		user->n_refs++;
	reap(table, now_ns);
	unlock(table);
	if (!user)
		return -ENOMEM;
	*ret_user = user;
	return 0;
}

void quota_disconnect(struct quota_table *table, struct quota_user **user, uint64_t now_ns)
{
	struct quota_user *u = *user;

	*user = NULL;
	if (!u)
		return;
	lock(table);
	u->n_refs--;
	settle(table, u);
	reap(table, now_ns);
	unlock(table);
}

uint64_t quota_spent(const struct quota_user *user, const struct quota_limit *limit, uint64_t now_ns)
{
	uint64_t each = limit->value == QUOTA_UNLIMITED ? 0 : limit->period_ns / limit->value;

	return each && user->paid_ns > now_ns ? (user->paid_ns - now_ns + each - 1) / each : 0;
}

/* ------------------------------------------------------------------------------------------------------------- objects */

static bool is_over(const struct quota_user *user, unsigned int kind, uint32_t n, const struct quota_limit *limit)
{
	return (uint64_t)user->objects[kind] + user->reserved[kind] + n > limit->value;
}

int quota_reserve(struct quota_table *table, uint64_t subject, unsigned int kind, uint32_t n, const struct quota_limit *of_kind,
                  const struct quota_limit *of_all, unsigned int *ret_quota, uint32_t *ret_used)
{
	struct quota_user *user;
	int r = 0;

	lock(table);
	user = obtain(table, subject);
	if (!user) {
		r = -ENOMEM;
	} else if (is_over(user, kind, n, of_kind) || is_over(user, 0, n, of_all)) {
		unsigned int which = is_over(user, kind, n, of_kind) ? kind : 0;

		*ret_quota = QUOTA_OBJECTS + which;
		*ret_used = user->objects[which];
		r = -EDQUOT;
	} else {
		user->reserved[kind] += n;
		user->reserved[0] += n;
	}
	if (user)
		settle(table, user);
	unlock(table);
	return r;
}

void quota_unreserve(struct quota_table *table, uint64_t subject, unsigned int kind, uint32_t n)
{
	struct quota_user *user;

	lock(table);
	user = find(table, subject);
	if (user && n) {
		user->reserved[kind] -= n;
		user->reserved[0] -= n;
		settle(table, user);
	}
	unlock(table);
}

int quota_hold(struct quota_table *table, uint64_t subject, unsigned int kind, int change)
{
	struct quota_user *user;
	int r = 0;

	lock(table);
	user = change > 0 ? obtain(table, subject) : find(table, subject);
	if (user) {
		user->objects[kind] += (uint32_t)change;
		user->objects[0] += (uint32_t)change;
		if (change < 0)
			settle(table, user);
	} else if (change > 0) {
		r = -ENOMEM;
	}
	unlock(table);
	return r;
}

void quota_objects(struct quota_table *table, uint64_t subject, uint32_t ret_objects[QUOTA_KINDS])
{
	const struct quota_user *user;

	memset(ret_objects, 0, QUOTA_KINDS * sizeof(*ret_objects));
	lock(table);
	user = find(table, subject);
	if (user)
		memcpy(ret_objects, user->objects, sizeof(user->objects));
	unlock(table);
}
