/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of what is not confirmed yet, and what operations ask about it. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "array.h"
#include "giving.h"
#include "holders.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "pending.h"
#include "server.h"
#include "siphash.h"
#include "subject.h"
#include "undo.h"
#include "undo_log.h"
#include "waiting.h"
#include "worker.h"

/* Longest wait for one's turn. */
#define TURN_S 5

/* Room for what takes it back from the beginning, so that it is pages of its own, which no dump has. */
#define ROOM (128u << 10)

pthread_mutex_t pending_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t pending_moved = PTHREAD_COND_INITIALIZER;

void pending_free(struct pending *p)
{
	if (p->is_noted)
		ledger_commit(p->server->ledger, p->number);
	undo_log_release(&p->undo);
	explicit_bzero(p->token, sizeof(p->token));
	free(p->about.shown.hash);
	free(p->about.touched.hash);
	free(p->about.under.hash);
	free(p->about.below.hash);
	free(p->about.down.hash);
	free(p->about.renamed.hash);
	owing_end(&p->owing, p->server->quotas);
	giving_end(&p->giving);
	free(p);
}

static bool has_too_many(const struct server *server, uint64_t subject)
{
	const struct pending *p;
	size_t n = 0, all = 0;

	TAILQ_FOREACH(p, &server->pending, entry)
	{
		n += p->holder.subject == subject && (!p->why || p->rest_s);
		all++;
	}
	return n >= PENDING_PER_USER || all >= PENDING_MAX;
}

static int make_token(struct pending *p)
{
	uint8_t token[16];

	if (getrandom(token, sizeof(token), 0) != sizeof(token))
		return -EIO;
	for (size_t i = 0; i < sizeof(token); i++)
		sprintf(p->token + 2 * i, "%02x", token[i]);
	return 0;
}

/* There is one, or there were too many. */
static unsigned int free_slot(const struct server *server)
{
	bool taken[PENDING_MAX] = { 0 };
	const struct pending *p;
	unsigned int slot = 0;

	TAILQ_FOREACH(p, &server->pending, entry)
	taken[p->slot] = true;
	while (slot < PENDING_MAX - 1 && taken[slot])
		slot++;
	return slot;
}

void pending_take_out(struct pending *p)
{
	struct pending *other;

	TAILQ_REMOVE(&p->server->pending, p, entry);
	TAILQ_FOREACH(other, &p->server->pending, entry)
	other->on[p->slot] = false;
}

struct pending *pending_turn(const struct server *server, uint64_t subject, uint64_t netns)
{
	struct pending *p, *ends = NULL;

	TAILQ_FOREACH(p, &server->pending, entry)
	{
		if (p->holder.subject != subject || p->netns != netns)
			continue;
		if (p->works)
			return p;
		ends = !ends && p->why && p->undo.n > 0 ? p : ends;
	}
	return ends;
}

struct timespec pending_patience(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TURN_S;
	return until;
}

bool pending_wait(struct pending *p, const struct timespec *until)
{
	const struct server *server = p->server;
	int r;

	if (server->pending_hurries)
		return false;
	pending_wake(p);
	worker_wait(true);
	r = pthread_cond_clockwait(&pending_moved, &pending_lock, CLOCK_MONOTONIC, until);
	worker_wait(false);
	return r == 0;
}

/* With the lock, which is not held meanwhile: waits until it is nobody's turn. False: for too long. */
static bool wait_for_turn(const struct server *server, uint64_t subject, uint64_t netns)
{
	const struct timespec until = pending_patience();
	struct pending *p;

	while ((p = pending_turn(server, subject, netns)) && pending_wait(p, &until))
		;
	return !pending_turn(server, subject, netns);
}

static int refuse_turn(struct op *op)
{
	return op_refuse(
		op, HYCAN_REFUSAL_BUSY, NULL,
		"Another transaction of the same user that is to be confirmed is carried out or taken back in this network "
		"namespace just now: ask again when that is done.");
}

