/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Charging.
 *
 * What is asked at each request is two comparisons with numbers that the peer has: limits are looked up in the policy when
 * it connects, and when the policy is read again. Objects are looked up when some are made, which is rare and costs more.
 *
 * What this file does not do: answer. It says why not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "charge.h"
#include "holders.h"
#include "job.h"
#include "key.h"
#include "log.h"
#include "op.h"
#include "server.h"
#include "subject.h"
#include "table.h"

/* Connections over the quota that wait for their refusal, of one user. */
#define SURPLUS_MAX 16u

/* The log is told of a user who is over a quota, once in so long. */
#define SAY_AGAIN_NS UINT64_C(10000000000)

static uint64_t now_ns(void)
{
	return server_now_us() * 1000;
}

static int on_hold(uint64_t subject, enum hycan_object_kind kind, int change, void *userdata)
{
	return quota_hold(userdata, subject, kind, change);
}

int charge_open(struct server *server)
{
	int r = quota_open(&server->quotas);

	if (r == 0)
		ledger_on_hold(server->ledger, on_hold, server->quotas);
	return r;
}

/* ------------------------------------------------------------------------------------------------------------- peers */

static void read_limits(struct peer *peer)
{
	const struct policy *policy = peer->server->policy;

	peer->limit_bytes = policy_quota(policy, &peer->identity, QUOTA_BYTES);
	peer->limit_requests = policy_quota(policy, &peer->identity, QUOTA_REQUESTS);
}

static uint32_t connections(const struct quota_user *user)
{
	return user->n_refs - user->n_surplus;
}

static void log_over(struct peer *peer, unsigned int quota, const struct quota_limit *limit)
{
	uint64_t now = now_ns();
	char text[128];

	if (peer->user->said_ns && now - peer->user->said_ns < SAY_AGAIN_NS)
		return;
	peer->user->said_ns = now;
	policy_say_quota(peer->server->policy, quota, limit, text, sizeof(text));
	log_write(LOG_NOTICE, "%s (pid %d) is over a quota: %s", subject_say(peer->identity.subject).text, peer->identity.pid,
	          text);
}

int charge_peer(struct peer *peer)
{
	struct server *server = peer->server;
	struct quota_limit limit;
	int r;

	if (!server->quotas)
		return 0;
	limit = policy_quota(server->policy, &peer->identity, QUOTA_CONNECTIONS);
	r = quota_connect(server->quotas, peer->identity.subject, now_ns(), &peer->user);
	if (r < 0)
		return r;
	read_limits(peer);
	peer->surplus = connections(peer->user) > limit.value;
	if (!peer->surplus)
		return 0;
	peer->user->n_surplus++;
	log_over(peer, QUOTA_CONNECTIONS, &limit);
	return peer->user->n_surplus > SURPLUS_MAX ? -EUSERS : 0;
}

void charge_peer_gone(struct peer *peer)
{
	if (!peer->user)
		return;
	peer->user->n_surplus -= peer->surplus;
	quota_disconnect(peer->server->quotas, &peer->user, now_ns());
}

void charge_reload(struct server *server)
{
	struct peer *peer;

	TAILQ_FOREACH(peer, &server->peers, entry)
	if (peer->user)
		read_limits(peer);
}

void charge_memory(struct peer *peer, size_t memory)
{
	_Atomic size_t *all = &peer->server->memory;

	/* the loop alone writes it */
	atomic_store_explicit(all, atomic_load_explicit(all, memory_order_relaxed) + memory - peer->memory, memory_order_relaxed);
	if (peer->user)
		peer->user->bytes += memory - peer->memory;
	peer->memory = memory;
}

/* ---------------------------------------------------------------------------------------------------------- requests */

bool charge_request(struct peer *peer)
{
	if (!peer->user || peer->charged)
		return true;
	/* the beginning of its turn is near enough */
	peer->charged = !peer->surplus && quota_pay(peer->user, &peer->limit_requests, peer->server->busy_since_us * 1000) &&
	                !charge_is_over(peer);
	return peer->charged;
}

bool charge_bytes(const struct peer *peer, size_t more)
{
	return !peer->user || (!peer->surplus && peer->user->bytes + more <= peer->limit_bytes.value);
}

static int refuse(struct job *job, unsigned int quota, const struct quota_limit *limit, const char *what)
{
	char text[128];

	policy_say_quota(job->policy ? job->policy : job->server->policy, quota, limit, text, sizeof(text));
	job->policy_line = quota_limit_line(limit);
	return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL, "%s %s: the quota is %s.",
	                 subject_title(job->peer->identity.subject).text, what, text);
}

