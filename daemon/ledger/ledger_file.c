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
#include "ledger_record.h"
#include "subject.h"

/* A file is not written anew before it has so much. */
#define WORTH_IT (1u << 20)

/* While it is, there is a slice of the objects for so many bytes that are written beside, which is some times as many as that has. */
#define PACE (32u << 10)

#define KEY_SIZE(of) (sizeof(uint64_t) + 2 + (of))
#define HOLDER_SIZE  (sizeof(uint32_t) + 1 + sizeof(uint64_t) + sizeof(uint32_t))

static uint8_t *put_key(uint8_t *p, const struct ledger_key *key)
{
	p = put_bytes(p, &key->netns, sizeof(key->netns));
	*p++ = (uint8_t)key->kind;
	*p++ = key->size;
	return put_bytes(p, key->identity, key->size);
}

static uint8_t *put_holder(uint8_t *p, const struct ledger_holder *holder)
{
	const uint32_t number = (uint32_t)holder->subject;

	p = put_bytes(p, &number, sizeof(number));
	*p++ = (uint8_t)(holder->lifetime | (subject_is_machine(holder->subject) ? HOLDER_IS_MACHINE : 0) |
	                 (holder->is_left ? HOLDER_IS_LEFT : 0));
	p = put_bytes(p, &holder->session, sizeof(holder->session));
	return put_bytes(p, &holder->seconds, sizeof(holder->seconds));
}

/* named_us: when they came by their names, which stands at the end where that is not when they were made. */
static int write_put(struct journal *j, const struct ledger_holder *holder, uint64_t since_us, uint64_t named_us,
                     const struct ledger_key *keys, size_t n, const struct ledger_key *on)
{
	const bool named = named_us != since_us;
	size_t size = 2 + (on ? KEY_SIZE(on->size) : 0) + HOLDER_SIZE + sizeof(since_us) + (named ? sizeof(named_us) : 0);
	uint8_t *begin, *p;

	for (size_t i = 0; i < n; i++)
		size += KEY_SIZE(keys[i].size);
	/* what is there already: the request that made it was promised the room */
	begin = p = journal_reserve_promised(j, size);
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
	if (named)
		p = put_bytes(p, &named_us, sizeof(named_us));
	journal_commit(j, RECORD_PUT, (size_t)(p - begin));
	return 0;
}

static int write_take(struct journal *j, const struct ledger_key *key)
{
	uint8_t *begin = journal_reserve(j, KEY_SIZE(key->size));

	if (!begin)
		return -errno;
	journal_commit(j, RECORD_TAKE, (size_t)(put_key(begin, key) - begin));
	return 0;
}

static int write_rename(struct journal *j, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds,
                        uint64_t now_us)
{
	uint8_t *begin = journal_reserve(j, KEY_SIZE(from->size) + KEY_SIZE(to->size) + sizeof(kinds) + sizeof(now_us)), *p = begin;

	if (!begin)
		return -errno;
	p = put_key(p, from);
	p = put_key(p, to);
	p = put_bytes(p, &kinds, sizeof(kinds));
	p = put_bytes(p, &now_us, sizeof(now_us));
	journal_commit(j, RECORD_RENAME, (size_t)(p - begin));
	return 0;
}

/* All who hold it, each with the time from which a lease counts. */
static int write_hold(struct journal *j, const struct entry *e)
{
	size_t n = hold_count(e);
	uint8_t *begin = journal_reserve(j, KEY_SIZE(e->size) + n * (HOLDER_SIZE + sizeof(uint64_t))), *p = begin;
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

/* About a session, or two; or a network namespace. */
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
	uint8_t *begin = journal_reserve(j, KEY_SIZE(key->size));

	if (!begin)
		return -errno;
	journal_commit(j, RECORD_DISOWN, (size_t)(put_key(begin, key) - begin));
	return 0;
}

static int write_wish(struct journal *j, const struct ledger_key *key, enum wish_about about, const void *bytes, size_t size)
{
	uint8_t *begin = journal_reserve(j, KEY_SIZE(key->size) + size), *p = begin;

	if (!begin)
		return -errno;
	p = put_key(p, key);
	if (size)
		p = put_bytes(p, bytes, size);
	journal_commit(j, about == WISH_ABOUT_LOSS ? RECORD_WISH : RECORD_SETTLE, (size_t)(p - begin));
	return 0;
}

int ledger_file_put(struct ledger_file *file, const struct ledger_holder *holder, uint64_t since_us, const struct ledger_key *keys,
                    size_t n, const struct ledger_key *on)
{
	return file && n ? WRITE_BOTH(file, write_put, holder, since_us, since_us, keys, n, on) : 0;
}

