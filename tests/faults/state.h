/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in the kernel, and what the daemon's ledger says, as text that can be compared.
 *
 * Left out is what the kernel counts and numbers by itself: handles, statistics, ages. Links are named. Lines are sorted.
 */
#ifndef FAULTS_STATE_H
#define FAULTS_STATE_H

#include <stdbool.h>

#include <hycan/client.h>

/* Everything in this network namespace that HyCAN can change; free() it. */
char *state_kernel(void);

/* Everything in the ledger, and what is amiss with our table, if that is asked for; NULL: the daemon does not answer. free() it. */
char *state_ledger(struct hycan *h, bool table);

/* The same lines in order; frees the text. */
char *state_sorted(char *text);

/* Writes the lines that only one of two states has. */
void state_print_difference(const char *expected, const char *found);

#endif
