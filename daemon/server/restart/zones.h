/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of networks that a former daemon told. */
#ifndef SERVER_ZONES_H
#define SERVER_ZONES_H

struct server;

/* Goes on with those whose network is there; of the others nothing is in the ledger any more. At the start. */
void zones_resume(struct server *server);

#endif
