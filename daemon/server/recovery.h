/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon that was killed had under way. */
#ifndef SERVER_RECOVERY_H
#define SERVER_RECOVERY_H

struct server;

/*
 * Carries out once more what the ledger's file says was begun and not done; before anybody is served. It is legal, was
 * allowed, and asking twice changes nothing: so it is completed, and what it makes is in the ledger.
 */
/* The scope of a namespace: none beside own where it is that one, else one that is the caller's. 0 or -errno. */
int recovery_scope(struct kernel_scope *own, uint64_t netns, struct kernel_scope **ret_other);

void recovery_run(struct server *server);

#endif
