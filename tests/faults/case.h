/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that are tried: tests/faults/cases, which says how they are written. */
#ifndef FAULTS_CASE_H
#define FAULTS_CASE_H

#include <hycan/client.h>

#include "world.h"

#define CASE_LINES 12

struct fault_case {
	char *title;
	char *needs; /* a kind of link, or NULL */
	char *shell[CASE_LINES];
	char *given[CASE_LINES];
	char *request[CASE_LINES]; /* one, or the steps of a transaction */
	size_t n_shell, n_given, n_requests;
};

/* What the daemon said. */
struct told {
	int result;  /* 0, a refusal, or -errno */
	bool partly; /* done, and the answer tells of parts that failed */
	char sentence[256];
};

/* Reads the file; ends the program where it makes no sense. */
struct fault_case *cases_read(const char *path, size_t *ret_n);
void cases_free(struct fault_case *cases, size_t n);

/* Makes what the case needs in the world. */
void case_prepare(const struct fault_case *c, struct world *w);

/* Asks for what is tried. */
struct told case_ask(const struct fault_case *c, struct hycan *h);

#endif
