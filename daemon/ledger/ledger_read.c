/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the ledger's file.
 *
 * A record is what was asked of the ledger, and is asked of it again. Nothing in it is believed: one that is not whole ends
 * the reading, and so does one about a thing whose identity others could not read (ledger_on_read()).
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "entry.h"
#include "ledger_record.h"
#include "subject.h"

/*
 * Of a file that others made, the memory is not to be used up. What requests that are carried out at the same time make is in it also where
 * all of them together are more than may be.
 */
#define OBJECTS_MAX ((size_t)2 * LEDGER_OBJECTS_MAX)

struct reading {
	struct ledger *ledger;
	struct ledger_file *file;
};

struct bytes {
	const uint8_t *p;
	size_t left;
	bool bad;
	ledger_whole *whole; /* or NULL */
};

void ledger_on_read(struct ledger *ledger, ledger_whole *whole)
{
	ledger->whole = whole;
}

static void take_bytes(struct bytes *b, void *to, size_t size)
{
	if (b->bad || b->left < size) {
		b->bad = true;
		memset(to, 0, size);
		return;
	}
	memcpy(to, b->p, size);
	b->p += size;
	b->left -= size;
}

static void take_key(struct bytes *b, struct ledger_key *key)
{
	uint8_t kind;

	take_bytes(b, &key->netns, sizeof(key->netns));
	take_bytes(b, &kind, sizeof(kind));
	take_bytes(b, &key->size, sizeof(key->size));
	key->kind = kind;
	/* kinds are counted in bits elsewhere */
	if (kind >= 32 || key->size > LEDGER_IDENTITY_MAX)
		b->bad = true;
	if (!b->bad)
		take_bytes(b, key->identity, key->size);
	/* those who read an identity go by what is in it */
	if (!b->bad && b->whole && !b->whole(key))
		b->bad = true;
}

static void take_holder(struct bytes *b, struct ledger_holder *holder)
{
	uint32_t number = 0;
	uint8_t lifetime = 0;
	bool machine;

	take_bytes(b, &number, sizeof(number));
	take_bytes(b, &lifetime, sizeof(lifetime));
	machine = lifetime & HOLDER_IS_MACHINE;
	holder->is_left = lifetime & HOLDER_IS_LEFT;
	lifetime &= (uint8_t) ~(HOLDER_IS_MACHINE | HOLDER_IS_LEFT);
	holder->subject = machine ? subject_of_cid(number) : number;
	take_bytes(b, &holder->session, sizeof(holder->session));
	take_bytes(b, &holder->seconds, sizeof(holder->seconds));
	holder->lifetime = lifetime;
	if (lifetime < HYCAN_LIFETIME_PERMANENT || lifetime > HYCAN_LIFETIME_LEASE)
		b->bad = true;
}

/* A session is one user's. */
static bool is_anothers(struct ledger *ledger, const struct ledger_holder *holder)
{
	const struct holds *h = holder->lifetime == HYCAN_LIFETIME_PERMANENT ? NULL : session_find(ledger, holder->session);

	return h && TAILQ_FIRST(&h->list)->subject != holder->subject;
}

/* What is there has its name since then, and not since it was put. */
static void name(struct ledger *ledger, const struct ledger_key *keys, size_t n, uint64_t named_us)
{
	struct entry *e;

	for (size_t i = 0; i < n; i++) {
		e = table_find(ledger, &keys[i]);
		if (e && e->object)
			e->named_us = named_us;
	}
}

static int read_put(struct ledger *ledger, struct bytes *b)
{
	struct ledger_key keys[LEDGER_PUT_MAX], on;
	uint64_t since_us, named_us;
	struct ledger_holder holder;
	uint8_t n, has_on;
	bool named;
	int r;

	take_bytes(b, &n, sizeof(n));
	take_bytes(b, &has_on, sizeof(has_on));
	if (n > LEDGER_PUT_MAX)
		return -EBADMSG;
	if (has_on)
		take_key(b, &on);
	take_holder(b, &holder);
	take_bytes(b, &since_us, sizeof(since_us));
	for (size_t i = 0; i < n; i++)
		take_key(b, &keys[i]);
	named = b->left;
	if (named)
		take_bytes(b, &named_us, sizeof(named_us));
	if (b->bad || b->left || ledger_count(ledger) > OBJECTS_MAX || is_anothers(ledger, &holder))
		return -EBADMSG;
	r = ledger_put(ledger, &holder, since_us, keys, n, has_on ? &on : NULL, NULL);
	if (r == 0 && named)
		name(ledger, keys, n, named_us);
	return r;
}

static int read_take(struct ledger *ledger, struct bytes *b)
{
	struct ledger_key key;

	take_key(b, &key);
	if (b->bad || b->left)
		return -EBADMSG;
	ledger_take(ledger, &key);
	return 0;
}

/* Nobody: the daemon was about to take it away. */
static int read_hold(struct ledger *ledger, struct bytes *b)
{
	struct ledger_holder holder;
	struct ledger_key key;
	uint64_t at_us;
	struct entry *e;
	int r = 0;

	take_key(b, &key);
	e = b->bad ? NULL : table_find(ledger, &key);
	if (e && !e->object)
		e = NULL;
	if (e)
		hold_drop_all(ledger, e);
	while (!b->bad && b->left && r == 0) {
		take_holder(b, &holder);
		take_bytes(b, &at_us, sizeof(at_us));
		if (e && !b->bad)
			r = is_anothers(ledger, &holder) ? -EBADMSG : hold_add(ledger, e, &holder, at_us);
	}
	return b->bad ? -EBADMSG : r;
}

