/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.cancel of what is not there, and by somebody who has nothing; the rest is in confirm.c. */
#include <stdlib.h>

#include "world.h"

static void test_nothing(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_transaction_cancel(w->h, "0123"), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "token");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("transaction.cancel", tests, NULL, NULL);
}
