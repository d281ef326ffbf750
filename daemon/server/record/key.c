/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of the ledger, from requests, and requests from keys.
 *
 * The row of the schema names the fields that tell one object from another; their values, one behind the other, are its
 * identity. They stay bytes, since making text of the routes of a large load would cost more than recording them; who
 * lists objects gets text. All rows tell the objects of a kind apart by values of the same types in the same order, so the
 * values of what one row made can be the request of another that takes it away.
 *
 * What this file does not do: know any operation.
 */
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "observe.h"
#include "table.h"
#include "wire.h"

/* Largest value in an identity, as it is in C. */
#define VALUE_SIZE 256

/* Whether an effect comes about, where that depends on a bool of the request. */
static bool comes_about(const struct op_effect *effect, const void *request)
{
	const struct hycan_field *field;
	const void *value;
	size_t n;

	if (effect->condition < 0)
		return true;
	field = &effect->operation->request->field[effect->condition];
	value = wire_values(field, request, &n);
	return (n > 0 && *(const bool *)value) != effect->unless;
}

struct key_view key_view_of(struct job *job, const struct op_effect *effect, const void *request)
{
	const struct hycan_field *list = effect->list >= 0 ? &effect->operation->request->field[effect->list] : NULL;
	size_t n_items = 1;
	const char *items = list ? wire_values(list, request, &n_items) : NULL;

	return (struct key_view){
		.job = job,
		.effect = effect,
		.request = request,
		.items = items,
		.n_items = n_items,
		.item_size = list ? list->size : 0,
		.absent = !comes_about(effect, request),
	};
}

struct key_view key_view(struct job *job, const struct op_effect *effect)
{
	return key_view_of(job, effect, job->op.settled ? job->op.settled : &job->request);
}

/* ------------------------------------------------------------------------------------------------------ from a request */

const struct hycan_field *key_field(const struct op_effect *effect, struct op_part part)
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
	case HYCAN_TYPE_PAYLOAD:
	case HYCAN_TYPE_STRUCT:
		put_bytes(key, value, field->size);
		return;
	}
}

static void put_part(const struct key_view *v, struct op_part part, size_t item, struct ledger_key *key)
{
	put_value(key, key_field(v->effect, part), part.of_item ? v->items + item * v->item_size : v->request);
}

void key_of(const struct key_view *v, size_t item, struct ledger_key *key)
{
	key->netns = op_scope_inode(v->job->op.scope);
	key->kind = v->effect->kind;
	key->size = 0;
	for (uint8_t i = 0; i < v->effect->n_parts; i++)
		put_part(v, v->effect->part[i], item, key);
}

void key_listed(size_t item, struct ledger_key *ret_key, const void *view)
{
	key_of(view, item, ret_key);
}

bool key_of_link(const struct key_view *v, size_t item, struct ledger_key *key)
{
	if (v->effect->on.position < 0)
		return false;
	key->netns = op_scope_inode(v->job->op.scope);
	key->kind = HYCAN_OBJECT_KIND_LINK;
	key->size = 0;
	put_part(v, v->effect->on, item, key);
	return key->identity[0];
}

bool key_begins_with_link(unsigned int kind)
{
	const struct op_effect *e = op_effect_of_kind(kind);

	return e && e->on.position >= 0 && e->part[0].position == e->on.position && e->part[0].of_item == e->on.of_item;
}

void key_of_request(uint64_t netns, enum hycan_object_kind kind, const void *request, struct ledger_key *key)
{
	const struct op_effect *effect = op_effect_of_kind(kind);

	key->netns = netns;
	key->kind = kind;
	key->size = 0;
	for (uint8_t i = 0; effect && i < effect->n_parts; i++)
		put_value(key, key_field(effect, effect->part[i]), request);
}

bool key_link_of(const struct ledger_key *key, struct ledger_key *ret_link)
{
	const size_t size = key->size < HYCAN_IFNAME_SIZE + 1 ? key->size : HYCAN_IFNAME_SIZE + 1;
	const uint8_t *end = key->kind != HYCAN_OBJECT_KIND_LINK && key_begins_with_link(key->kind) && size > 1
	                             ? memchr(key->identity + 1, 0, size - 1)
	                             : NULL;

	if (!end)
		return false;
	key_of_name(key->netns, (const char *)key->identity + 1, ret_link);
	return true;
}

void key_of_name(uint64_t netns, const char *name, struct ledger_key *key)
{
	key->netns = netns;
	key->kind = HYCAN_OBJECT_KIND_LINK;
	key->size = 0;
	/* as a name that was asked for */
	put_bytes(key, &(uint8_t){ 1 }, 1);
	put_bytes(key, name, strlen(name) + 1);
}

bool key_same(const struct ledger_key *a, const struct ledger_key *b)
{
	return a->netns == b->netns && a->kind == b->kind && a->size == b->size && memcmp(a->identity, b->identity, a->size) == 0;
}

