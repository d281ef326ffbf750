/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that are kept, as bytes: the number of the operation, and behind it what would go over the wire. */
#include "asked.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "observe.h"
#include "server.h"
#include "table.h"
#include "wire.h"
#include "wish.h"

/* A longer one is not kept: a route of many ways. */
#define ASKED_MAX 256

/* The lists of such a request, in C: of a way at least the name of its link is written. */
#define LISTS_MAX (ASKED_MAX / 8 * sizeof(struct hycan_nexthop))

static size_t write_request(const struct hycan_operation *operation, const void *request, uint8_t bytes[static ASKED_MAX])
{
	const uint16_t number = operation->number;
	struct wire_fault fault;
	ssize_t n =
		wire_encode(operation->request, request, bytes + sizeof(number), ASKED_MAX - sizeof(number), NULL, NULL, &fault);

	memcpy(bytes, &number, sizeof(number));
	return n < 0 ? 0 : sizeof(number) + (size_t)n;
}

/* What is asked for by a list is not kept; what was asked for before counts no more. */
static void forget_listed(const struct key_view *v)
{
	const struct op_effect *alone = op_effect_of_kind(v->effect->kind);
	const bool *failed = v->job->op.items_failed;
	struct ledger_key key;

	if (!alone || !op_wished(alone->operation->number)->is_compared)
		return;
	for (size_t i = 0; i < v->n_items; i++) {
		if (failed && failed[i])
			continue;
		key_of(v, i, &key);
		(void)ledger_settle(v->job->server->ledger, &key, NULL, 0);
	}
}

void asked_note(const struct key_view *v)
{
	uint8_t bytes[ASKED_MAX];
	struct ledger_key key;
	int r;

	if (v->effect->list >= 0)
		forget_listed(v);
	if (v->effect->list >= 0 || !op_wished(v->job->operation->number)->is_compared)
		return;
	key_of(v, 0, &key);
	r = ledger_settle(v->job->server->ledger, &key, bytes, write_request(v->job->operation, v->request, bytes));
	/* a stranger's is not in the ledger */
	if (r < 0 && r != -ENOENT)
		log_write(LOG_WARNING,
		          "What was asked for could not be written down, and is not compared with what will be there: %s",
		          strerror(-r));
}

/* The request in bytes that were kept, and its operation. NULL: they make no sense. */
static const struct hycan_operation *read_request(const void *bytes, size_t size, struct wire_memory *memory,
                                                  union message *ret_request)
{
	struct wire_decoder decoder = { .strict = true, .memory = *memory };
	const struct hycan_operation *operation;
	uint16_t number;

	if (size < sizeof(number))
		return NULL;
	memcpy(&number, bytes, sizeof(number));
	operation = hycan_operation_by_number(number);
	if (!operation || !op_wished(number)->is_compared ||
	    wire_decode(&decoder, operation->request, (const char *)bytes + sizeof(number), size - sizeof(number), ret_request) < 0)
		return NULL;
	memory->used = decoder.memory.used;
	return operation;
}

/* What the ledger has of a thing. NULL: nothing. */
static const struct hycan_operation *read_asked(struct ledger *ledger, const struct ledger_key *key, struct wire_memory *memory,
                                                union message *ret_request)
{
	_cleanup_free_ void *bytes = NULL;
	size_t size;

	return ledger_settled_of(ledger, key, &bytes, &size) == 0 ? read_request(bytes, size, memory, ret_request) : NULL;
}

int asked_request(struct job *job, const struct ledger_key *key, union message *ret_request)
{
	_cleanup_free_ void *bytes = NULL;
	size_t size;
	int r = ledger_settled_of(job->server->ledger, key, &bytes, &size);

	if (r == 0)
		return read_request(bytes, size, &job->memory, ret_request) != NULL;
	return r == -ENOMEM ? r : 0;
}

enum op_asked asked_of(struct ledger *ledger, const struct ledger_key *key, const void *found)
{
	_Alignas(max_align_t) uint8_t lists[LISTS_MAX];
	const struct hycan_operation *operation;
	union message request;

	operation = read_asked(ledger, key, &(struct wire_memory){ .base = lists, .size = sizeof(lists) }, &request);
	if (!operation)
		return OP_ASKED_UNKNOWN;
	return op_wished(operation->number)->fits(found, &request) ? OP_ASKED_FITS : OP_ASKED_DIFFERS;
}