static int refuse_surplus(struct job *job)
{
	struct peer *peer = job->peer;
	struct quota_limit limit = policy_quota(peer->server->policy, &peer->identity, QUOTA_CONNECTIONS);
	char what[64];

	snprintf(what, sizeof(what), "has %u connections already", connections(peer->user));
	/* the answer is the last thing that is sent */
	peer->eof = true;
	return refuse(job, QUOTA_CONNECTIONS, &limit, what);
}

int charge_refuse(struct job *job, size_t more)
{
	struct peer *peer = job->peer;
	char what[128];

	if (peer->surplus)
		return refuse_surplus(job);
	if (peer->user->bytes + more > peer->limit_bytes.value) {
		log_over(peer, QUOTA_BYTES, &peer->limit_bytes);
		snprintf(what, sizeof(what), "has %" PRIu64 " bytes in requests sent in part and answers not read%s",
		         peer->user->bytes, more ? ", and this one is too long for it" : "");
		return refuse(job, QUOTA_BYTES, &peer->limit_bytes, what);
	}
	log_over(peer, QUOTA_REQUESTS, &peer->limit_requests);
	return refuse(job, QUOTA_REQUESTS, &peer->limit_requests, "made too many requests; wait and try again");
}

/* ----------------------------------------------------------------------------------------------------------- objects */

