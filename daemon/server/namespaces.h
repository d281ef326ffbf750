/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces, found by their number, and which one that means.
 *
 * Everything here is known by the inode of its namespace, and the kernel gives that of one that has ended to another. So nobody
 * comes into one but through these two, which compare it with the one that the ledger knows by that number: where it is another,
 * all that is known of the number is of one that is gone, and so is that. On any thread.
 */
#ifndef SERVER_NAMESPACES_H
#define SERVER_NAMESPACES_H

#include <stdint.h>

struct kernel_scope;
struct server;

/*
 * Requests are going to act in it: its number means that one from now on, and that is not forgotten before namespaces_leave(); nor as
 * long as a session is known to have acted there (session_enter()). 0 or -errno.
 */
int namespaces_enter(struct server *server, struct kernel_scope *scope);
void namespaces_leave(struct server *server, uint64_t netns);

/*
 * Finds the one in which something is known to be: where a session is or was, also one that a former daemon left, by its name, or by a
 * process. None beside the daemon's own where it is that one, else one that is the caller's. -ENOENT: it is gone; or -errno.
 */
int namespaces_find(struct server *server, uint64_t netns, struct kernel_scope **ret_other);

#endif
