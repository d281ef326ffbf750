/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links that are renamed in a plan. The ledger is told of none of that, so it is asked for what they are called until then.
 */
#ifndef SERVER_RENAMES_H
#define SERVER_RENAMES_H

#include <stdbool.h>
#include <stddef.h>

struct job;
struct ledger_key;
struct renaming;

/* Part of a job; empty where nothing is planned. */
struct renames {
	struct renaming *renaming; /* in their order */
	size_t n;
};

/* Notes what the job's request would rename. 0 or -ENOMEM. */
int renames_note(struct job *job);

/* Makes the key of a thing what the ledger knows it by. False: it knows nothing of it, since what has that name is new. */
bool renames_former(const struct job *job, struct ledger_key *key);

void renames_forget(struct job *job);

#endif
