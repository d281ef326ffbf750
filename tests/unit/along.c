/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a successor takes out of the ledger, of what was to go along: what was there when it was noted, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "along.h"
#include "key.h"
#include "ledger.h"
#include "server.h"

static struct ledger_key key_of_port(uint16_t port)
{
	const struct hycan_port_add_request request = {
		.port_mapping = { .protocol = HYCAN_TRANSPORT_TCP, .host_port = { port, port } },
	};
	struct ledger_key key;

	key_of_request(1, HYCAN_OBJECT_KIND_PORT, &request, &key);
	return key;
}

static void put(struct ledger *ledger, const struct ledger_key *key)
{
	const struct ledger_holder holder = { .subject = 7, .lifetime = HYCAN_LIFETIME_PERMANENT };

	assert_int_equal(ledger_put(ledger, &holder, server_now_us(), key, 1, NULL, NULL), 0);
}

static void test_made_anew(void **state)
{
	static struct server server;
	struct job *job = &server.job;
	const struct ledger_bytes request = { .bytes = "request", .size = 7 };
	const struct ledger_key gone = key_of_port(80), anew = key_of_port(81), back = key_of_port(82);
	uint64_t noted_us;
	char path[64];
	bool broken;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/hycan-test-along-%d", getpid());
	assert_int_equal(ledger_open(&server.ledger), 0);
	assert_int_equal(ledger_keep(server.ledger, path, &broken), 0);
	job->server = &server;
	assert_int_equal(ledger_begin(server.ledger, &request, 1, 0, false, &job->intent.number), 0);
	job->intent.begun = true;
	put(server.ledger, &gone);
	put(server.ledger, &anew);
	put(server.ledger, &back);
	assert_int_equal(along_note(job, &gone), 0);
	assert_int_equal(along_note(job, &anew), 0);
	job->along.step = ALONG_BACK;
	assert_int_equal(along_note(job, &back), 0);
	job->along.step = 0;
	noted_us = server_now_us();
	/* the ledger heard that it is gone, and of another one */
	ledger_take(server.ledger, &anew);
	while (server_now_us() <= noted_us)
		;
	put(server.ledger, &anew);
	assert_int_equal(along_read(job, job->intent.number), 0);
	along_take(job);
	assert_false(ledger_knows(server.ledger, &gone));
	assert_true(ledger_knows(server.ledger, &anew));
	assert_true(ledger_knows(server.ledger, &back));
	/* of a request that is no transaction */
	along_take_all(job);
	assert_true(ledger_knows(server.ledger, &anew));
	assert_false(ledger_knows(server.ledger, &back));
	along_release(job);
	ledger_commit(server.ledger, job->intent.number);
	ledger_free(&server.ledger);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_anew),
	};

	return cmocka_run_group_tests_name("along", tests, NULL, NULL);
}
