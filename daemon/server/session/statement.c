/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements go on under the next daemon.
 *
 * What was asked for since object.replace_begin is in the ledger as the number of a round, which its file does not have: asking
 * for what is there already writes nothing. So the rounds are told to the successor, which begins as many anew: what was asked
 * for in which of them, and in which of them each statement began.
 *
 * Many connections of a user may state at once, and what one asks for counts for all of them. So it is written once for the
 * user, and not for each: no more than he holds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "ledger.h"
#include "server.h"
#include "session.h"
#include "session_state.h"
#include "statement.h"

/* A hold, before the bytes of the object's identity. */
struct stated {
	uint64_t netns;
	uint64_t subject;
	uint64_t session; /* 0: for good */
	uint32_t round;   /* so many after the first */
	uint16_t kind;
	uint16_t size;
};

/* A user who states, and since which round. */
struct user {
	uint64_t subject;
	uint32_t round;
};

struct leaving {
	struct user *users;
	size_t n;
	uint32_t first;
	struct buffer *objects;
};

static void leaving_done(struct leaving *l)
{
	free(l->users);
}

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static int compare(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	return x->subject == y->subject ? 0 : x->subject < y->subject ? -1 : 1;
}

static int note_users(struct leaving *l, const struct server *server)
{
	const struct session *s;
	size_t n = 0;

	LIST_FOREACH(s, &server->sessions, entry)
	if (s->peer && s->replaces) {
		if (array_grow(&l->users, l->n, sizeof(*l->users)) < 0)
			return -ENOMEM;
		l->users[l->n++] = (struct user){ .subject = s->record.subject, .round = s->round };
		if (l->n == 1 || is_before(s->round, l->first))
			l->first = s->round;
	}
	if (l->n == 0)
		return 0;
	/* each of them once, with the first of his rounds */
	qsort(l->users, l->n, sizeof(*l->users), compare);
	for (size_t i = 1; i < l->n; i++)
		if (l->users[i].subject != l->users[n].subject)
			l->users[++n] = l->users[i];
		else if (is_before(l->users[i].round, l->users[n].round))
			l->users[n].round = l->users[i].round;
	l->n = n + 1;
	return 0;
}

static int write_stated(const struct ledger_key *key, const struct ledger_holder *holder, uint32_t round, void *userdata)
{
	struct leaving *l = userdata;
	const struct user wanted = { .subject = holder->subject };
	const struct user *user = bsearch(&wanted, l->users, l->n, sizeof(*l->users), compare);
	const struct stated stated = {
		.netns = key->netns,
		.subject = holder->subject,
		.session = holder->lifetime == HYCAN_LIFETIME_PERMANENT ? 0 : holder->session,
		.round = round - l->first,
		.kind = (uint16_t)key->kind,
		.size = key->size,
	};
	int r;

	if (!user || is_before(round, user->round))
		return 0;
	r = buffer_append(l->objects, &stated, sizeof(stated), SIZE_MAX);
	return r < 0 ? r : buffer_append(l->objects, key->identity, key->size, SIZE_MAX);
}

int statement_leave_all(const struct server *server, struct statements *ret, struct buffer *objects)
{
	_cleanup_(leaving_done) struct leaving l = { .objects = objects };
	int r = note_users(&l, server);

	*ret = (struct statements){ 0 };
	if (r == 0 && l.n > 0)
		r = ledger_list_rounds(server->ledger, write_stated, &l);
	if (r < 0)
		buffer_release(objects);
	else if (l.n > 0)
		*ret = (struct statements){ .size = buffer_used(objects),
			                    .first = l.first,
			                    .rounds = ledger_round(server->ledger) - l.first };
	return r;
}

int statement_resume_all(struct ledger *ledger, struct statements *statements, const uint8_t *objects)
{
	uint64_t left = statements->size;
	struct stated stated;

	statements->first = ledger_rounds(ledger, statements->rounds);
	for (; left > 0; left -= sizeof(stated) + stated.size, objects += sizeof(stated) + stated.size) {
		struct ledger_holder holder = { .lifetime = HYCAN_LIFETIME_PERMANENT };
		struct ledger_key key = { 0 };

		if (left >= sizeof(stated))
			memcpy(&stated, objects, sizeof(stated));
		if (left < sizeof(stated) || left - sizeof(stated) < stated.size || stated.size > LEDGER_IDENTITY_MAX)
			return -EBADMSG;
		key.netns = stated.netns;
		key.kind = (enum hycan_object_kind)stated.kind;
		key.size = (uint8_t)stated.size;
		memcpy(key.identity, objects + sizeof(stated), stated.size);
		holder.subject = stated.subject;
		holder.session = stated.session;
		if (stated.session)
			holder.lifetime = HYCAN_LIFETIME_CONNECTION;
		ledger_state(ledger, &key, &holder, statements->first + stated.round);
	}
	return 0;
}

void statement_leave(const struct session *s, const struct statements *statements, struct statement_record *ret)
{
	*ret = (struct statement_record){ 0 };
	if (s->replaces && statements->rounds)
		*ret = (struct statement_record){
			.since_us = s->replaces_since_us, .round = s->round - statements->first, .kind = s->kind, .begun = true
		};
}

void statement_resume(struct session *s, const struct statements *statements, const struct statement_record *record)
{
	if (!record->begun || !statements->rounds)
		return;
	session_set_replaces(s, true);
	s->replaces_since_us = record->since_us;
	s->kind = record->kind;
	s->round = statements->first + record->round;
}
