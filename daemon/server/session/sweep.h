/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking away what nobody holds any more; on any thread, with a job of that thread's. */
#ifndef SERVER_SWEEP_H
#define SERVER_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

struct hycan_object_clear_reply;
struct hycan_object_clear_request;
struct job;
struct op;
struct session;

/*
 * A slice of what a session holds: leases that have ended, and all that is no lease as long as the connection's end is due
 * (connection_ends); cause: why it goes, for the log. What cannot be taken away is a lease of it from then on, or, where now_us
 * is UINT64_MAX, its user's for good. 1: there is more. 0: nothing is left; ret_next_us is when the next lease ends, or UINT64_MAX.
 */
int sweep_session(struct session *session, struct job *job, uint64_t now_us, const char *cause, uint64_t *ret_next_us);

/* What came of it. */
struct sweep_count {
	uint32_t gone;   /* let go of */
	uint32_t failed; /* could not be taken away, and held as before */
	char first[448]; /* of those: its name and the reason */
	uint32_t n_lost; /* were asked for, went along with an address, and are not there again; */
	char lost[256];  /* of the first of them, why */
};

/*
 * Whoever asks lets go of what it did not ask for since a round began (object.replace_end). What he did ask for, and goes along with an
 * address, is made again. 0, or -errno: of nothing.
 */
int sweep_stale(struct job *job, unsigned int kind, uint32_t round, const char *cause, struct sweep_count *ret_count);

/* object.clear: whoever asks, or everybody, lets go of everything. */
int sweep_clear(struct op *op, const struct hycan_object_clear_request *request, struct hycan_object_clear_reply *reply);

#endif
