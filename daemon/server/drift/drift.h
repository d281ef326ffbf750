/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drift: what the ledger has and the kernel has no more, because a stranger took it away or the kernel dropped it; or has, and
 * a stranger made something else of it.
 *
 * The observer hears that something has gone. Where the ledger has it, or may have it, everything of that family is asked
 * for once more a little later, when whoever took it away by a request has had the time to tell the ledger; what is missing
 * then is dropped from the ledger, and the log says so. It is not made again, since whoever took it away may have had a
 * reason; unless that was asked for (repair.h).
 *
 * Of what was changed the ledger knows no more than that it is there. What is to be repaired is compared with the request that
 * made it; of the rest one has the kernel's word, which names another program as the one who did it.
 */
#ifndef SERVER_DRIFT_H
#define SERVER_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include <hycan/types.h>

#include "hands.h"
#include "observe.h"

struct ledger;
struct ledger_key;
struct repairs;

/* So long whoever took something away has to tell the ledger; 0 is this, for tests anything else. */
#define DRIFT_PATIENCE_US 200000

/*
 * A look under way. Before the kernel is asked, and again before the ledger is compared with it, the requests are waited for
 * that were under way then: what they did half is nobody's drift. Others may come and go meanwhile. Who waits for another program
 * is not waited for; what it is about is left for a later look.
 */
enum drift_step {
	DRIFT_RESTS,
	DRIFT_BEGINS,
	DRIFT_ENDS,
};

struct drift_look {
	enum drift_step step;
	struct hands_noted noted;
	uint64_t at_us;    /* when to see whether they are done */
	uint32_t kinds;    /* what it is about */
	uint32_t read;     /* of them, those of which everything that the kernel has was read */
	uint32_t held;     /* what requests that wait for another program are about: it is looked at later */
	uint32_t number;   /* for the ledger */
	uint64_t moment;   /* when it began (underway.h) */
	uint64_t began_us; /* when the kernel was asked */
	size_t n_changed;  /* what was changed before the kernel was asked */
	bool whole;        /* our table has all its rules */
};

/* Who took away what others went with, where that is known: one request, the daemon, one of several requests, or strangers. */
struct drift_taker {
	bool is_any;
	struct hycan_event_cause cause;
};

/* Of a kind: before the look under way began, and since. */
struct drift_takers {
	struct drift_taker before, since;
};

/* Kinds of which something is suspected to be gone, and when to look. */
struct drift {
	struct ledger *ledger; /* NULL: nobody cares */
	struct repairs *repairs;
	const struct hands *hands;
	uint64_t patience_us;
	uint64_t netns;
	uint32_t kinds; /* of objects */
	uint64_t at_us; /* 0: nothing is suspected */
	uint64_t not_before_us;
	struct ledger_key *changed; /* by strangers, to be told when the requests that were under way are done */
	size_t n_changed;
	struct drift_takers of_addresses, of_routes;
	struct drift_taker heard; /* of routes that may have gone without a word, which will be suspected */
	struct drift_look look;
	struct {
		uint32_t kinds;        /* that were put off, and not looked at since */
		struct hands_noted by; /* for whom */
	} owed;
	bool looks_at_silent;  /* the ledger has something that the kernel does not announce */
	uint64_t silent_at_us; /* when to look at that */
};

/* Something has gone, or is otherwise; whether the ledger has what is gone is found out here. */
void drift_hear(struct drift *d, const struct hycan_event *event);

/* Not all was heard: whatever is gone a stranger may have taken. */
void drift_mishear(struct drift *d);

/* Something is otherwise; named: the kernel says that another program did it. */
void drift_change_thing(struct drift *d, const struct hycan_event *event, bool named);

/* Something of these kinds (OP_KIND()) may have gone. */
void drift_suspect(struct drift *d, uint32_t kinds);

/* The same, along with what was heard, and without a word of it. */
void drift_suspect_unheard(struct drift *d, uint32_t kinds);

/* Whether it is time to look at what the kernel does not announce; that is suspected then. */
bool drift_suspect_silent(struct drift *d);

/* When there is something to do; 0: never. */
uint64_t drift_time(const struct drift *d);

/* Nobody cares any more. */
void drift_release(struct drift *d);

/* Looks, or goes on with that, if it is time. True: there is something to repair (repair_serve()). */
bool drift_look(struct drift *d, struct kernel_monitor *monitor);

#endif
