/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ledger is told of a request. */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include <stddef.h>

struct job;
struct ledger_key;

/* Whether there is room for what a request makes: 0, or the refusal. */
int record_check(struct job *job);

/* Records what was made and taken away by a request that was carried out; on any thread. */
void record_done(struct job *job);

/* Writes the identity of an object as text: values in the schema's order, those that may be absent behind their names. */
void record_format(const struct ledger_key *key, char *text, size_t size);

#endif
