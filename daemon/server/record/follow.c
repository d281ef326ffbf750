/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests, one behind the other: the number of the operation, how many bytes, and as many as would go over the wire. */
#include "follow.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "observe.h"
#include "op.h"
#include "server.h"
#include "table.h"
#include "undo.h"
#include "wire.h"

/* Of one thing; what is said beyond that is not said again. */
#define FOLLOW_MAX 8192

struct follower {
	struct {
		uint16_t number;
		uint16_t size; /* of what follows */
	} head;
	uint8_t bytes[FOLLOW_MAX - 4];
};

_Static_assert(sizeof(struct follower) == FOLLOW_MAX, "there are no gaps");

/* Bytes of one with its head. */
static size_t whole(const struct follower *f)
{
	return sizeof(f->head) + f->head.size;
}

/* The one at p, of which so many bytes are left. False: there is none. */
static bool read_one(const uint8_t *p, size_t left, struct follower *ret_follower)
{
	if (left < sizeof(ret_follower->head))
		return false;
	memcpy(&ret_follower->head, p, sizeof(ret_follower->head));
	if (whole(ret_follower) > left || whole(ret_follower) > sizeof(*ret_follower))
		return false;
	memcpy(ret_follower->bytes, p + sizeof(ret_follower->head), ret_follower->head.size);
	return true;
}

/* Where it is among others, or NULL. */
static uint8_t *find(uint8_t *list, size_t size, const struct follower *follower)
{
	struct follower other;

	for (uint8_t *p = list; read_one(p, size - (size_t)(p - list), &other); p += whole(&other))
		if (whole(&other) == whole(follower) && memcmp(p, follower, whole(follower)) == 0)
			return p;
	return NULL;
}

/* Reads those of a thing into room for FOLLOW_MAX bytes. Returns how many. */
static size_t read_list(struct ledger *ledger, const struct ledger_key *key, uint8_t *list)
{
	_cleanup_free_ void *bytes = NULL;
	size_t size = 0;

	if (ledger_settled_of(ledger, key, &bytes, &size) < 0 || size > FOLLOW_MAX)
		return 0;
	memcpy(list, bytes, size);
	return size;
}

/* A request, as it would be carried out again. False: it cannot be. */
static bool take(const struct hycan_operation *operation, const void *asked, struct follower *ret_follower, bool *ret_said)
{
	struct wire_fault fault;
	union message request;
	ssize_t n;

	memcpy(&request, asked, operation->request->size);
	*ret_said = op_wished(operation->number)->follows(&request);
	n = wire_encode(operation->request, &request, ret_follower->bytes, sizeof(ret_follower->bytes), NULL, NULL, &fault);
	if (n < 0)
		return false;
	ret_follower->head.number = operation->number;
	ret_follower->head.size = (uint16_t)n;
	return true;
}

/* Whether each thing that it is about has it. */
static bool is_agreed(struct job *job, const struct follower *follower, uint64_t netns)
{
	const struct hycan_operation *operation = hycan_operation_by_number(follower->head.number);
	struct wire_decoder decoder = { .strict = true };
	uint8_t list[FOLLOW_MAX];
	union message request;
	struct ledger_key key;
	size_t n, size;
	const struct op_effect *effects;

	if (!operation || wire_decode(&decoder, operation->request, follower->bytes, follower->head.size, &request) < 0)
		return false;
	effects = op_effects(operation, &n);
	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view_of(job, &effects[i], &request);

		key_of(&v, 0, &key);
		key.netns = netns;
		size = read_list(job->server->ledger, &key, list);
		if (!find(list, size, follower))
			return false;
	}
	return true;
}

bool follow_has(struct job *job, const struct hycan_operation *operation, const void *request)
{
	struct follower follower;
	bool said = false;

	return operation && op_wished(operation->number)->follows && take(operation, request, &follower, &said) && said &&
	       is_agreed(job, &follower, op_scope_inode(job->op.scope));
}

/* Leaves of a list what counts still: what was made anew by a name since has nothing of that. Returns how many bytes are left. */
static size_t drop_stale(struct job *job, const struct ledger_key *key, uint8_t *list, size_t size)
{
	struct follower follower;
	size_t kept = 0;

	for (size_t at = 0; read_one(list + at, size - at, &follower); at += whole(&follower)) {
		if (!is_agreed(job, &follower, key->netns))
			continue;
		memcpy(list + kept, &follower, whole(&follower));
		kept += whole(&follower);
	}
	return kept;
}

/* Adds it to those of a thing, or takes it out. */
static int note(const struct key_view *v, const struct follower *follower, bool said)
{
	struct ledger *ledger = v->job->server->ledger;
	uint8_t list[2 * FOLLOW_MAX], *before;
	struct ledger_key key;
	size_t size;

	key_of(v, 0, &key);
	size = read_list(ledger, &key, list);
	before = find(list, size, follower);
	if (before) {
		size -= whole(follower);
		memmove(before, before + whole(follower), size - (size_t)(before - list));
	}
	if (said && size + whole(follower) > FOLLOW_MAX)
		size = drop_stale(v->job, &key, list, size);
	if (said) {
		memcpy(list + size, follower, whole(follower));
		size += whole(follower);
	}
	return size > FOLLOW_MAX ? -ENOSPC : ledger_settle(ledger, &key, list, size);
}

void follow_note(const struct key_view *v)
{
	/* of two workers each reads a list and writes it at one go */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct follower follower;
	bool said;
	int r;

	if (!op_wished(v->job->operation->number)->follows || !take(v->job->operation, v->request, &follower, &said))
		return;
	pthread_mutex_lock(&lock);
	r = note(v, &follower, said);
	pthread_mutex_unlock(&lock);
	if (r < 0 && r != -ENOENT)
		log_write(LOG_WARNING,
		          "What %s asked for could not be written down, and is not asked for again where a stranger takes it away: "
		          "%s",
		          v->job->operation->name, strerror(-r));
}

/* ---------------------------------------------------------------------------------------------------------------- again */

void follow_again(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, const struct ledger_key *key)
{
	uint8_t list[FOLLOW_MAX];
	char sentence[UNDO_SENTENCE_SIZE], text[512];
	const size_t size = read_list(job->server->ledger, key, list);
	struct follower follower;
	bool changed;

	for (size_t at = 0; read_one(list + at, size - at, &follower); at += whole(&follower)) {
		int r;

		if (!is_agreed(job, &follower, key->netns))
			continue;
		r = undo_repair(job, scope, holder, follower.head.number, follower.bytes, follower.head.size, key, &changed,
		                sentence);
		/* the other one may come later, and then it is its turn */
		if (r == 0 || r == HYCAN_REFUSAL_NOT_FOUND)
			continue;
		key_format(key, text, sizeof(text));
		log_write(LOG_NOTICE, "%s is made again, and not all that was asked for of it: %s", text, sentence);
	}
}
