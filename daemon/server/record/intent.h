/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intents: a request that changes the kernel is in the ledger's file from before its first change until what it made and
 * took away is recorded. What a daemon that was killed leaves there, its successor carries out once more (recovery.h).
 *
 * One that finds everything as it should be writes nothing. For the same time it is under way to those who compare the ledger with
 * the kernel (underway.h), also where there is no such file.
 */
#ifndef SERVER_INTENT_H
#define SERVER_INTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ledger.h"
#include "op.h"
#include "underway.h"

struct hycan_structure;
struct job;

/* Part of a job. */
struct intent {
	bool watches; /* the gate of the job's scope is its own */
	bool begun;
	bool inner;        /* it belongs to another one */
	bool no_room;      /* it could not be written, so nothing was changed */
	bool lets_through; /* a change, since the handler was called */
	bool diary;        /* what is done of it will be noted, and the request itself is not written */
	bool kept;         /* it is not over: whoever keeps its number ends it by ledger_commit() */
	unsigned int number;
	struct underway_things things; /* that it changes, for those who compare */
	struct op_gate before;
};

/* What stands in front of the attributes of a request in the file. */
struct intent_head {
	uint64_t netns;
	uint64_t began_us;           /* when it was asked for; a former release did not say */
	struct ledger_holder holder; /* of what it makes */
	enum hycan_drift drift;      /* what is to become of that when strangers take it away */
	uint16_t operation;
	bool exact;  /* it is about one object, of which the handler said what it is */
	bool sealed; /* the request carried keys, which are not written (seal.h) */
	bool diary;  /* how far it had come is in its notes (diary.h) */
	bool was_up; /* a link is taken down for it, and was up before */

	/* With keys only the handler said before the first change what was there: a byte for each item, in front of the attributes. */
	uint32_t n_was_there;
};

/*
 * Reads it again, also as a release wrote it that did not say when the request began: began_us is 0 then. Returns how many bytes it has
 * there; 0: it is none.
 */
size_t intent_read(const uint8_t *bytes, size_t size, struct intent_head *ret_head);

/* Whether there are keys in it. */
bool intent_has_keys(const struct hycan_structure *structure, const void *value);

/* Seals the keys in a structure; other secrets are left out. Lists are copied first. 0 or -errno. */
int intent_seal_keys(struct job *job, const struct hycan_structure *structure, void *value);

/* The job's request, which writes, is about to be carried out. */
void intent_begin(struct job *job);

/* Writes it at once, whatever the request goes on to do. 0 or -errno. */
int intent_now(struct job *job);

/*
 * Writes one beside it, of which all that there is to know is in its notes (diary.h): of what goes on when the request itself is done.
 * Ends by ledger_commit(). 0 or -errno.
 */
int intent_beside(struct job *job, unsigned int *ret_number);

/* It is done, and recorded. */
void intent_end(struct job *job);

#endif
