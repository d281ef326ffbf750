/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose things are: a client changes and takes away what it holds, what nobody made through the daemon, and what policy
 * says (owner=any). Root may everything, but lets go of what it holds with others, as everybody does. What puts back what was changed
 * leaves what is others' since.
 */
#ifndef SERVER_OWN_H
#define SERVER_OWN_H

#include <stdbool.h>

struct job;
struct ledger_key;
struct op;
struct since;

/* Before the handler is called; on any thread. 0: it is; OP_LETS_GO: success without it; else the refusal. */
int own_check(struct job *job);

/* op->claim: the same of what only the handler knows. */
int own_claim(struct op *op, const void *settled);

/* Whether a thing that is put back is another one by now, and others'. */
bool own_is_since(const struct job *job, const struct since *since, const struct ledger_key *key);

/* The same of the job's (job->since), and of the link that it is on. 0, or the refusal. */
int own_check_since(struct job *job, const struct ledger_key *key);

/* Whether the caller may change and take away whoever's it is. */
bool own_any(const struct job *job);

/* What was to be taken away stays; and nobody acts as the only holder of anything any more. */
void own_cancel(struct job *job);

#endif
