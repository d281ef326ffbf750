/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who acts as the only holder of something is the only one until he is done: who asks for it meanwhile waits. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "own.h"
#include "server.h"
#include "table.h"

static void test_alone(void **state)
{
	static struct server server;
	static struct job job;
	const struct hycan_link_down_request request = { .name = "vcan0" };
	const struct ledger_holder alice = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT };
	const struct ledger_holder bob = { .subject = 2, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger_key link;
	uint32_t stamp;

	(void)state;
	assert_int_equal(ledger_open(&server.ledger), 0);
	assert_int_equal(job_open(&job, &server, NULL), 0);
	job.op.scope = job.scope;
	job.operation = hycan_operation_by_number(HYCAN_OPERATION_LINK_DOWN);
	job.holder = alice;
	memcpy(&job.request, &request, sizeof(request));
	key_of_request(op_scope_inode(job.scope), HYCAN_OBJECT_KIND_LINK, &request, &link);
	assert_int_equal(ledger_put(server.ledger, &alice, 1, &link, 1, NULL, NULL), 0);
	stamp = ledger_stamp(server.ledger);
	assert_int_equal(own_check(&job), 0);
	assert_int_equal(ledger_stamp(server.ledger), stamp);
	assert_int_equal(own_claim(&job.op, &job.request), 0);
	assert_int_not_equal(ledger_stamp(server.ledger), stamp);
	stamp = ledger_stamp(server.ledger);
	own_cancel(&job);
	assert_int_not_equal(ledger_stamp(server.ledger), stamp);
	/* with another holder it is refused, and nobody waits */
	assert_int_equal(ledger_hold(server.ledger, &bob, 1, &link, 1, NULL, 0), 0);
	stamp = ledger_stamp(server.ledger);
	assert_int_equal(own_check(&job), 0);
	assert_int_equal(own_claim(&job.op, &job.request), HYCAN_REFUSAL_BUSY);
	own_cancel(&job);
	assert_int_equal(ledger_stamp(server.ledger), stamp);
	job_close(&job);
	ledger_free(&server.ledger);
}

/* Somebody else, who is about to take the link vcan1 away, and then vcan0. */
struct another {
	struct ledger *ledger;
	struct ledger_key first, second;
	enum ledger_stand stand;
};

static sem_t waits;

static void tell_wait(bool begins)
{
	if (begins)
		sem_post(&waits);
}

static void *take_both(void *userdata)
{
	const struct ledger_holder alice = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct another *a = userdata;
	uint64_t owner;

	(void)ledger_take_begin(a->ledger, &a->first, &alice, false, a, &owner);
	a->stand = ledger_take_begin(a->ledger, &a->second, &alice, false, a, &owner);
	return NULL;
}

/* Who would wait for somebody who waits for him is refused, and does not go on as if he had waited. */
static void test_circle(void **state)
{
	static struct server server;
	static struct job job;
	const struct ledger_holder alice = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT };
	const struct hycan_link_down_request down = { .name = "vcan0" };
	const struct hycan_link_delete_request delete = { .name = "vcan1" };
	struct another another;
	pthread_t thread;

	(void)state;
	assert_int_equal(sem_init(&waits, 0, 0), 0);
	assert_int_equal(ledger_open(&server.ledger), 0);
	ledger_on_wait(server.ledger, tell_wait);
	assert_int_equal(job_open(&job, &server, NULL), 0);
	job.op.scope = job.scope;
	job.holder = alice;
	another.ledger = server.ledger;
	key_of_request(op_scope_inode(job.scope), HYCAN_OBJECT_KIND_LINK, &delete, &another.first);
	key_of_request(op_scope_inode(job.scope), HYCAN_OBJECT_KIND_LINK, &down, &another.second);
	assert_int_equal(ledger_put(server.ledger, &alice, 1, &another.first, 1, NULL, NULL), 0);
	assert_int_equal(ledger_put(server.ledger, &alice, 1, &another.second, 1, NULL, NULL), 0);
	job.operation = hycan_operation_by_number(HYCAN_OPERATION_LINK_DOWN);
	memcpy(&job.request, &down, sizeof(down));
	assert_int_equal(own_check(&job), 0);
	assert_int_equal(own_claim(&job.op, &job.request), 0);
	assert_int_equal(pthread_create(&thread, NULL, take_both, &another), 0);
	assert_int_equal(sem_wait(&waits), 0);
	job.operation = hycan_operation_by_number(HYCAN_OPERATION_LINK_DELETE);
	memcpy(&job.request, &delete, sizeof(delete));
	assert_int_equal(own_check(&job), HYCAN_REFUSAL_BUSY);
	assert_non_null(strstr(job.op.sentence, "vcan1"));
	own_cancel(&job);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(another.stand, LEDGER_MINE);
	ledger_cancel(server.ledger, &another);
	job_close(&job);
	ledger_free(&server.ledger);
	sem_destroy(&waits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_circle),
	};

	return cmocka_run_group_tests_name("who acts as the only holder", tests, NULL, NULL);
}
