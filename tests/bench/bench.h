/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark: what the daemon costs, beside the direct way, in one run.
 *
 * Every figure that matters is a ratio of two things measured in turn on the same machine in the same minute. Nothing
 * here passes or fails by time.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bench {
	const char *daemon; /* the executable */
	const char *socket;
	const char *policy; /* file; NULL: the built-in one */
	pid_t pid;          /* of the daemon */
	unsigned int scale; /* everything is done 1/scale times as often: for a smoke run */
};

/* Durations in nanoseconds. */
struct sample {
	uint64_t *ns;
	size_t n;
	size_t room;
};

uint64_t bench_now_ns(void);
void sample_add(struct sample *s, uint64_t ns);

/* The value below which that share of the durations is; sorts them. */
uint64_t sample_percentile(struct sample *s, double share);
void sample_free(struct sample *s);

/* Ends the program with a sentence. */
__attribute__((format(printf, 1, 2), noreturn)) void bench_fail(const char *format, ...);

/* Runs a process on that CPU alone; -1: on all. */
void bench_pin(pid_t pid, int cpu);

/* Starts the daemon on the socket and waits until it answers; returns nanoseconds from fork to the first answer. */
uint64_t bench_start_daemon(struct bench *b);
void bench_stop_daemon(struct bench *b);

/* Takes away all routes on a link. */
void bench_flush_routes(const char *link);

/* Where the two ends of a call run. */
enum bench_ends {
	BENCH_ONE_CPU,
	BENCH_TWO_CPUS,
	BENCH_ANY_CPU,
};

void bench_call(struct bench *b, enum bench_ends ends);
void bench_routes(struct bench *b);
void bench_resync(struct bench *b);
void bench_vlans(struct bench *b);
void bench_pipeline(struct bench *b, unsigned int clients);
void bench_footprint(struct bench *b);
void bench_soak(struct bench *b, enum bench_ends ends, bool rests);
void bench_networks(struct bench *b);
void bench_router(struct bench *b);

#endif
