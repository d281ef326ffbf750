/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of the ledger's file.
 *
 * What is in them is as wide as it is in memory, without padding: the file is read by the same machine in the same boot,
 * maybe by another release, for which the journal's head has a version. Nothing in it is believed all the same: a record
 * that is not whole ends the reading, as one does that the journal cannot tell.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "entry.h"
#include "journal.h"
#include "ledger_file.h"

/* Requests that are under way at once: one for each thread that carries out any, and some more. */
#define REQUESTS_MAX 64u

/* A file is not written anew before it has so much. */
#define WORTH_IT (1u << 20)

/* Bytes of an object in the file, as a guess. */
#define OBJECT_BYTES ((size_t)96)

enum record_type {
	RECORD_PUT = 1,
	RECORD_TAKE,
	RECORD_RENAME,
	RECORD_BEGIN,
	RECORD_COMMIT,
	RECORD_HOLD,
	RECORD_ADOPT,
	RECORD_RENEW,
	RECORD_DISOWN,
};

struct request {
	const uint8_t *bytes; /* in the journal; NULL: none */
	size_t size;
};

struct ledger_file {
	char *path;
	struct journal *journal;
	struct journal *next; /* the one that is written anew, or NULL */
	size_t written;       /* of the journal, when it was made anew */
	struct request request[REQUESTS_MAX];
	struct request copied[REQUESTS_MAX]; /* the same in the next one */
};

/* ------------------------------------------------------------------------------------------------------------- writing */

#define KEY_SIZE_MAX (sizeof(uint64_t) + 2 + LEDGER_IDENTITY_MAX)
#define HOLDER_SIZE  (sizeof(uid_t) + 1 + sizeof(uint64_t) + sizeof(uint32_t))

static uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t size)
{
	memcpy(p, bytes, size);
	return p + size;
}

static uint8_t *put_key(uint8_t *p, const struct ledger_key *key)
{
	p = put_bytes(p, &key->netns, sizeof(key->netns));
	*p++ = (uint8_t)key->kind;
	*p++ = key->size;
	return put_bytes(p, key->identity, key->size);
}

static uint8_t *put_holder(uint8_t *p, const struct ledger_holder *holder)
{
	p = put_bytes(p, &holder->uid, sizeof(holder->uid));
	*p++ = (uint8_t)holder->lifetime;
	p = put_bytes(p, &holder->session, sizeof(holder->session));
	return put_bytes(p, &holder->seconds, sizeof(holder->seconds));
}

static int write_put(struct journal *j, const struct ledger_holder *holder, uint64_t since_us, const struct ledger_key *keys,
                     size_t n, const struct ledger_key *on)
{
	uint8_t *begin = journal_reserve(j, 2 + HOLDER_SIZE + sizeof(since_us) + (n + 1) * KEY_SIZE_MAX), *p = begin;

	if (!begin)
		return -errno;
	*p++ = (uint8_t)n;
	*p++ = on != NULL;
	if (on)
		p = put_key(p, on);
	p = put_holder(p, holder);
	p = put_bytes(p, &since_us, sizeof(since_us));
	for (size_t i = 0; i < n; i++)
		p = put_key(p, &keys[i]);
	journal_commit(j, RECORD_PUT, (size_t)(p - begin));
	return 0;
}

static int write_take(struct journal *j, const struct ledger_key *key)
{
	uint8_t *begin = journal_reserve(j, KEY_SIZE_MAX);

	if (!begin)
		return -errno;
	journal_commit(j, RECORD_TAKE, (size_t)(put_key(begin, key) - begin));
	return 0;
}

static int write_rename(struct journal *j, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds)
{
	uint8_t *begin = journal_reserve(j, 2 * KEY_SIZE_MAX + sizeof(kinds)), *p = begin;

	if (!begin)
		return -errno;
	p = put_key(p, from);
	p = put_key(p, to);
	p = put_bytes(p, &kinds, sizeof(kinds));
	journal_commit(j, RECORD_RENAME, (size_t)(p - begin));
	return 0;
}

