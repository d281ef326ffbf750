/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done about drift: the notes of it, and what requests make of them. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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

/* What the job wants, in the ledger and here; the lock is held. */
static void note_item(struct repairs *repairs, const struct key_view *v, size_t item)
{
	uint8_t bytes[WISH_MAX];
	enum hycan_drift drift = v->job->drift;
	struct wish_head head;
	struct ledger_key key;
	struct repair *r;
	size_t size;
	int written;

	key_of(v, item, &key);
	tidy(repairs);
	r = repair_find(repairs, &key);
	/* what a transaction changed, and is put back, is wanted as it was */
	if (v->job->is_own && !v->job->again)
		drift = r ? r->drift : v->job->is_somebodys ? drift : HYCAN_DRIFT_REPORT;
	/* who asked for it last says it */
	if (r)
		repair_drop(repairs, r);
	repair_yield(repairs, v, item, &key);
	size = drift == HYCAN_DRIFT_REPORT ? 0 : wish_write(v, item, &key, drift, bytes);
	written = ledger_wish(repairs->server->ledger, &key, bytes, size);
	if (written < 0 && written != -ENOENT)
		log_write(LOG_WARNING, "What is to be done when strangers take something away could not be written down: %s",
		          strerror(-written));
	/* what the ledger does not have is nobody's */
	if (size == 0 || written == -ENOENT || written == -ENOMEM || !wish_read(bytes, size, &head))
		return;
	r = repair_put(repairs, &key, &head);
	if (r)
		r->noted_us = server_now_us();
}

void repair_note(const struct key_view *v)
{
	struct job *job = v->job;
	struct repairs *repairs = &job->server->repairs;

	/* what the daemon does by itself is nobody's wish, but for what another one was asked for, or was wanted before */
	if ((job->is_own && !job->again && !job->op.back) || (job->drift == HYCAN_DRIFT_REPORT && repairs->n == 0))
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
