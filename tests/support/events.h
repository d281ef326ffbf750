/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A subscriber: keeps what it is told as lines, and what it knows as a set, as a user of the library would.
 *
 * A line is “WHAT FAMILY THING” and, of a change, “ by ORIGIN UID OPERATION pid PID request NUMBER”, as far as they are there. A link is its name, an
 * address “LINK ADDRESS/LENGTH”, a route “DESTINATION/LENGTH table T metric M” with “via GATEWAY” and “dev LINK”, a rule
 * “FAMILY PRIORITY”, an object “KIND IDENTITY uid OWNER holders N”. Behind a link stands “up” where it is.
 */
#ifndef SUPPORT_EVENTS_H
#define SUPPORT_EVENTS_H

#include "world.h"

struct known {
	char key[400];
};

struct events {
	struct hycan *h; /* a connection of its own, or the world's */
	uint32_t request;
	uint64_t last; /* number of the last event */
	char **line;
	size_t n_lines;
	size_t line_room;
	size_t at;           /* lines before it were looked at */
	struct known *known; /* what there is: lines without WHAT */
	size_t n_known;
	size_t known_room;
	size_t n_overflows;
	size_t n_snapshots;
	bool overflowed;      /* that was the last event */
	bool complete;        /* the last snapshot is */
	bool objects_changed; /* since it began */
	int result;
	bool ended;
};

/* Subscribes on a connection. The first snapshot is not waited for. */
void events_begin(struct events *e, struct hycan *h, const struct hycan_event_subscribe_options *options);

/* The same, and waits for the snapshot. */
void events_begin_complete(struct events *e, struct hycan *h, const struct hycan_event_subscribe_options *options);

/* Unsubscribes, unless it has ended by itself. */
void events_end(struct events *e);

/*
 * Waits for a line that begins so, behind those that were found before; fails the test when it does not come. Returns the
 * whole line.
 */
__attribute__((format(printf, 2, 3))) const char *events_until(struct events *e, const char *format, ...);

/* Hears what comes, until nothing came for so many milliseconds. */
void events_settle(struct events *e, int milliseconds);

/* Whether a line that begins so is among those that were not looked at yet. */
bool events_heard(const struct events *e, const char *prefix);

/* All lines that were not looked at yet count as looked at. */
void events_forget(struct events *e);

/* Whether something is known that begins so: “link b0”. */
bool events_know(const struct events *e, const char *prefix);

/* How many things of a family are known. */
size_t events_count(const struct events *e, const char *family);

#endif
