/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of requests that wait a user has only so many workers: of slow ones, and of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"
#include "server.h"
#include "workers.h"

static struct server server;

static void give(size_t i, struct peer *peer, bool slow, bool waits)
{
	server.worker[i].busy = true;
	server.worker[i].subject = peer->identity.subject;
	server.worker[i].slow = slow;
	atomic_store(&server.worker[i].waits, waits);
}

static void test_enough(void **state)
{
	static struct peer alice, bob;

	(void)state;
	alice.identity.subject = 1;
	bob.identity.subject = 2;
	server.n_workers = 5;
	give(0, &alice, false, true);
	give(1, &alice, true, false);
	give(2, &bob, false, true);
	assert_false(workers_are_enough(&server, 1, false));
	assert_false(workers_are_enough(&server, 1, true));
	give(3, &alice, false, false);
	assert_true(workers_are_enough(&server, 1, false));
	assert_false(workers_are_enough(&server, 1, true));
	assert_false(workers_are_enough(&server, 2, false));
	give(4, &alice, true, true);
	assert_true(workers_are_enough(&server, 1, true));
	/* none of which waits: they are done soon */
	give(0, &alice, false, false);
	assert_false(workers_are_enough(&server, 1, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enough),
	};

	return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
