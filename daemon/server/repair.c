/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done about drift: the notes, and making things again. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "log.h"
#include "op.h"
#include "recovery.h"
#include "repair.h"
#include "server.h"
#include "subject.h"
#include "table.h"
#include "undo.h"
#include "wire.h"

/* The first repair comes this long after it was found to be missing, the next ones after twice as long each. */
#define AGAIN_US     200000u
#define ATTEMPTS_MAX 7

/* What has stayed for so long was repaired. */
#define LASTING_US (60 * UINT64_C(1000000))

/* A request that is longer is not kept. */
#define REQUEST_MAX 8192u

/* Lists that are tidied with each note: so what nobody has any more takes memory for some thousand notes at most. */
#define TIDIED 4

struct repair {
	LIST_ENTRY(repair) entry;
	struct ledger_key key;
	struct ledger_holder holder;
	enum hycan_drift drift;
	bool seen;
	bool wanted; /* it is to be made now: in the list of those */
	TAILQ_ENTRY(repair) wanted_entry;
	unsigned int attempts;
	uint64_t noted_us;
	uint64_t tried_us; /* when it was made again last, or tried to */
	uint64_t again_us; /* not before that */
	uint16_t operation;
	uint16_t size;
	uint8_t request[];
};

static size_t list_of(const struct ledger_key *key)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < key->size; i++)
		h = (h ^ key->identity[i]) * 16777619u;
	return h % REPAIR_LISTS;
}

static struct repair *find(struct repairs *repairs, const struct ledger_key *key)
{
	struct repair *r;

	LIST_FOREACH(r, &repairs->list[list_of(key)], entry)
	if (key_same(&r->key, key))
		break;
	return r;
}

static void want(struct repairs *repairs, struct repair *r, bool wanted)
{
	if (wanted && !r->wanted)
		TAILQ_INSERT_TAIL(&repairs->wanted[r->key.kind], r, wanted_entry);
	else if (!wanted && r->wanted)
		TAILQ_REMOVE(&repairs->wanted[r->key.kind], r, wanted_entry);
	r->wanted = wanted;
}

static void drop(struct repairs *repairs, struct repair *r)
{
	want(repairs, r, false);
	LIST_REMOVE(r, entry);
	free(r);
	repairs->n--;
}

static int run(struct errand *errand, struct job *job);

static void done(struct errand *errand)
{
	struct repairs *repairs = (struct repairs *)((char *)errand - offsetof(struct repairs, errand));

	repairs->runs = false;
	repair_serve(repairs);
}

void repair_open(struct repairs *repairs, struct server *server)
{
	pthread_mutex_init(&repairs->lock, NULL);
	for (size_t i = 0; i < LEDGER_KINDS; i++)
		TAILQ_INIT(&repairs->wanted[i]);
	repairs->server = server;
	repairs->errand = (struct errand){ .run = run, .done = done };
}

void repair_close(struct repairs *repairs)
{
	struct repair *r;

	if (!repairs->server)
		return;
	for (size_t i = 0; i < REPAIR_LISTS; i++)
		while ((r = LIST_FIRST(&repairs->list[i])))
			drop(repairs, r);
	pthread_mutex_destroy(&repairs->lock);
	repairs->server = NULL;
}

/* --------------------------------------------------------------------------------------------------------------- notes */

/* The operation and the structure that make one item: its own request, or what makes the like alone. NULL: there is none. */
static const struct hycan_operation *maker(const struct key_view *v)
{
	const struct op_effect *alone = op_effect_of_kind(v->effect->kind);

	if (v->effect->list < 0)
		return v->job->operation;
	return alone && alone->list < 0 && alone->operation->request->size == v->item_size ? alone->operation : NULL;
}

static struct repair *note_new(const struct key_view *v, const struct hycan_operation *operation, size_t item)
{
	/* as it was asked for: what the handler made of it is for the ledger, and may not be asked for */
	const struct key_view asked = key_view_of(v->job, v->effect, &v->job->request);
	const void *value = v->effect->list < 0 ? asked.request : asked.items + item * asked.item_size;
	uint8_t bytes[REQUEST_MAX];
	struct wire_fault fault;
	struct repair *r;
	ssize_t n = 0;

