/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a request that was carried out to the ledger.
 *
 * The row of the schema names the fields that tell one object from another; their values, one behind the other, are its
 * identity. They stay bytes, since making text of the routes of a large load would cost more than recording them; who
 * lists objects gets text.
 *
 * What this file does not do: know any operation.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "ledger.h"
#include "log.h"
#include "record.h"
#include "server.h"
#include "table.h"
#include "wire.h"

/* Largest value in an identity, as it is in C. */
#define VALUE_SIZE 256

/* An effect of a request, or of one item of its list. */
struct view {
	const struct job *job;
	const struct op_effect *effect;
	const void *request;
	const char *items;
	size_t n_items; /* 1 without a list */
	size_t item_size;
};

static struct view view_effect(const struct job *job, const struct op_effect *effect)
{
	struct view v = {
		.job = job,
		.effect = effect,
		.request = job->op.settled ? job->op.settled : &job->request,
		.n_items = 1,
	};

	if (effect->list >= 0) {
		const struct hycan_field *list = &job->operation->request->field[effect->list];

		v.item_size = list->size;
		v.items = wire_values(list, v.request, &v.n_items);
	}
	return v;
}

/* ---------------------------------------------------------------------------------------------------------- identity */

static const struct hycan_field *field_of(const struct op_effect *effect, struct op_part part)
{
	const struct hycan_structure *s = effect->operation->request;

	if (part.of_item)
		s = s->field[effect->list].structure;
	return &s->field[part.position];
}

static void put_bytes(struct ledger_key *key, const void *bytes, size_t size)
{
	/* the generator saw to it that everything fits */
	if (size > sizeof(key->identity) - key->size)
		return;
	memcpy(key->identity + key->size, bytes, size);
	key->size = (uint8_t)(key->size + size);
}

static void put_address(struct ledger_key *key, const struct hycan_address *address)
{
	put_bytes(key, &address->family, sizeof(address->family));
	put_bytes(key, address->bytes, hycan_address_size(address));
}

/* One byte that says whether the field is there, and then as many as make up the value. */
static void put_value(struct ledger_key *key, const struct hycan_field *field, const void *structure)
{
	size_t n = 0;
	const void *value = wire_values(field, structure, &n);
	uint8_t there = n > 0;

	put_bytes(key, &there, sizeof(there));
	if (!there)
		return;
	switch (field->type) {
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		put_bytes(key, value, strnlen(value, field->size - 1) + 1);
		return;
	case HYCAN_TYPE_ADDRESS:
		put_address(key, value);
		return;
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		put_address(key, &((const struct hycan_prefix *)value)->address);
		put_bytes(key, &((const struct hycan_prefix *)value)->length, 1);
		return;
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_ENUM:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_PORT_RANGE:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_ENDPOINT:
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_STRUCT:
		put_bytes(key, value, field->size);
		return;
	}
}

static void put_part(const struct view *v, struct op_part part, size_t item, struct ledger_key *key)
{
	put_value(key, field_of(v->effect, part), part.of_item ? v->items + item * v->item_size : v->request);
}

static void identify(const struct view *v, size_t item, struct ledger_key *key)
{
	key->netns = op_scope_inode(v->job->op.scope);
	key->kind = v->effect->kind;
	key->size = 0;
	for (uint8_t i = 0; i < v->effect->n_parts; i++)
		put_part(v, v->effect->part[i], item, key);
}

/* The link that it is on. False: none is given. */
static bool identify_link(const struct view *v, size_t item, struct ledger_key *key)
{
	if (v->effect->on.position < 0)
		return false;
	key->netns = op_scope_inode(v->job->op.scope);
	key->kind = HYCAN_OBJECT_KIND_LINK;
	key->size = 0;
	put_part(v, v->effect->on, item, key);
	return key->identity[0];
}

/* Reads an address; returns the bytes behind it. */
static const uint8_t *take_address(const uint8_t *p, struct hycan_address *address)
{
	address->family = *p++;
	memcpy(address->bytes, p, hycan_address_size(address));
	return p + hycan_address_size(address);
}

/* Reads what put_value() wrote, without the first byte; returns the bytes behind it. */
static const uint8_t *take_value(const uint8_t *p, const struct hycan_field *field, void *value)
{
	struct hycan_prefix prefix = { 0 };

	switch (field->type) {
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		memcpy(value, p, strlen((const char *)p) + 1);
		return p + strlen((const char *)p) + 1;
	case HYCAN_TYPE_ADDRESS:
		p = take_address(p, &prefix.address);
		memcpy(value, &prefix.address, sizeof(prefix.address));
		return p;
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		p = take_address(p, &prefix.address);
		prefix.length = *p++;
		memcpy(value, &prefix, sizeof(prefix));
		return p;
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_ENUM:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_PORT_RANGE:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_ENDPOINT:
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_STRUCT:
		memcpy(value, p, field->size);
		return p + field->size;
	}
	return p;
}

void record_format(const struct ledger_key *key, char *text, size_t size)
{
	const struct op_effect *effect = op_effect_of_kind(key->kind);
	const uint8_t *p = key->identity, *end = key->identity + key->size;
	size_t n = 0;

	text[0] = '\0';
	for (uint8_t i = 0; effect && i < effect->n_parts && p < end; i++) {
		const struct hycan_field *field = field_of(effect, effect->part[i]);
		_Alignas(max_align_t) char value[VALUE_SIZE] = { 0 };
		char word[VALUE_SIZE];

		if (!*p++)
			continue;
		p = take_value(p, field, value);
		n += (size_t)snprintf(
			text + n, size - n, "%s%s%s%s", n ? " " : "", field->flags & HYCAN_FIELD_OPTIONAL ? field->name : "",
			field->flags & HYCAN_FIELD_OPTIONAL ? " " : "", hycan_value_format(field, value, word, sizeof(word)));
		if (n >= size)
			return;
	}
}