int pending_reserve(struct job *job, struct undo_log *undo, uint32_t seconds, bool detached, struct pending **ret_pending)
{
	bool is_turn, too_many;
	struct pending *p;

	if (undo_log_reserve(undo, ROOM) < 0)
		return -ENOMEM;
	p = calloc(1, sizeof(*p));
	if (!p || make_token(p) < 0 || op_scope_cookie(job->op.scope, &p->cookie) < 0) {
		free(p);
		return -ENOMEM;
	}
	p->server = job->server;
	p->peer = detached ? NULL : job->peer;
	p->holder = job->holder;
	p->began_us = job->began_us;
	p->netns = op_scope_inode(job->op.scope);
	p->seconds = seconds;
	p->ends_us = NEVER;
	p->patience = UNDO_PATIENCE;
	p->works = job->takes_turn = true;
	pthread_mutex_lock(&pending_lock);
	is_turn = wait_for_turn(p->server, p->holder.subject, p->netns);
	too_many = has_too_many(p->server, p->holder.subject);
	if (is_turn && !too_many) {
		p->slot = free_slot(p->server);
		TAILQ_INSERT_HEAD(&p->server->pending, p, entry);
	}
	pthread_mutex_unlock(&pending_lock);
	if (!is_turn || too_many)
		pending_free(p);
	if (!is_turn)
		return refuse_turn(&job->op);
	if (too_many)
		return op_refuse(
			&job->op, HYCAN_REFUSAL_LIMIT, "confirm_within",
			"As many transactions wait to be confirmed as may, %d of a user and %d in all: confirm or cancel one.",
			PENDING_PER_USER, PENDING_MAX);
	*ret_pending = p;
	return 0;
}

void pending_discard(struct pending **pending)
{
	if (!*pending)
		return;
	pthread_mutex_lock(&pending_lock);
	pending_take_out(*pending);
	pthread_cond_broadcast(&pending_moved);
	pthread_mutex_unlock(&pending_lock);
	pending_free(*pending);
	*pending = NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t hash_of(const struct server *server, const struct ledger_key *key)
{
	struct ledger_key copy = { .netns = key->netns, .kind = key->kind, .size = key->size };

	memcpy(copy.identity, key->identity, key->size);
	return siphash(server->pending_key, &copy, offsetof(struct ledger_key, identity) + key->size);
}

int pending_claim(struct pending *p, size_t bytes)
{
	size_t own = bytes, all = bytes;
	const struct pending *other;
	bool is_own;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(other, &p->server->pending, entry)
	{
		own += other != p && other->holder.subject == p->holder.subject ? other->bytes : 0;
		all += other != p ? other->bytes : 0;
	}
	is_own = p->holder.subject != 0 && own > PENDING_BYTES_PER_USER;
	p->most = is_own ? PENDING_BYTES_PER_USER : all > PENDING_BYTES_MAX ? PENDING_BYTES_MAX : 0;
	p->refused = is_own ? own : all;
	if (!p->most)
		p->bytes = bytes;
	pthread_mutex_unlock(&pending_lock);
	return p->most ? -EDQUOT : 0;
}

int pending_refuse(const struct pending *p, struct op *op)
{
	return !p->most ? 0
	                : op_refuse(op, HYCAN_REFUSAL_LIMIT, "confirm_within",
	                            "With this, transactions that wait to be confirmed would take %zu bytes, and %zu may those of "
	                            "%s: confirm or cancel one, or ask for less at a time.",
	                            p->refused, p->most, p->most == PENDING_BYTES_MAX ? "all users" : "a user");
}

struct noting {
	const struct server *server;
	const struct nlmsghdr *frame; /* that is looked at */
	struct pending_about about;
	struct owing owing;
};

static int put(struct pending_hashes *list, const struct server *server, const struct ledger_key *key)
{
	int r = array_grow(&list->hash, list->n, sizeof(*list->hash));

	if (r == 0)
		list->hash[list->n++] = hash_of(server, key);
	return r;
}

/* What a user held who does not meanwhile. */
static int owe(struct noting *noting, uint64_t subject, const struct ledger_key *key)
{
	if (ledger_is_held_by(noting->server->ledger, key, subject))
		return 0;
	return owing_note(&noting->owing, subject, key->kind, hash_of(noting->server, key));
}

/* Of a frame that says who held something. */
static int owe_holders(struct noting *noting)
{
	struct ledger_holders holders;
	int r = 0;

	if (!undo_frame_holders(noting->frame, &holders))
		return 0;
	for (uint64_t i = 0; i < holders.n && r == 0; i++)
		r = owe(noting, holders.by[i].holder.subject, &holders.key);
	return r;
}

static int note(const struct ledger_key *key, enum undo_was was, void *userdata)
{
	struct noting *noting = userdata;
	const struct server *server = noting->server;
	struct ledger_key link;
	int r = 0;

	if (was == UNDO_WAS_BELOW)
		return put(&noting->about.below, server, key);
	if (was == UNDO_WAS_SET_DOWN)
		return put(&noting->about.down, server, key);
	if (was != UNDO_WAS_TAKEN)
		r = put(&noting->about.shown, server, key);
	else if (noting->frame->nlmsg_flags & UNDO_OWNED)
		r = owe(noting, undo_log_owner(noting->frame), key);
	if (r == 0 && was != UNDO_WAS_CHANGED_ALONG)
		r = put(&noting->about.touched, server, key);
	if (r == 0 && was == UNDO_WAS_RENAMED)
		r = put(&noting->about.renamed, server, key);
	if (r == 0 && key_link_of(key, &link))
		r = put(&noting->about.under, server, &link);
	return r;
}

/* In order, each once. */
static void sort(struct pending_hashes *list)
{
	size_t n = 0;

	if (list->n > 0)
		qsort(list->hash, list->n, sizeof(*list->hash), compare);
	for (size_t i = 0; i < list->n; i++)
		if (n == 0 || list->hash[n - 1] != list->hash[i])
			list->hash[n++] = list->hash[i];
	list->n = n;
}

static bool have_one_in_common(const struct pending_hashes *a, const struct pending_hashes *b)
{
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->hash[i] == b->hash[k])
			return true;
		if (a->hash[i] < b->hash[k])
			i++;
		else
			k++;
	}
	return false;
}