int key_compare(const struct ledger_key *a, const struct ledger_key *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return memcmp(a->identity, b->identity, a->size);
}

void key_of_found(uint64_t netns, enum hycan_object_kind kind, const void *found, struct ledger_key *key)
{
	struct hycan_route route;
	uint32_t usual;

	if (kind == HYCAN_OBJECT_KIND_LINK) {
		key_of_name(netns, ((const struct hycan_link *)found)->name, key);
		return;
	}
	if (kind == HYCAN_OBJECT_KIND_ROUTE) {
		/* the metric that the kernel gives one without is none in the ledger */
		route = *(const struct hycan_route *)found;
		usual = route.destination.address.family == HYCAN_FAMILY_IPV6 ? OP_ROUTE_METRIC_IPV6 : 0;
		route.has_metric = route.has_metric && route.metric != usual;
		found = &route;
	}
	key_of_request(netns, kind, found, key);
}

static void key_of_peer(uint64_t netns, const struct hycan_event *e, struct ledger_key *key)
{
	struct hycan_wireguard_peer_set_request request;

	memset(&request, 0, sizeof(request));
	memcpy(request.name, e->peer_of, sizeof(request.name));
	request.wireguard_peer_config.public_key = e->wireguard_peer.public_key;
	key_of_request(netns, HYCAN_OBJECT_KIND_WIREGUARD_PEER, &request, key);
}

bool key_of_event(uint64_t netns, const struct hycan_event *e, struct ledger_key *key)
{
	switch (e->family) {
	case HYCAN_EVENT_FAMILY_LINK:
		key_of_name(netns, e->link.name, key);
		return true;
	case HYCAN_EVENT_FAMILY_ADDRESS:
		key_of_found(netns, HYCAN_OBJECT_KIND_ADDRESS, &e->address, key);
		return true;
	case HYCAN_EVENT_FAMILY_ROUTE:
		key_of_found(netns, HYCAN_OBJECT_KIND_ROUTE, &e->route, key);
		return true;
	case HYCAN_EVENT_FAMILY_RULE:
		key_of_found(netns, HYCAN_OBJECT_KIND_RULE, &e->rule, key);
		return true;
	case HYCAN_EVENT_FAMILY_WIREGUARD:
		if (e->has_wireguard)
			key_of_name(netns, e->wireguard.name, key);
		else
			key_of_peer(netns, e, key);
		return true;
	case HYCAN_EVENT_FAMILY_OBJECT:
		return false;
	}
	return false;
}

/* ----------------------------------------------------------------------------------------------------------- and back */

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
	case HYCAN_TYPE_PAYLOAD:
	case HYCAN_TYPE_STRUCT:
		memcpy(value, p, field->size);
		return p + field->size;
	}
	return p;
}

/* Reads the next part of an identity. Returns the bytes behind it; *ret_there: whether there is a value. */
static const uint8_t *take_part(const uint8_t *p, const struct hycan_field *field, void *value, bool *ret_there)
{
	*ret_there = *p++;
	return *ret_there ? take_value(p, field, value) : p;
}

const char *key_kind_name(enum hycan_object_kind kind)
{
	const char *name = hycan_enumerator_name(structure_object.field[0].enumeration, kind);

	return name ? name : "object";
}

void key_format(const struct ledger_key *key, char *text, size_t size)
{
	const struct op_effect *effect = op_effect_of_kind(key->kind);
	const uint8_t *p = key->identity, *end = key->identity + key->size;
	size_t n = 0;

	text[0] = '\0';
	for (uint8_t i = 0; effect && i < effect->n_parts && p < end; i++) {
		const struct hycan_field *field = key_field(effect, effect->part[i]);
		_Alignas(max_align_t) char value[VALUE_SIZE] = { 0 };
		char word[VALUE_SIZE];
		bool there;

		p = take_part(p, field, value, &there);
		if (!there)
			continue;
		n += (size_t)snprintf(
			text + n, size - n, "%s%s%s%s", n ? " " : "", field->flags & HYCAN_FIELD_OPTIONAL ? field->name : "",
			field->flags & HYCAN_FIELD_OPTIONAL ? " " : "", hycan_value_format(field, value, word, sizeof(word)));
		if (n >= size)
			return;
	}
}

const struct hycan_operation *key_request(const struct ledger_key *key, union message *request)
{
	const struct op_effect *effect = op_effect_that_takes(key->kind);
	const uint8_t *p = key->identity, *end = key->identity + key->size;
	char *to = (char *)request;

	if (!effect)
		return NULL;
	memset(request, 0, effect->operation->request->size);
	for (uint8_t i = 0; i < effect->n_parts && p < end; i++) {
		const struct hycan_field *field = key_field(effect, effect->part[i]);
		bool there;

		p = take_part(p, field, to + field->offset, &there);
		if (field->flags & HYCAN_FIELD_OPTIONAL)
			*(bool *)(to + field->has_offset) = there;
	}
	return wire_complete(effect->operation->request, request) < 0 ? NULL : effect->operation;
}
