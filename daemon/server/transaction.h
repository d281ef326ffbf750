/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: many requests as one. */
#ifndef SERVER_TRANSACTION_H
#define SERVER_TRANSACTION_H

struct hycan_transaction_run_reply;
struct hycan_transaction_run_request;
struct op;

/* What transaction.run does. 0, the refusal of a step, or -errno. */
int transaction_run(struct op *op, const struct hycan_transaction_run_request *request, struct hycan_transaction_run_reply *reply);

#endif
