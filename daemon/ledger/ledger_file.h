/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the ledger tells its journal, and what it is told again by it: for this room alone.
 *
 * A record is what was asked of the ledger, and to read the file is to ask it again. So a record is written for each change,
 * before it is made, under the ledger's lock.
 *
 * Most of a file that is in use for long tells of what is no more. Then it is written anew beside the old one, some objects
 * with each change and more with a long one, so that nobody waits for all of them: until it is done, each change goes to both.
 */
#ifndef LEDGER_LEDGER_FILE_H
#define LEDGER_LEDGER_FILE_H

#include <stdbool.h>

#include "ledger.h"

struct entry;
struct ledger_file;

/* What a wish is for: when the object is gone, or otherwise than it was asked to be. */
enum wish_about {
	WISH_ABOUT_LOSS,
	WISH_ABOUT_SETTINGS,
};

/*
 * Opens or makes the file, and does with the ledger, which has no file yet, what it tells. Sets whether the file was
 * broken: then it must be written anew before anything else is, and is kept under another name from then on.
 */
int ledger_file_open(struct ledger *ledger, const char *path, struct ledger_file **ret_file, bool *ret_broken);

void ledger_file_free(struct ledger_file **file);

/* Removes it from its folder, unless a request is under way. */
void ledger_file_remove(struct ledger_file *file);

/* 0 or -errno; without a file, 0. Nothing is written where it is not 0. */
int ledger_file_put(struct ledger_file *file, const struct ledger_holder *holder, uint64_t since_us, const struct ledger_key *keys,
                    size_t n, const struct ledger_key *on);
int ledger_file_rename(struct ledger_file *file, const struct ledger_key *from, const struct ledger_key *to, uint32_t kinds,
                       uint64_t now_us);

/* Who holds an entry from now on: the first one, and all others. */
void ledger_file_hold(struct ledger_file *file, const struct entry *e);
void ledger_file_adopt(struct ledger_file *file, uint64_t from, uint64_t to);
void ledger_file_renew(struct ledger_file *file, uint64_t session, uint64_t now_us);

/* Which network namespace a number means. 0 or -errno; without a file, 0. */
int ledger_file_namespace(struct ledger_file *file, uint64_t inode, uint64_t cookie);

/* What is wished about an object. 0 or -errno; without a file, 0. */
int ledger_file_wish(struct ledger_file *file, const struct ledger_key *key, enum wish_about about, const void *bytes, size_t size);

/* It is as if a stranger had made it. */
void ledger_file_disown(struct ledger_file *file, const struct ledger_key *key);

/* What is gone is gone, whether there is room to write it down or not: recovery finds out. */
void ledger_file_take(struct ledger_file *file, const struct ledger_key *key);

int ledger_file_begin(struct ledger_file *file, const struct ledger_bytes *request, size_t n_parts, size_t n_objects, bool own,
                      unsigned int *ret_number);
void ledger_file_release(struct ledger_file *file, unsigned int number);
int ledger_file_note(struct ledger_file *file, unsigned int number, const struct ledger_bytes *parts, size_t n_parts,
                     size_t n_objects, bool own);
size_t ledger_file_kept(const struct ledger_file *file, unsigned int number);
int ledger_file_notes(struct ledger_file *file, unsigned int number, ledger_noted *found, void *userdata);
void ledger_file_commit(struct ledger_file *file, unsigned int number);
int ledger_file_unfinished(struct ledger_file *file, ledger_unfinished_request *found, void *userdata);

/* Whether a record could be written, and found again (-ESTALE: it could not). 0 or -errno; without a file, 0. */
int ledger_file_check(struct ledger_file *file);

/* Sessions that the next daemon is to know: bytes behind a number. 0 or -errno. */
int ledger_file_keep_session(struct ledger_file *file, uint64_t session, const void *bytes, size_t size);
void ledger_file_forget_session(struct ledger_file *file, uint64_t session);

/* Their numbers, max at most; returns how many there are. */
size_t ledger_file_sessions(const struct ledger_file *file, uint64_t *numbers, size_t max);

/* The bytes of one, where it has so many; else 0. */
size_t ledger_file_session(const struct ledger_file *file, uint64_t session, void *bytes, size_t size);

/*
 * How many slices of the objects are to be written anew now, by what was written since that was asked last: none where nothing
 * was, and as long as the file is not mostly of what is no more.
 */
size_t ledger_file_due(struct ledger_file *file, size_t n_objects);

/* Writing it anew: from the beginning, where it is not under way; an object; the end, with which the new one is the file. */
int ledger_file_anew(struct ledger_file *file, bool *ret_begins);
int ledger_file_anew_put(struct ledger_file *file, const struct entry *e, const struct ledger_object *object,
                         const struct ledger_key *on);
int ledger_file_anew_adopt(struct ledger_file *file, uint64_t from, uint64_t to);
int ledger_file_anew_namespace(struct ledger_file *file, uint64_t inode, uint64_t cookie);
int ledger_file_anew_wish(struct ledger_file *file, const struct ledger_key *key, enum wish_about about, const void *bytes,
                          size_t size);
int ledger_file_anew_done(struct ledger_file *file);
void ledger_file_anew_abandon(struct ledger_file *file);

#endif