/* Where a number is in the list, or would be. */
static size_t find_place(const struct freed *freed, uint32_t hash)
{
	size_t from = 0, to = freed->n;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;

		if (freed->key[middle] < hash)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Of two with the same number the other one is not free: nobody gets more for that. */
static bool is_freed(const struct job *job, const struct ledger_key *key)
{
	const size_t i = find_place(&job->freed, key_hash(key));

	return i < job->freed.n && job->freed.key[i] == key_hash(key);
}

static int add_freed(struct job *job, const struct ledger_key *key)
{
	struct freed *freed = &job->freed;
	const size_t i = find_place(freed, key_hash(key));
	int r = op_grow(&job->op, &freed->key, freed->n, sizeof(*freed->key));

	if (r < 0)
		return r;
	memmove(freed->key + i + 1, freed->key + i, (freed->n - i) * sizeof(*freed->key));
	freed->key[i] = key_hash(key);
	freed->n++;
	freed->objects[key->kind]++;
	freed->objects[0]++;
	return 0;
}

/*
 * How many of the things that an effect makes the user has already: those are not made, or take the place of what was. What an earlier step
 * takes away is made again.
 */
static uint32_t held_already(const struct job *job, const struct key_view *v)
{
	struct ledger_key key;
	uint32_t n = 0;

	for (size_t i = 0; i < v->n_items; i++) {
		key_of(v, i, &key);
		n += ledger_holds(job->server->ledger, &key, &job->holder) && !is_freed(job, &key);
	}
	return n;
}

/* With what will be free by then. */
static struct quota_limit widened(const struct job *job, struct quota_limit limit, unsigned int kind)
{
	if (limit.value != QUOTA_UNLIMITED)
		limit.value += job->freed.objects[kind];
	return limit;
}

static int reserve(struct job *job, unsigned int kind, uint32_t n, const struct quota_limit *of_kind,
                   const struct quota_limit *of_all, unsigned int *ret_quota, uint32_t *ret_used)
{
	const struct quota_limit kinds = widened(job, *of_kind, kind), all = widened(job, *of_all, 0);

	return quota_reserve(job->server->quotas, job->holder.subject, kind, n, &kinds, &all, ret_quota, ret_used);
}

static int charge_effect(struct job *job, const struct op_effect *effect)
{
	const struct identity *who = &job->peer->identity;
	struct key_view v = key_view(job, effect);
	const struct quota_limit of_all = policy_quota(job->policy, who, QUOTA_OBJECTS);
	const struct quota_limit of_kind = policy_quota(job->policy, who, QUOTA_OBJECTS + effect->kind);
	uint32_t n = (uint32_t)v.n_items, used = 0;
	unsigned int quota = 0;
	char what[128], name[64];
	int r;

	if (v.absent || n == 0 || (of_all.value == QUOTA_UNLIMITED && of_kind.value == QUOTA_UNLIMITED))
		return 0;
	r = reserve(job, effect->kind, n, &of_kind, &of_all, &quota, &used);
	if (r == -EDQUOT) {
		n -= held_already(job, &v);
		r = n ? reserve(job, effect->kind, n, &of_kind, &of_all, &quota, &used) : 0;
	}
	if (r == -EDQUOT) {
		const struct quota_limit *limit = quota == QUOTA_OBJECTS ? &of_all : &of_kind;

		snprintf(what, sizeof(what), "holds %u %s%s, and this makes %u", used, quota_name(quota, name, sizeof(name)),
		         used + n > limit->value ? "" : ", more are under way or wait to be confirmed", n);
		return refuse(job, quota, limit, what);
	}
	if (r == 0) {
		job->reserved[effect->kind] += n;
		job->has_reserved = true;
	}
	return r;
}

int charge_objects(struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	if (!job->server->quotas || !job->peer)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		if (effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES)
			r = charge_effect(job, &effects[i]);
	return r;
}

/* Whether the user has it once, and not any more when he has taken it away or let go of it. */
static bool goes_with_caller(const struct job *job, const struct ledger_key *key)
{
	struct ledger_holders holders;
	const size_t n = ledger_list_holders(job->server->ledger, key, &holders);
	size_t own = 0;

	for (size_t i = 0; i < n && n <= LEDGER_HOLDERS_MAX; i++)
		own += holders.by[i].holder.subject == job->holder.subject;
	return own == 1;
}

static int free_effect(struct job *job, const struct op_effect *effect)
{
	const struct identity *who = &job->peer->identity;
	const struct key_view v = key_view(job, effect);
	int r = 0;

	if (v.absent || (policy_quota(job->policy, who, QUOTA_OBJECTS).value == QUOTA_UNLIMITED &&
	                 policy_quota(job->policy, who, QUOTA_OBJECTS + effect->kind).value == QUOTA_UNLIMITED))
		return 0;
	for (size_t i = 0; i < v.n_items && r == 0; i++) {
		struct ledger_key key;

		key_of(&v, i, &key);
		if (!is_freed(job, &key) && goes_with_caller(job, &key))
			r = add_freed(job, &key);
	}
	return r;
}

int charge_frees(struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	if (!job->server->quotas || !job->peer)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		if (effects[i].does == OP_TAKES && effects[i].n_parts > 0)
			r = free_effect(job, &effects[i]);
	return r;
}

void charge_objects_done(struct job *job)
{
	if (!job->has_reserved)
		return;
	for (unsigned int kind = 0; kind < QUOTA_KINDS; kind++)
		if (job->reserved[kind])
			quota_unreserve(job->server->quotas, job->holder.subject, kind, job->reserved[kind]);
	memset(job->reserved, 0, sizeof(job->reserved));
	job->has_reserved = false;
}

/* ----------------------------------------------------------------------------------------------------------- telling */

static uint64_t used_of(const struct peer *peer, unsigned int quota, const struct quota_limit *limit, const uint32_t *objects)
{
	switch (quota) {
	case QUOTA_CONNECTIONS:
		return connections(peer->user);
	case QUOTA_BYTES:
		return peer->user->bytes;
	case QUOTA_REQUESTS:
		return quota_spent(peer->user, limit, now_ns());
	}
	return objects[quota - QUOTA_OBJECTS];
}

int charge_tell(struct op *op, struct hycan_session_whoami_reply *reply)
{
	const struct job *job = (struct job *)op;
	const struct peer *peer = job->peer;
	struct hycan_quota *item = op->memory(op, N_QUOTAS * sizeof(*item));
	uint32_t objects[QUOTA_KINDS];

	if (!item)
		return -ENOMEM;
	quota_objects(job->server->quotas, peer->identity.subject, objects);
	reply->quotas = item;
	for (unsigned int quota = 0; quota < N_QUOTAS; quota++) {
		struct quota_limit limit = policy_quota(job->server->policy, &peer->identity, quota);
		char text[sizeof(item->name)];
		const char *name = quota_name(quota, text, sizeof(text));

		item->used = name ? used_of(peer, quota, &limit, objects) : 0;
		/* of the kinds, those that matter */
		if (!name || (quota > QUOTA_OBJECTS && !item->used && limit.value == QUOTA_UNLIMITED))
			continue;
		snprintf(item->name, sizeof(item->name), "%s", name);
		quota_format(quota, &limit, item->limit, sizeof(item->limit));
		item->line = quota_limit_line(&limit);
		item++;
		reply->n_quotas++;
	}
	return 0;
}
