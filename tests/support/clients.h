/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients beside the one of the world, which come, hold something and go: for tests of who holds what, and how long. */
#ifndef SUPPORT_CLIENTS_H
#define SUPPORT_CLIENTS_H

#include "routing.h"

/* One more connection, as the same user. */
struct hycan *client_open(const struct world *w);

/* Waits until the daemon has as many connections, this one among them. */
void clients_wait(struct hycan *h, uint32_t n);

/* The lifetime of what the connection asks for from now on. */
void client_hold_while_connected(struct hycan *h, uint32_t grace);
void client_hold_lease(struct hycan *h, uint32_t seconds);

/* What it asks for from now on is permanent; and what becomes of it where a stranger takes it away. */
void client_choose_drift(struct hycan *h, enum hycan_drift drift);

/* The same behind a daemon that ended: with it went what was chosen for the connection, which is told so once. */
void client_choose_drift_again(struct hycan *h, enum hycan_drift drift);

/* Addresses of the link va. */
void client_add(struct hycan *h, const char *address);
int client_remove(struct hycan *h, const char *address);
bool address_is_there(const char *address);
void address_until_gone(const char *address);

/* What object.list says about an address: free() it. NULL: nothing. */
struct hycan_object *object_of(struct hycan *h, const char *address);

/* A network namespace with lo up that nothing leads to but this descriptor: neither a name nor a process. */
int netns_without_name(void);

/* A process of its own that does something with a connection of its own, and then waits to be killed. Returns its number. */
pid_t client_fork(struct world *w, void (*function)(struct hycan *h, void *userdata), void *userdata);
void client_kill(pid_t pid);

#endif
