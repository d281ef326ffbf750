/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hearing what the kernel announces about links: for tests that nothing was changed, or what was.
 *
 * The kernel announces a change before it answers the request for it, so whatever a call has done is there when the call
 * returns. Only changes of the operational state come later, on their own.
 */
#ifndef SUPPORT_WATCH_H
#define SUPPORT_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include <hycan/values.h>

struct watch_event {
	uint16_t type;      /* RTM_NEWLINK or RTM_DELLINK */
	unsigned int flags; /* IFF_* */
	char name[HYCAN_IFNAME_SIZE];
};

/* Begins to listen in the namespace of this process; close() the descriptor. */
int watch_links(void);

/* What was announced since, the oldest first, at most max of it. Returns how much there was. */
size_t watch_read(int fd, struct watch_event *ret_events, size_t max);

/* How much was announced since. */
size_t watch_count(int fd);

#endif
