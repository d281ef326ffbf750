/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans as tests read them. */
#ifndef SUPPORT_PLANNED_H
#define SUPPORT_PLANNED_H

#include "world.h"

/* Asks for the steps of a transaction. */
typedef void step(struct hycan *h);

/* What a plan of the steps says, a line a change: “0 + link a”, “1 ~ link.set a: mtu 1500 -> mtu 1400”. free() it. */
char *planned(struct hycan *h, step *steps);

/* The same of an answer. */
char *planned_lines(const struct hycan_transaction_run_reply *reply);

/*
 * A plan of the steps says what they do: what there is is seen, the plan is carried out in that by its data alone, and the
 * transaction in the kernel, and then both are the same.
 */
void planned_assert_says(struct world *w, step *steps);

#endif
