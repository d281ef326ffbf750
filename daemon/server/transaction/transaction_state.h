/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the transactions share, for them alone:
 *
 *   transaction.c      a transaction from its request to its answer
 *   transaction_step.c carrying out one step, and what has to be in the diary before
 *   transaction_undo.c what takes a step back, and taking back
 *
 * While a step is carried out the job is that of the step: its operation, its request, its reply.
 */
#ifndef SERVER_TRANSACTION_STATE_H
#define SERVER_TRANSACTION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "op.h"
#include "plan.h"
#include "prune.h"
#include "sweep.h"
#include "undo_log.h"

struct hycan_operation;
struct hycan_step;
struct hycan_step_result;
struct job;
struct pending;

struct step {
	const struct hycan_operation *operation;
	void *request; /* decoded */

	/* what the handler left, for the log */
	bool unchanged;
	bool kept_link;
	bool *items_unchanged; /* of one that cannot be taken back: as it was seen before the first of these; */
	bool *unmade;          /* and what none of its tries made; */
	bool was_up;           /* and one of them took a link down that was up */
	const void *settled;
	bool lets_go;
	bool was_gone;
	bool are_others;
	bool any_owner; /* policy lets it change what is others' */
	uint64_t duration_us;
};

/*
 * What looking ahead told of a step. When the kernel's answer to the change itself is lost, nobody else knows any more
 * whether what is there was there before.
 */
struct outlook {
	bool is_known;
	bool unchanged;
	bool kept_link;
	bool *items_unchanged; /* or NULL */
};

/* In which round the caller asked for something before a step did, or took it away. */
struct transaction_round {
	struct ledger_key key;
	uint32_t round;
};

struct transaction {
	struct job *job;
	const struct hycan_operation *operation; /* transaction.run itself */
	const struct hycan_step *asked;
	size_t n;
	struct step *step;
	struct hycan_step_result *result;
	struct undo_log undo;
	struct transaction_round *rounds; /* while anybody states what he wants (object.replace_begin) */
	size_t n_rounds;
	bool is_decoded; /* each of them */
	bool exclusive;
	bool may_be_gone; /* what a step takes away */
	bool joins;       /* its user holds with others from then on what only they held */
	bool is_plan;
	uint32_t confirm_within; /* seconds; 0: it lasts */
	bool detached;
	struct pending *pending; /* NULL: it lasts */
	bool prunes;
	uint32_t round; /* of the ledger, in which its steps asked */
	struct sweep_count pruned;
	struct stated stated; /* of a plan that prunes: what its steps make */
	struct plan plan;
	bool looks_ahead;       /* nothing is let through at our gate, as in a plan */
	struct op_gate gate;    /* the one that was there before ours */
	size_t used;            /* of the job's memory, before that of the steps: taking back needs none of theirs */
	size_t n_changes;       /* that asked at our gate */
	size_t n_back;          /* objects for which there is room when it is taken back */
	uint32_t now;           /* the step that is carried out */
	struct undo_mark first; /* where what the diary has of it begins; behind how what it changes was wanted */
	struct undo_mark begun; /* where what takes it back begins, */
	struct undo_mark kept;  /* behind what attempts before left, which the ledger was told of, */
	size_t noted;           /* and as much of that as is in the diary */
	bool is_noted;          /* all of it is */
	struct outlook outlook; /* of the step that is carried out */
	bool is_untold;         /* not all of a step is in the ledger's file */
	bool is_final;          /* it goes forward only, */
	uint32_t first_final;   /* behind that step */
};

/* ------------------------------------------------------------------------------------------------- transaction_step.c */

/* The job is that of a step now; and that of the transaction again. */
void transaction_enter(struct transaction *t, size_t i);
void transaction_leave(struct transaction *t);

/* Keeps which step it was that failed, the first one. Returns the result. */
int transaction_failed_at(struct transaction *t, size_t i, int result);

/* Before so many more bytes are kept, of one that waits to be confirmed: room for them. 0 or -EDQUOT. */
int transaction_claim(struct transaction *t, size_t more);

/* The refusal of a failure, and what it is about. */
int transaction_explain(struct transaction *t, int result);

/* Whether it cannot be taken back: nobody knows all that a link was. */
bool transaction_step_is_final(const struct hycan_operation *operation);

/* The gate of the scope (struct op_gate): each change is counted; of a plan none is let through. */
int transaction_on_change(void *transaction);

/* The same gate, of a plan: what a change would have done. */
void transaction_on_held(const struct hycan_planned_change *change, bool along, void *transaction);

/* Carries out a step; of a plan, finds out what it would do. 0, its refusal, or -errno. */
int transaction_carry_out(struct transaction *t, size_t i);

/* ------------------------------------------------------------------------------------------------- transaction_undo.c */

/* What the handler of the job's step says that takes it back (op_undo(), op_undo_in_kernel()). */
int transaction_keep_undo(struct op *op, uint16_t number, const void *request, bool in_kernel);

/* And of routes (op_undo_routes()). */
int transaction_keep_routes(struct op *op, const void *first, const void *messages, size_t size);

/* Whether a step before did, of the same place (op_says_routes()). */
bool transaction_keeps_routes(struct op *op, const void *messages, size_t size);

/* And of what goes along with it (op_undo_along()). */
int transaction_keep_along(struct op *op, uint32_t what, const char *link, const void *bytes, size_t size);

/* The step in the job is about to be carried out: how what it changes was wanted. 0 or -ENOBUFS. */
int transaction_undo_wanted(struct transaction *t);

/* The step in the job was done: what takes it back, unless its handler has said it. */
int transaction_undo_step(struct transaction *t, struct undo_mark before);

/*
 * Who asks for what is there as another's holds it, too, and who takes away what others hold does not any more: what takes that back.
 */
int transaction_undo_holds(struct transaction *t);

/* Takes back what was done; of the step that failed, what was. What is said of the failure stays. */
void transaction_roll_back(struct transaction *t);

#endif