/* All who hold it, each with the time from which a lease counts. */
static int write_hold(struct journal *j, const struct entry *e)
{
	size_t n = hold_count(e);
	uint8_t *begin = journal_reserve(j, KEY_SIZE_MAX + n * (HOLDER_SIZE + sizeof(uint64_t))), *p = begin;
	struct ledger_holder holder;
	struct ledger_key key;
	uint64_t at_us;

	if (!begin)
		return -errno;
	entry_key(e, &key);
	p = put_key(p, &key);
	for (size_t i = 0; i < n; i++) {
		hold_number(e, i, &holder, &at_us);
		p = put_holder(p, &holder);
		p = put_bytes(p, &at_us, sizeof(at_us));
	}
	journal_commit(j, RECORD_HOLD, (size_t)(p - begin));
	return 0;
}

/* About a session, or two. */
static int write_numbers(struct journal *j, enum record_type type, uint64_t one, uint64_t two)
{
	uint8_t *begin = journal_reserve(j, sizeof(one) + sizeof(two));

	if (!begin)
		return -errno;
	put_bytes(put_bytes(begin, &one, sizeof(one)), &two, sizeof(two));
	journal_commit(j, type, sizeof(one) + sizeof(two));
	return 0;
}

static int write_disown(struct journal *j, const struct ledger_key *key)
{
	uint8_t *begin = journal_reserve(j, KEY_SIZE_MAX);

	if (!begin)
		return -errno;
	journal_commit(j, RECORD_DISOWN, (size_t)(put_key(begin, key) - begin));
	return 0;
}

static int write_begin(struct journal *j, unsigned int number, const struct ledger_bytes *request, size_t n_parts,
                       struct request *ret_request)
{
	size_t size = 0;
	uint8_t *begin, *p;

	for (size_t i = 0; i < n_parts; i++)
		size += request[i].size;
	begin = journal_reserve(j, sizeof(number) + size);
	if (!begin)
		return -errno;
	p = put_bytes(begin, &number, sizeof(number));
	*ret_request = (struct request){ .bytes = p, .size = size };
	for (size_t i = 0; i < n_parts; i++)
		if (request[i].size)
			p = put_bytes(p, request[i].bytes, request[i].size);
	journal_commit(j, RECORD_BEGIN, sizeof(number) + size);
	return 0;
}

static int write_commit(struct journal *j, unsigned int number)
{
	uint8_t *begin = journal_reserve(j, sizeof(number));

	if (!begin)
		return -errno;
	memcpy(begin, &number, sizeof(number));
	journal_commit(j, RECORD_COMMIT, sizeof(number));
	return 0;
}

/* What cannot be told to the new one ends it: the old one is whole. */
#define WRITE_BOTH(file, write, ...)                                                                                               \
	({                                                                                                                         \
		int _r = write((file)->journal, __VA_ARGS__);                                                                      \
                                                                                                                                   \
		if (_r == 0 && (file)->next && write((file)->next, __VA_ARGS__) < 0)                                               \
			ledger_file_anew_abandon(file);                                                                            \
		_r;                                                                                                                \
	})

int ledger_file_put(struct ledger_file *file, const struct ledger_holder *holder, uint64_t since_us, const struct ledger_key *keys,
                    size_t n, const struct ledger_key *on)
{
	return file && n ? WRITE_BOTH(file, write_put, holder, since_us, keys, n, on) : 0;
}

int ledger_file_rename(struct ledger_file *file, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds)
{
	return file ? WRITE_BOTH(file, write_rename, from, to, kinds) : 0;
}

void ledger_file_hold(struct ledger_file *file, const struct entry *e)
{
	if (file)
		(void)WRITE_BOTH(file, write_hold, e);
}

void ledger_file_adopt(struct ledger_file *file, uint64_t from, uint64_t to)
{
	if (file)
		(void)WRITE_BOTH(file, write_numbers, RECORD_ADOPT, from, to);
}

void ledger_file_renew(struct ledger_file *file, uint64_t session, uint64_t now_us)
{
	if (file)
		(void)WRITE_BOTH(file, write_numbers, RECORD_RENEW, session, now_us);
}

void ledger_file_disown(struct ledger_file *file, const struct ledger_key *key)
{
	if (file)
		(void)WRITE_BOTH(file, write_disown, key);
}

void ledger_file_take(struct ledger_file *file, const struct ledger_key *key)
{
	if (file)
		(void)WRITE_BOTH(file, write_take, key);
}

/* ------------------------------------------------------------------------------------------------------------ requests */

