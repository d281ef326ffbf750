/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that are under way, in the ledger's file.
 *
 * They are nothing to the ledger: bytes that are kept until the caller says that they are done with. What is noted of them
 * may have keys in it, and is wiped then, in the file.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ledger_record.h"

/* A commit, with the head of its record. */
#define COMMIT_BYTES ((size_t)16)

static size_t size_of(const struct ledger_bytes *parts, size_t n_parts)
{
	size_t size = 0;

	for (size_t i = 0; i < n_parts; i++)
		size += parts[i].size;
	return size;
}

static int write_bytes(struct journal *j, enum record_type type, unsigned int number, const struct ledger_bytes *request,
                       size_t n_parts, struct request *ret_request)
{
	const size_t size = size_of(request, n_parts);
	uint8_t *begin, *p;

	begin = journal_reserve(j, sizeof(number) + size);
	if (!begin)
		return -errno;
	p = put_bytes(begin, &number, sizeof(number));
	*ret_request = (struct request){ .bytes = p, .size = size };
	for (size_t i = 0; i < n_parts; i++)
		if (request[i].size)
			p = put_bytes(p, request[i].bytes, request[i].size);
	journal_commit(j, type, sizeof(number) + size);
	return 0;
}

static int write_note(struct journal *j, unsigned int number, const struct ledger_bytes *parts, size_t n_parts,
                      const uint8_t **ret_bytes)
{
	struct request note = { 0 };
	int r = write_bytes(j, RECORD_NOTE, number, parts, n_parts, &note);

	if (r == 0)
		*ret_bytes = note.bytes;
	return r;
}

static int write_commit(struct journal *j, unsigned int number)
{
	uint8_t *begin = journal_reserve_promised(j, sizeof(number));

	if (!begin)
		return -errno;
	memcpy(begin, &number, sizeof(number));
	journal_commit(j, RECORD_COMMIT, sizeof(number));
	return 0;
}

static struct note *new_note(struct ledger_file *file, unsigned int number, size_t size)
{
	struct note *note = calloc(1, sizeof(*note));

	if (!note)
		return NULL;
	note->size = size;
	STAILQ_INSERT_TAIL(&file->notes[number], note, entry);
	file->noted[number] += sizeof(*note) + size;
	return note;
}

static void drop_note(struct ledger_file *file, unsigned int number, struct note *note)
{
	STAILQ_REMOVE(&file->notes[number], note, note, entry);
	file->noted[number] -= sizeof(*note) + note->size;
	free(note);
}

/*
 * What a request makes will be written down when it is there: it is promised the room before, until it is done. What tells one
 * object from another may be long, but was said of the request; the rest of each takes LEDGER_OBJECT_BYTES, where it has a record of
 * its own. Nothing is promised where there is no room for what is said now, too, and so many bytes beside.
 */
static int promise(struct ledger_file *file, unsigned int number, size_t size, size_t n_objects, size_t beside)
{
	const size_t promised = COMMIT_BYTES + size + LEDGER_OBJECT_BYTES * n_objects;
	int r;

	if (!journal_reserve(file->journal, sizeof(number) + size + promised + beside))
		return -errno;
	r = journal_promise(file->journal, promised);
	if (r == 0)
		file->promised[number] += promised;
	return r;
}

void ledger_file_release(struct ledger_file *file, unsigned int number)
{
	if (!file)
		return;
	journal_release(file->journal, file->promised[number]);
	file->promised[number] = 0;
}

/* What was noted is nobody's business any more. */
static void end_request(struct ledger_file *file, unsigned int number)
{
	struct note *note;

	while ((note = STAILQ_FIRST(&file->notes[number]))) {
		journal_wipe(file->journal, note->bytes, note->size);
		if (file->next && note->copy)
			journal_wipe(file->next, note->copy, note->size);
		drop_note(file, number, note);
	}
	file->request[number] = file->copied[number] = (struct request){ 0 };
	ledger_file_release(file, number);
}

int ledger_file_begin(struct ledger_file *file, const struct ledger_bytes *request, size_t n_parts, size_t n_objects, bool own,
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
	r = promise(file, number, size_of(request, n_parts), n_objects, own ? 0 : REQUEST_BYTES);
	if (r == 0)
		r = write_bytes(file->journal, RECORD_BEGIN, number, request, n_parts, &file->request[number]);
	if (r < 0) {
		ledger_file_release(file, number);
		return r;
	}
	if (file->next && write_bytes(file->next, RECORD_BEGIN, number, request, n_parts, &file->copied[number]) < 0)
		ledger_file_anew_abandon(file);
	*ret_number = number;
	return 0;
}

