/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.replace_begin: a statement that never ends changes nothing. What its end does is in replace_end.c. */
#include "clients.h"

static void changes_nothing_alone(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);

	client_add(h, "10.1.0.1/24");
	client_add(h, "10.2.0.1/24");
	assert_done(h, hycan_object_replace_begin(h, NULL));
	client_add(h, "10.2.0.1/24");
	hycan_close(h);
	client_add(w->h, "10.3.0.1/24");
	assert_true(address_is_there("10.1.0.1/24"));
	assert_true(address_is_there("10.2.0.1/24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_nothing_alone, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("object.replace_begin", tests, NULL, NULL);
}
