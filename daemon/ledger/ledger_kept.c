/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that keeps the ledger, and the requests under way in it, as others ask for them: each with the lock. */
#include "entry.h"
#include "ledger_file.h"

int ledger_keep(struct ledger *ledger, const char *path, bool *ret_broken)
{
	bool broken;
	int r = ledger_file_open(ledger, path, &ledger->file, &broken);

	if (r < 0)
		return r;
	if (broken) {
		ledger_lock(ledger);
		r = list_write_all_anew(ledger);
		ledger_unlock(ledger);
	}
	if (r < 0) {
		ledger_file_free(&ledger->file);
		return r;
	}
	*ret_broken = broken;
	return 0;
}

void ledger_end(struct ledger *ledger)
{
	if (ledger->file && ledger->n_objects == 0)
		ledger_file_remove(ledger->file);
}

int ledger_check(struct ledger *ledger)
{
	int r;

	ledger_lock(ledger);
	r = ledger_file_check(ledger->file);
	ledger_unlock(ledger);
	return r;
}

bool ledger_is_kept(const struct ledger *ledger)
{
	return ledger->file != NULL;
}

int ledger_begin(struct ledger *ledger, const struct ledger_bytes *request, size_t n_parts, size_t n_objects, bool own,
                 unsigned int *ret_number)
{
	int r;

	ledger_lock(ledger);
	r = ledger_file_begin(ledger->file, request, n_parts, n_objects, own, ret_number);
	ledger_unlock(ledger);
	return r;
}

void ledger_commit(struct ledger *ledger, unsigned int number)
{
	ledger_lock(ledger);
	ledger_file_commit(ledger->file, number);
	ledger_unlock(ledger);
}

void ledger_release(struct ledger *ledger, unsigned int number)
{
	ledger_lock(ledger);
	ledger_file_release(ledger->file, number);
	ledger_unlock(ledger);
}

int ledger_note(struct ledger *ledger, unsigned int number, const struct ledger_bytes *parts, size_t n_parts, size_t n_objects,
                bool own)
{
	int r;

	ledger_lock(ledger);
	r = ledger_file_note(ledger->file, number, parts, n_parts, n_objects, own);
	ledger_unlock(ledger);
	return r;
}

size_t ledger_kept(struct ledger *ledger, unsigned int number)
{
	size_t bytes;

	ledger_lock(ledger);
	bytes = ledger_file_kept(ledger->file, number);
	ledger_unlock(ledger);
	return bytes;
}

int ledger_notes(struct ledger *ledger, unsigned int number, ledger_noted *found, void *userdata)
{
	return ledger_file_notes(ledger->file, number, found, userdata);
}

int ledger_unfinished(struct ledger *ledger, ledger_unfinished_request *found, void *userdata)
{
	return ledger_file_unfinished(ledger->file, found, userdata);
}
