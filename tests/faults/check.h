/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one judge of the sweep: whether kernel, ledger and client agree after something failed. */
#ifndef FAULTS_CHECK_H
#define FAULTS_CHECK_H

#include "ask.h"
#include "world.h"

/* Kernel and ledger at one moment. */
struct moment {
	char *kernel;
	char *ledger;
};

/* What the case does where nothing fails. */
struct reference {
	char *given; /* the kernel when it is asked */
	struct moment before;
	struct moment after;
	/* the same where the daemon is killed at that moment, and the next one goes on */
	struct moment killed_before;
	struct moment killed_after;
	struct told told;
};

/* What is there once nothing moves any more. */
struct moment moment_settled(struct world *w, const struct fault_case *c);
struct moment moment_copy(const struct moment *moment);
void moment_free(struct moment *moment);

/* The kernel's part of that; free() it. */
char *kernel_settled(void);

/* Waits until the kernel is in that state; false: it does not get there. */
bool kernel_becomes(const char *expected);

/*
 * Judges what came of a request in which something failed. Told that it is done: it is there, and in the ledger. Told that
 * it is not: as before. Told nothing, since the connection was lost: one of both. Returns NULL where that holds, else a
 * sentence, behind which the differences were printed. Of a case in parts nobody is promised more than that kernel and ledger
 * say the same.
 */
const char *check(const struct reference *reference, struct world *w, const struct told *told, const struct fault_case *c);

/* Whether the client heard nothing about its request. */
bool told_nothing(const struct told *told);

#endif