/* Whether a link that one set down, or gave another name, is in the way of what the other puts back there. */
static bool is_in_the_way(const struct pending_about *one, const struct pending_about *other)
{
	return have_one_in_common(&one->down, &other->below) || have_one_in_common(&one->renamed, &other->under);
}

static bool are_about_the_same(const struct pending_about *a, const struct pending_about *b)
{
	return have_one_in_common(&a->touched, &b->touched) || is_in_the_way(a, b) || is_in_the_way(b, a);
}

/* With the lock: whether one that comes about now does so behind another one, and may stand on it. */
static bool comes_behind(const struct pending *p, const struct pending *other)
{
	if (other->netns != p->netns)
		return false;
	/* what ended before this one began waits for none that came later: else it might wait for ever */
	if (other->why && !p->on[other->slot])
		return false;
	return other->holder.subject == p->holder.subject || are_about_the_same(&p->about, &other->about);
}

int pending_prepare(struct pending *p, struct job *job, struct undo_log *undo)
{
	struct noting noting = { .server = p->server };
	struct pending_list *list = &p->server->pending;
	const struct pending *other;
	int r = 0;

	for (const struct nlmsghdr *f = undo_log_last(undo); f && r != -ENOMEM; f = undo_log_before(undo, f)) {
		noting.frame = f;
		if (f->nlmsg_flags & UNDO_HOLDERS)
			r = owe_holders(&noting);
		else
			/* what others hold stays as it is */
			r = f->nlmsg_flags & (UNDO_HELD | UNDO_LET_GO) ? 0 : undo_frame_objects(job, f, note, &noting);
	}
	owing_begin(&noting.owing, p->server->quotas);
	sort(&noting.about.shown);
	sort(&noting.about.touched);
	sort(&noting.about.under);
	sort(&noting.about.below);
	sort(&noting.about.down);
	sort(&noting.about.renamed);
	pthread_mutex_lock(&pending_lock);
	p->about = noting.about;
	p->owing = noting.owing;
	p->is_prepared = true;
	TAILQ_REMOVE(list, p, entry);
	TAILQ_FOREACH(other, list, entry)
	p->on[other->slot] = comes_behind(p, other);
	TAILQ_INSERT_HEAD(list, p, entry);
	pthread_mutex_unlock(&pending_lock);
	return r == -ENOMEM ? r : 0;
}

void pending_keep(struct pending *p, struct job *job, struct undo_log *undo)
{
	pthread_mutex_lock(&pending_lock);
	p->undo = *undo;
	pthread_mutex_unlock(&pending_lock);
	*undo = (struct undo_log){ 0 };
	p->giving = job->giving;
	job->giving = NULL;
	p->is_noted = job->intent.kept = job->intent.begun;
	p->number = job->intent.number;
	job->pending = p;
}

const char *pending_token(const struct pending *p)
{
	return p->token;
}

bool pending_has(struct server *server, const struct ledger_key *key, uint64_t now_us, uint64_t *ret_ms)
{
	const uint64_t hash = hash_of(server, key);
	const struct pending *p;
	bool has = false;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	{
		const struct pending_hashes *shown = &p->about.shown;

		if (!p->waits || shown->n == 0 || !bsearch(&hash, shown->hash, shown->n, sizeof(hash), compare))
			continue;
		has = true;
		*ret_ms = p->ends_us > now_us ? (p->ends_us - now_us) / 1000 : 0;
		break;
	}
	pthread_mutex_unlock(&pending_lock);
	return has;
}

