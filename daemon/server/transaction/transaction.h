/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: many requests as one. */
#ifndef SERVER_TRANSACTION_H
#define SERVER_TRANSACTION_H

#include <stdint.h>

struct hycan_transaction_run_reply;
struct hycan_transaction_run_request;
struct job;
struct ledger;
struct op;

/* What transaction.run does. 0, the refusal of a step, or -errno. */
int transaction_run(struct op *op, const struct hycan_transaction_run_request *request, struct hycan_transaction_run_reply *reply);

/*
 * Ends what a daemon that was killed had begun, by the diary of a request in the ledger's file: takes it back, or tells the
 * ledger what was done. The job has the holder and the scope of it; since_us: when it began.
 */
void transaction_resume(struct job *job, unsigned int number, uint64_t since_us);

/* When it was done, where it will be taken back even so, since nobody confirmed it; 0: it will not. */
uint64_t transaction_unconfirmed_us(struct ledger *ledger, unsigned int number);

#endif