/* --------------------------------------------------------------------------------------------------------- recording */

static bool is_unchanged(const struct job *job, size_t item)
{
	return job->op.unchanged || (job->op.items_unchanged && job->op.items_unchanged[item]);
}

/* A link that was just made has nothing on it: what the ledger may still have there is of one that is gone. */
static void forget_links(const struct view *v)
{
	struct ledger_key key;

	if (v->effect->does != OP_MAKES || v->effect->kind != HYCAN_OBJECT_KIND_LINK || v->job->op.unchanged)
		return;
	identify(v, 0, &key);
	ledger_take(v->job->server->ledger, &key);
}

/* Objects on the same link, which are put together. */
struct batch {
	size_t n;
	bool has_link;
	struct ledger_key link;
	struct ledger_object object[LEDGER_PUT_MAX];
};

static bool same_link(const struct batch *b, bool has_link, const struct ledger_key *link)
{
	return b->has_link == has_link &&
	       (!has_link || (b->link.size == link->size && memcmp(b->link.identity, link->identity, link->size) == 0));
}

/* Whether two items name the same link, in the same bytes: most lists name few, in runs. */
static bool same_in_request(const struct view *v, size_t item, size_t other)
{
	const struct hycan_field *field;
	const char *a, *b;

	if (!v->effect->on.of_item)
		return false;
	field = field_of(v->effect, v->effect->on);
	a = v->items + item * v->item_size;
	b = v->items + other * v->item_size;
	return (!(field->flags & HYCAN_FIELD_OPTIONAL) || a[field->has_offset] == b[field->has_offset]) &&
	       memcmp(a + field->offset, b + field->offset, field->size) == 0;
}

static int put_batch(const struct view *v, struct batch *b)
{
	int r = b->n ? ledger_put(v->job->server->ledger, b->object, b->n, b->has_link ? &b->link : NULL) : 0;

	b->n = 0;
	return r;
}

static int record_made(const struct view *v)
{
	const uint64_t now_us = server_now_us();
	struct ledger_key link;
	bool has_link = false;
	struct batch b;
	size_t last = 0;
	int r = 0;

	b.n = 0;
	for (size_t i = 0; i < v->n_items && r == 0; i++) {
		if (is_unchanged(v->job, i))
			continue;
		if (b.n == 0 || !same_in_request(v, i, last))
			has_link = identify_link(v, i, &link);
		last = i;
		if (b.n == LEDGER_PUT_MAX || (b.n && !same_link(&b, has_link, &link)))
			r = put_batch(v, &b);
		if (b.n == 0) {
			b.has_link = has_link;
			b.link = link;
		}
		b.object[b.n].uid = v->job->op.uid;
		b.object[b.n].since_us = now_us;
		identify(v, i, &b.object[b.n].key);
		b.n++;
	}
	return r < 0 ? r : put_batch(v, &b);
}

/* What is in the list stays, whoever made it; everything else that the ledger has on the link is gone. */
static void record_rest(const struct view *v)
{
	struct ledger *ledger = v->job->server->ledger;
	struct ledger_key key;

	for (size_t i = 0; i < v->n_items; i++) {
		identify(v, i, &key);
		ledger_mark(ledger, &key);
	}
	if (identify_link(v, 0, &key))
		ledger_sweep(ledger, &key, v->effect->kind);
}

/* The kinds that are told apart by the name of the link that they are on before anything else. */
static uint32_t kinds_named_by_link(void)
{
	uint32_t kinds = 0;

	for (unsigned int kind = 0; kind < 32; kind++) {
		const struct op_effect *e = op_effect_of_kind(kind);

		if (e && e->on.position >= 0 && e->part[0].position == e->on.position && e->part[0].of_item == e->on.of_item)
			kinds |= 1u << kind;
	}
	return kinds;
}

static int record_renamed(const struct view *v)
{
	struct ledger_key from, to;

	if (v->job->op.unchanged || !identify_link(v, 0, &to))
		return 0;
	identify(v, 0, &from);
	return ledger_rename(v->job->server->ledger, &from, &to, kinds_named_by_link());
}

static int record_effect(const struct view *v)
{
	struct ledger *ledger = v->job->server->ledger;
	struct ledger_key key;
	int r = 0;

	switch (v->effect->does) {
	case OP_MAKES:
		return record_made(v);
	case OP_REPLACES:
		r = record_made(v);
		record_rest(v);
		return r;
	case OP_RENAMES:
		return record_renamed(v);
	case OP_TAKES:
		if (v->effect->n_parts) {
			identify(v, 0, &key);
			ledger_take(ledger, &key);
		} else if (identify_link(v, 0, &key)) {
			ledger_take_on(ledger, &key, v->effect->kind);
		}
		return 0;
	}
	return 0;
}

void record_done(struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		struct view v = view_effect(job, &effects[i]);

		forget_links(&v);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		struct view v = view_effect(job, &effects[i]);

		r = record_effect(&v);
	}
	if (r < 0)
		log_write(LOG_ERR, "What %s made is not all in the ledger: %s", job->operation->name, strerror(-r));
}

int record_check(struct job *job)
{
	size_t n, more = 0;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES)
			more += view_effect(job, &effects[i]).n_items;
	if (more == 0 || ledger_count(job->server->ledger) + more <= LEDGER_OBJECTS_MAX)
		return 0;
	return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL,
	                 "The daemon keeps account of %" PRIu32 " objects at most; with this they would be more.",
	                 LEDGER_OBJECTS_MAX);
}
