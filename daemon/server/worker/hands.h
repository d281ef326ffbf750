/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is carrying out a request just now: the loop, and each worker.
 *
 * Between the kernel's change and the ledger's the two differ, and who compares them would take a request for a stranger. So
 * he notes whose hands are full, and waits until each of them was empty once: for these requests alone, and never for those
 * that come after them. A hand is filled and emptied by the loop's thread, and looked at by another.
 *
 * A worker whose request waits for another program, twenty seconds at most, changes nothing meanwhile, and says what it has been
 * about so far: so he who compares need not wait for it, and leaves that out.
 */
#ifndef SERVER_HANDS_H
#define SERVER_HANDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HANDS 8u

/* Kinds of objects (OP_KIND()): any of them. */
#define HANDS_ANY UINT32_MAX

/* The loop's; a worker's is its number and one. */
#define HAND_OF_LOOP 0u

struct hands {
	struct {
		_Alignas(64) atomic_uint turn; /* odd: full */
		_Atomic uint32_t about;        /* while it waits, these kinds; 0: it is at work */
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

/* A full hand waits for another program, and has been about these kinds; or with 0 no more. By the worker itself. */
static inline void hands_wait(struct hands *hands, unsigned int hand, uint32_t kinds)
{
	atomic_store(&hands->hand[hand].about, kinds);
}

/* What those that were full then may have half done: HANDS_ANY, until each of them was empty since, or waits. */
static inline uint32_t hands_hold(const struct hands *hands, const struct hands_noted *noted)
{
	uint32_t kinds = 0, about;
	struct hands_noted now;

	hands_note(hands, &now);
	for (unsigned int i = 0; i < HANDS; i++) {
		if (!(noted->turn[i] & 1) || now.turn[i] != noted->turn[i])
			continue;
		about = atomic_load(&hands->hand[i].about);
		kinds |= about ? about : HANDS_ANY;
	}
	return kinds;
}

#endif
