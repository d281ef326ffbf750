/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job is used for one request after another, and nothing of the one before is left when the next one begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job.h"
#include "table.h"

/*
 * What a successor completes is performed, or, of a transaction that was done, told to the ledger alone: where it counted
 * from what the scribe had written of a load before, the ledger missed what the transaction had made.
 */
static void forgets_what_the_scribe_wrote(void **state)
{
	static const uint32_t order[1] = { 0 };
	static struct job job;
	const struct nlmsghdr header = { .nlmsg_type = HYCAN_OPERATION_TRANSACTION_RUN };

	(void)state;
	assert_int_equal(job_open(&job, NULL, NULL), 0);
	job.recorded = 1;
	job.order = order;
	job_begin(&job, NULL, hycan_operation_by_number(HYCAN_OPERATION_TRANSACTION_RUN), &header);
	assert_int_equal(job.recorded, 0);
	assert_null(job.order);
	job_close(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgets_what_the_scribe_wrote),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
