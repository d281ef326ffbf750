/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a look at the kernel finds of what is to be repaired, and what is to be done about it. */
#include <stdlib.h>

#include "array.h"
#include "cleanup.h"
#include "key.h"
#include "log.h"
#include "observe.h"
#include "repair_state.h"
#include "server.h"
#include "table.h"
#include "wire.h"

typedef void each(struct repairs *repairs, struct repair *r, void *userdata);

/* Of a kind, or of all (0). */
static void for_each(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind, each *function, void *userdata)
{
	struct repair *r, *next;

	if (repairs->n == 0)
		return;
	pthread_mutex_lock(&repairs->lock);
	for (size_t i = 0; i < REPAIR_LISTS; i++)
		for (r = LIST_FIRST(&repairs->list[i]); r; r = next) {
			next = LIST_NEXT(r, entry);
			if (r->key.netns == netns && (kind == 0 || r->key.kind == kind))
				function(repairs, r, userdata);
		}
	pthread_mutex_unlock(&repairs->lock);
}

static void unsee(struct repairs *repairs, struct repair *r, void *userdata)
{
	(void)repairs;
	(void)userdata;
	r->seen = r->there = r->differs = false;
}

static void forget(struct repairs *repairs, struct repair *r, void *userdata)
{
	(void)userdata;
	repair_drop(repairs, r);
}

void repair_end_place(struct repairs *repairs, uint64_t netns)
{
	for_each(repairs, netns, 0, forget, NULL);
	settings_end_place(&repairs->settings, netns);
}

void repair_look_begin(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind)
{
	for_each(repairs, netns, kind, unsee, NULL);
}

/* Whether what was found is as it was asked for. Without memory it is. */
static bool fits(struct repairs *repairs, const struct ledger_key *key, const void *found)
{
	_cleanup_free_ uint8_t *lists = malloc(LISTS_MAX);
	struct wire_memory memory = { .base = lists, .size = lists ? LISTS_MAX : 0 };
	_cleanup_free_ void *bytes = NULL;
	const struct hycan_operation *operation;
	const struct op_wished *wished;
	union message request;
	size_t size;

	if (!lists || ledger_wish_of(repairs->server->ledger, key, &bytes, &size) < 0)
		return true;
	operation = wish_request(&memory, bytes, size, &request);
	wished = operation ? op_wished(operation->number) : NULL;
	return !wished || !wished->fits || wished->fits(found, &request);
}

void repair_seen(struct repairs *repairs, const struct ledger_key *key, const void *found)
{
	struct repair *r;

	if (repairs->n == 0)
		return;
	pthread_mutex_lock(&repairs->lock);
	r = repair_find(repairs, key);
	if (r) {
		r->there = true;
		/* there may be several in one place */
		r->seen = r->seen || r->drift != HYCAN_DRIFT_REPAIR || fits(repairs, key, found);
	}
	pthread_mutex_unlock(&repairs->lock);
}

void repair_differs(struct repairs *repairs, const struct ledger_key *key)
{
	struct repair *r;

	if (repairs->n == 0)
		return;
	pthread_mutex_lock(&repairs->lock);
	r = repair_find(repairs, key);
	if (r)
		r->differs = true;
	pthread_mutex_unlock(&repairs->lock);
}

/* What is not made again any more. */
struct given_up {
	struct ledger_key key;
	bool keyless; /* it cannot be */
	bool there;
};

struct look {
	uint64_t before_us;
	uint64_t now_us;
	uint64_t next_us;
	struct given_up *given_up; /* as many as there is memory for */
	size_t n_given_up;
	bool told;
};

/* It is not there, or not what it was. False: it is given up. */
static bool is_to_be_tried(struct repairs *repairs, struct repair *r, struct look *look)
{
	switch (attempts_next(&r->attempts, look->now_us)) {
	case ATTEMPT_NEVER:
		return false;
	case ATTEMPT_NOW:
		repair_want(repairs, r, true);
		look->told = true;
		break;
	case ATTEMPT_LATER:
		break;
	}
	if (look->next_us == 0 || r->attempts.again_us < look->next_us)
		look->next_us = r->attempts.again_us;
	return true;
}

/* From now on it is reported. */
static void give_up(struct repairs *repairs, struct repair *r, struct look *look, bool keyless)
{
	if (array_grow(&look->given_up, look->n_given_up, sizeof(*look->given_up)) == 0)
		look->given_up[look->n_given_up++] = (struct given_up){ .key = r->key, .keyless = keyless, .there = r->there };
	(void)ledger_wish(repairs->server->ledger, &r->key, NULL, 0);
	repair_drop(repairs, r);
}

/* When nobody waits for the notes any more. */
static void say_given_up(const struct look *look)
{
	char text[512];

	for (size_t i = 0; i < look->n_given_up; i++) {
		const struct given_up *it = &look->given_up[i];

		key_format(&it->key, text, sizeof(text));
		if (it->keyless)
			log_write(LOG_WARNING,
			          "%s is gone, and cannot be made again: it was asked for with a key, and keys are not kept.",
			          text);
		else
			log_write(LOG_WARNING, "%s was made %s %d times, and is %s each time: it is given up.", text,
			          it->there ? "what it was" : "again", ATTEMPTS_MAX, it->there ? "changed" : "gone");
	}
}

static void judge(struct repairs *repairs, struct repair *r, void *userdata)
{
	struct look *look = userdata;

	if ((r->seen && !r->differs) || r->noted_us >= look->before_us)
		return;
	if (!ledger_is_held(repairs->server->ledger, &r->key)) {
		repair_drop(repairs, r);
		return;
	}
	if (r->drift != HYCAN_DRIFT_REPAIR)
		return;
	if (r->keyless && !r->there)
		give_up(repairs, r, look, true);
	else if (!is_to_be_tried(repairs, r, look))
		give_up(repairs, r, look, false);
}

uint64_t repair_look_end(struct repairs *repairs, uint64_t netns, enum hycan_object_kind kind, uint64_t before_us, bool *ret_told)
{
	struct look look = { .before_us = before_us, .now_us = server_now_us() };

	for_each(repairs, netns, kind, judge, &look);
	say_given_up(&look);
	cleanup_free(&look.given_up);
	if (look.told) {
		atomic_store(&repairs->told, true);
		*ret_told = true;
	}
	return look.next_us;
}
