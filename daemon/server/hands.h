/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is carrying out a request just now: the loop, and each worker.
 *
 * Between the kernel's change and the ledger's the two differ, and who compares them would take a request for a stranger. So
 * he notes whose hands are full, and waits until each of them was empty once: for these requests alone, and never for those
 * that come after them. A hand is filled and emptied by the loop's thread, and looked at by another.
 */
#ifndef SERVER_HANDS_H
#define SERVER_HANDS_H

#include <stdatomic.h>
#include <stdbool.h>

#define HANDS 8u

/* The loop's; a worker's is its number and one. */
#define HAND_OF_LOOP 0u

struct hands {
	struct {
		_Alignas(64) atomic_uint turn; /* odd: full */
	} hand[HANDS];
};

/* As they were at a moment. */
struct hands_noted {
	unsigned int turn[HANDS];
};

static inline void hands_fill(struct hands *hands, unsigned int hand)
{
	/* before anything that the request does */
	atomic_store(&hands->hand[hand].turn, atomic_load_explicit(&hands->hand[hand].turn, memory_order_relaxed) | 1);
}

static inline void hands_empty(struct hands *hands, unsigned int hand)
{
	const unsigned int turn = atomic_load_explicit(&hands->hand[hand].turn, memory_order_relaxed);

	atomic_store_explicit(&hands->hand[hand].turn, turn + (turn & 1), memory_order_release);
}

static inline void hands_note(const struct hands *hands, struct hands_noted *ret_noted)
{
	for (unsigned int i = 0; i < HANDS; i++)
		ret_noted->turn[i] = atomic_load(&hands->hand[i].turn);
}

static inline bool hands_any(const struct hands_noted *noted)
{
	bool any = false;

	for (unsigned int i = 0; i < HANDS; i++)
		any = any || noted->turn[i] & 1;
	return any;
}

/* Whether each that was full then was empty since. */
static inline bool hands_done(const struct hands *hands, const struct hands_noted *noted)
{
	struct hands_noted now;
	bool done = true;

	hands_note(hands, &now);
	for (unsigned int i = 0; i < HANDS; i++)
		done = done && (!(noted->turn[i] & 1) || now.turn[i] != noted->turn[i]);
	return done;
}

#endif
