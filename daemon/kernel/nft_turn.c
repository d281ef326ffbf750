/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables: turns at our table.
 *
 * The generation tells whether somebody was faster, but to who changes rules without a pause one loses every time: the kernel
 * compares it under the lock that he has for as long as he commits, so it is another one whenever one gets there. Who has lost so
 * often changes the table alone among those of this daemon, and names no generation. What strangers do meanwhile to their own
 * tables is nothing to ours, and what they take out of ours makes the batch fail. What they put into ours while the last of it is taken out
 * goes along with the table: the kernel spares a set with elements (NLM_F_NONREC) by those that were there before the batch.
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

/* So often one tries, and alone so long: also then a list that somebody changes has to be read again. */
#define ATTEMPTS    32
#define PATIENCE_MS 2000

/* Of many network namespaces some share one. Who wants to be alone comes before those who begin later. */
#define LOCKS 16
#define LOCK  PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP

static pthread_rwlock_t locks[LOCKS] = { [0 ... LOCKS - 1] = LOCK };

static pthread_rwlock_t *lock_of(const struct kernel_scope *scope)
{
	return &locks[kernel_scope_inode(scope) % LOCKS];
}

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
		pthread_rwlock_rdlock(lock_of(scope));
	return scope;
}

static void be_alone(struct kernel_scope *scope, struct netlink_turn *turn)
{
	pthread_rwlock_unlock(lock_of(scope));
	pthread_rwlock_wrlock(lock_of(scope));
	turn->alone = true;
	turn->until_ms = now_ms() + PATIENCE_MS;
}

bool kernel_nat_turn_again(struct kernel_scope *scope, int r)
{
	struct netlink_turn *turn = netlink_turn(scope);

	/* who has the outer turn has read something, too */
	if (r != -EINTR && (r != -ERESTART || turn->depth > 1))
		return false;
	turn->n_lost++;
	/* being alone is nothing to who only reads */
	if (r == -ERESTART && turn->n_lost >= RACES && !turn->alone)
		be_alone(scope, turn);
	return turn->alone ? now_ms() < turn->until_ms : turn->n_lost < ATTEMPTS;
}

void kernel_nat_turn_end(struct kernel_scope **scope)
{
	struct netlink_turn *turn = netlink_turn(*scope);

	if (--turn->depth > 0)
		return;
	pthread_rwlock_unlock(lock_of(*scope));
	*turn = (struct netlink_turn){ 0 };
}
