/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The observer: a thread that hears what the kernel tells, and tells the subscriptions.
 *
 * It exists from the first subscription on. For each network namespace that somebody watches it has a monitor
 * (kernel/monitor.h), since reading a hundred thousand routes takes a tenth of a second, for which the loop cannot wait.
 * The loop gives it subscriptions and takes frames; all that both look at is under one lock, which nobody holds for long.
 */
#ifndef SERVER_OBSERVER_H
#define SERVER_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "subscription.h"

/* Subscriptions of all clients together. */
#define OBSERVER_SUBSCRIPTIONS_MAX 4096u

/* Namespaces in which drift is noticed, beside the daemon's own. Each takes some sockets, and memory of 400 KiB at most. */
#define OBSERVER_OTHERS_MAX 32u

struct job;
struct kernel_scope;
struct ledger;
struct observer;
struct server;

/*
 * Bytes of what the kernel tells that may wait to be read; and microseconds after which it is looked for what has gone. 0:
 * as many as are sensible. For tests.
 */
int observer_open(int receive_buffer, uint64_t patience_us, struct ledger *ledger, struct observer **ret_observer);

/* Ends the thread. All subscriptions must have been ended by observer_end(). */
void observer_free(struct observer **observer);

/* Readable when there is something for the loop (observer_take()). */
int observer_fd(const struct observer *observer);

/* How many subscriptions there are. */
size_t observer_count(const struct observer *observer);

/* What it has told, and what it could not; on any thread. */
const struct statistics_events *observer_statistics(const struct observer *observer);

/*
 * Looks after what the ledger has in the daemon's own namespace, that of a scope: what strangers take away is noticed
 * (drift.h).
 */
struct repairs;
int observer_guard(struct observer *observer, const struct kernel_scope *scope, struct repairs *repairs);

/* Something of ours may be in the table of nf_tables in the daemon's own namespace, from now on. On any thread. */
void observer_guard_table(struct observer *observer);

/* Something of ours is of a kind that the kernel does not announce, in whatever namespace. On any thread. */
void observer_guard_silent(struct observer *observer);

/*
 * The same in another namespace, all of it, for as long as a connection acts there: a guard of a namespace keeps it from going.
 * OBSERVER_OTHERS_MAX at most are guarded. ret_guard: for observer_unguard(), or NULL.
 */
struct observed;
void observer_guard_other(struct observer *observer, const struct kernel_scope *scope, struct observed **ret_guard);
void observer_unguard(struct observer *observer, struct observed **guard);

/* Begins a subscription in the namespace of a scope. It is the observer's from now on, and stays the caller's. */
int observer_begin(struct observer *observer, const struct kernel_scope *scope, struct subscription *s);

/* Ends it. It is freed as soon as nobody looks at it any more. */
void observer_end(struct observer *observer, struct subscription *s);

/* A subscription tells nothing any more, and will be ended: its record changes no more. Returns what there is to read. */
struct buffer observer_leave(struct observer *observer, struct subscription *s);

/* The next subscription with something to read, or NULL. It is in the list no more. */
struct subscription *observer_take(struct observer *observer);

/* Takes what there is to read. */
struct buffer observer_take_output(struct observer *observer, struct subscription *s);

/* A request that may change something begins in a hand (hands.h), or has ended and told the ledger. In the loop. */
void observer_working(struct observer *observer, unsigned int hand, bool begins);

/* What it does waits for another program, and has been about these kinds so far; or with 0 no more. On its worker. */
void observer_waiting(struct observer *observer, unsigned int hand, uint32_t kinds);

/* A request that may change something begins, or has ended and asked the kernel for a change, or for none; on any thread. */
void observer_mark(struct observer *observer, struct job *job, bool begin, bool changed);

#endif