void ledger_file_commit(struct ledger_file *file, unsigned int number)
{
	if (!file)
		return;
	/* without room it is carried out once more by the next daemon, and changes nothing then */
	(void)WRITE_BOTH(file, write_commit, number);
	end_request(file, number);
}

/* It is there, or it is not: a note that is in one file alone would end the writing of the other. */
int ledger_file_note(struct ledger_file *file, unsigned int number, const struct ledger_bytes *parts, size_t n_parts,
                     size_t n_objects, bool own)
{
	const size_t size = size_of(parts, n_parts);
	struct note *note;
	int r;

	if (!file)
		return 0;
	note = new_note(file, number, size);
	if (!note)
		return -ENOMEM;
	/* so that nothing is said where there is no room for what comes of it */
	r = promise(file, number, size, n_objects, own ? 0 : REQUEST_BYTES);
	if (r == 0)
		r = write_note(file->journal, number, parts, n_parts, &note->bytes);
	if (r < 0) {
		drop_note(file, number, note);
		return r;
	}
	if (file->next && write_note(file->next, number, parts, n_parts, &note->copy) < 0)
		ledger_file_anew_abandon(file);
	return 0;
}

size_t ledger_file_kept(const struct ledger_file *file, unsigned int number)
{
	return file ? file->noted[number] + file->promised[number] : 0;
}

int ledger_file_notes(struct ledger_file *file, unsigned int number, ledger_noted *found, void *userdata)
{
	const struct note *note;
	int r = 0;

	if (!file || STAILQ_EMPTY(&file->notes[number]))
		return 0;
	STAILQ_FOREACH(note, &file->notes[number], entry)
	{
		r = found(note->bytes, note->size, userdata);
		if (r)
			break;
	}
	return r;
}

int ledger_file_read_begin(struct ledger_file *file, unsigned int number, const uint8_t *bytes, size_t size)
{
	/* it is over: there was no room to say so */
	if (file->request[number].bytes)
		end_request(file, number);
	file->request[number] = (struct request){ .bytes = bytes, .size = size };
	return 0;
}

int ledger_file_read_note(struct ledger_file *file, unsigned int number, const uint8_t *bytes, size_t size)
{
	struct note *note;

	if (!file->request[number].bytes)
		return -EBADMSG;
	note = new_note(file, number, size);
	if (!note)
		return -ENOMEM;
	note->bytes = bytes;
	return 0;
}

int ledger_file_read_commit(struct ledger_file *file, unsigned int number)
{
	if (!file->request[number].bytes)
		return -EBADMSG;
	end_request(file, number);
	return 0;
}

void ledger_file_open_requests(struct ledger_file *file)
{
	for (unsigned int i = 0; i < REQUESTS_MAX; i++)
		STAILQ_INIT(&file->notes[i]);
}

void ledger_file_forget_requests(struct ledger_file *file)
{
	struct note *note;

	for (unsigned int i = 0; i < REQUESTS_MAX; i++)
		while ((note = STAILQ_FIRST(&file->notes[i])))
			drop_note(file, i, note);
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

static int copy_request(struct ledger_file *file, unsigned int i)
{
	struct ledger_bytes part = { .bytes = file->request[i].bytes, .size = file->request[i].size };
	struct note *note;
	int r = write_bytes(file->next, RECORD_BEGIN, i, &part, 1, &file->copied[i]);

	STAILQ_FOREACH(note, &file->notes[i], entry)
	{
		part = (struct ledger_bytes){ .bytes = note->bytes, .size = note->size };
		if (r == 0)
			r = write_note(file->next, i, &part, 1, &note->copy);
	}
	return r;
}

int ledger_file_anew_requests(struct ledger_file *file)
{
	int r = 0;

	for (unsigned int i = 0; i < REQUESTS_MAX && r == 0; i++)
		if (file->request[i].bytes)
			r = copy_request(file, i);
	return r;
}

void ledger_file_anew_requests_done(struct ledger_file *file)
{
	struct note *note;

	for (unsigned int i = 0; i < REQUESTS_MAX; i++)
		STAILQ_FOREACH(note, &file->notes[i], entry)
		{
			/* the old one may be kept, for being broken */
			journal_wipe(file->journal, note->bytes, note->size);
			note->bytes = note->copy;
			note->copy = NULL;
		}
	memcpy(file->request, file->copied, sizeof(file->request));
	memset(file->copied, 0, sizeof(file->copied));
}

void ledger_file_anew_requests_abandoned(struct ledger_file *file)
{
	struct note *note;

	for (unsigned int i = 0; i < REQUESTS_MAX; i++)
		STAILQ_FOREACH(note, &file->notes[i], entry)
	note->copy = NULL;
	memset(file->copied, 0, sizeof(file->copied));
}
