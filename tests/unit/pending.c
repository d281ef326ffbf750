/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of transactions to be confirmed there is one at work at a time, of a user in a network namespace; who waits for that does not for
 * long. And how much may wait: of a user, of all, and of root.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "job.h"
#include "pending.h"
#include "server.h"
#include "table.h"
#include "undo_log.h"
#include "waiting.h"

#define MIB ((size_t)1 << 20)

static struct server server;
static struct job job;

static int reserve(uint64_t subject, struct pending **ret_pending)
{
	struct undo_log undo = { 0 };
	int r;

	job.holder = (struct ledger_holder){ .subject = subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
	r = pending_reserve(&job, &undo, 60, true, ret_pending);
	undo_log_release(&undo);
	return r;
}

static void test_turn(void **state)
{
	struct pending *first = NULL, *others = NULL, *second = NULL;

	(void)state;
	TAILQ_INIT(&server.pending);
	assert_int_equal(job_open(&job, &server, NULL), 0);
	job.op.scope = job.scope;
	assert_int_equal(reserve(1, &first), 0);
	assert_int_equal(reserve(2, &others), 0);
	assert_int_equal(reserve(1, &second), HYCAN_REFUSAL_BUSY);
	assert_null(second);
	pending_discard(&first);
	assert_int_equal(reserve(1, &second), 0);
	/* a daemon that ends lets nobody wait at all */
	pending_hurry(&server);
	assert_int_equal(reserve(1, &first), HYCAN_REFUSAL_BUSY);
	pending_discard(&second);
	assert_int_equal(reserve(1, &first), 0);
	pending_discard(&first);
	pending_discard(&others);
	job_close(&job);
}

static int begin(void **state)
{
	(void)state;
	TAILQ_INIT(&server.pending);
	assert_int_equal(job_open(&job, &server, NULL), 0);
	job.op.scope = job.scope;
	return 0;
}

static int end(void **state)
{
	struct pending *p;

	(void)state;
	while ((p = TAILQ_FIRST(&server.pending)))
		pending_discard(&p);
	job_close(&job);
	return 0;
}

/* Who waits for one that rests has it tried soon, and not more often than once a second, however many come. */
static void who_waits_wakes(void **state)
{
	const uint64_t second_us = 1000000, now_us = server_now_us();
	struct pending *p, *other = NULL;

	(void)state;
	server.pending_hurries = false;
	assert_int_equal(reserve(1, &p), 0);
	p->works = false;
	assert_int_equal(undo_log_add_bytes(&p->undo, hycan_operation_by_number(HYCAN_OPERATION_LINK_UP), 0, "x", 1, 0), 0);
	pending_end(p, "the test says so");
	p->tried_us = now_us;
	p->rest_s = 300;
	p->rests_us = now_us + 300 * second_us;
	assert_int_equal(reserve(2, &other), 0);
	assert_int_equal(p->rests_us, now_us + 300 * second_us);
	assert_false(server.pending_wakes);
	assert_int_equal(reserve(1, &other), HYCAN_REFUSAL_BUSY);
	assert_int_equal(p->rests_us, now_us + second_us);
	assert_true(server.pending_wakes);
	/* it is about to be tried; and one that does not rest is */
	server.pending_wakes = false;
	pending_wake(p);
	p->rests_us = 0;
	pending_wake(p);
	assert_false(server.pending_wakes);
}

/* What is about to be taken back waits for nobody who came later, or might do so for ever. */
static void nobody_stands_on_what_ends(void **state)
{
	const struct hycan_link_set_request request = { .name = "va", .has_mtu = true, .mtu = 1400 };
	const struct hycan_operation *operation = hycan_operation_by_number(HYCAN_OPERATION_LINK_SET);
	struct undo_log undo = { 0 };
	struct pending *p[3];

	(void)state;
	server.pending_hurries = false;
	assert_int_equal(undo_log_add(&undo, operation, &request, 0, 0, 0), 0);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(reserve(i + 1, &p[i]), 0);
		if (i == 2)
			pending_end(p[0], "the test says so");
		assert_int_equal(undo_log_add(&p[i]->undo, operation, &request, 0, 0, 0), 0);
		assert_int_equal(pending_prepare(p[i], &job, &undo), 0);
		p[i]->works = i == 2;
		p[i]->waits = i < 2;
	}
	assert_true(p[1]->on[p[0]->slot]);
	/* this one was under way when the first one ended, and may have found what that had changed */
	assert_true(p[2]->on[p[0]->slot]);
	assert_non_null(p[0]->why);
	pending_discard(&p[2]);
	assert_int_equal(reserve(3, &p[2]), 0);
	assert_int_equal(pending_prepare(p[2], &job, &undo), 0);
	assert_false(p[2]->on[p[0]->slot]);
	undo_log_release(&undo);
}

/* One of the user that waits in so many bytes; or it was refused, and is not there. */
static int wait_in(uint64_t subject, size_t bytes, struct pending **ret_pending)
{
	struct pending *p = NULL;
	int r;

	assert_int_equal(reserve(subject, &p), 0);
	p->works = false;
	assert_int_equal(pending_claim(p, bytes / 2), 0);
	r = pending_claim(p, bytes);
	assert_true(r == 0 || r == -EDQUOT);
	r = pending_refuse(p, &job.op);
	if (r)
		pending_discard(&p);
	*ret_pending = p;
	return r;
}

static void is_of_a_user(void **state)
{
	struct pending *first, *p;

	(void)state;
	assert_int_equal(wait_in(1, 6 * MIB, &first), 0);
	assert_int_equal(wait_in(1, 3 * MIB, &p), HYCAN_REFUSAL_LIMIT);
	assert_string_equal(job.op.field, "confirm_within");
	assert_non_null(strstr(job.op.sentence, "9437184 bytes, and 8388608 may those of a user: confirm or cancel one"));
	assert_int_equal(wait_in(1, 2 * MIB, &p), 0);
	assert_int_equal(wait_in(1, 1, &p), HYCAN_REFUSAL_LIMIT);
	/* another one's are not his */
	assert_int_equal(wait_in(2, 8 * MIB, &p), 0);
	pending_discard(&first);
	assert_int_equal(wait_in(1, 6 * MIB, &first), 0);
}

static void is_of_all(void **state)
{
	struct pending *p;

	(void)state;
	for (uint64_t user = 1; user <= 15; user++)
		assert_int_equal(wait_in(user, 8 * MIB, &p), 0);
	assert_int_equal(wait_in(0, 9 * MIB, &p), HYCAN_REFUSAL_LIMIT);
	assert_non_null(strstr(job.op.sentence, "134217728 may those of all users"));
	assert_int_equal(wait_in(0, 8 * MIB, &p), 0);
	assert_int_equal(wait_in(16, 1, &p), HYCAN_REFUSAL_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turn),
		cmocka_unit_test_setup_teardown(who_waits_wakes, begin, end),
		cmocka_unit_test_setup_teardown(nobody_stands_on_what_ends, begin, end),
		cmocka_unit_test_setup_teardown(is_of_a_user, begin, end),
		cmocka_unit_test_setup_teardown(is_of_all, begin, end),
	};

	return cmocka_run_group_tests_name("transactions that are to be confirmed", tests, NULL, NULL);
}
