/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The diary of a transaction: notes in the ledger's file, behind its intent (intent.h), from which the successor of a daemon
 * that was killed sees how far it had come, and whether it is to be taken back or to be brought to its end.
 *
 * What takes a step back stands there before the step touches the kernel, and what became of it before the ledger is told. When all
 * steps are done, that is one more note. Before the first step that cannot be taken back there is a note of each
 * that is left, and from then on it goes forward only, unless one of them is refused.
 *
 * Undo requests may have keys in them: the notes are wiped when the transaction is over. What was asked is there without.
 */
#ifndef SERVER_DIARY_H
#define SERVER_DIARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "undo_log.h"

struct hycan_operation;
struct job;
struct ledger;

/* What became of a step. The lists are one byte for each item. */
struct diary_outcome {
	uint64_t duration_us;
	uint32_t n_items;
	uint32_t request_size;
	uint16_t operation;
	uint8_t carried_out; /* 0: it is about to be, and cannot be taken back */
	uint8_t unchanged;
	uint8_t lets_go; /* enum diary_lets_go */
	uint8_t any_owner;
	uint8_t has_items_unchanged;
	uint8_t has_items_failed;
	uint8_t kept_link;
	uint8_t was_gone;
	uint8_t reserved[6];
};

enum diary_lets_go {
	DIARY_LETS_NOT_GO,
	DIARY_LETS_GO_OWN, /* of what the caller held itself */
	DIARY_LETS_GO_USERS,
};

/*
 * Of the job's transaction, whose intent is begun; the step is the one that the job is about. All return 0 or -errno, and
 * do nothing for a transaction that is not written down.
 */

/* What was said of taking the step back, from that moment on, is all there is so far. */
int diary_undo(const struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark since);

/* The step is done, the ledger is about to be told, and what is made, or put back one day, is so many objects at most. */
int diary_step(struct job *job, uint32_t step, uint64_t duration_us, struct undo_log *undo, struct undo_mark since,
               size_t n_objects);

/* The step will be carried out, and cannot be taken back. */
int diary_final(struct job *job, uint32_t step);

/* All of those are noted, and begin. */
int diary_forward(const struct job *job);

/* One of those takes a link down that is up: whoever carries it out once more finds it down. */
void diary_was_up(const struct job *job, uint32_t step);

/* All are done. confirm: it is taken back even so, unless it is ended before. */
int diary_done(const struct job *job, bool confirm);

/* The ledger was told of so many steps. */
void diary_recorded(const struct job *job, uint32_t n);

/* It is being taken back; of the step that failed, that is to be done. */
int diary_takes_back(const struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark since);

/* So many undo requests are left. */
void diary_left(struct ledger *ledger, unsigned int number, size_t n);

/* Items of the list of which the row in the job makes things. */
size_t diary_count_items(struct job *job);

/* A step, as it is read again. */
struct diary_entry {
	STAILQ_ENTRY(diary_entry) entry;
	uint32_t step;
	size_t n_undo; /* undo requests so far, this step's among them */
	const struct hycan_operation *operation;
	struct diary_outcome outcome;
	uint8_t bytes[]; /* lists and request */
};

STAILQ_HEAD(diary_entries, diary_entry);

struct diary {
	struct undo_log undo; /* what is left of it */
	struct diary_entries entries;
	bool is_final;   /* steps that cannot be taken back had begun, */
	uint32_t was_up; /* and the one that took a link down which was up, from 1; 0: none */
	bool done;
	bool confirm;
	uint64_t done_us;
	bool takes_back;
	bool over;         /* its notes are wiped */
	uint32_t recorded; /* of so many steps the ledger was told, */
	size_t n_told;     /* and of as many as it takes so many undo requests to take back */
};

/* Reads the notes of a request. 0, -ENOMEM, or -EBADMSG: they make no sense, and what comes behind that is not there. */
int diary_read(struct ledger *ledger, unsigned int number, struct diary *ret_diary);
void diary_release(struct diary *diary);

/* The job is about that step, its request and its outcome. 0, or -EBADMSG. */
int diary_enter(struct job *job, const struct diary_entry *entry);

#endif
