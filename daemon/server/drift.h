/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drift: what the ledger has and the kernel has no more, because a stranger took it away or the kernel dropped it.
 *
 * The observer hears that something has gone. Where the ledger has it, or may have it, everything of that family is asked
 * for once more a little later, when whoever took it away by a request has had the time to tell the ledger; what is missing
 * then is dropped from the ledger, and the log says so. It is not made again, since whoever took it away may have had a
 * reason; unless that was asked for (repair.h).
 */
#ifndef SERVER_DRIFT_H
#define SERVER_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "observe.h"

struct ledger;
struct repairs;

/* Kinds of which something is suspected to be gone, and when to look. */
struct drift {
	struct ledger *ledger; /* NULL: nobody cares */
	struct repairs *repairs;
	uint64_t netns;
	uint32_t kinds; /* of objects */
	uint64_t at_us; /* 0: nothing is suspected */
	uint64_t not_before_us;
	bool looks_at_silent;  /* the ledger has something that the kernel does not announce */
	uint64_t silent_at_us; /* when to look at that */
};

/* Something has gone; whether the ledger has it is found out here. */
void drift_suspect_thing(struct drift *d, const struct hycan_event *event);

/* Something of these kinds (OP_KIND()) may have gone. */
void drift_suspect(struct drift *d, uint32_t kinds);

/* Whether it is time to look at what the kernel does not announce; that is suspected then. */
bool drift_suspect_silent(struct drift *d);

/* When there is something to do; 0: never. */
uint64_t drift_time(const struct drift *d);

/*
 * Looks, if it is time. busy: requests are under way of which the ledger is not told yet, so it is not. True: there is
 * something to repair (repair_serve()).
 */
bool drift_look(struct drift *d, struct kernel_monitor *monitor, bool busy);

#endif
