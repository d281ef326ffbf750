/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions that wait to be confirmed, on a pair of links of their own. */
#ifndef SUPPORT_UNCONFIRMED_H
#define SUPPORT_UNCONFIRMED_H

#include "world.h"

/* The links tx0 and tx1, up, with an address and a route; not by the daemon. */
void unconfirmed_pair(void);

/* Commits what was begun, to be confirmed within ten minutes. */
void unconfirmed_commit(struct hycan *h, char token[33]);

/* Commits it in vain: it is cancelled then, or a last step of it fails. */
void unconfirmed_in_vain(struct hycan *h, bool waits);

/* Takes it back: it is cancelled, or the daemon is killed, and its successor does. */
#define UNCONFIRMED_WAYS 2
void unconfirmed_take_back(struct world *w, const char *token, unsigned int way);

/* Puts the address 10.9.0.1 on tx1, takes the route to 10.5.0.0/16 away, and changes tx1, all to be confirmed. */
void unconfirmed_change(struct hycan *h, uint32_t seconds, bool detached, char token[33]);

/* Links, addresses and routes: free() it. */
char *unconfirmed_view(void);

/* They are as they were then, soon; and what unconfirmed_change() changed, too. */
void unconfirmed_same(struct world *w, const char *before);
void unconfirmed_back(struct world *w, const char *before);

#endif
