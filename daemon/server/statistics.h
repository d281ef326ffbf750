/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often each operation was asked for, and how long it took, which the loop alone counts; and what the observer's thread tells,
 * which it alone counts. Anybody may read.
 */
#ifndef SERVER_STATISTICS_H
#define SERVER_STATISTICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "messages.h"

/* Bucket 0 counts 0 µs, bucket n up to 2^n - 1 µs, the last one everything above. */
#define STATISTICS_BUCKETS 28

struct statistics {
	struct {
		_Atomic uint64_t done;
		_Atomic uint64_t refused;
		_Atomic uint64_t failed;
		_Atomic uint64_t total_us; /* how long all of them took */
		_Atomic uint64_t latency[STATISTICS_BUCKETS];
	} operation[N_OPERATIONS];
};

/* Numbers of families of events are below that. */
#define STATISTICS_FAMILIES 8

struct statistics_events {
	_Atomic uint64_t told[STATISTICS_FAMILIES]; /* by family, to each subscription */
	_Atomic uint64_t overflows;                 /* of subscriptions */
	_Atomic uint64_t resyncs;                   /* the kernel told more than was read */
};

static inline uint64_t statistics_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* There is one writer, so nothing is to be locked. */
static inline void statistics_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, statistics_read(counter) + n, memory_order_relaxed);
}

static inline void statistics_count(struct statistics *s, const struct hycan_operation *operation, int result, uint64_t duration_us)
{
	unsigned int bucket = duration_us ? 64 - (unsigned int)__builtin_clzll(duration_us) : 0;

	statistics_add(result == 0  ? &s->operation[operation->index].done
	               : result > 0 ? &s->operation[operation->index].refused
	                            : &s->operation[operation->index].failed,
	               1);
	statistics_add(&s->operation[operation->index].total_us, duration_us);
	statistics_add(&s->operation[operation->index].latency[bucket < STATISTICS_BUCKETS ? bucket : STATISTICS_BUCKETS - 1], 1);
}

#endif
