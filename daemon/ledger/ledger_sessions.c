/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions that a successor is to know, in the ledger's file: bytes behind a number, until they are forgotten.
 *
 * They are in memory, too, for the file that is written anew.
 */
#include <errno.h>
#include <stdlib.h>

#include "ledger_record.h"

static struct kept *find(const struct ledger_file *file, uint64_t session)
{
	struct kept *k;

	LIST_FOREACH(k, &file->kept[session % KEPT_LISTS], entry)
	if (k->session == session)
		break;
	return k;
}

static void drop(struct kept *k)
{
	if (!k)
		return;
	LIST_REMOVE(k, entry);
	explicit_bzero(k->bytes, k->size);
	free(k);
}

static int put(struct ledger_file *file, uint64_t session, const void *bytes, size_t size)
{
	struct kept *k = malloc(sizeof(*k) + size);

	if (!k)
		return -ENOMEM;
	k->session = session;
	k->size = size;
	memcpy(k->bytes, bytes, size);
	drop(find(file, session));
	LIST_INSERT_HEAD(&file->kept[session % KEPT_LISTS], k, entry);
	return 0;
}

/* Without bytes: it is forgotten. */
static int write_session(struct journal *j, uint64_t session, const void *bytes, size_t size)
{
	uint8_t *begin = journal_reserve(j, sizeof(session) + size), *p = begin;

	if (!begin)
		return -errno;
	p = put_bytes(p, &session, sizeof(session));
	if (size)
		p = put_bytes(p, bytes, size);
	journal_commit(j, RECORD_SESSION, (size_t)(p - begin));
	return 0;
}

int ledger_file_keep_session(struct ledger_file *file, uint64_t session, const void *bytes, size_t size)
{
	int r;

	if (!file)
		return 0;
	r = put(file, session, bytes, size);
	return r < 0 ? r : WRITE_BOTH(file, write_session, session, bytes, size);
}

void ledger_file_forget_session(struct ledger_file *file, uint64_t session)
{
	if (!file || !find(file, session))
		return;
	drop(find(file, session));
	/* without room the next daemon takes it for one that lost its connection: it has nothing, and ends */
	(void)WRITE_BOTH(file, write_session, session, NULL, 0);
}

int ledger_file_read_session(struct ledger_file *file, uint64_t session, const uint8_t *bytes, size_t size)
{
	if (size > 0)
		return put(file, session, bytes, size);
	drop(find(file, session));
	return 0;
}

int ledger_file_anew_sessions(struct ledger_file *file)
{
	const struct kept *k;
	int r = 0;

	for (unsigned int i = 0; i < KEPT_LISTS; i++)
		LIST_FOREACH(k, &file->kept[i], entry)
	r = r ? r : write_session(file->next, k->session, k->bytes, k->size);
	return r;
}

void ledger_file_drop_sessions(struct ledger_file *file)
{
	for (unsigned int i = 0; i < KEPT_LISTS; i++)
		while (!LIST_EMPTY(&file->kept[i]))
			drop(LIST_FIRST(&file->kept[i]));
}

size_t ledger_file_sessions(const struct ledger_file *file, uint64_t *numbers, size_t max)
{
	const struct kept *k;
	size_t n = 0;

	for (unsigned int i = 0; file && i < KEPT_LISTS; i++)
		LIST_FOREACH(k, &file->kept[i], entry)
		{
			if (n < max)
				numbers[n] = k->session;
			n++;
		}
	return n;
}

size_t ledger_file_session(const struct ledger_file *file, uint64_t session, void *bytes, size_t size)
{
	const struct kept *k = file ? find(file, session) : NULL;

	if (!k || k->size != size)
		return 0;
	memcpy(bytes, k->bytes, size);
	return size;
}
