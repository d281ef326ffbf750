/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that are tried: tests/faults/cases, which says how they are written. */
#ifndef FAULTS_CASE_H
#define FAULTS_CASE_H

#include <stdbool.h>
#include <stddef.h>

#define CASE_LINES 12

/* What a case may need: the two CAN controllers on a bus; or one at the end of a serial line, in bus-off. */
#define CASE_CONTROLLER "controller"
#define CASE_SERIAL     "serial"

struct fault_case {
	char *title;
	char *needs; /* a kind of link, CONTROLLER or SERIAL; or NULL */
	char *shell[CASE_LINES];
	char *former[CASE_LINES]; /* of a connection that is gone */
	char *waits[CASE_LINES];  /* steps of a transaction that waits to be confirmed */
	char *leaves[CASE_LINES]; /* of a connection that ends: that is what is tried */
	char *given[CASE_LINES];
	char *stranger[CASE_LINES];
	char *request[CASE_LINES];  /* one, or the steps of a transaction */
	char *newcomer[CASE_LINES]; /* one, over a connection that is made for it */
	char *then[CASE_LINES];
	size_t n_shell, n_former, n_waits, n_leaves, n_given, n_stranger, n_requests, n_newcomer, n_then;
	unsigned int later; /* that so many seconds go by is what is tried; 0: they do not */
	bool in_parts;      /* each thing that it is about is done or not */
	bool unkilled;      /* what a killed daemon leaves of it is judged by keys.c */
	bool transaction;   /* also where it is one step, */
	bool prune;         /* with these options */
	bool confirm;
	bool may_be_gone;
};

/* Reads the file; ends the program where it makes no sense. */
struct fault_case *cases_read(const char *path, size_t *ret_n);
void cases_free(struct fault_case *cases, size_t n);

/* Whether what is there depends on who is: a daemon that is killed leaves less behind. */
bool case_fades(const struct fault_case *c);

/* Whether it has to do with our table of nftables. */
bool case_has_table(const struct fault_case *c);

#endif
