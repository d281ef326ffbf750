/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: a file of records, one behind the other, that outlives the process that writes it.
 *
 * The file is mapped. A record's size is what is stored last, so whoever is killed at any instruction leaves whole records
 * and nothing else; writing one costs a copy and no call of the kernel. That is enough against the end of a process, and
 * the end of the machine is the end of everything that the file tells of: another boot finds it empty.
 *
 * The caller gives the records their meaning, and has the lock that a journal has not.
 */
#ifndef LEDGER_JOURNAL_H
#define LEDGER_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

struct journal;

/*
 * Opens the file, or makes it, for this process alone: -EBUSY while another one has it. -EPERM: what is there is not a
 * file of our user that nobody else may touch. -EBADMSG: it is no journal of this format.
 */
int journal_open(const char *path, struct journal **ret_journal);

/* Makes an empty file in place of whatever is there. */
int journal_create(const char *path, struct journal **ret_journal);

void journal_free(struct journal **journal);

/* Called for each record. 0 to go on; anything else ends the reading. */
typedef int journal_record(uint32_t type, const uint8_t *bytes, size_t size, void *userdata);

/*
 * Reads what is there. -EBADMSG: the rest of the file is no records; those in front of that were told of, and nothing
 * must be written behind them. Otherwise 0, or what record() returned.
 */
int journal_read(struct journal *journal, journal_record *record, void *userdata);

/*
 * Room for a record of so many bytes beside what is promised, or NULL and errno (ENOSPC: the file system is full, or the
 * journal is). Nothing is in the journal until journal_commit(), of that size or a smaller one.
 */
void *journal_reserve(struct journal *journal, size_t size);

/* The same out of what is promised. */
void *journal_reserve_promised(struct journal *journal, size_t size);

/* Promises so many bytes, with the heads of the records that will be in them; and takes promises back. 0 or -errno. */
int journal_promise(struct journal *journal, size_t size);
void journal_release(struct journal *journal, size_t size);
size_t journal_promised(const struct journal *journal);

void journal_commit(struct journal *journal, uint32_t type, size_t size);

/* Overwrites what is in a record, of which journal_read() or journal_reserve() said where it is. */
void journal_wipe(struct journal *journal, const void *bytes, size_t size);

/* Whether the file is still there under its name. 0 or -errno; -ESTALE: it is gone, or another one is there. */
int journal_find(const struct journal *journal);

/* Bytes that are used. */
size_t journal_used(const struct journal *journal);

/*
 * Gives the file another name, in place of what has that name; aside: which gets that one, or NULL. At no moment is there
 * nothing of the name. Where the file system cannot do both, what was there is gone.
 */
int journal_rename(struct journal *journal, const char *path, const char *aside);

#endif
