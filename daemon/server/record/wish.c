/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client wants to be done about drift, as bytes. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "observe.h"
#include "op.h"
#include "server.h"
#include "table.h"
#include "wire.h"
#include "wish.h"

bool wish_read(const void *bytes, size_t size, struct wish_head *ret_head)
{
	if (size < sizeof(*ret_head))
		return false;
	memcpy(ret_head, bytes, sizeof(*ret_head));
	return ret_head->drift == HYCAN_DRIFT_IGNORE || (ret_head->drift == HYCAN_DRIFT_REPAIR && ret_head->operation);
}

const struct hycan_operation *wish_request(struct wire_memory *memory, const void *bytes, size_t size, union message *ret_request)
{
	struct wire_decoder decoder = { .strict = true, .memory = *memory };
	const struct hycan_operation *operation;
	struct wish_head head;
	int r;

	if (!wish_read(bytes, size, &head))
		return NULL;
	operation = hycan_operation_by_number(head.operation);
	if (!operation)
		return NULL;
	r = wire_decode(&decoder, operation->request, (const char *)bytes + sizeof(head), size - sizeof(head), ret_request);
	memory->used = decoder.memory.used;
	return r < 0 ? NULL : operation;
}

/* ------------------------------------------------------------------------------------------------------------ writing */

static void copy_field(const struct hycan_field *field, const void *from, const struct hycan_field *to_field, void *to)
{
	size_t size = field->flags & HYCAN_FIELD_LIST ? sizeof(void *) : field->size;

	memcpy((char *)to + to_field->offset, (const char *)from + field->offset, size);
	if (field->flags & HYCAN_FIELD_LIST)
		memcpy((char *)to + to_field->count_offset, (const char *)from + field->count_offset, sizeof(size_t));
	if (to_field->flags & HYCAN_FIELD_OPTIONAL)
		*(bool *)((char *)to + to_field->has_offset) =
			!(field->flags & HYCAN_FIELD_OPTIONAL) || *(const bool *)((const char *)from + field->has_offset);
}

static const struct hycan_field *find_field(const struct hycan_structure *s, const struct hycan_field *like)
{
	for (uint16_t i = 0; i < s->n_fields; i++)
		if (strcmp(s->field[i].name, like->name) == 0 && s->field[i].type == like->type && s->field[i].size == like->size &&
		    !((s->field[i].flags ^ like->flags) & HYCAN_FIELD_LIST))
			return &s->field[i];
	return NULL;
}

/* The request that makes one item of a list alone: of its fields those that the item has, and else the request around it. */
static void take_apart(const struct key_view *v, size_t item, const struct hycan_structure *alone, union message *request)
{
	const struct hycan_structure *around = v->job->operation->request, *inside = around->field[v->effect->list].structure;

	for (uint16_t i = 0; i < alone->n_fields; i++) {
		const struct hycan_field *field = find_field(inside, &alone->field[i]);

		if (field) {
			copy_field(field, v->items + item * v->item_size, &alone->field[i], request);
			continue;
		}
		field = find_field(around, &alone->field[i]);
		if (field)
			copy_field(field, v->request, &alone->field[i], request);
	}
}

/* The operation and the request that make an item. NULL: there is none. */
static const struct hycan_operation *request_of(const struct key_view *v, size_t item, union message *request)
{
	/* as it was asked for: what the handler made of it is for the ledger, and may not be asked for */
	const struct key_view asked = key_view_of(v->job, v->effect, &v->job->request);
	const struct op_effect *alone = op_effect_of_kind(v->effect->kind);

	if (v->effect->list < 0) {
		memcpy(request, asked.request, v->job->operation->request->size);
		return v->job->operation;
	}
	if (!alone || alone->list >= 0 || item >= asked.n_items)
		return NULL;
	memset(request, 0, alone->operation->request->size);
	take_apart(&asked, item, alone->operation->request, request);
	return alone->operation;
}

/* A key of zeros alone says that there is none: so is put back what had none. */
static bool is_key(const uint8_t *bytes, size_t size)
{
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++)
		any |= bytes[i];
	return any;
}

/* Sets whether one that it does not say stays as it was. */
static bool take_keys_out(const struct hycan_structure *s, union message *request, bool *ret_stays)
{
	bool some = false;

	*ret_stays = false;

	for (uint16_t i = 0; i < s->n_fields; i++) {
		const struct hycan_field *field = &s->field[i];
		bool *has = (bool *)((char *)request + field->has_offset);

		if (!(field->flags & HYCAN_FIELD_SECRET))
			continue;
		if (!(field->flags & HYCAN_FIELD_OPTIONAL) || *has)
			some = some || is_key((const uint8_t *)request + field->offset, field->size);
		else
			*ret_stays = true;
		explicit_bzero((char *)request + field->offset, field->size);
		if (field->flags & HYCAN_FIELD_OPTIONAL)
			*has = false;
	}
	return some;
}

