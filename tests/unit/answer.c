/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client hears of an error that no handler had words for: a refusal that it can act on, and a sentence. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "answer.h"
#include "job.h"
#include "table.h"

static int begin(void **state)
{
	static struct job job;

	assert_int_equal(job_open(&job, NULL, NULL), 0);
	job.operation = hycan_operation_by_number(HYCAN_OPERATION_ROUTE_ADD);
	*state = &job;
	return 0;
}

static int end(void **state)
{
	job_close(*state);
	return 0;
}

static void errors_of_the_kernel_are_refusals(void **state)
{
	static const struct {
		int error;
		enum hycan_refusal refusal;
	} known[] = {
		{ ENODEV, HYCAN_REFUSAL_NOT_FOUND },
		{ ESRCH, HYCAN_REFUSAL_NOT_FOUND },
		{ EADDRNOTAVAIL, HYCAN_REFUSAL_NOT_FOUND },
		{ EEXIST, HYCAN_REFUSAL_EXISTS },
		{ EBUSY, HYCAN_REFUSAL_BUSY },
		{ EADDRINUSE, HYCAN_REFUSAL_BUSY },
		{ EOPNOTSUPP, HYCAN_REFUSAL_UNSUPPORTED },
		{ EAFNOSUPPORT, HYCAN_REFUSAL_UNSUPPORTED },
		{ ERANGE, HYCAN_REFUSAL_OUT_OF_RANGE },
		{ EINVAL, HYCAN_REFUSAL_INVALID },
		{ ENOSPC, HYCAN_REFUSAL_LIMIT },
		{ EMFILE, HYCAN_REFUSAL_LIMIT },
		{ EPERM, HYCAN_REFUSAL_KERNEL },
		{ EDOM, HYCAN_REFUSAL_KERNEL },
	};
	struct job *job = *state;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_int_equal(answer_explain(job, -known[i].error), known[i].refusal);
		assert_non_null(strstr(job->op.sentence, "The kernel refused route.add"));
		assert_non_null(strstr(job->op.sentence, strerror(known[i].error)));
	}
}

/* These are no refusals: the same request may be done the next time. */
static void want_of_memory_stays_an_error(void **state)
{
	static const int errors[] = { ENOMEM, ENOBUFS, EIO };
	struct job *job = *state;

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		assert_int_equal(answer_explain(job, -errors[i]), -errors[i]);
		assert_non_null(strstr(job->op.sentence, "route.add failed"));
	}
}

static void what_cannot_be_written_down_says_so(void **state)
{
	struct job *job = *state;

	job->intent.no_room = true;
	assert_int_equal(answer_explain(job, -ENOSPC), HYCAN_REFUSAL_LIMIT);
	assert_non_null(strstr(job->op.sentence, "cannot write it down"));
	job->intent.no_room = false;
}

static void what_was_said_stays(void **state)
{
	struct job *job = *state;

	assert_int_equal(op_refuse(&job->op, HYCAN_REFUSAL_BUSY, "name", "It is busy."), HYCAN_REFUSAL_BUSY);
	assert_int_equal(answer_explain(job, HYCAN_REFUSAL_BUSY), HYCAN_REFUSAL_BUSY);
	assert_string_equal(job->op.sentence, "It is busy.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(errors_of_the_kernel_are_refusals, begin, end),
		cmocka_unit_test_setup_teardown(want_of_memory_stays_an_error, begin, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_down_says_so, begin, end),
		cmocka_unit_test_setup_teardown(what_was_said_stays, begin, end),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
