/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables: turns at our table.
 *
 * The generation tells whether somebody was faster, but to who changes rules without a pause one loses every time: the kernel
 * compares it under the lock that he has for as long as he commits, so it is another one whenever one gets there. Who has lost so
 * often changes the table alone among those of this daemon, and names no generation. What strangers do meanwhile to their own
 * tables is nothing to ours, and what they take out of ours makes the batch fail.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "nat.h"
#include "netlink.h"

/* So often the generation decides. */
#define RACES 8

/* So long one tries at least, and so often: also alone, a list that somebody changes has to be read again. */
#define PATIENCE_MS 2000
#define ATTEMPTS    32

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct kernel_scope *kernel_nat_turn_begin(struct kernel_scope *scope)
{
	struct netlink_turn *turn = netlink_turn(scope);

	if (turn->depth++ == 0)
		pthread_rwlock_rdlock(&lock);
	return scope;
}

static void be_alone(struct netlink_turn *turn)
{
	pthread_rwlock_unlock(&lock);
	pthread_rwlock_wrlock(&lock);
	turn->alone = true;
}

bool kernel_nat_turn_again(struct kernel_scope *scope, int r)
{
	struct netlink_turn *turn = netlink_turn(scope);

	/* who has the outer turn has read something, too */
	if (r != -EINTR && (r != -ERESTART || turn->depth > 1))
		return false;
	if (turn->n_lost++ == 0)
		turn->until_ms = now_ms() + PATIENCE_MS;
	if (turn->n_lost >= RACES && turn->depth == 1 && !turn->alone)
		be_alone(turn);
	return turn->n_lost < ATTEMPTS || now_ms() < turn->until_ms;
}

void kernel_nat_turn_end(struct kernel_scope **scope)
{
	struct netlink_turn *turn = netlink_turn(*scope);

	if (--turn->depth > 0)
		return;
	pthread_rwlock_unlock(&lock);
	*turn = (struct netlink_turn){ 0 };
}
