/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a request into the ledger's file, as it came over the wire.
 *
 * Keys are sealed: the file is for our user alone, but memory that is a file may reach a disk.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "intent.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "op.h"
#include "record.h"
#include "seal.h"
#include "server.h"
#include "table.h"
#include "wire.h"

/* Most requests are shorter. */
#define SHORT 1024

bool intent_has_keys(const struct hycan_structure *structure, const void *value)
{
	bool some = false;

	for (uint16_t i = 0; structure->has_secrets && i < structure->n_fields && !some; i++) {
		const struct hycan_field *field = &structure->field[i];
		size_t n = 0;
		const char *values = wire_values(field, value, &n);

		some = field->flags & HYCAN_FIELD_SECRET && n > 0;
		for (size_t k = 0; field->type == HYCAN_TYPE_STRUCT && k < n && !some; k++)
			some = intent_has_keys(field->structure, values + k * field->size);
	}
	return some;
}

static int seal(const struct hycan_field *field, char *value, size_t n)
{
	if (n > 0 && field->type == HYCAN_TYPE_KEY && !(field->flags & HYCAN_FIELD_LIST))
		return seal_key((struct hycan_key *)(value + field->offset));
	explicit_bzero(value + field->offset, field->size);
	if (field->flags & HYCAN_FIELD_OPTIONAL)
		value[field->has_offset] = 0;
	return 0;
}

int intent_seal_keys(struct job *job, const struct hycan_structure *structure, void *value)
{
	int r = 0;

	for (uint16_t i = 0; i < structure->n_fields && r == 0; i++) {
		const struct hycan_field *field = &structure->field[i];
		size_t n = 0;
		const void *found = wire_values(field, value, &n);
		char *values = (char *)value + field->offset;

		if (field->flags & HYCAN_FIELD_SECRET) {
			r = seal(field, value, n);
			continue;
		}
		if (field->type != HYCAN_TYPE_STRUCT || !field->structure->has_secrets || n == 0)
			continue;
		if (field->flags & HYCAN_FIELD_LIST) {
			char *copy = wire_memory_take(&job->memory, n * field->size);

			if (!copy)
				return -ENOBUFS;
			memcpy(copy, found, n * field->size);
			memcpy((char *)value + field->offset, &copy, sizeof(copy));
			values = copy;
		}
		for (size_t k = 0; k < n && r == 0; k++)
			r = intent_seal_keys(job, field->structure, values + k * field->size);
	}
	return r;
}

/* How many items the handler has told of. */
static size_t count_told(struct job *job)
{
	size_t n, items = 0;
	const struct op_effect *effects = op_effects(job->operation, &n);

	if (!job->op.unchanged && !job->op.items_unchanged)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES)
			items = key_view_of(job, &effects[i], &job->request).n_items;
	return items;
}

/* What was there already, in the job's memory. */
static int note_what_was_there(struct job *job, const uint8_t **ret_bytes, size_t *ret_n)
{
	const size_t n = count_told(job);
	uint8_t *bytes = n ? wire_memory_take(&job->memory, n) : NULL;

	if (n && !bytes)
		return -ENOBUFS;
	for (size_t i = 0; i < n; i++)
		bytes[i] = job->op.unchanged || job->op.items_unchanged[i];
	*ret_bytes = bytes;
	*ret_n = n;
	return 0;
}

/* The request as it came over the wire: in bytes, or where else it is. */
static ssize_t encode(struct job *job, const void *request, uint8_t *bytes, size_t room, const uint8_t **ret_bytes)
{
	struct wire_fault fault = { 0 };
	ssize_t n;

	/* a long one is still there, behind its header */
	if (request == &job->request && buffer_used(&job->frame) >= sizeof(struct nlmsghdr)) {
		*ret_bytes = buffer_first(&job->frame) + sizeof(struct nlmsghdr);
		return (ssize_t)(buffer_used(&job->frame) - sizeof(struct nlmsghdr));
	}
	while ((n = wire_encode(job->operation->request, request, bytes, room, NULL, NULL, &fault)) == -ENOBUFS) {
		room *= 8;
		bytes = wire_memory_take(&job->memory, room);
		if (!bytes)
			return -ENOBUFS;
	}
	*ret_bytes = bytes;
	return n;
}

