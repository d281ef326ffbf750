/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the supervisor has, for its own files: the loop, orders, and the start. */
#ifndef RESOLVER_SUPERVISOR_STATE_H
#define RESOLVER_SUPERVISOR_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "instance.h"
#include "order.h"

LIST_HEAD(instances, instance);

struct supervisor {
	const char *program;
	uint64_t patience_us; /* with it, until it serves */
	char folder[32];
	int listener; /* of a service, or -1 */
	int peer;     /* the daemon, or -1 */
	int signals;
	bool ends;
	struct instances instances;
	size_t n;
	uint64_t alone_us; /* since when there is no daemon; 0: there is one, or nothing to keep */
};

/* Serves until whoever is served is gone. 0 or -errno. */
int supervisor_loop(struct supervisor *s);

/* Does what it is told, and answers. Takes the descriptor, if it needs it. */
void supervisor_carry_out(struct supervisor *s, const struct order *order, int *netns);

/* Answers whoever gave the order. */
void supervisor_answer(struct supervisor *s, int result, const char *words);

/* A zone ends. */
void supervisor_forget(struct supervisor *s, struct instance *instance);

#endif
