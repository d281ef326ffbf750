/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes, in lists by key, and how many there are of each kind in each namespace. */
#include "losses.h"

#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "observe.h"
#include "server.h"

struct losses_place {
	LIST_ENTRY(losses_place) entry;
	uint64_t netns;
	size_t n;
	size_t n_of[LEDGER_KINDS];
	size_t n_more[LEDGER_KINDS]; /* that were not noted */
};

struct loss {
	LIST_ENTRY(loss) entry;
	struct losses_place *place;
	uint64_t subject;
	uint64_t session;     /* that held it; 0: it was for good */
	uint64_t deadline_us; /* of a lease; 0: it was none */
	uint64_t noted_us;
	uint8_t kind;
	uint8_t size;
	uint8_t identity[];
};

void losses_open(struct losses *losses, uint64_t own)
{
	pthread_mutex_init(&losses->lock, NULL);
	losses->own = own;
	losses->open = true;
}

static struct losses_place *find_place(struct losses *losses, uint64_t netns)
{
	struct losses_place *place;

	LIST_FOREACH(place, &losses->places, entry)
	if (place->netns == netns)
		break;
	return place;
}

static struct losses_place *put_place(struct losses *losses, uint64_t netns)
{
	struct losses_place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->netns = netns;
	LIST_INSERT_HEAD(&losses->places, place, entry);
	return place;
}

/* Without a note it is not known any more. */
static void tidy(struct losses_place *place)
{
	if (place->n > 0)
		return;
	LIST_REMOVE(place, entry);
	free(place);
}

static void drop(struct losses *losses, struct loss *loss)
{
	struct losses_place *place = loss->place;

	/* of those that were not noted nobody knows who they were */
	if (--place->n_of[loss->kind] == 0)
		place->n_more[loss->kind] = 0;
	place->n--;
	tidy(place);
	LIST_REMOVE(loss, entry);
	free(loss);
	losses->n--;
}

void losses_close(struct losses *losses)
{
	if (!losses->open)
		return;
	losses_clear(losses, NULL, 0);
	pthread_mutex_destroy(&losses->lock);
	losses->open = false;
}

static struct loss *find(struct losses *losses, const struct ledger_key *key)
{
	struct loss *loss;

	LIST_FOREACH(loss, &losses->list[key_hash(key) % LOSSES_LISTS], entry)
	if (loss->place->netns == key->netns && loss->kind == key->kind && loss->size == key->size &&
	    memcmp(loss->identity, key->identity, key->size) == 0)
		break;
	return loss;
}

static void put(struct losses *losses, const struct ledger_object *object)
{
	const struct ledger_key *key = &object->key;
	const size_t max = key->netns == losses->own ? LOSSES_MAX : LOSSES_OTHERS_MAX;
	struct losses_place *place = find_place(losses, key->netns);
	struct loss *loss;

	place = place ? place : put_place(losses, key->netns);
	if (!place)
		return;
	loss = place->n_of[key->kind] < max ? malloc(sizeof(*loss) + key->size) : NULL;
	if (!loss) {
		place->n_more[key->kind]++;
		tidy(place);
		return;
	}
	*loss = (struct loss){
		.place = place,
		.subject = object->holder.subject,
		.session = object->holder.lifetime == HYCAN_LIFETIME_PERMANENT ? 0 : object->holder.session,
		.deadline_us = object->deadline_us,
		.noted_us = server_now_us(),
		.kind = (uint8_t)key->kind,
		.size = key->size,
	};
	memcpy(loss->identity, key->identity, key->size);
	LIST_INSERT_HEAD(&losses->list[key_hash(key) % LOSSES_LISTS], loss, entry);
	losses->n++;
	place->n++;
	place->n_of[key->kind]++;
}

void losses_note(struct losses *losses, const struct ledger_object *object)
{
	struct loss *before;

	if (!(OP_KIND(object->key.kind) & OP_KINDS_IN_TABLE))
		return;
	pthread_mutex_lock(&losses->lock);
	before = find(losses, &object->key);
	if (before)
		drop(losses, before);
	put(losses, object);
	pthread_mutex_unlock(&losses->lock);
}

bool losses_has(struct losses *losses, const struct ledger_key *key, uint64_t *ret_subject)
{
	const struct loss *loss;

	if (losses->n == 0)
		return false;
	pthread_mutex_lock(&losses->lock);
	loss = find(losses, key);
	if (loss)
		*ret_subject = loss->subject;
	pthread_mutex_unlock(&losses->lock);
	return loss;
}

