/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was asked for of things by requests that do not make them, and is asked for again when they are made again from nothing: a way
 * between two networks is in our table alone, and a stranger may take the table away.
 *
 * The ledger keeps such a request with each thing that it is about, and it counts where all of them have it: what was made anew by
 * that name since has not. Which rows that is about says op_wished().
 */
#ifndef SERVER_FOLLOW_H
#define SERVER_FOLLOW_H

#include <stdbool.h>

struct hycan_operation;
struct job;
struct kernel_scope;
struct key_view;
struct ledger_holder;
struct ledger_key;

/* A request was carried out that changed a thing. */
void follow_note(const struct key_view *v);

/* Whether a request, legal and complete, is kept with each thing that it is about. */
bool follow_has(struct job *job, const struct hycan_operation *operation, const void *request);

/* A thing was made again, for that holder: so is what was asked for of it, as far as all that it is about is there. */
void follow_again(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, const struct ledger_key *key);

#endif
