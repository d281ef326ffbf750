/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.list of what is not there, and by somebody who has nothing; the rest is in confirm.c. */
#include <stdlib.h>

#include "world.h"

static void test_nothing(void **state)
{
	struct world *w = *state;
	struct hycan_pending_transaction *list = NULL;
	size_t n = 1;

	assert_done(w->h, hycan_transaction_list(w->h, &list, &n));
	assert_int_equal(n, 0);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("transaction.list", tests, NULL, NULL);
}