	if (v->job->drift == HYCAN_DRIFT_REPAIR) {
		if (!operation || item >= asked.n_items || intent_has_keys(operation->request, value))
			return NULL;
		n = wire_encode(operation->request, value, bytes, sizeof(bytes), NULL, NULL, &fault);
		if (n < 0)
			return NULL;
	}
	r = calloc(1, sizeof(*r) + (size_t)n);
	if (!r)
		return NULL;
	r->operation = operation ? operation->number : 0;
	r->size = (uint16_t)n;
	memcpy(r->request, bytes, (size_t)n);
	return r;
}

/* What was taken away by a request, or went with its link, is in the ledger no more. */
static void tidy(struct repairs *repairs)
{
	struct repair *r, *next;

	for (int i = 0; i < TIDIED; i++) {
		repairs->tidied = (repairs->tidied + 1) % REPAIR_LISTS;
		for (r = LIST_FIRST(&repairs->list[repairs->tidied]); r; r = next) {
			next = LIST_NEXT(r, entry);
			if (!ledger_knows(repairs->server->ledger, &r->key))
				drop(repairs, r);
		}
	}
}

void repair_note(const struct key_view *v)
{
	struct job *job = v->job;
	struct repairs *repairs = &job->server->repairs;
	const struct hycan_operation *operation = maker(v);
	bool report = job->drift == HYCAN_DRIFT_REPORT;

	/* what the daemon does by itself is nobody's wish */
	if (job->is_own || (report && repairs->n == 0))
		return;
	pthread_mutex_lock(&repairs->lock);
	for (size_t i = 0; i < v->n_items; i++) {
		struct ledger_key key;
		struct repair *r;

		if (job->op.items_failed && job->op.items_failed[i])
			continue;
		key_of(v, i, &key);
		tidy(repairs);
		/* who asked for it last says it */
		r = find(repairs, &key);
		if (r)
			drop(repairs, r);
		r = report ? NULL : note_new(v, operation, i);
		if (!r)
			continue;
		r->key = key;
		r->holder = job->holder;
		r->drift = job->drift;
		r->noted_us = server_now_us();
		LIST_INSERT_HEAD(&repairs->list[list_of(&key)], r, entry);
		repairs->n++;
	}
	pthread_mutex_unlock(&repairs->lock);
}

/* ------------------------------------------------------------------------------------------------------------- looking */

typedef void each(struct repairs *repairs, struct repair *r, void *userdata);

static void for_each(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind, each *function, void *userdata)
{
	struct repair *r, *next;

	if (repairs->n == 0)
		return;
	pthread_mutex_lock(&repairs->lock);
	for (size_t i = 0; i < REPAIR_LISTS; i++)
		for (r = LIST_FIRST(&repairs->list[i]); r; r = next) {
			next = LIST_NEXT(r, entry);
			if (r->key.netns == netns && r->key.kind == kind)
				function(repairs, r, userdata);
		}
	pthread_mutex_unlock(&repairs->lock);
}

static void unsee(struct repairs *repairs, struct repair *r, void *userdata)
{
	(void)repairs;
	(void)userdata;
	r->seen = false;
}

void repair_look_begin(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind)
{
	for_each(repairs, netns, kind, unsee, NULL);
}

void repair_seen(struct repairs *repairs, const struct ledger_key *key)
{
	struct repair *r;

	if (repairs->n == 0)
		return;
	pthread_mutex_lock(&repairs->lock);
	r = find(repairs, key);
	if (r)
		r->seen = true;
	pthread_mutex_unlock(&repairs->lock);
}

struct look {
	uint64_t before_us;
	uint64_t now_us;
	uint64_t next_us;
	bool told;
};