/* NULL: what is done of it will be noted. */
static int write_down(struct job *job, const void *request, unsigned int *ret_number)
{
	struct intent_head head = {
		.netns = op_scope_inode(job->op.scope),
		.began_us = job->began_us,
		.holder = job->holder,
		.drift = job->drift,
		.operation = job->operation->number,
		.exact = job->op.exact || (request && request == job->op.settled),
		.sealed = request && intent_has_keys(job->operation->request, &job->request),
		.diary = !request,
		.was_up = job->op.was_up,
	};
	struct ledger_bytes parts[3] = { { .bytes = &head, .size = sizeof(head) } };
	const uint8_t *bytes = NULL, *was_there = NULL;
	size_t n_was_there = 0;
	uint8_t room[SHORT];
	ssize_t n = request ? encode(job, request, room, sizeof(room), &bytes) : 0;

	if (n >= 0 && head.sealed && note_what_was_there(job, &was_there, &n_was_there) < 0)
		n = -ENOBUFS;
	if (n < 0)
		return (int)n;
	head.n_was_there = (uint32_t)n_was_there;
	parts[1] = (struct ledger_bytes){ .bytes = was_there, .size = n_was_there };
	parts[2] = (struct ledger_bytes){ .bytes = bytes, .size = (size_t)n };
	return ledger_begin(job->server->ledger, parts, 3, record_count(job), job->is_own, ret_number);
}

/* What is one byte there, and is read as such. */
static bool are_bools(const uint8_t *bytes)
{
	return bytes[0] <= 1 && bytes[1] <= 1 && bytes[2] <= 1 && bytes[3] <= 1;
}

/* Without so many bytes in front of the holder. */
static size_t read_without(const uint8_t *bytes, size_t size, size_t without, struct intent_head *ret_head)
{
	const size_t holder = offsetof(struct intent_head, holder), n = sizeof(*ret_head) - without;

	if (size < n || !are_bools(bytes + offsetof(struct intent_head, exact) - without))
		return 0;
	memset(ret_head, 0, sizeof(*ret_head));
	memcpy(ret_head, bytes, holder - without);
	memcpy((uint8_t *)ret_head + holder, bytes + holder - without, sizeof(*ret_head) - holder);
	return hycan_operation_by_number(ret_head->operation) && ret_head->holder.lifetime >= HYCAN_LIFETIME_PERMANENT &&
	                       ret_head->holder.lifetime <= HYCAN_LIFETIME_LEASE && ret_head->drift <= HYCAN_DRIFT_IGNORE &&
	                       ret_head->n_was_there <= size - n
	               ? n
	               : 0;
}

size_t intent_read(const uint8_t *bytes, size_t size, struct intent_head *ret_head)
{
	const size_t n = read_without(bytes, size, 0, ret_head);

	/* there the session, or a count, stands where a lifetime, or an operation, would be */
	return n ? n : read_without(bytes, size, sizeof(ret_head->began_us), ret_head);
}

int intent_now(struct job *job)
{
	struct intent *intent = &job->intent;
	union message without;
	int r;

	if (intent->begun || !ledger_is_kept(job->server->ledger))
		return 0;
	if (intent->diary) {
		r = write_down(job, NULL, &intent->number);
	} else if (intent_has_keys(job->operation->request, &job->request)) {
		memcpy(&without, &job->request, job->operation->request->size);
		r = intent_seal_keys(job, job->operation->request, &without);
		if (r == 0)
			r = write_down(job, &without, &intent->number);
		explicit_bzero(&without, sizeof(without));
	} else {
		/* “the first that matches” would be another one the next time */
		r = write_down(job, job->doubt.n_claimed > 0 ? job->op.settled : &job->request, &intent->number);
	}
	intent->begun = r == 0;
	intent->no_room = r < 0;
	return r;
}

int intent_beside(struct job *job, unsigned int *ret_number)
{
	return write_down(job, NULL, ret_number);
}

static int on_change(void *userdata)
{
	struct job *job = userdata;
	struct intent *intent = &job->intent;
	int r = intent->before.change && intent->before.change != on_change ? intent->before.change(intent->before.userdata) : 0;

	if (r == 0)
		r = underway_begin_all(job);
	if (r == 0)
		r = intent_now(job);
	intent->lets_through = intent->lets_through || r == 0;
	return r;
}

/*
 * What neither makes nor takes anything, and is no slow work, is one message to the kernel: it is done or it is not, and a
 * successor has nothing to find out.
 */
static bool is_one_message(const struct hycan_operation *operation)
{
	return operation->runs != HYCAN_RUNS_SLOW && record_is_empty(operation);
}

void intent_begin(struct job *job)
{
	struct intent *intent = &job->intent;
	const struct intent outer = *intent;

	/* part of another one, which is in the file already */
	*intent = (struct intent){ .begun = outer.begun, .inner = outer.begun, .number = outer.number };
	if (is_one_message(job->operation))
		return;
	intent->before = op_scope_set_gate(job->op.scope, (struct op_gate){ .change = on_change, .userdata = job });
	intent->watches = true;
}

void intent_end(struct job *job)
{
	struct intent *intent = &job->intent;

	if (intent->watches)
		(void)op_scope_set_gate(job->op.scope, intent->before);
	if (intent->begun && !intent->inner && !intent->kept)
		ledger_commit(job->server->ledger, intent->number);
	underway_end(&job->server->underway, &intent->things);
	intent->watches = intent->begun = false;
}