bool losses_forget(struct losses *losses, const struct ledger_key *key)
{
	struct loss *loss;
	bool noted;

	if (losses->n == 0)
		return false;
	pthread_mutex_lock(&losses->lock);
	loss = find(losses, key);
	noted = loss;
	if (loss)
		drop(losses, loss);
	pthread_mutex_unlock(&losses->lock);
	return noted;
}

/* ---------------------------------------------------------------------------------------------------------- all of them */

/* Which of them are meant. */
struct meant {
	const uint64_t *subject; /* NULL: anybody's */
	unsigned int kind;       /* 0: any */
	uint64_t session;        /* 0: of any, and of none */
	bool permanent;          /* of none */
	uint64_t netns;          /* 0: in any */
	uint64_t before_us;      /* 0: whenever it was noted */
};

static bool is_meant(const struct loss *loss, const struct meant *meant)
{
	return (!meant->subject || loss->subject == *meant->subject) && (!meant->kind || loss->kind == meant->kind) &&
	       (!meant->session || loss->session == meant->session) && (!meant->permanent || loss->session == 0) &&
	       (!meant->netns || loss->place->netns == meant->netns) && (!meant->before_us || loss->noted_us < meant->before_us);
}

static void forget_all(struct losses *losses, const struct meant *meant)
{
	struct loss *loss, *next;

	if (losses->n == 0)
		return;
	pthread_mutex_lock(&losses->lock);
	for (size_t i = 0; i < LOSSES_LISTS; i++)
		for (loss = LIST_FIRST(&losses->list[i]); loss; loss = next) {
			next = LIST_NEXT(loss, entry);
			if (is_meant(loss, meant))
				drop(losses, loss);
		}
	pthread_mutex_unlock(&losses->lock);
}

void losses_clear(struct losses *losses, const uint64_t *subject, unsigned int kind)
{
	forget_all(losses, &(struct meant){ .subject = subject, .kind = kind });
}

void losses_end_round(struct losses *losses, const struct ledger_holder *holder, uint64_t netns, unsigned int kind,
                      uint64_t before_us)
{
	const bool permanent = holder->lifetime == HYCAN_LIFETIME_PERMANENT;

	forget_all(losses, &(struct meant){
				   .subject = &holder->subject,
				   .kind = kind,
				   .session = permanent ? 0 : holder->session,
				   .permanent = permanent,
				   .netns = netns,
				   .before_us = before_us,
			   });
}

void losses_end_place(struct losses *losses, uint64_t netns)
{
	forget_all(losses, &(struct meant){ .netns = netns });
}

void losses_end_session(struct losses *losses, uint64_t session)
{
	forget_all(losses, &(struct meant){ .session = session });
}

void losses_adopt(struct losses *losses, uint64_t from, uint64_t to)
{
	struct loss *loss;

	if (losses->n == 0)
		return;
	pthread_mutex_lock(&losses->lock);
	for (size_t i = 0; i < LOSSES_LISTS; i++)
		LIST_FOREACH(loss, &losses->list[i], entry)
	if (loss->session == from)
		loss->session = to;
	pthread_mutex_unlock(&losses->lock);
}

size_t losses_list(struct losses *losses, uint64_t netns, enum hycan_object_kind kind, losses_found *found, void *userdata)
{
	struct ledger_key key = { .netns = netns, .kind = kind };
	const uint64_t now_us = server_now_us();
	const struct losses_place *place;
	const struct loss *loss;
	size_t n_more = 0;

	if (losses->n == 0)
		return 0;
	pthread_mutex_lock(&losses->lock);
	place = find_place(losses, netns);
	for (size_t i = 0; place && i < LOSSES_LISTS; i++)
		LIST_FOREACH(loss, &losses->list[i], entry)
		{
			/* a lease that is over would have gone by itself */
			if (loss->place != place || loss->kind != kind || (loss->deadline_us && loss->deadline_us <= now_us))
				continue;
			key.size = loss->size;
			memcpy(key.identity, loss->identity, loss->size);
			found(&key, loss->subject, userdata);
		}
	if (place)
		n_more = place->n_more[kind];
	pthread_mutex_unlock(&losses->lock);
	return n_more;
}
