/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas: how much of the daemon a user may have.
 *
 * Limits are lines of the policy, beside its rules; hycan-policy(5) is the language. What a user has is counted here, by
 * the server and the ledger: connections, bytes and requests by the thread that serves the peers alone, objects by any.
 */
#ifndef ACCESS_QUOTA_H
#define ACCESS_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct identity;
struct peer;
struct policy;

/* What is limited. */
enum quota {
	QUOTA_CONNECTIONS,
	QUOTA_BYTES,    /* of requests that are not whole, and of answers that are not read */
	QUOTA_REQUESTS, /* in a period */
	QUOTA_OBJECTS,  /* of all kinds, and behind it those of each kind of enum hycan_object_kind */
};

/* Kinds of objects, and one; 0 stands for all of them. */
#define QUOTA_KINDS 16
#define N_QUOTAS    (QUOTA_OBJECTS + QUOTA_KINDS)

#define QUOTA_UNLIMITED UINT64_MAX

/* One line that sets quotas. */
struct quota_line;

struct quota_limit {
	uint64_t value;                /* QUOTA_UNLIMITED: there is none */
	uint64_t period_ns;            /* of QUOTA_REQUESTS: as many at once, and as many again in that time */
	const struct quota_line *line; /* of the policy, while that is there; NULL without a limit */
};

/* The word of a quota as lines have it: “objects.route”. NULL: there is no such kind of objects. */
const char *quota_name(unsigned int quota, char *text, size_t size);

/* What the policy limits for this identity: the first line that is about it and the quota. */
struct quota_limit policy_quota(const struct policy *policy, const struct identity *identity, unsigned int quota);

/* The number of the line in the file; 0: built in. */
uint32_t quota_limit_line(const struct quota_limit *limit);

/* The value as lines have it: “64M”, “600/min”, “unlimited”. */
void quota_format(unsigned int quota, const struct quota_limit *limit, char *text, size_t size);

/* “objects.route=256 (/etc/hycan/policy.conf:12)”: the limit and where it stands. */
void policy_say_quota(const struct policy *policy, unsigned int quota, const struct quota_limit *limit, char *text, size_t size);

/* ------------------------------------------------------------------------------------------------------------- counts */

/* As many as the server has. */
#define QUOTA_QUEUES 5

/* What one user has. There while it has anything, or had so many requests that it matters. */
struct quota_user {
	uint64_t subject;
	uint32_t n_refs;    /* connections, */
	uint32_t n_surplus; /* of them over the quota, so that they are only refused */
	uint64_t bytes;     /* of all its connections */
	uint64_t paid_ns;   /* the moment at which all of its requests so far will be paid for */
	uint64_t said_ns;   /* when the log was told last that it is over a quota; 0: never */
	/* the server's (turn.h): its peers that wait, in each queue, and what it has had of the present round */
	TAILQ_HEAD(, peer) waiting[QUOTA_QUEUES];
	TAILQ_ENTRY(quota_user) turn[QUOTA_QUEUES];
	uint64_t round;
	uint64_t used_us;
	/* of each kind, and of all; under the lock of the table */
	uint32_t objects[QUOTA_KINDS];
	uint32_t reserved[QUOTA_KINDS]; /* for requests that are under way */
	LIST_ENTRY(quota_user) entry;
	TAILQ_ENTRY(quota_user) idle; /* while it has nothing */
};

/* Nobody of it waits. */
static inline void quota_user_init(struct quota_user *user)
{
	for (size_t queue = 0; queue < QUOTA_QUEUES; queue++)
		TAILQ_INIT(&user->waiting[queue]);
}

struct quota_table;

int quota_open(struct quota_table **ret_table);
void quota_free(struct quota_table **table);

/* One more connection of a user, and one less. -ENOMEM: it is not counted. */
int quota_connect(struct quota_table *table, uint64_t subject, uint64_t now_ns, struct quota_user **ret_user);
void quota_disconnect(struct quota_table *table, struct quota_user **user, uint64_t now_ns);

/* Pays for one request; false: there were too many. */
static inline bool quota_pay(struct quota_user *user, const struct quota_limit *limit, uint64_t now_ns)
{
	uint64_t paid_ns;

	if (limit->value == QUOTA_UNLIMITED)
		return true;
	paid_ns = (user->paid_ns > now_ns ? user->paid_ns : now_ns) + limit->period_ns / limit->value;
	if (paid_ns - now_ns > limit->period_ns)
		return false;
	user->paid_ns = paid_ns;
	return true;
}

/* How many requests of the limit are used up now. */
uint64_t quota_spent(const struct quota_user *user, const struct quota_limit *limit, uint64_t now_ns);

/*
 * Reserves objects of a kind for a user, unless they are more than one of the limits: of the kind, and of all. On refusal
 * -EDQUOT, which one (QUOTA_OBJECTS + kind, or QUOTA_OBJECTS) and what the user has of it. -ENOMEM.
 */
int quota_reserve(struct quota_table *table, uint64_t subject, unsigned int kind, uint32_t n, const struct quota_limit *of_kind,
                  const struct quota_limit *of_all, unsigned int *ret_quota, uint32_t *ret_used);
void quota_unreserve(struct quota_table *table, uint64_t subject, unsigned int kind, uint32_t n);

/* Objects come to a user (change above 0) or go. -ENOMEM, for those that come alone. */
int quota_hold(struct quota_table *table, uint64_t subject, unsigned int kind, int change);

/* What a user has of each kind, and of all. */
void quota_objects(struct quota_table *table, uint64_t subject, uint32_t ret_objects[QUOTA_KINDS]);

#endif
