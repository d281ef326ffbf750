/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which forwarding is for networks to turn off, beside our table of nf_tables, which says so: a stranger may take the table away.
 *
 * As far as a network needs it, it is in the ledger with that network's link, since that is left then, and goes when the link does.
 */
#ifndef SERVER_FORWARDS_H
#define SERVER_FORWARDS_H

#include <stdint.h>

struct key_view;
struct ledger;
struct ledger_key;
struct op;

/* A request made or changed a network; or turned forwarding on or off, and then it is others' to turn off by now, or theirs. */
void forwards_note(const struct key_view *v);

/* What is noted with the link of one (OP_FORWARDS()). */
uint32_t forwards_with(struct ledger *ledger, const struct ledger_key *link);

/* The same for a request, by the link's name; NULL: with any in its namespace. */
uint32_t forwards_of(struct op *op, const char *link);

#endif
