/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scope: one network namespace, seen through its own kernel sockets.
 *
 * Everything in this room takes a scope first and acts in its namespace. A scope is used by one thread at a time. Its
 * sockets are opened when they are first needed, inside the namespace, and stay open.
 *
 * Functions here return 0 or -errno, the kernel's own; kernel_scope_message() then has the kernel's own words, where it
 * had any (extended acknowledgement, Documentation/userspace-api/netlink/intro.rst).
 */
#ifndef KERNEL_SCOPE_H
#define KERNEL_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include <hycan/types.h>

struct kernel_scope;

/* Opens a scope. netns is a descriptor of a network namespace, which stays the caller's, or -1 for the one we are in. */
int kernel_scope_open(int netns, struct kernel_scope **ret_scope);

/* Opens another scope for the same namespace. */
int kernel_scope_open_same(const struct kernel_scope *scope, struct kernel_scope **ret_scope);

void kernel_scope_free(struct kernel_scope **scope);

/* The kernel's words about the request that failed last, or "". */
const char *kernel_scope_message(const struct kernel_scope *scope);

/* Its descriptor, which stays the scope's; -1: the namespace that the process lives in. */
int kernel_scope_netns(const struct kernel_scope *scope);

/* Inode of the namespace, which names it (stat(2)). */
uint64_t kernel_scope_inode(const struct kernel_scope *scope);

/*
 * What no other namespace of this boot has, also when this one has ended and its inode is another's (SO_NETNS_COOKIE, socket(7)). 0:
 * the kernel is older than 5.14, and does not say.
 */
int kernel_scope_cookie(struct kernel_scope *scope, uint64_t *ret_cookie);

/*
 * A gate in a scope: asked before each request that changes the kernel, on whatever way it goes there. 0: it goes; below
 * 0 -errno: it fails with that; above 0: it does not go, and counts as done. change NULL: no gate.
 * held is told what such a one would have done to links, addresses, forwarding, our table and peers of WireGuard, in words; along:
 * to something else than it is about. NULL: nobody is.
 */
struct kernel_gate {
	int (*change)(void *userdata);
	void (*held)(const struct hycan_planned_change *change, bool along, void *userdata);
	void *userdata;
};

/* Forgets what was planned, links and our table: made while the gate let nothing through, and found since as if it were there. */
void kernel_scope_forget_plan(struct kernel_scope *scope);

/* Sets the gate, and returns the one that was there. */
struct kernel_gate kernel_scope_set_gate(struct kernel_scope *scope, struct kernel_gate gate);

/*
 * Asks the gate for something that goes along with the kernel's, and is no request to it: 0: it may be changed; -errno; above 0: it
 * is not to be, and counts as done.
 */
int kernel_scope_ask_gate(struct kernel_scope *scope);

/* What was sent in a scope since this was asked last. */
enum kernel_sent {
	KERNEL_SENT_NO_CHANGE,
	KERNEL_SENT_CHANGE,
	KERNEL_SENT_IN_DOUBT, /* a change, and the kernel's answer to it was lost (ENOBUFS, netlink(7)): it is made, or not */
};
enum kernel_sent kernel_scope_sent(struct kernel_scope *scope);

/*
 * Says to the monitor with that port (monitor.h) that a request begins, or has ended: it stands among what the kernel tells
 * the monitor, before and behind what the request brings about. A monitor that is far behind does not hear it.
 */
struct kernel_mark;
void kernel_scope_mark(struct kernel_scope *scope, uint32_t port, const struct kernel_mark *mark);

/*
 * Goes into the namespace with the calling thread, and back. For what the kernel ties to the thread instead of to a
 * socket: files below /proc/sys/net. A thread that cannot go back ends the process, since nothing it did later would be
 * where it should be.
 */
int kernel_scope_enter(struct kernel_scope *scope);
void kernel_scope_leave(struct kernel_scope *scope);

#endif
