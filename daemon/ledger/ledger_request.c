/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that are under way, in the ledger's file.
 *
 * They are nothing to the ledger: bytes that are kept until the caller says that they are done with.
 */
#include <errno.h>
#include <unistd.h>

#include "ledger_record.h"

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

int ledger_file_anew_requests(struct ledger_file *file)
{
	int r = 0;

	for (unsigned int i = 0; i < REQUESTS_MAX && r == 0; i++) {
		struct ledger_bytes part = { .bytes = file->request[i].bytes, .size = file->request[i].size };

		if (file->request[i].bytes)
			r = write_begin(file->next, i, &part, 1, &file->copied[i]);
	}
	return r;
}

void ledger_file_anew_requests_done(struct ledger_file *file)
{
	memcpy(file->request, file->copied, sizeof(file->request));
	memset(file->copied, 0, sizeof(file->copied));
}
