/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What it takes to take back what was done: requests, of which the last is carried out first. */
#ifndef SERVER_UNDO_LOG_H
#define SERVER_UNDO_LOG_H

#include <linux/netlink.h>
#include <stdbool.h>

#include "buffer.h"

struct hycan_operation;

/* Frames, one behind the other. */
struct undo_log {
	struct buffer frames;
	size_t n;
	size_t last; /* where the last one begins */
};

/* A moment in it, to go back to. */
struct undo_mark {
	size_t end;
	size_t n;
	size_t last;
};

/* In nlmsg_flags: the request comes from the key of an object (op->exact). */
#define UNDO_EXACT 1

/* Keeps a request. 0; -ENOBUFS when there is no room, -EINVAL for what cannot be encoded. */
int undo_log_add(struct undo_log *log, const struct hycan_operation *operation, const void *request, bool exact);

/* Sees to it that there is room for n requests that take an object away by its key. 0 or -ENOBUFS. */
int undo_log_prepare(struct undo_log *log, size_t n);

/* The last frame, with its attributes behind it; NULL: there is none. It stays until undo_log_drop(). */
const struct nlmsghdr *undo_log_last(struct undo_log *log);

/* Forgets the last one. */
void undo_log_drop(struct undo_log *log);

struct undo_mark undo_log_mark(const struct undo_log *log);

/* Forgets what came behind the mark. */
void undo_log_rewind(struct undo_log *log, struct undo_mark mark);

/* Wipes and gives back. */
void undo_log_release(struct undo_log *log);

#endif
