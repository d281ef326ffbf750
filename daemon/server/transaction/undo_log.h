/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What it takes to take back what was done: requests, of which the last is carried out first. */
#ifndef SERVER_UNDO_LOG_H
#define SERVER_UNDO_LOG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <sys/types.h>

#include <hycan/types.h>

#include "buffer.h"

struct hycan_operation;

/* Frames, one behind the other. */
struct undo_log {
	struct buffer frames;
	size_t n;
	size_t last; /* where the last one begins */
	bool keeps;  /* it will be carried out: whose is what is put back is noted, too */
};

/* A moment in it, to go back to. */
struct undo_mark {
	size_t end;
	size_t n;
	size_t last;
};

/* In nlmsg_flags. */
#define UNDO_EXACT   1  /* the request comes from the key of an object (op->exact) */
#define UNDO_OWNED   2  /* what it puts back was in the ledger: that one's whose number is in nlmsg_seq */
#define UNDO_HELD    4  /* what it names was there, and another's: only that it is held as well is taken back */
#define UNDO_LET_GO  8  /* what it names stayed, as others hold it: only that it is held as well is put back */
#define UNDO_MACHINE 16 /* the number of UNDO_OWNED is a context id (subject.h) */
#define UNDO_WANTED  32 /* no request: how what it was about was wanted before (settings.h) */
#define UNDO_ASKED                                                                                                                 \
	64 /* no request: what was asked for of it before (asked.h); with UNDO_HELD: what was to be done about drift (repair_before()) */
#define UNDO_HOLDERS                                                                                                               \
	128 /* no request: who held what is put back by the one that comes before it (struct ledger_holders); with UNDO_HELD: of what was not away */
#define UNDO_GIVEN   256  /* of UNDO_OWNED: who held each thing that it puts back comes behind it; of UNDO_LET_GO: in front of it */
#define UNDO_MENDS   1024 /* of UNDO_OWNED: what strangers do to it is put right (HYCAN_DRIFT_REPAIR); */
#define UNDO_IGNORES 2048 /* or is nobody's business (HYCAN_DRIFT_IGNORE) */
#define UNDO_ANY     4096 /* its step might change whoever's it is */
#define UNDO_SINCE                                                                                                                 \
	8192 /* what others make is another thing since later than the transaction began: since when stands behind the rest */
#define UNDO_ROUTES 16384 /* no request: all routes in a place, as the kernel told of them (op_undo_routes()) */
#define UNDO_ALONG  32768 /* no request: what the kernel changed along with what the next ones put back (struct undo_along) */
#define UNDO_KERNEL 512   /* in the kernel alone, on the way to what the next one puts back: the ledger is not told */

/* What says whether and how it is a request. */
#define UNDO_REQUEST (UNDO_EXACT | UNDO_WANTED | UNDO_ASKED | UNDO_HOLDERS | UNDO_ROUTES | UNDO_ALONG | UNDO_KERNEL)

/* Of UNDO_ALONG, in front of the bytes. */
struct undo_along {
	uint32_t what;                /* enum op_along */
	uint32_t size;                /* of the bytes, which are filled up to whole words */
	char link[HYCAN_IFNAME_SIZE]; /* whose it is, or "" */
};

/*
 * Keeps a request, with flags; subject: whose, of UNDO_OWNED; since_us: of UNDO_SINCE, else 0. 0; -ENOBUFS when there is no room,
 * -EINVAL for what cannot be encoded.
 */
int undo_log_add(struct undo_log *log, const struct hycan_operation *operation, const void *request, unsigned int flags,
                 uint64_t subject, uint64_t since_us);

/* Keeps something else that is to be put back, of a step of that operation: whole words. 0 or -ENOBUFS. */
int undo_log_add_bytes(struct undo_log *log, const struct hycan_operation *operation, unsigned int flags, const void *bytes,
                       size_t size, uint64_t since_us);

/* The bytes of a frame behind its header; and the moment of UNDO_SINCE, else 0. */
size_t undo_log_size(const struct nlmsghdr *frame);
uint64_t undo_log_since(const struct nlmsghdr *frame);

/* What is done about drift of what a frame puts back, as a flag; and the way back. */
unsigned int undo_log_drift(enum hycan_drift drift);
enum hycan_drift undo_log_drift_of(const struct nlmsghdr *frame);

/* Whose it was, of UNDO_OWNED. */
uint64_t undo_log_owner(const struct nlmsghdr *frame);

/* Keeps frames that were in a log before. 0, -ENOBUFS; -EBADMSG: they are none, and those in front of that are kept. */
int undo_log_append(struct undo_log *log, const void *frames, size_t size);

/* Sees to it that there is room for n requests that take an object away by its key. 0 or -ENOBUFS. */
int undo_log_prepare(struct undo_log *log, size_t n);

/* Room for so many bytes, so that there are pages for them, which no dump has. 0 or -ENOBUFS. */
int undo_log_reserve(struct undo_log *log, size_t size);

/* The last frame, with its attributes behind it; NULL: there is none. It stays until undo_log_drop(). */
const struct nlmsghdr *undo_log_last(struct undo_log *log);

/* The frame before that one, or NULL. */
const struct nlmsghdr *undo_log_before(struct undo_log *log, const struct nlmsghdr *frame);

/* Forgets the last one. */
void undo_log_drop(struct undo_log *log);

/* And what was kept of whose it was (and of no other thing: UNDO_HELD), where it could not be put back. */
void undo_log_drop_owners(struct undo_log *log);

struct undo_mark undo_log_mark(const struct undo_log *log);

/* Forgets what came behind the mark. */
void undo_log_rewind(struct undo_log *log, struct undo_mark mark);

/* Wipes and gives back. */
void undo_log_release(struct undo_log *log);

#endif
