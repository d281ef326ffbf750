/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done about drift: the notes of it, and what requests make of them. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "log.h"
#include "repair_state.h"
#include "server.h"

/* Lists that are tidied with each note: so what nobody has any more takes memory for some thousand notes at most. */
#define TIDIED 4

static size_t list_of(const struct ledger_key *key)
{
	return key_hash(key) % REPAIR_LISTS;
}

struct repair *repair_find(struct repairs *repairs, const struct ledger_key *key)
{
	struct repair *r;

	LIST_FOREACH(r, &repairs->list[list_of(key)], entry)
	if (key_same(&r->key, key))
		break;
	return r;
}

void repair_want(struct repairs *repairs, struct repair *r, bool wanted)
{
	if (wanted && !r->wanted)
		TAILQ_INSERT_TAIL(&repairs->wanted[r->key.kind], r, wanted_entry);
	else if (!wanted && r->wanted)
		TAILQ_REMOVE(&repairs->wanted[r->key.kind], r, wanted_entry);
	r->wanted = wanted;
}

void repair_drop(struct repairs *repairs, struct repair *r)
{
	repair_want(repairs, r, false);
	LIST_REMOVE(r, entry);
	free(r);
	repairs->n--;
}

void repair_open(struct repairs *repairs, struct server *server)
{
	pthread_mutex_init(&repairs->lock, NULL);
	for (size_t i = 0; i < LEDGER_KINDS; i++)
		TAILQ_INIT(&repairs->wanted[i]);
	settings_open(&repairs->settings);
	repairs->server = server;
	repairs->errand = (struct errand){ .run = repair_run, .done = repair_done };
}

void repair_close(struct repairs *repairs)
{
	struct repair *r;

	if (!repairs->server)
		return;
	for (size_t i = 0; i < REPAIR_LISTS; i++)
		while ((r = LIST_FIRST(&repairs->list[i])))
			repair_drop(repairs, r);
	settings_close(&repairs->settings);
	pthread_mutex_destroy(&repairs->lock);
	repairs->server = NULL;
}

/* --------------------------------------------------------------------------------------------------------------- notes */

/* What was taken away by a request, or went with its link, is in the ledger no more: one of each of the next lists, which is more than come. */
static void tidy(struct repairs *repairs)
{
	struct repair *r;

	for (int i = 0; i < TIDIED; i++) {
		repairs->tidied = (repairs->tidied + 1) % REPAIR_LISTS;
		LIST_FOREACH(r, &repairs->list[repairs->tidied], entry)
		if (!ledger_knows(repairs->server->ledger, &r->key))
			break;
		if (r)
			repair_drop(repairs, r);
	}
}

struct repair *repair_put(struct repairs *repairs, const struct ledger_key *key, const struct wish_head *head)
{
	struct repair *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->key = *key;
	r->drift = head->drift;
	r->keyless = head->keyless;
	LIST_INSERT_HEAD(&repairs->list[list_of(key)], r, entry);
	repairs->n++;
	return r;
}

/* A wish as the ledger has it. Without any that makes sense: size is 0. */
struct noted {
	void *bytes;
	size_t size;
	struct wish_head head;
};

static void noted_done(struct noted *noted)
{
	free(noted->bytes);
}

/* 0 or -ENOMEM. */
static int read_noted(const struct repairs *repairs, const struct ledger_key *key, struct noted *noted)
{
	int r = ledger_wish_of(repairs->server->ledger, key, &noted->bytes, &noted->size);

	if (r < 0 || !wish_read(noted->bytes, noted->size, &noted->head))
		noted->size = 0;
	return r == -ENOMEM ? r : 0;
}

/* Of what several hold that is done which does most for one of them. */
static int weight(enum hycan_drift drift)
{
	return drift == HYCAN_DRIFT_REPAIR ? 2 : drift == HYCAN_DRIFT_IGNORE ? 0 : 1;
}

/* What is wanted of an item from now on. */
struct wanted {
	uint64_t subject; /* by whom */
	enum hycan_drift drift;
	bool stays; /* as it was */
};

static bool is_changed(const struct job *job, size_t item)
{
	return job->again || job->retold || job->sent ||
	       !(job->op.unchanged || (job->op.items_unchanged && job->op.items_unchanged[item]));
}

