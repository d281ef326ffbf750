/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose things are: a client changes and takes away what it holds, what nobody made through the daemon, and what policy
 * says (owner=any). Root may everything, but lets go of what it holds with others, as everybody does. What puts back what was changed
 * leaves what is others' since.
 */
#ifndef SERVER_OWN_H
#define SERVER_OWN_H

#include <stdbool.h>
#include <stdint.h>

struct hycan_operation;
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

/*
 * When a thing came by its name, or the link that it is on: where the job had begun by then, and its handler was called at called_us and found it.
 * What others make by that name is another thing since then, and not since the job began. Else 0. And the latest of all that a request names.
 */
uint64_t own_since_of(const struct job *job, const struct ledger_key *key, uint64_t called_us);
uint64_t own_since(struct job *job, const struct hycan_operation *operation, const void *request);

/* Whether the caller may change and take away whoever's it is. */
bool own_any(const struct job *job);

/* What was to be taken away stays; and nobody acts as the only holder of anything any more. */
void own_cancel(struct job *job);

#endif
