/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Speaking with the supervisor. What this file does not do: know zones. One thread at a time. */
#ifndef RESOLVER_ASK_H
#define RESOLVER_ASK_H

#include <stdbool.h>
#include <sys/types.h>

#include "order.h"

struct ask {
	const char *socket; /* of a service, or NULL */
	int fd;             /* -1: nobody is there */
	pid_t pid;          /* our child, or 0 */
};

/* Starts the supervisor as our child (supervisor_work()). */
int ask_start(struct ask *ask, const char *program, int patience_ms);

/* Connects to a service, where there is one and we are not. Sets whether it is a new one, which knows nothing. */
int ask_connect(struct ask *ask, bool *ret_new);

/* Gives an order, with a descriptor or -1, and waits for the answer. Returns its result, or -errno: nobody is there any more. */
int ask(struct ask *ask, const struct order *order, int fd, struct answer *ret_answer);

void ask_end(struct ask *ask);

#endif