int ledger_file_begin(struct ledger_file *file, const struct ledger_bytes *request, size_t n_parts, size_t n_objects,
                      unsigned int *ret_number)
{
	unsigned int number = 0;
	int r;

	if (!file)
		return 0;
	while (number < REQUESTS_MAX && file->request[number].bytes)
		number++;
	if (number == REQUESTS_MAX)
		return -EBUSY;
	r = write_begin(file->journal, number, request, n_parts, &file->request[number]);
	if (r < 0)
		return r;
	if (file->next && write_begin(file->next, number, request, n_parts, &file->copied[number]) < 0)
		ledger_file_anew_abandon(file);
	/* what it makes will be written down when it is there: the room for that is taken now */
	if (!journal_reserve(file->journal, OBJECT_BYTES * n_objects)) {
		r = -errno;
		ledger_file_commit(file, number);
		return r;
	}
	*ret_number = number;
	return 0;
}

void ledger_file_commit(struct ledger_file *file, unsigned int number)
{
	if (!file)
		return;
	/* without room it is carried out once more by the next daemon, and changes nothing then */
	(void)WRITE_BOTH(file, write_commit, number);
	file->request[number] = file->copied[number] = (struct request){ 0 };
}

void ledger_file_remove(struct ledger_file *file)
{
	for (unsigned int i = 0; i < REQUESTS_MAX; i++)
		if (file->request[i].bytes)
			return;
	(void)unlink(file->path);
}

int ledger_file_unfinished(struct ledger_file *file, ledger_unfinished_request *found, void *userdata)
{
	int r = 0;

	for (unsigned int i = 0; file && i < REQUESTS_MAX && r == 0; i++)
		if (file->request[i].bytes)
			r = found(i, file->request[i].bytes, file->request[i].size, userdata);
	return r;
}

/* ------------------------------------------------------------------------------------------------------------- reading */

struct reading {
	struct ledger *ledger;
	struct ledger_file *file;
};

struct bytes {
	const uint8_t *p;
	size_t left;
	bool bad;
};

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
}

static void take_holder(struct bytes *b, struct ledger_holder *holder)
{
	uint8_t lifetime;

	take_bytes(b, &holder->uid, sizeof(holder->uid));
	take_bytes(b, &lifetime, sizeof(lifetime));
	take_bytes(b, &holder->session, sizeof(holder->session));
	take_bytes(b, &holder->seconds, sizeof(holder->seconds));
	holder->lifetime = lifetime;
	if (lifetime < HYCAN_LIFETIME_PERMANENT || lifetime > HYCAN_LIFETIME_LEASE)
		b->bad = true;
}

static int read_put(struct ledger *ledger, struct bytes *b)
{
	struct ledger_key keys[LEDGER_PUT_MAX], on;
	struct ledger_holder holder;
	uint64_t since_us;
	uint8_t n, has_on;

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
	return b->bad || b->left || ledger_count(ledger) + n > LEDGER_OBJECTS_MAX
	               ? -EBADMSG
	               : ledger_put(ledger, &holder, since_us, keys, n, has_on ? &on : NULL, NULL);
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
			r = hold_add(ledger, e, &holder, at_us);
	}
	return b->bad ? -EBADMSG : r;
}

static int read_numbers(struct ledger *ledger, uint32_t type, struct bytes *b)
{
	uint64_t one, two;

	take_bytes(b, &one, sizeof(one));
	take_bytes(b, &two, sizeof(two));
	if (b->bad || b->left)
		return -EBADMSG;
	if (type == RECORD_ADOPT)
		ledger_adopt(ledger, one, two);
	else
		ledger_renew(ledger, one, two);
	return 0;
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
	uint32_t kinds;

	take_key(b, &from);
	take_key(b, &to);
	take_bytes(b, &kinds, sizeof(kinds));
	return b->bad || b->left ? -EBADMSG : ledger_rename(ledger, &from, &to, kinds);
}

static int read_request(struct ledger_file *file, bool begins, struct bytes *b)
{
	unsigned int number;

	take_bytes(b, &number, sizeof(number));
	if (b->bad || number >= REQUESTS_MAX || begins == (file->request[number].bytes != NULL) || (!begins && b->left))
		return -EBADMSG;
	file->request[number] = begins ? (struct request){ .bytes = b->p, .size = b->left } : (struct request){ 0 };
	return 0;
}

