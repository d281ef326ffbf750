/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done about drift: the notes, and making things again. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "log.h"
#include "observe.h"
#include "op.h"
#include "recovery.h"
#include "repair.h"
#include "server.h"
#include "subject.h"
#include "table.h"
#include "undo.h"
#include "wire.h"
#include "wish.h"

/* The first repair comes this long after it was found to be missing, the next ones after twice as long each. */
#define AGAIN_US     200000u
#define ATTEMPTS_MAX 7

/* What has stayed for so long was repaired. */
#define LASTING_US (60 * UINT64_C(1000000))

/* Lists that are tidied with each note: so what nobody has any more takes memory for some thousand notes at most. */
#define TIDIED 4

struct repair {
	LIST_ENTRY(repair) entry;
	struct ledger_key key;
	enum hycan_drift drift;
	bool keyless; /* the request that made it had keys, which nobody knows any more */
	bool seen;    /* it is there, as it was asked for */
	bool there;   /* it is there, and may be otherwise */
	bool wanted;  /* it is to be made now: in the list of those */
	TAILQ_ENTRY(repair) wanted_entry;
	unsigned int attempts;
	uint64_t noted_us;
	uint64_t tried_us; /* when it was made again last, or tried to */
	uint64_t again_us; /* not before that */
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

static struct repair *put(struct repairs *repairs, const struct ledger_key *key, const struct wish_head *head)
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

/* Memory for the lists of a request that is no longer than WISH_MAX. */
#define LISTS_MAX ((size_t)4 * WISH_MAX)

/* Another peer was given allowed IPs, which it takes from those that have them: they want them no more. */
static void give_up(struct repairs *repairs, struct repair *r, const struct hycan_wireguard_peer_config *given)
{
	_cleanup_free_ uint8_t *lists = malloc(LISTS_MAX);
	_cleanup_free_ void *bytes = NULL;
	uint8_t without[WISH_MAX];
	size_t size;

	if (!lists || ledger_wish_of(repairs->server->ledger, &r->key, &bytes, &size) < 0)
		return;
	size = wish_without(&(struct wire_memory){ .base = lists, .size = LISTS_MAX }, bytes, size, given, without);
	if (size == 0)
		return;
	(void)ledger_wish(repairs->server->ledger, &r->key, without, size);
	/* whoever looks just now has compared it with what was wanted before */
	r->noted_us = server_now_us();
}

static void give_up_all(struct repairs *repairs, const struct key_view *v, const struct ledger_key *key)
{
	const struct hycan_wireguard_peer_config *given =
		&((const struct hycan_wireguard_peer_set_request *)&v->job->request)->wireguard_peer_config;
	const size_t link_size = key->size - sizeof(given->public_key);
	struct repair *r;

	/* who states all peers has said it of each of them */
	if (v->job->operation->number != HYCAN_OPERATION_WIREGUARD_PEER_SET || !given->has_allowed_ips || given->n_allowed_ips == 0)
		return;
	for (size_t i = 0; i < REPAIR_LISTS; i++)
		LIST_FOREACH(r, &repairs->list[i], entry)
	if (r->drift == HYCAN_DRIFT_REPAIR && r->key.kind == key->kind && r->key.netns == key->netns && r->key.size == key->size &&
	    memcmp(r->key.identity, key->identity, link_size) == 0 && !key_same(&r->key, key))
		give_up(repairs, r, given);
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
	r = find(repairs, &key);
	/* what a transaction changed, and is put back, is wanted as it was */
	if (v->job->is_own && !v->job->again)
		drift = r ? r->drift : HYCAN_DRIFT_REPORT;
	/* who asked for it last says it */
	if (r)
		drop(repairs, r);
	give_up_all(repairs, v, &key);
	size = drift == HYCAN_DRIFT_REPORT ? 0 : wish_write(v, item, &key, drift, bytes);
	written = ledger_wish(repairs->server->ledger, &key, bytes, size);
	if (written < 0 && written != -ENOENT)
		log_write(LOG_WARNING, "What is to be done when strangers take something away could not be written down: %s",
		          strerror(-written));
	/* what the ledger does not have is nobody's */
	if (size == 0 || written == -ENOENT || written == -ENOMEM || !wish_read(bytes, size, &head))
		return;
	r = put(repairs, &key, &head);
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

/* Wishes that speak of a link which is called otherwise now. */
struct renaming {
	struct repairs *repairs;
	uint64_t netns;
	const char *from, *to;
	struct ledger_key *keys; /* of those that it may be about, for free() */
	size_t n;
};

/* Rules and what is in our table mean a name, whatever link has it; what is on a link goes by another name with it. */
static bool follows(const struct ledger_key *key)
{
	const struct op_effect *effect = op_effect_of_kind(key->kind);

	return key->kind == HYCAN_OBJECT_KIND_LINK || (effect && effect->on.position >= 0);
}

static void collect(const struct ledger_key *key, const void *bytes, size_t size, void *userdata)
{
	struct renaming *r = userdata;
	struct wish_head head;
	struct repair *repair = find(r->repairs, key);

	if (key->netns != r->netns || !follows(key) || !wish_read(bytes, size, &head))
		return;
	if (!repair)
		repair = put(r->repairs, key, &head);
	/* whoever looks just now may have asked for the other name */
	if (repair)
		repair->noted_us = server_now_us();
	if (memmem(bytes, size, r->from, strlen(r->from)) && array_grow(&r->keys, r->n, sizeof(*r->keys)) == 0)
		r->keys[r->n++] = *key;
}

static void rename_wish(struct repairs *repairs, const struct ledger_key *key, const struct renaming *renaming,
                        struct wire_memory memory)
{
	_cleanup_free_ void *bytes = NULL;
	uint8_t renamed[WISH_MAX];
	size_t size;

	if (ledger_wish_of(repairs->server->ledger, key, &bytes, &size) < 0)
		return;
	size = wish_renamed(&memory, bytes, size, renaming->from, renaming->to, renamed);
	if (size > 0)
		(void)ledger_wish(repairs->server->ledger, key, renamed, size);
}

/* What went by the old name is known by the new one. */
static void forget_renamed(struct repairs *repairs, uint64_t netns)
{
	struct repair *r, *next;

	for (size_t i = 0; i < REPAIR_LISTS; i++)
		for (r = LIST_FIRST(&repairs->list[i]); r; r = next) {
			next = LIST_NEXT(r, entry);
			if (r->key.netns == netns && follows(&r->key) && !ledger_is_held(repairs->server->ledger, &r->key))
				drop(repairs, r);
		}
}

void repair_renamed(struct repairs *repairs, uint64_t netns, const char *from, const char *to)
{
	struct renaming renaming = { .repairs = repairs, .netns = netns, .from = from, .to = to };
	_cleanup_free_ uint8_t *lists = NULL;

	if (repairs->n == 0)
		return;
	lists = malloc(LISTS_MAX);
	pthread_mutex_lock(&repairs->lock);
	forget_renamed(repairs, netns);
	ledger_list_wishes(repairs->server->ledger, collect, &renaming);
	for (size_t i = 0; lists && i < renaming.n; i++)
		rename_wish(repairs, &renaming.keys[i], &renaming, (struct wire_memory){ .base = lists, .size = LISTS_MAX });
	pthread_mutex_unlock(&repairs->lock);
	free(renaming.keys);
}

static void restore(const struct ledger_key *key, const void *bytes, size_t size, void *userdata)
{
	struct wish_head head;

	if (wish_read(bytes, size, &head))
		(void)put(userdata, key, &head);
}

void repair_restore(struct repairs *repairs)
{
	pthread_mutex_lock(&repairs->lock);
	ledger_list_wishes(repairs->server->ledger, restore, repairs);
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
	r->seen = r->there = false;
}

void repair_look_begin(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind)
{
	for_each(repairs, netns, kind, unsee, NULL);
}

/* Whether a peer is as it was asked for. Without memory it is. */
static bool fits(struct repairs *repairs, const struct ledger_key *key, const struct op_found_peer *found)
{
	_cleanup_free_ uint8_t *lists = malloc(LISTS_MAX);
	struct wire_memory memory = { .base = lists, .size = lists ? LISTS_MAX : 0 };
	_cleanup_free_ void *bytes = NULL;
	union message request;
	size_t size;

	if (!lists || ledger_wish_of(repairs->server->ledger, key, &bytes, &size) < 0 ||
	    !wish_request(&memory, bytes, size, &request))
		return true;
	return op_peer_fits(found, (const struct hycan_wireguard_peer_set_request *)&request);
}

void repair_seen(struct repairs *repairs, const struct ledger_key *key, const void *found)
{
	struct repair *r;

	if (repairs->n == 0)
		return;
	pthread_mutex_lock(&repairs->lock);
	r = find(repairs, key);
	if (r) {
		r->there = true;
		r->seen = key->kind != HYCAN_OBJECT_KIND_WIREGUARD_PEER || r->drift != HYCAN_DRIFT_REPAIR ||
		          fits(repairs, key, found);
	}
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

/* From now on it is reported. */
static void wish_no_more(struct repairs *repairs, struct repair *r)
{
	(void)ledger_wish(repairs->server->ledger, &r->key, NULL, 0);
	drop(repairs, r);
}

static void judge(struct repairs *repairs, struct repair *r, void *userdata)
{
	struct look *look = userdata;
	char text[512];

	if (r->seen || r->noted_us >= look->before_us)
		return;
	if (!ledger_is_held(repairs->server->ledger, &r->key)) {
		drop(repairs, r);
		return;
	}
	if (r->drift != HYCAN_DRIFT_REPAIR)
		return;
	if (r->keyless && !r->there) {
		key_format(&r->key, text, sizeof(text));
		log_write(LOG_WARNING, "%s is gone, and cannot be made again: it was asked for with a key, and keys are not kept.",
		          text);
		wish_no_more(repairs, r);
	} else if (!is_to_be_tried(repairs, r, look)) {
		key_format(&r->key, text, sizeof(text));
		log_write(LOG_WARNING, "%s was made again %d times, and is gone each time: it is given up.", text, ATTEMPTS_MAX);
		wish_no_more(repairs, r);
	}
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

/* The next one that is wanted, links before what is on them. False: none is. */
static bool next_wanted(struct repairs *repairs, struct ledger_key *ret_key, bool *ret_there)
{
	struct repair *first = NULL;

	pthread_mutex_lock(&repairs->lock);
	for (size_t i = 0; i < LEDGER_KINDS && !first; i++)
		first = TAILQ_FIRST(&repairs->wanted[i]);
	if (first) {
		want(repairs, first, false);
		*ret_key = first->key;
		*ret_there = first->there;
	}
	pthread_mutex_unlock(&repairs->lock);
	return first;
}

/*
 * Between two steps of whoever takes it away, nothing is made: it is going as long as this takes. Who takes away many at once,
 * or lets go of it meanwhile, does not wait: what nobody has any more then is taken away again.
 */
static void make_again(struct job *job, const struct ledger_key *key, bool there)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger_holder holder = { .lifetime = HYCAN_LIFETIME_PERMANENT };
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	struct ledger *ledger = job->server->ledger;
	char sentence[UNDO_SENTENCE_SIZE] = "", text[512];
	_cleanup_free_ void *bytes = NULL;
	struct wish_head head;
	bool changed = false;
	uint64_t owner;
	size_t size = 0;
	int result;

	if (ledger_take_begin(ledger, key, &nobody, true, job, &owner) == LEDGER_NOBODYS)
		return;
	result = ledger_wish_of(ledger, key, &bytes, &size);
	if (result == 0 && !wish_read(bytes, size, &head))
		result = -EBADMSG;
	if (result == 0)
		result = recovery_scope(job->scope, key->netns, &other);
	if (result == 0) {
		holder.subject = head.subject;
		result = undo_repair(job, other ? other : job->scope, &holder, head.operation, (const char *)bytes + sizeof(head),
		                     size - sizeof(head), key, &changed, sentence);
	}
	if (result == 0 && changed && !ledger_is_held(ledger, key)) {
		(void)undo_key(job, other ? other : job->scope, key,
		               &(struct undo_cause){ "nobody wants it any more", holder.subject }, sentence);
		changed = false;
	}
	ledger_cancel(ledger, job);
	/* what others in the same table needed was done with the first of them; and somebody may have said something else */
	if ((result == 0 && !changed) || result == -ENOENT)
		return;
	key_format(key, text, sizeof(text));
	if (result == 0)
		log_write(LOG_NOTICE, "%s, which %s had asked for, %s.", text, subject_say(holder.subject).text,
		          there ? "was changed, and is what it was" : "was gone, and is made again");
	else
		log_write(LOG_NOTICE, "%s, which %s had asked for, is %s, and cannot be made again now: %s", text,
		          subject_say(holder.subject).text, there ? "changed" : "gone",
		          *sentence ? sentence : strerror(result < 0 ? -result : 0));
}

static int run(struct errand *errand, struct job *job)
{
	struct repairs *repairs = (struct repairs *)((char *)errand - offsetof(struct repairs, errand));
	struct ledger_key key;
	bool there;

	if (!next_wanted(repairs, &key, &there))
		return 0;
	make_again(job, &key, there);
	job->memory.used = 0;
	return 1;
}
