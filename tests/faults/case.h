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
	char *former[CASE_LINES]; /* of a connection that is gone */
	char *waits[CASE_LINES];  /* steps of a transaction that waits to be confirmed */
	char *leaves[CASE_LINES]; /* of a connection that ends: that is what is tried */
	char *given[CASE_LINES];
	char *request[CASE_LINES]; /* one, or the steps of a transaction */
	char *then[CASE_LINES];
	size_t n_shell, n_former, n_waits, n_leaves, n_given, n_requests, n_then;
	bool in_parts;    /* each thing that it is about is done or not */
	bool transaction; /* also where it is one step, */
	bool prune;       /* with these options */
	bool confirm;
	bool may_be_gone;
};

/* What was prepared for the request. */
struct case_token {
	char text[64];        /* what it calls TOKEN: of the connection that is gone, or of the transaction that waits */
	struct hycan *leaves; /* the connection that ends */
};

/* What the daemon said. */
struct told {
	int result;  /* 0, a refusal, or -errno */
	bool partly; /* done, and the answer tells of parts that failed */
	bool killed; /* the daemon is another one now */
	char sentence[256];
};

/* Reads the file; ends the program where it makes no sense. */
struct fault_case *cases_read(const char *path, size_t *ret_n);
void cases_free(struct fault_case *cases, size_t n);

/* Makes what the case needs in the world. */
void case_prepare(const struct fault_case *c, struct world *w, struct case_token *token);

/* Asks for what is tried. */
struct told case_ask(const struct fault_case *c, struct hycan *h, struct case_token *token);

/* Nobody asks any more. */
void case_end(struct case_token *token);

/* Asks for what is to be asked behind that; it may be refused. */
void case_go_on(const struct fault_case *c, struct hycan *h, const struct case_token *token);

/* Whether what is there depends on who is: a daemon that is killed leaves less behind. */
bool case_fades(const struct fault_case *c);

/* Whether it has to do with our table of nftables. */
bool case_has_table(const struct fault_case *c);

#endif
