/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking back what was done, by the requests that were kept for that; on any thread. */
#ifndef SERVER_ROLLBACK_H
#define SERVER_ROLLBACK_H

#include <stdbool.h>
#include <stddef.h>

struct hycan_operation;
struct job;
struct undo_log;

struct rollback {
	struct job *job;
	const struct hycan_operation *whole; /* what is taken back: the job is about that again afterwards */
	struct undo_log *undo;               /* empty afterwards */
	size_t n_told;                       /* so many frames are of steps that the ledger was certainly told of */
	uint64_t since_us;                   /* when it began */
	const char *cause;                   /* for the log, which has a line of each request; NULL: it has none */
	bool is_noted;                       /* in the ledger's file, by that number: */
	unsigned int number;
	bool again; /* the first of them may be done, or half done, by a daemon that was killed */
};

/*
 * Carries the requests out, the last one first. What fails is tried again for a while, since it may have failed for want of
 * memory, or wait for something that the kernel does; and then left, which the log says. Returns how many were left. What
 * the job has of a refusal stays.
 */
size_t rollback_run(const struct rollback *rollback);

#endif