/* It is not there. False: it is given up. */
static bool is_to_be_tried(struct repairs *repairs, struct repair *r, struct look *look)
{
	if (look->now_us - r->tried_us > LASTING_US)
		r->attempts = 0;
	if (look->now_us >= r->again_us) {
		if (r->attempts >= ATTEMPTS_MAX)
			return false;
		want(repairs, r, true);
		look->told = true;
		r->again_us = look->now_us + ((uint64_t)AGAIN_US << r->attempts++);
		r->tried_us = look->now_us;
	}
	if (look->next_us == 0 || r->again_us < look->next_us)
		look->next_us = r->again_us;
	return true;
}

static void judge(struct repairs *repairs, struct repair *r, void *userdata)
{
	struct look *look = userdata;
	char text[512];

	if (r->seen || r->noted_us >= look->before_us)
		return;
	if (!ledger_knows(repairs->server->ledger, &r->key)) {
		drop(repairs, r);
		return;
	}
	if (r->drift == HYCAN_DRIFT_REPAIR && !is_to_be_tried(repairs, r, look)) {
		key_format(&r->key, text, sizeof(text));
		log_write(LOG_WARNING, "%s was made again %d times, and is gone each time: it is given up.", text, ATTEMPTS_MAX);
		drop(repairs, r);
		return;
	}
	ledger_mark(repairs->server->ledger, &r->key);
}

uint64_t repair_look_end(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind, uint64_t before_us, bool *ret_told)
{
	struct look look = { .before_us = before_us, .now_us = server_now_us() };

	for_each(repairs, netns, kind, judge, &look);
	if (look.told) {
		atomic_store(&repairs->told, true);
		*ret_told = true;
	}
	return look.next_us;
}

/* ----------------------------------------------------------------------------------------------------------- repairing */

void repair_serve(struct repairs *repairs)
{
	if (repairs->runs || !atomic_exchange(&repairs->told, false))
		return;
	repairs->runs = true;
	errand_add(repairs->server, &repairs->errand);
}

/* A copy of the next one that is wanted, links before what is on them; NULL: none is. */
static struct repair *next_wanted(struct repairs *repairs)
{
	struct repair *first = NULL, *copy = NULL;

	pthread_mutex_lock(&repairs->lock);
	for (size_t i = 0; i < LEDGER_KINDS && !first; i++)
		first = TAILQ_FIRST(&repairs->wanted[i]);
	if (first) {
		want(repairs, first, false);
		copy = malloc(sizeof(*copy) + first->size);
	}
	if (copy)
		memcpy(copy, first, sizeof(*copy) + first->size);
	pthread_mutex_unlock(&repairs->lock);
	return copy;
}

/* Between two steps of whoever takes it away, nothing is made: it is going as long as this takes. */
static void make_again(struct job *job, const struct repair *r)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY, .lifetime = HYCAN_LIFETIME_PERMANENT };
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	struct ledger *ledger = job->server->ledger;
	char sentence[UNDO_SENTENCE_SIZE] = "", text[512];
	bool changed = false;
	uint64_t owner;
	int result;

	if (ledger_take_begin(ledger, &r->key, &nobody, true, job, &owner) == LEDGER_NOBODYS)
		return;
	result = recovery_scope(job->scope, r->key.netns, &other);
	if (result == 0)
		result = undo_repair(job, other ? other : job->scope, &r->holder, r->operation, r->request, r->size, &r->key,
		                     &changed, sentence);
	ledger_cancel(ledger, job);
	/* what others in the same table needed was done with the first of them */
	if (result == 0 && !changed)
		return;
	key_format(&r->key, text, sizeof(text));
	if (result == 0)
		log_write(LOG_NOTICE, "%s, which %s had asked for, was gone, and is made again.", text,
		          subject_say(r->holder.subject).text);
	else
		log_write(LOG_NOTICE, "%s, which %s had asked for, is gone, and cannot be made again now: %s", text,
		          subject_say(r->holder.subject).text, *sentence ? sentence : strerror(result < 0 ? -result : 0));
}

static int run(struct errand *errand, struct job *job)
{
	struct repairs *repairs = (struct repairs *)((char *)errand - offsetof(struct repairs, errand));
	struct repair *r = next_wanted(repairs);

	if (!r)
		return 0;
	make_again(job, r);
	free(r);
	job->memory.used = 0;
	return 1;
}
