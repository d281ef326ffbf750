/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scribe: a thread that tells the ledger what a long request has made while the kernel makes the rest.
 *
 * The kernel works in the thread that asks it, so a hundred thousand routes would be written down when all of them are
 * there, in a third of the time again. A handler says how far it has come, op_came_about(); what the scribe has not done
 * when the handler returns, and all of a request that comes while it is at another one, is done at the end as always.
 */
#ifndef SERVER_SCRIBE_H
#define SERVER_SCRIBE_H

#include <stddef.h>
#include <stdint.h>

struct job;
struct op;
struct scribe;

/* The thread begins. 0 or -errno. */
int scribe_open(struct scribe **ret_scribe);
void scribe_free(struct scribe **scribe);

/* The way of op_came_about(): the first n items of the list in the job's request are there, and were not before. */
void scribe_told(struct op *op, const uint32_t *order, size_t n);

/*
 * The handler has returned: waits until nothing of the job is with the scribe any more. What is in the ledger is in
 * job->recorded, the first in the job's order; -ENOMEM: not all of that.
 */
int scribe_wait(struct job *job);

#endif
