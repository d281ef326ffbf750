/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of the ledger: from a request, as text, and back to a request. */
#ifndef SERVER_KEY_H
#define SERVER_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"
#include "messages.h"
#include "op.h"

struct job;

/* An effect of a request, or of one item of its list. */
struct key_view {
	struct job *job;
	const struct op_effect *effect;
	const void *request;
	const char *items;
	size_t n_items; /* 1 without a list */
	size_t item_size;
	bool absent; /* it does not come about */
};

/* Of the request that the job has. */
struct key_view key_view(struct job *job, const struct op_effect *effect);

/* The same of a request that is given, whatever the handler says that it came to. */
struct key_view key_view_of(struct job *job, const struct op_effect *effect, const void *request);

/* The field that a part stands for. */
const struct hycan_field *key_field(const struct op_effect *effect, struct op_part part);

/* The key of an item. */
void key_of(const struct key_view *v, size_t item, struct ledger_key *key);

/* The same, for who goes through a list (ledger_listed). */
void key_listed(size_t item, struct ledger_key *ret_key, const void *view);

/* The key of the link that it is on. False: none is given. */
bool key_of_link(const struct key_view *v, size_t item, struct ledger_key *key);

/* The key of an object of a kind, from what the row that makes it was asked for: an item of its list, if it has one. */
void key_of_request(uint64_t netns, enum hycan_object_kind kind, const void *request, struct ledger_key *key);

/* Whether things of a kind are told apart by the name of the link that they are on before anything else. */
bool key_begins_with_link(unsigned int kind);

/* The key of the link whose name tells a thing from others before anything else. False: no name does. */
bool key_link_of(const struct ledger_key *key, struct ledger_key *ret_link);

/* The key of a link by its name. */
void key_of_name(uint64_t netns, const char *name, struct ledger_key *key);

/* For lists of them. */
static inline uint32_t key_hash(const struct ledger_key *key)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < key->size; i++)
		h = (h ^ key->identity[i]) * 16777619u;
	return h;
}

bool key_same(const struct ledger_key *a, const struct ledger_key *b);

/* The order of keys of one network namespace, for lists that are sorted. */
int key_compare(const struct ledger_key *a, const struct ledger_key *b);

/* The key of what op_monitor_list() finds. */
void key_of_found(uint64_t netns, enum hycan_object_kind kind, const void *found, struct ledger_key *key);

/* The key of what an event is about, whether the ledger has it or not. False: there is none. */
bool key_of_event(uint64_t netns, const struct hycan_event *event, struct ledger_key *key);

/* What things of a kind are called. */
const char *key_kind_name(enum hycan_object_kind kind);

/* Whether an identity that the ledger's file tells is one of its kind, and can be read. */
bool key_is_whole(const struct ledger_key *key);

/* Writes an identity as text: values in the schema's order, those that may be absent behind their names. */
void key_format(const struct ledger_key *key, char *text, size_t size);

/* The request that takes the object away, complete and legal, and its operation. NULL: there is none. */
const struct hycan_operation *key_request(const struct ledger_key *key, union message *request);

#endif
