/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was asked for, and is away for a moment: it goes along with an address that is taken away (op_restate_keep()), and is made again.
 *
 * What takes a step back says that, too. Where there is nothing to take back, it is noted in the ledger's file, and the successor of
 * a daemon that is killed meanwhile makes it again.
 */
#ifndef SERVER_RESTATE_H
#define SERVER_RESTATE_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct ledger;
struct op_restate;

/* Zero at first. */
struct restate {
	struct op_restate *kept; /* NULL: nothing goes along */
	unsigned int number;     /* of an intent of its own, */
	bool has_intent;         /* where there is one */
};

/* Keeps what the job's caller has asked for since a round of the ledger began. 0 or -errno. */
int restate_keep(struct job *job, uint32_t round, struct restate *ret_restate);

/* Notes it: with the intent of the job, or one of its own. 0 or -errno: then nothing must go along. */
int restate_note(struct job *job, struct restate *restate);

/* Makes it again, in the name of the job; what passes is tried again. 0; or the refusal of the first that is not there again, or -errno, and how many those are. */
int restate_run(struct job *job, const struct restate *restate, uint32_t *ret_lost);

/* It is there, or told of as lost. */
void restate_end(struct job *job, struct restate *restate);

/* Whether a daemon that was killed had noted something so; and makes it again, as far as the request's caller still holds it. */
bool restate_is_noted(struct ledger *ledger, unsigned int number);
void restate_resume(struct job *job, unsigned int number);

#endif