static bool are_two_users(struct ledger *ledger, uint64_t session, uint64_t other)
{
	const struct holds *a = session_find(ledger, session), *b = session_find(ledger, other);

	return a && b && TAILQ_FIRST(&a->list)->subject != TAILQ_FIRST(&b->list)->subject;
}

static int read_numbers(struct ledger *ledger, uint32_t type, struct bytes *b)
{
	uint64_t one, two;

	take_bytes(b, &one, sizeof(one));
	take_bytes(b, &two, sizeof(two));
	/* no session has the number 0 */
	if (b->bad || b->left || (type == RECORD_ADOPT && (two == 0 || are_two_users(ledger, one, two))))
		return -EBADMSG;
	if (type == RECORD_ADOPT)
		ledger_adopt(ledger, one, two);
	else
		ledger_renew(ledger, one, two);
	return 0;
}

/* What could not be written down any more is of another one. */
static int read_namespace(struct ledger *ledger, struct bytes *b)
{
	uint64_t inode, cookie;

	take_bytes(b, &inode, sizeof(inode));
	take_bytes(b, &cookie, sizeof(cookie));
	if (b->bad || b->left)
		return -EBADMSG;
	if (!ledger_is_of(ledger, inode, cookie))
		ledger_end_namespace(ledger, inode, NULL, NULL);
	return ledger_know_namespace(ledger, inode, cookie);
}

static int read_disown(struct ledger *ledger, struct bytes *b)
{
	struct ledger_key key;
	struct entry *e;

	take_key(b, &key);
	if (b->bad || b->left)
		return -EBADMSG;
	e = table_find(ledger, &key);
	if (e && e->object) {
		hold_drop_all(ledger, e);
		object_disown(ledger, e);
	}
	return 0;
}

static int read_rename(struct ledger *ledger, struct bytes *b)
{
	struct ledger_key from, to;
	struct timespec now;
	uint64_t now_us;
	uint32_t kinds;

	take_key(b, &from);
	take_key(b, &to);
	take_bytes(b, &kinds, sizeof(kinds));
	/* a former release did not say when: better too late, since what others gave a name since is theirs */
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	if (b->left)
		take_bytes(b, &now_us, sizeof(now_us));
	return b->bad || b->left || from.netns != to.netns ? -EBADMSG : ledger_rename(ledger, &from, &to, kinds, now_us);
}

/* Of what is told of later: a file is written anew while it is added to. */
static int read_wish(struct ledger *ledger, enum wish_about about, struct bytes *b)
{
	struct ledger_key key;
	struct entry *e;

	take_key(b, &key);
	if (b->bad)
		return -EBADMSG;
	e = table_find(ledger, &key);
	return e && e->object ? wish_put(ledger, e, about, b->p, b->left) : 0;
}

static int read_request(struct ledger_file *file, uint32_t type, struct bytes *b)
{
	unsigned int number;

	take_bytes(b, &number, sizeof(number));
	if (b->bad || number >= REQUESTS_MAX)
		return -EBADMSG;
	if (type == RECORD_BEGIN)
		return ledger_file_read_begin(file, number, b->p, b->left);
	if (type == RECORD_NOTE)
		return ledger_file_read_note(file, number, b->p, b->left);
	return b->left ? -EBADMSG : ledger_file_read_commit(file, number);
}

static int read_session(struct ledger_file *file, struct bytes *b)
{
	uint64_t session;

	take_bytes(b, &session, sizeof(session));
	return b->bad ? -EBADMSG : ledger_file_read_session(file, session, b->p, b->left);
}

static int read_record(uint32_t type, const uint8_t *bytes, size_t size, void *userdata)
{
	struct reading *reading = userdata;
	struct bytes b = { .p = bytes, .left = size, .whole = reading->ledger->whole };

	switch (type) {
	case RECORD_PUT:
		return read_put(reading->ledger, &b);
	case RECORD_TAKE:
		return read_take(reading->ledger, &b);
	case RECORD_RENAME:
		return read_rename(reading->ledger, &b);
	case RECORD_HOLD:
		return read_hold(reading->ledger, &b);
	case RECORD_ADOPT:
	case RECORD_RENEW:
		return read_numbers(reading->ledger, type, &b);
	case RECORD_NAMESPACE:
		return read_namespace(reading->ledger, &b);
	case RECORD_DISOWN:
		return read_disown(reading->ledger, &b);
	case RECORD_WISH:
		return read_wish(reading->ledger, WISH_ABOUT_LOSS, &b);
	case RECORD_SETTLE:
		return read_wish(reading->ledger, WISH_ABOUT_SETTINGS, &b);
	case RECORD_SESSION:
		return read_session(reading->file, &b);
	case RECORD_BEGIN:
	case RECORD_NOTE:
	case RECORD_COMMIT:
		return read_request(reading->file, type, &b);
	}
	return -EBADMSG;
}

int ledger_file_read(struct ledger_file *file, struct ledger *ledger)
{
	struct reading reading = { .ledger = ledger, .file = file };

	return journal_read(file->journal, read_record, &reading);
}
