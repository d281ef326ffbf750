/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon that was killed had under way. */
#ifndef SERVER_RECOVERY_H
#define SERVER_RECOVERY_H

struct server;

/*
 * Carries out once more what the ledger's file says was begun and not done; before anybody is served. It is legal, was
 * allowed, and asking twice changes nothing: so it is completed, and what it makes is in the ledger.
 */
void recovery_run(struct server *server);

#endif
