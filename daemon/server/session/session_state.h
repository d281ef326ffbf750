/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What session.c and session_former.c share. */
#ifndef SERVER_SESSION_STATE_H
#define SERVER_SESSION_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define NEVER UINT64_MAX

struct server;
struct session;

/* One of a user, with a number and a token that there never were. NULL: no memory. */
struct session *session_new(struct server *server, uint64_t subject);

/* It is without a peer from now on: its grace begins. */
void session_detach(struct session *session);

/* What becomes of a session: something of it ends, or will; or nothing is left of it, and then it is freed. */
void session_settle(struct session *session);

/* It states what is wanted from now on, or does not any more. */
void session_set_replaces(struct session *session, bool replaces);

/* Whether it is there, or holds something; or may be given something back, while its grace or its leases last. */
bool session_is_adoptable(const struct session *session);

#endif
