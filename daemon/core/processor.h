/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sharing the processor with whoever else waits for it. */
#ifndef CORE_PROCESSOR_H
#define CORE_PROCESSOR_H

#include <stdbool.h>

/*
 * Asks the scheduler for slices of so many microseconds, for this thread and those that it begins. Whoever gives the processor
 * away loses what is left of its slice, so that a short one is no great loss. From Linux 6.12 on (sched_setattr(2)); others
 * know no such thing, and take less for it. False: it may not be asked for, and to give the processor away could cost milliseconds.
 */
bool processor_slice(unsigned int us);

/* Lets others have it, if any wait. */
void processor_yield(void);

#endif