bool asked_is_left(struct ledger *ledger, const struct ledger_key *key, const void *found)
{
	_Alignas(max_align_t) uint8_t lists[LISTS_MAX];
	const struct hycan_operation *operation;
	union message request;

	operation = read_asked(ledger, key, &(struct wire_memory){ .base = lists, .size = sizeof(lists) }, &request);
	return !operation || !op_wished(operation->number)->is_left || op_wished(operation->number)->is_left(found, &request);
}

/* ------------------------------------------------------------------------------------------------------------ renaming */

/* Things of which the request that is kept speaks of a link. */
struct renaming {
	uint64_t netns;
	const char *from;
	struct ledger_key *keys;
	size_t n;
};

static void collect(const struct ledger_key *key, const void *bytes, size_t size, void *userdata)
{
	struct renaming *r = userdata;
	const struct op_effect *effect = op_effect_of_kind(key->kind);

	if (key->netns == r->netns && effect && effect->on.position >= 0 && op_wished(effect->operation->number)->is_compared &&
	    memmem(bytes, size, r->from, strlen(r->from)) && array_grow(&r->keys, r->n, sizeof(*r->keys)) == 0)
		r->keys[r->n++] = *key;
}

static void rename_asked(struct ledger *ledger, const struct ledger_key *key, const char *from, const char *to)
{
	_Alignas(max_align_t) uint8_t lists[LISTS_MAX];
	struct wire_memory memory = { .base = lists, .size = sizeof(lists) };
	const struct hycan_operation *operation;
	_cleanup_free_ void *bytes = NULL;
	uint8_t renamed[ASKED_MAX];
	union message request;
	size_t size;

	if (ledger_settled_of(ledger, key, &bytes, &size) < 0)
		return;
	operation = read_request(bytes, size, &memory, &request);
	if (operation && wish_rename_link(operation->request, &request, from, to))
		(void)ledger_settle(ledger, key, renamed, write_request(operation, &request, renamed));
}

void asked_renamed(struct ledger *ledger, uint64_t netns, const char *from, const char *to)
{
	struct renaming renaming = { .netns = netns, .from = from };

	ledger_list_settled(ledger, collect, &renaming);
	for (size_t i = 0; i < renaming.n; i++)
		rename_asked(ledger, &renaming.keys[i], from, to);
	free(renaming.keys);
}

/* -------------------------------------------------------------------------------------------------------- transactions */

/* The thing that a request makes, which such a row makes one of. False: it makes none. */
static bool key_of_made(struct job *job, const struct hycan_operation *operation, const void *request, struct ledger_key *ret_key)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view_of(job, &effects[i], request);

		if (effects[i].does != OP_MAKES)
			continue;
		key_of(&v, 0, ret_key);
		return true;
	}
	return false;
}

/* What is in an undo log is of whole words: so the size is in front. */
struct before {
	uint32_t size;
	uint8_t bytes[ASKED_MAX];
};

_Static_assert(sizeof(struct before) == ASKED_BEFORE_SIZE, "it is kept in bytes");

size_t asked_before(struct job *job, const struct hycan_operation *operation, const void *request,
                    uint8_t ret_bytes[static ASKED_BEFORE_SIZE])
{
	struct ledger *ledger = job->server->ledger;
	_cleanup_free_ void *bytes = NULL;
	struct before before = { 0 };
	struct ledger_key key;
	size_t size;

	/* such a row is asked for what is found, and nothing else */
	if (!op_wished(operation->number)->is_compared || !key_of_made(job, operation, request, &key) ||
	    asked_of(ledger, &key, request) != OP_ASKED_DIFFERS || ledger_settled_of(ledger, &key, &bytes, &size) < 0 ||
	    size > sizeof(before.bytes))
		return 0;
	before.size = (uint32_t)size;
	memcpy(before.bytes, bytes, size);
	memcpy(ret_bytes, &before, sizeof(before));
	return sizeof(before);
}

void asked_put_back(struct job *job, uint64_t netns, const void *bytes, size_t size)
{
	_Alignas(max_align_t) uint8_t lists[LISTS_MAX];
	struct wire_memory memory = { .base = lists, .size = sizeof(lists) };
	const struct hycan_operation *operation;
	struct ledger_key key;
	union message request;
	struct before before;

	if (size != sizeof(before))
		return;
	memcpy(&before, bytes, size);
	if (before.size > sizeof(before.bytes))
		return;
	operation = read_request(before.bytes, before.size, &memory, &request);
	/* nobody holds it any more, and then nobody asks */
	if (!operation || !key_of_made(job, operation, &request, &key))
		return;
	key.netns = netns;
	(void)ledger_settle(job->server->ledger, &key, before.bytes, before.size);
}
