/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was asked for of things that stay what they are called when a stranger makes something else of them: a port mapping is
 * known by its port, and may lead elsewhere.
 *
 * The ledger keeps the request with such a thing, whatever is to be done about drift, so that one can compare it with what is
 * there; which rows that is about says op_wished(). What is to be done is said elsewhere (repair.h).
 */
#ifndef SERVER_ASKED_H
#define SERVER_ASKED_H

#include "op.h"

struct key_view;
struct ledger;
struct ledger_key;

/* A request made it, or found it as it is asked for. */
void asked_note(const struct key_view *v);

/* How something that was found (op_monitor_list()) is to what was asked for. */
enum op_asked asked_of(struct ledger *ledger, const struct ledger_key *key, const void *found);

#endif
