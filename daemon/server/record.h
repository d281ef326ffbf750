/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ledger is told of a request. */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

struct job;

/* Whether there is room for what a request makes: 0, or the refusal. */
int record_check(struct job *job);

/* How many objects a request makes, at most. */
size_t record_count(const struct job *job);

/* Records what was made and taken away by a request that was carried out; on any thread. */
void record_done(struct job *job);

#endif