/* Who says nothing about it leaves what others, or he himself, said before; and who wants less than another who holds it does, too. */
static struct wanted weigh(const struct key_view *v, size_t item, const struct ledger_key *key, const struct noted *noted)
{
	const struct job *job = v->job;
	struct ledger *ledger = job->server->ledger;
	const enum hycan_drift drift = job->drift ? job->drift : HYCAN_DRIFT_REPORT;
	const struct wish_head *is = &noted->head;
	const bool anothers = noted->size && is->subject != job->holder.subject && ledger_is_held_by(ledger, key, is->subject);
	struct wanted wanted = { .subject = job->holder.subject, .drift = drift };
	uint64_t other;

	if (noted->size && (!job->drift || (anothers && weight(drift) <= weight(is->drift))))
		wanted = (struct wanted){ .subject = is->subject, .drift = is->drift, .stays = !is_changed(job, item) };
	else if (drift == HYCAN_DRIFT_IGNORE && !(noted->size && is->drift == drift) &&
	         ledger_is_others(ledger, key, job->holder.subject, &other))
		wanted.drift = HYCAN_DRIFT_REPORT;
	return wanted;
}

/* What a transaction changed, and is put back, is wanted as it was; and as who asked for it meanwhile wants it, where that is more. */
static struct wanted weigh_back(const struct job *job, const struct ledger_key *key, const struct noted *noted)
{
	struct wanted wanted = { .subject = job->holder.subject, .drift = job->is_somebodys ? job->drift : HYCAN_DRIFT_REPORT };
	uint64_t other;

	if (noted->size && (!job->is_somebodys || weight(noted->head.drift) >= weight(wanted.drift)))
		wanted = (struct wanted){ .subject = noted->head.subject, .drift = noted->head.drift };
	else if (wanted.drift == HYCAN_DRIFT_IGNORE && ledger_is_others(job->server->ledger, key, job->holder.subject, &other))
		wanted.drift = HYCAN_DRIFT_REPORT;
	return wanted;
}

static void say_unwritten(int r)
{
	log_write(LOG_WARNING, "What is to be done when strangers take something away could not be written down: %s", strerror(-r));
}

/* 0 or -ENOMEM. */
static int put(struct repairs *repairs, const struct ledger_key *key, const void *bytes, size_t size)
{
	int written = ledger_wish(repairs->server->ledger, key, bytes, size);
	struct wish_head head;
	struct repair *r;

	if (written < 0 && written != -ENOENT)
		say_unwritten(written);
	/* what the ledger does not have is nobody's */
	if (size == 0 || written == -ENOENT || written == -ENOMEM || !wish_read(bytes, size, &head))
		return written == -ENOMEM ? written : 0;
	r = repair_put(repairs, key, &head);
	if (!r)
		return -ENOMEM;
	r->noted_us = server_now_us();
	return 0;
}

/* What the job wants, in the ledger and here; the lock is held. */
static void note_item(struct repairs *repairs, const struct key_view *v, size_t item)
{
	_cleanup_(noted_done) struct noted noted = { 0 };
	const struct job *job = v->job;
	uint8_t bytes[WISH_MAX];
	struct wanted wanted;
	struct ledger_key key;
	struct repair *r;
	size_t size;
	int found = 0;

	key_of(v, item, &key);
	tidy(repairs);
	r = repair_find(repairs, &key);
	if (r)
		found = read_noted(repairs, &key, &noted);
	/* it is as it was */
	if (found < 0) {
		say_unwritten(found);
		return;
	}
	wanted = job->is_own && !job->again ? weigh_back(job, &key, &noted) : weigh(v, item, &key, &noted);
	if (r && !wanted.stays)
		repair_drop(repairs, r);
	repair_yield(repairs, v, item, &key);
	if (wanted.stays)
		return;
	size = wanted.drift == HYCAN_DRIFT_REPORT ? 0 : wish_write(v, item, &key, wanted.subject, wanted.drift, bytes);
	(void)put(repairs, &key, bytes, size);
}

/* What nobody has said anything about is to be reported, which is noted nowhere. */
static bool says_nothing(const struct repairs *repairs, const struct job *job)
{
	return job->drift <= HYCAN_DRIFT_REPORT && repairs->n == 0;
}

