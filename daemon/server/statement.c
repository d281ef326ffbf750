/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A statement goes on under the next daemon.
 *
 * What was asked for since object.replace_begin is in the ledger as the number of a round, which its file does not have: asking
 * for what is there already writes nothing. So the objects are named to the successor, and count there as asked for in a round
 * that it begins. Those that were asked for as long as the connection holds them, and those for good, are both meant, since the
 * lifetime may be chosen anew before the end.
 */
#include <errno.h>
#include <string.h>

#include "ledger.h"
#include "server.h"
#include "session.h"
#include "statement.h"

/* How an object is named, before the bytes of its identity. */
struct name {
	uint64_t netns;
	uint32_t kind;
	uint32_t size;
};

static struct ledger_holder holder_of(const struct session *s, enum hycan_lifetime lifetime)
{
	return (struct ledger_holder){ .subject = s->record.subject, .lifetime = lifetime, .session = s->record.id };
}

static int write_name(const struct ledger_key *key, void *userdata)
{
	const struct name name = { .netns = key->netns, .kind = key->kind, .size = key->size };
	struct buffer *objects = userdata;
	int r = buffer_append(objects, &name, sizeof(name), SIZE_MAX);

	return r < 0 ? r : buffer_append(objects, key->identity, key->size, SIZE_MAX);
}

int statement_leave(const struct session *s, struct statement_record *ret_record, struct buffer *objects)
{
	static const enum hycan_lifetime lifetimes[] = { HYCAN_LIFETIME_PERMANENT, HYCAN_LIFETIME_CONNECTION };
	const size_t before = buffer_used(objects);
	int r = 0;

	if (!s->replaces)
		return 0;
	for (size_t i = 0; i < 2 && r == 0; i++) {
		const struct ledger_holder holder = holder_of(s, lifetimes[i]);

		r = ledger_list_stated(s->server->ledger, &holder, s->round, write_name, objects);
	}
	*ret_record = (struct statement_record){
		.since_us = s->replaces_since_us, .size = buffer_used(objects) - before, .kind = s->kind, .begun = true
	};
	return r;
}

int statement_resume(struct session *s, const struct statement_record *record, const uint8_t *objects)
{
	const struct ledger_holder holder = holder_of(s, HYCAN_LIFETIME_CONNECTION);
	struct ledger *ledger = s->server->ledger;
	uint64_t left = record->size;
	struct name name;

	if (!record->begun)
		return 0;
	s->replaces = true;
	s->replaces_since_us = record->since_us;
	s->kind = record->kind;
	s->round = ledger_round(ledger);
	for (; left > 0; left -= sizeof(name) + name.size, objects += sizeof(name) + name.size) {
		struct ledger_key key = { 0 };

		if (left >= sizeof(name))
			memcpy(&name, objects, sizeof(name));
		if (left < sizeof(name) || left - sizeof(name) < name.size || name.size > LEDGER_IDENTITY_MAX)
			return -EBADMSG;
		key.netns = name.netns;
		key.kind = (enum hycan_object_kind)name.kind;
		key.size = (uint8_t)name.size;
		memcpy(key.identity, objects + sizeof(name), name.size);
		ledger_state(ledger, &key, &holder);
	}
	return 0;
}