static int read_record(uint32_t type, const uint8_t *bytes, size_t size, void *userdata)
{
	struct reading *reading = userdata;
	struct bytes b = { .p = bytes, .left = size };

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
	case RECORD_DISOWN:
		return read_disown(reading->ledger, &b);
	case RECORD_BEGIN:
	case RECORD_COMMIT:
		return read_request(reading->file, type == RECORD_BEGIN, &b);
	}
	return -EBADMSG;
}

static char *beside(const char *path, const char *suffix)
{
	char *name;

	return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

static int set_aside(struct ledger_file *file)
{
	_cleanup_free_ char *broken = beside(file->path, ".broken");

	if (!broken)
		return -ENOMEM;
	/* the journal, where it could be opened, stays readable: requests that are not done are in it */
	return file->journal ? journal_rename(file->journal, broken) : rename(file->path, broken) < 0 ? -errno : 0;
}

int ledger_file_open(struct ledger *ledger, const char *path, struct ledger_file **ret_file, bool *ret_broken)
{
	_cleanup_(ledger_file_free) struct ledger_file *file = calloc(1, sizeof(*file));
	struct reading reading = { .ledger = ledger, .file = file };
	bool broken;
	int r;

	if (!file)
		return -ENOMEM;
	file->path = strdup(path);
	if (!file->path)
		return -ENOMEM;
	r = journal_open(path, &file->journal);
	if (r == 0)
		r = journal_read(file->journal, read_record, &reading);
	broken = r == -EBADMSG;
	if (broken)
		r = set_aside(file);
	if (r == 0 && !file->journal)
		r = journal_create(path, &file->journal);
	if (r < 0)
		return r;
	*ret_broken = broken;
	*ret_file = steal(&file);
	return 0;
}

void ledger_file_free(struct ledger_file **file)
{
	struct ledger_file *f = *file;

	if (!f)
		return;
	ledger_file_anew_abandon(f);
	journal_free(&f->journal);
	free(f->path);
	free(f);
	*file = NULL;
}

/* ---------------------------------------------------------------------------------------------------------------- anew */

bool ledger_file_is_due(const struct ledger_file *file, size_t n_objects)
{
	size_t used = journal_used(file->journal);

	return file->next || (used > WORTH_IT + 2 * file->written && used > WORTH_IT + n_objects * (2 * OBJECT_BYTES));
}

int ledger_file_anew(struct ledger_file *file, bool *ret_begins)
{
	_cleanup_free_ char *name = NULL;
	int r = 0;

	*ret_begins = !file->next;
	if (file->next)
		return 0;
	/* if this fails it is tried again when there is as much more */
	file->written = journal_used(file->journal);
	name = beside(file->path, ".new");
	if (!name)
		return -ENOMEM;
	r = journal_create(name, &file->next);
	for (unsigned int i = 0; i < REQUESTS_MAX && r == 0; i++) {
		struct ledger_bytes part = { .bytes = file->request[i].bytes, .size = file->request[i].size };

		if (file->request[i].bytes)
			r = write_begin(file->next, i, &part, 1, &file->copied[i]);
	}
	if (r < 0)
		ledger_file_anew_abandon(file);
	return r;
}

int ledger_file_anew_put(struct ledger_file *file, const struct entry *e, const struct ledger_object *object,
                         const struct ledger_key *on)
{
	int r = file->next ? write_put(file->next, &object->holder, object->since_us, &object->key, 1, on) : -ECANCELED;

	/* most are held by one user for good, and that is said */
	return r == 0 && !(e->owned && !e->holds) ? write_hold(file->next, e) : r;
}

int ledger_file_anew_done(struct ledger_file *file)
{
	int r = file->next ? journal_rename(file->next, file->path) : -ECANCELED;

	if (r < 0)
		return r;
	memcpy(file->request, file->copied, sizeof(file->request));
	memset(file->copied, 0, sizeof(file->copied));
	journal_free(&file->journal);
	file->journal = steal(&file->next);
	file->written = journal_used(file->journal);
	return 0;
}

void ledger_file_anew_abandon(struct ledger_file *file)
{
	_cleanup_free_ char *name = file->next ? beside(file->path, ".new") : NULL;

	if (name)
		(void)unlink(name);
	journal_free(&file->next);
	memset(file->copied, 0, sizeof(file->copied));
}
