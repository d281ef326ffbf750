/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger's file, for those alone who write and read it: ledger_file.c what the ledger is told, ledger_request.c the
 * requests that are under way, ledger_read.c all of it again.
 */
#ifndef LEDGER_LEDGER_RECORD_H
#define LEDGER_LEDGER_RECORD_H

#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

#include "journal.h"
#include "ledger_file.h"
#include "subject.h"

/* Requests that are under way at once: one for each thread that carries out any, and those that wait to be confirmed. */
#define REQUESTS_MAX 512u

/*
 * What is free beside all promises when a request begins, for what it writes besides: what an object is to be like, that one went,
 * who holds it. Whoever comes first takes of it, so it is for several that are under way at once.
 */
#define REQUEST_BYTES ((size_t)4096)

/* With the lifetime of a holder: its number is no uid, but a context id (subject.h). */
#define HOLDER_IS_MACHINE 0x80

/* And: struct ledger_holder.is_left. */
#define HOLDER_IS_LEFT 0x40

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
	RECORD_NOTE,
	RECORD_SESSION,
	RECORD_WISH,
	RECORD_SETTLE,
	RECORD_NAMESPACE,
};

/* What was said of a request while it was carried out. */
struct note {
	STAILQ_ENTRY(note) entry;
	const uint8_t *bytes; /* in the journal */
	const uint8_t *copy;  /* in the next one, or NULL */
	size_t size;
};

STAILQ_HEAD(note_list, note);

struct request {
	const uint8_t *bytes; /* in the journal; NULL: none */
	size_t size;
};

/* A session that the next daemon is to know. */
struct kept {
	LIST_ENTRY(kept) entry;
	uint64_t session;
	size_t size;
	uint8_t bytes[];
};

/* They are found by number in so many lists. */
#define KEPT_LISTS 256u

struct ledger_file {
	char *path;
	struct journal *journal;
	struct journal *next; /* the one that is written anew, or NULL */
	bool broken;          /* what could be read of the journal counts, and it is to be kept aside */
	size_t written;       /* of the journal, when it was written anew, or that began */
	size_t paced;         /* of the journal, when somebody asked whether that is due */
	struct request request[REQUESTS_MAX];
	struct request copied[REQUESTS_MAX]; /* the same in the next one */
	size_t promised[REQUESTS_MAX];       /* to each of them, in the journal, */
	size_t noted[REQUESTS_MAX];          /* and taken by what was noted of it, in memory, too */
	struct note_list notes[REQUESTS_MAX];
	LIST_HEAD(, kept) kept[KEPT_LISTS];
};

/* What cannot be told to the new one ends it: the old one is whole. */
#define WRITE_BOTH(file, write, ...)                                                                                               \
	({                                                                                                                         \
		int _r = write((file)->journal, __VA_ARGS__);                                                                      \
                                                                                                                                   \
		if (_r == 0 && (file)->next && write((file)->next, __VA_ARGS__) < 0)                                               \
			ledger_file_anew_abandon(file);                                                                            \
		_r;                                                                                                                \
	})

static inline uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t size)
{
	memcpy(p, bytes, size);
	return p + size;
}

/* ledger_read.c */

/* Does with the ledger what the records tell. -EBADMSG: what comes next cannot be read. */
int ledger_file_read(struct ledger_file *file, struct ledger *ledger);

/* ledger_sessions.c */

/* What a record says; without bytes the session is forgotten. */
int ledger_file_read_session(struct ledger_file *file, uint64_t session, const uint8_t *bytes, size_t size);

/* All of them, for the file that is written anew. */
int ledger_file_anew_sessions(struct ledger_file *file);

/* Frees them. */
void ledger_file_drop_sessions(struct ledger_file *file);

/* ledger_request.c */

/* What a record says. */
int ledger_file_read_begin(struct ledger_file *file, unsigned int number, const uint8_t *bytes, size_t size);
int ledger_file_read_note(struct ledger_file *file, unsigned int number, const uint8_t *bytes, size_t size);
int ledger_file_read_commit(struct ledger_file *file, unsigned int number);

/* There are none yet; and nobody asks for them any more. */
void ledger_file_open_requests(struct ledger_file *file);
void ledger_file_forget_requests(struct ledger_file *file);

/* The requests that are under way, for the file that is written anew, and that it is the file now. */
int ledger_file_anew_requests(struct ledger_file *file);
void ledger_file_anew_requests_done(struct ledger_file *file);
void ledger_file_anew_requests_abandoned(struct ledger_file *file);

#endif
