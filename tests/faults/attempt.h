/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One case, and what can fail in it: each attempt has a network namespace and a daemon of its own. */
#ifndef FAULTS_ATTEMPT_H
#define FAULTS_ATTEMPT_H

#include "check.h"
#include "plan.h"

/* What is being tried. */
struct attempt {
	const struct fault_case *c;
	bool again; /* it was done already */
	struct reference reference;
	uint32_t there[PARTIES][FAULTS]; /* how many points there are */
	struct case_token token;
	enum fault fault;
	enum party party;
	uint32_t at;
};

/* Once in each process that tries. */
void attempt_open(void);

/* What comes of it where nothing fails, and how many points there are. kills: what a daemon that is killed leaves, too. */
void attempt_measure(struct attempt *a, bool kills);

/* What was measured goes. */
void attempt_release(struct attempt *a);

/* Tries a point. False: it does not hold, and it was said why. *ret_fired: whether there is one of that number. */
bool attempt_try(struct attempt *a, bool *ret_fired);

/* The name of a fault; and behind it, who has it. */
const char *attempt_fault(enum fault fault);
const char *attempt_party(enum party party);

#endif
