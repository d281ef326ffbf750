/* SPDX-License-Identifier: BSD-3-Clause */
/* What the requests of a connection become while a transaction is begun. */
#ifndef LIBCLIENT_TRANSACTION_H
#define LIBCLIENT_TRANSACTION_H

#include "connection.h"

/* Keeps a request. Returns 0, or -errno with the sentence in the connection. */
int transaction_keep(struct hycan *h, const struct hycan_operation *operation, const void *request);

void transaction_free(struct transaction **transaction);

#endif
