/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.describe: the same schema on both sides, since both were built from one file. */
#include <stdlib.h>
#include <string.h>

#include <hycan/schema.h>

#include "world.h"

static void compare(const struct hycan_field_description *d, size_t n, const struct hycan_structure *s)
{
	assert_int_equal(n, s->n_fields);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(d[i].name, s->field[i].name);
		assert_string_equal(d[i].type, s->field[i].type_name);
		assert_int_equal(d[i].number, s->field[i].number);
		assert_int_equal(d[i].required, !(s->field[i].flags & HYCAN_FIELD_OPTIONAL));
		assert_true(strlen(d[i].summary) > 0);
	}
}

static void test_describe(void **state)
{
	struct world *w = *state;
	struct hycan_operation_description *d = NULL;
	size_t n = 0, n_operations;
	const struct hycan_operation *const *operations = hycan_operations(&n_operations);

	assert_done(w->h, hycan_session_describe(w->h, &d, &n));
	assert_int_equal(n, n_operations);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(d[i].name, operations[i]->name);
		assert_int_equal(d[i].number, operations[i]->number);
		assert_string_equal(d[i].policy_class, operations[i]->policy_class);
		assert_string_equal(d[i].summary, operations[i]->summary);
		assert_int_equal(d[i].list, operations[i]->list);
		compare(d[i].request, d[i].n_request, operations[i]->request);
		compare(d[i].reply, d[i].n_reply, operations[i]->reply);
	}
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_describe, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("session.describe", tests, NULL, NULL);
}
