/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often each operation was asked for, and how long it took. */
#ifndef SERVER_STATISTICS_H
#define SERVER_STATISTICS_H

#include <stdint.h>

#include "messages.h"

/* Bucket 0 counts 0 µs, bucket n up to 2^n - 1 µs, the last one everything above. */
#define STATISTICS_BUCKETS 28

struct statistics {
	struct {
		uint64_t done;
		uint64_t refused;
		uint64_t failed;
		uint64_t total_us; /* how long all of them took */
		uint64_t latency[STATISTICS_BUCKETS];
	} operation[N_OPERATIONS];
};

static inline void statistics_count(struct statistics *s, const struct hycan_operation *operation, int result, uint64_t duration_us)
{
	unsigned int bucket = duration_us ? 64 - (unsigned int)__builtin_clzll(duration_us) : 0;

	s->operation[operation->index].done += result == 0;
	s->operation[operation->index].refused += result > 0;
	s->operation[operation->index].failed += result < 0;
	s->operation[operation->index].total_us += duration_us;
	s->operation[operation->index].latency[bucket < STATISTICS_BUCKETS ? bucket : STATISTICS_BUCKETS - 1]++;
}

#endif
