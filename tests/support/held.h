/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request that the daemon is at, and does not come further with: for tests of what others do meanwhile, and of daemons that are killed
 * in the middle.
 *
 * The daemon's thread is stopped as a debugger would (ptrace(2)), so “meanwhile” lasts as long as the test likes, and is where it likes,
 * on any machine.
 */
#ifndef SUPPORT_HELD_H
#define SUPPORT_HELD_H

#include "world.h"

/* What a client asks for, by a connection of its own. */
typedef int held_asks(struct hycan *h, const void *userdata);

/*
 * A child asks for something that is refused for the moment, and that the daemon tries again after a pause: it is held in the first
 * pause, and has all of its tries left behind it. Returns the child, which ends with what asks() returns. The test fails when the child
 * ends before the daemon is held.
 */
pid_t held_in_pause(const struct world *w, held_asks *asks, const void *userdata);

/* The same, and it is held where it would send the kernel the nth message from now on, from 1. */
pid_t held_at_message(const struct world *w, unsigned int n, held_asks *asks, const void *userdata);

/* The daemon goes on, if it is held; also one that was sent a signal before, which it then has first. */
void held_end(void);

#endif