int ledger_file_rename(struct ledger_file *file, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds,
                       uint64_t now_us)
{
	return file ? WRITE_BOTH(file, write_rename, from, to, kinds, now_us) : 0;
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

int ledger_file_namespace(struct ledger_file *file, uint64_t inode, uint64_t cookie)
{
	return file ? WRITE_BOTH(file, write_numbers, RECORD_NAMESPACE, inode, cookie) : 0;
}

int ledger_file_wish(struct ledger_file *file, const struct ledger_key *key, enum wish_about about, const void *bytes, size_t size)
{
	return file ? WRITE_BOTH(file, write_wish, key, about, bytes, size) : 0;
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

/* ------------------------------------------------------------------------------------------------------------ the file */

static char *beside(const char *path, const char *suffix)
{
	char *name;

	return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

/* Of a file that tells nothing at all: an empty one is in its place. */
static int set_aside(struct ledger_file *file)
{
	_cleanup_free_ char *broken = beside(file->path, ".broken");

	if (!broken)
		return -ENOMEM;
	return rename(file->path, broken) < 0 ? -errno : journal_create(file->path, &file->journal);
}

/* What was begun to be written anew, also by one who was killed: there may be keys in it. */
static void remove_next(struct ledger_file *file)
{
	_cleanup_free_ char *name = beside(file->path, ".new");

	if (name)
		(void)unlink(name);
}

int ledger_file_open(struct ledger *ledger, const char *path, struct ledger_file **ret_file, bool *ret_broken)
{
	_cleanup_(ledger_file_free) struct ledger_file *file = calloc(1, sizeof(*file));
	bool nothing;
	int r;

	if (!file)
		return -ENOMEM;
	ledger_file_open_requests(file);
	file->path = strdup(path);
	if (!file->path)
		return -ENOMEM;
	r = journal_open(path, &file->journal);
	nothing = r == -EBADMSG;
	if (nothing)
		r = set_aside(file);
	if (r < 0)
		return r;
	remove_next(file);
	r = ledger_file_read(file, ledger);
	file->broken = r == -EBADMSG;
	if (r < 0 && !file->broken)
		return r;
	*ret_broken = nothing || file->broken;
	*ret_file = steal(&file);
	return 0;
}

void ledger_file_free(struct ledger_file **file)
{
	struct ledger_file *f = *file;

	if (!f)
		return;
	ledger_file_anew_abandon(f);
	ledger_file_forget_requests(f);
	ledger_file_drop_sessions(f);
	journal_free(&f->journal);
	free(f->path);
	free(f);
	*file = NULL;
}

/* ---------------------------------------------------------------------------------------------------------------- anew */

int ledger_file_check(struct ledger_file *file)
{
	if (!file)
		return 0;
	/* without so much a request that makes one object on a link may not begin */
	if (!journal_reserve(file->journal, REQUEST_BYTES + LEDGER_OBJECT_BYTES + 2 * KEY_SIZE(LEDGER_IDENTITY_MAX)))
		return -errno;
	return journal_find(file->journal);
}

size_t ledger_file_due(struct ledger_file *file, size_t n_objects)
{
	const size_t used = journal_used(file->journal), more = used - file->paced;

	file->paced = used;
	return file->next || (used > WORTH_IT + 2 * file->written && used > WORTH_IT + n_objects * (2 * LEDGER_OBJECT_BYTES))
	               ? (more + PACE - 1) / PACE
	               : 0;
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
	if (r == 0)
		r = ledger_file_anew_requests(file);
	if (r == 0)
		r = ledger_file_anew_sessions(file);
	if (r < 0)
		ledger_file_anew_abandon(file);
	return r;
}

int ledger_file_anew_put(struct ledger_file *file, const struct entry *e, const struct ledger_object *object,
                         const struct ledger_key *on)
{
	int r = file->next ? write_put(file->next, &object->holder, object->since_us, e->named_us, &object->key, 1, on)
	                   : -ECANCELED;

	/* most are held by one user for good, and that is said */
	return r == 0 && !(e->owned && !e->holds) ? write_hold(file->next, e) : r;
}

int ledger_file_anew_adopt(struct ledger_file *file, uint64_t from, uint64_t to)
{
	return write_numbers(file->next, RECORD_ADOPT, from, to);
}

int ledger_file_anew_namespace(struct ledger_file *file, uint64_t inode, uint64_t cookie)
{
	return write_numbers(file->next, RECORD_NAMESPACE, inode, cookie);
}

int ledger_file_anew_wish(struct ledger_file *file, const struct ledger_key *key, enum wish_about about, const void *bytes,
                          size_t size)
{
	return write_wish(file->next, key, about, bytes, size);
}

int ledger_file_anew_done(struct ledger_file *file)
{
	_cleanup_free_ char *broken = file->broken ? beside(file->path, ".broken") : NULL;
	int r = file->next ? journal_promise(file->next, journal_promised(file->journal)) : -ECANCELED;
	size_t meanwhile;

	if (file->broken && !broken)
		r = -ENOMEM;
	if (r == 0)
		r = journal_rename(file->next, file->path, broken);
	if (r < 0)
		return r;
	file->broken = false;
	meanwhile = journal_used(file->journal) - file->written;
	ledger_file_anew_requests_done(file);
	journal_free(&file->journal);
	file->journal = steal(&file->next);
	/* what was written to both meanwhile may be of what is no more, too */
	file->written = journal_used(file->journal) - meanwhile;
	file->paced = journal_used(file->journal);
	return 0;
}

void ledger_file_anew_abandon(struct ledger_file *file)
{
	if (file->next)
		remove_next(file);
	journal_free(&file->next);
	ledger_file_anew_requests_abandoned(file);
}