/* ----------------------------------------------------------------------------------------------------------- operations */

/* With the lock. NULL: anybody's. */
static struct pending *find(const struct server *server, const char *token, const uint64_t *subject)
{
	struct pending *p;

	TAILQ_FOREACH(p, &server->pending, entry)
	if (p->waits && (!token || strcmp(p->token, token) == 0) && (!subject || p->holder.subject == *subject))
		break;
	return p;
}

/* Which connection asks does not matter: who knows the token and is the same user, or root. */
static const uint64_t *who_may(const struct op *op)
{
	return op->subject == 0 ? NULL : &op->subject;
}

static int refuse(struct op *op)
{
	return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "token",
	                 "No transaction of yours waits for that token: it was confirmed, or is taken back already.");
}

int pending_confirm(struct op *op, const char *token)
{
	struct pending *p;

	pthread_mutex_lock(&pending_lock);
	p = find(((struct job *)op)->server, token, who_may(op));
	if (p)
		pending_take_out(p);
	pthread_mutex_unlock(&pending_lock);
	if (!p)
		return refuse(op);
	pending_free(p);
	return 0;
}

/* With the lock, which is not held meanwhile. */
static struct pending *find_in_turn(struct job *job, const char *token, const uint64_t *subject, bool *ret_is_turn)
{
	struct pending *p = find(job->server, token, subject);

	job->takes_turn = true;
	*ret_is_turn = !p || wait_for_turn(job->server, p->holder.subject, p->netns);
	/* it may be over meanwhile */
	return find(job->server, token, subject);
}

int pending_cancel(struct op *op, const char *token)
{
	struct job *job = (struct job *)op;
	struct pending *p;
	size_t n_left = 0;
	bool is_turn;

	pthread_mutex_lock(&pending_lock);
	p = find_in_turn(job, token, who_may(op), &is_turn);
	if (p && is_turn)
		n_left = pending_take_back(p, "transaction.cancel was asked for", job);
	pthread_mutex_unlock(&pending_lock);
	if (!p)
		return refuse(op);
	if (!is_turn)
		return refuse_turn(op);
	return n_left == 0 ? 0
	                   : op_refuse(op, HYCAN_REFUSAL_KERNEL, NULL,
	                               "The transaction is taken back but for %zu of what it did; the log says why.", n_left);
}

int pending_clear(struct op *op, const uint64_t *subject, bool *ret_any)
{
	/* each has intents of its own: a successor takes back what it finds of them before it goes on with this request */
	const struct op_gate gate = op_scope_set_gate(op->scope, (struct op_gate){ 0 });
	struct job *job = (struct job *)op;
	const struct intent intent = job->intent;
	bool is_turn = true;
	struct pending *p;
	char token[sizeof(p->token)];

	*ret_any = false;
	job->intent = (struct intent){ 0 };
	pthread_mutex_lock(&pending_lock);
	while (is_turn && (p = find(job->server, NULL, subject))) {
		memcpy(token, p->token, sizeof(token));
		p = find_in_turn(job, token, NULL, &is_turn);
		if (p && is_turn)
			(void)pending_take_back(p, "object.clear was asked for", job);
		*ret_any = true;
	}
	pthread_mutex_unlock(&pending_lock);
	job->intent = intent;
	(void)op_scope_set_gate(op->scope, gate);
	explicit_bzero(token, sizeof(token));
	return is_turn ? 0 : refuse_turn(op);
}

int pending_list(struct op *op)
{
	const uint64_t now_us = server_now_us();
	struct pending *p;
	int r = 0;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH_REVERSE(p, &((struct job *)op)->server->pending, pending_list, entry)
	{
		struct hycan_pending_transaction item = {
			.uid = subject_uid(p->holder.subject),
			.has_cid = subject_is_machine(p->holder.subject),
			.netns = p->netns,
			.detached = !p->peer,
			.remaining_ms = p->ends_us > now_us ? (p->ends_us - now_us) / 1000 : 0,
			.requests = p->waits ? (uint32_t)p->undo.n : 0,
		};

		if (!p->waits || (op->subject != 0 && op->subject != p->holder.subject))
			continue;
		if (item.has_cid)
			item.cid = subject_cid(p->holder.subject);
		memcpy(item.token, p->token, sizeof(p->token));
		r = op->answer(op, &item);
		if (r)
			break;
	}
	pthread_mutex_unlock(&pending_lock);
	return r;
}