/* What is absent may stay as it was asked for before. */
static void add_former(struct job *job, const struct ledger_key *key, const struct hycan_operation *operation, bool keys_stay,
                       union message *request, bool *ret_keyless)
{
	_cleanup_free_ void *bytes = NULL;
	struct wish_head head;
	union message former;
	size_t size = 0;

	if (!op_wished(operation->number)->absent_stays || ledger_wish_of(job->server->ledger, key, &bytes, &size) < 0 ||
	    !wish_read(bytes, size, &head) || wish_request(&job->memory, bytes, size, &former) != operation)
		return;
	*ret_keyless = *ret_keyless || (keys_stay && head.keyless);
	for (uint16_t i = 0; i < operation->request->n_fields; i++) {
		const struct hycan_field *field = &operation->request->field[i];

		if (field->flags & HYCAN_FIELD_OPTIONAL && !*(const bool *)((const char *)request + field->has_offset))
			copy_field(field, &former, field, request);
	}
}

static size_t write_anew(const struct hycan_operation *operation, const union message *request, const void *bytes,
                         uint8_t ret_bytes[static WISH_MAX])
{
	struct wire_fault fault;
	ssize_t n;

	memcpy(ret_bytes, bytes, sizeof(struct wish_head));
	n = wire_encode(operation->request, request, ret_bytes + sizeof(struct wish_head), WISH_MAX - sizeof(struct wish_head),
	                NULL, NULL, &fault);
	return n < 0 ? 0 : sizeof(struct wish_head) + (size_t)n;
}

size_t wish_yielding(struct wire_memory *memory, const void *bytes, size_t size, const struct hycan_operation *operation,
                     const void *given, uint8_t ret_bytes[static WISH_MAX])
{
	union message request;

	if (wish_request(memory, bytes, size, &request) != operation || !op_wished(operation->number)->yields(&request, given))
		return 0;
	return write_anew(operation, &request, bytes, ret_bytes);
}

size_t wish_amended(struct wire_memory *memory, const void *bytes, size_t size, const struct hycan_operation *operation,
                    const void *given, uint8_t ret_bytes[static WISH_MAX])
{
	union message request;
	const struct hycan_operation *wanted = wish_request(memory, bytes, size, &request);

	if (!wanted || !op_wished(operation->number)->amends(wanted->number, &request, given))
		return 0;
	return write_anew(wanted, &request, bytes, ret_bytes);
}

bool wish_rename_link(const struct hycan_structure *s, void *structure, const char *from, const char *to)
{
	bool some = false;

	for (uint16_t i = 0; i < s->n_fields; i++) {
		const struct hycan_field *field = &s->field[i];
		size_t n = 0;
		const void *first = wire_values(field, structure, &n);
		char *value;

		memcpy(&value, &first, sizeof(value));
		for (; n > 0; n--, value += field->size) {
			if (field->type == HYCAN_TYPE_STRUCT) {
				some = wish_rename_link(field->structure, value, from, to) || some;
			} else if (field->type == HYCAN_TYPE_IFNAME && strcmp(value, from) == 0) {
				memset(value, 0, field->size);
				memcpy(value, to, strnlen(to, field->size - 1));
				some = true;
			}
		}
	}
	return some;
}

size_t wish_renamed(struct wire_memory *memory, const void *bytes, size_t size, const char *from, const char *to,
                    uint8_t ret_bytes[static WISH_MAX])
{
	union message request;
	const struct hycan_operation *operation;

	/* most are about other links, and taking them apart takes its time */
	if (!memmem(bytes, size, from, strlen(from)))
		return 0;
	operation = wish_request(memory, bytes, size, &request);
	if (!operation || !wish_rename_link(operation->request, &request, from, to))
		return 0;
	return write_anew(operation, &request, bytes, ret_bytes);
}

size_t wish_write(const struct key_view *v, size_t item, const struct ledger_key *key, uint64_t subject, enum hycan_drift drift,
                  uint8_t bytes[static WISH_MAX])
{
	struct job *job = v->job;
	struct wish_head head = { .subject = subject, .drift = (uint8_t)drift };
	const struct wire_memory before = job->memory;
	const struct hycan_operation *operation;
	struct wire_fault fault;
	union message request;
	bool keys_stay;
	ssize_t n = 0;

	if (drift == HYCAN_DRIFT_REPAIR) {
		operation = request_of(v, item, &request);
		if (!operation)
			return 0;
		head.operation = operation->number;
		head.keyless = take_keys_out(operation->request, &request, &keys_stay);
		if (intent_has_keys(operation->request, &request))
			return 0;
		add_former(job, key, operation, keys_stay, &request, &head.keyless);
		n = wire_encode(operation->request, &request, bytes + sizeof(head), WISH_MAX - sizeof(head), NULL, NULL, &fault);
		job->memory = before;
	}
	memcpy(bytes, &head, sizeof(head));
	return n < 0 ? 0 : sizeof(head) + (size_t)n;
}