void repair_note(const struct key_view *v)
{
	struct job *job = v->job;
	struct repairs *repairs = &job->server->repairs;

	/* what the daemon does by itself is nobody's wish, but for what another one was asked for, or was wanted before */
	if ((job->is_own && !job->again && !job->op.back) || says_nothing(repairs, job))
		return;
	pthread_mutex_lock(&repairs->lock);
	for (size_t i = 0; i < v->n_items; i++)
		if (!job->op.items_failed || !job->op.items_failed[i])
			note_item(repairs, v, i);
	pthread_mutex_unlock(&repairs->lock);
}

enum hycan_drift repair_drift(struct repairs *repairs, const struct ledger_key *key)
{
	enum hycan_drift drift = HYCAN_DRIFT_REPORT;
	const struct repair *r;

	if (repairs->n == 0)
		return drift;
	pthread_mutex_lock(&repairs->lock);
	r = repair_find(repairs, key);
	if (r)
		drift = r->drift;
	pthread_mutex_unlock(&repairs->lock);
	return drift;
}

/* -------------------------------------------------------------------------------------------------------- transactions */

/* What is in an undo log is of whole words: so the size is in front. */
struct before {
	struct ledger_key key;
	uint64_t size;
	uint8_t bytes[WISH_MAX];
};

_Static_assert(sizeof(struct before) <= REPAIR_BEFORE_SIZE, "it is kept in bytes");

static size_t size_of(const struct before *before)
{
	return offsetof(struct before, bytes) + (before->size + 7) / 8 * 8;
}

ssize_t repair_before(const struct key_view *v, size_t item, uint8_t ret_bytes[static REPAIR_BEFORE_SIZE])
{
	struct repairs *repairs = &v->job->server->repairs;
	_cleanup_(noted_done) struct noted noted = { 0 };
	struct before before = { 0 };
	uint8_t bytes[WISH_MAX];
	struct wanted wanted;
	size_t size;
	int r;

	if (says_nothing(repairs, v->job))
		return 0;
	key_of(v, item, &before.key);
	r = read_noted(repairs, &before.key, &noted);
	if (r < 0)
		return r;
	wanted = weigh(v, item, &before.key, &noted);
	if (wanted.stays || noted.size > WISH_MAX)
		return 0;
	size = wanted.drift == HYCAN_DRIFT_REPORT ? 0 : wish_write(v, item, &before.key, wanted.subject, wanted.drift, bytes);
	if (size == noted.size && (size == 0 || memcmp(bytes, noted.bytes, size) == 0))
		return 0;
	before.size = noted.size;
	if (noted.size)
		memcpy(before.bytes, noted.bytes, noted.size);
	memcpy(ret_bytes, &before, size_of(&before));
	return (ssize_t)size_of(&before);
}

bool repair_read_before(const void *bytes, size_t size, struct ledger_key *ret_key)
{
	struct before before;

	if (size < offsetof(struct before, bytes) || size > sizeof(before))
		return false;
	memcpy(&before, bytes, size);
	*ret_key = before.key;
	return before.size <= WISH_MAX && size_of(&before) == size;
}

int repair_put_back(struct repairs *repairs, uint64_t subject, const void *bytes, size_t size)
{
	_cleanup_(noted_done) struct noted noted = { 0 };
	struct wish_head head = { .subject = subject };
	struct before before;
	struct repair *repair;
	int r;

	memcpy(&before, bytes, size);
	if (before.size && !wish_read(before.bytes, before.size, &head))
		return 0;
	pthread_mutex_lock(&repairs->lock);
	r = read_noted(repairs, &before.key, &noted);
	/* what another one has said since is his */
	if (r == 0 && (!noted.size || noted.head.subject == subject || noted.head.subject == head.subject ||
	               !ledger_is_held_by(repairs->server->ledger, &before.key, noted.head.subject))) {
		repair = repair_find(repairs, &before.key);
		if (repair)
			repair_drop(repairs, repair);
		r = put(repairs, &before.key, before.bytes, before.size);
	}
	pthread_mutex_unlock(&repairs->lock);
	return r;
}

static void restore(const struct ledger_key *key, const void *bytes, size_t size, void *userdata)
{
	struct wish_head head;

	if (wish_read(bytes, size, &head))
		(void)repair_put(userdata, key, &head);
}

void repair_restore(struct repairs *repairs)
{
	pthread_mutex_lock(&repairs->lock);
	ledger_list_wishes(repairs->server->ledger, restore, repairs);
	pthread_mutex_unlock(&repairs->lock);
	settings_restore(&repairs->settings, repairs->server->ledger);
}
