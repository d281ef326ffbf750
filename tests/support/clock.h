/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monotonic clock, for deadlines, and how much of it a busy machine needs. */
#ifndef SUPPORT_CLOCK_H
#define SUPPORT_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * Deadlines are written down for a quiet machine. One that is emulated, with sanitizers and other work beside, is so many times slower;
 * who waits for what comes does not wait longer for that.
 */
#define SLOWEST 10

static inline int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static inline int64_t now_ms(void)
{
	return now_us() / 1000;
}

#endif
