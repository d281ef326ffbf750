/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event.unsubscribe: the end of a subscription, and nothing behind it. */
#include <stdlib.h>

#include "events.h"

static void test_unsubscribe(void **state)
{
	struct world *w = *state;
	struct events e, f;

	events_begin_complete(&e, w->h, NULL);
	events_begin_complete(&f, w->h, NULL);
	assert_done(w->h, hycan_event_unsubscribe(w->h, e.request));
	assert_true(e.ended);
	assert_int_equal(e.result, 0);
	events_forget(&e);
	free(shell("ip link add b0 type bridge"));
	events_until(&f, "new link b0");
	assert_false(events_heard(&e, ""));
	assert_false(f.ended);
	assert_refused(w->h, hycan_event_unsubscribe(w->h, e.request), HYCAN_REFUSAL_NOT_FOUND);
	events_end(&e);
	events_end(&f);
}

/* Before it has told anything. */
static void test_at_once(void **state)
{
	struct world *w = *state;
	struct events e;

	for (int i = 0; i < 100; i++) {
		events_begin(&e, w->h, NULL);
		assert_done(w->h, hycan_event_unsubscribe(w->h, e.request));
		assert_true(e.ended);
		events_end(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unsubscribe, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_at_once, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("event.unsubscribe", tests, NULL, NULL);
}
