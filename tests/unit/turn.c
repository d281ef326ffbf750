/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop leaves the processor when it has had it for long, and not when others had it meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server.h"
#include "turn.h"

#define DEADLINE_US 10000000

static unsigned int n_yields;

void __wrap_processor_yield(void);

void __wrap_processor_yield(void)
{
	n_yields++;
}

static void sleep_and_wake(struct server *server)
{
	const uint64_t since_us = server_now_us() - 1000;

	turn_woke(server);
	turn_slept(server, since_us);
}

static void begin(struct server *server)
{
	*server = (struct server){ 0 };
	turn_init(server);
	server->shares = true;
	n_yields = 0;
	sleep_and_wake(server);
}

static void test_after_sleep(void **state)
{
	static struct server server;

	(void)state;
	begin(&server);
	for (int i = 0; i < 1000; i++) {
		turn_share(&server);
		sleep_and_wake(&server);
	}
	assert_int_equal(n_yields, 0);
}

static void test_without_sleep(void **state)
{
	static struct server server;
	uint64_t started_us;

	(void)state;
	begin(&server);
	started_us = server.busy_since_us;
	while (n_yields < 3 && server.busy_since_us - started_us < DEADLINE_US) {
		turn_done(&server);
		turn_woke(&server);
		turn_share(&server);
	}
	assert_int_equal(n_yields, 3);
	assert_true(server.busy_since_us - started_us >= 300);
}

/* Where giving it away could cost milliseconds. */
static void test_without_slices(void **state)
{
	static struct server server;

	(void)state;
	begin(&server);
	server.shares = false;
	for (uint64_t started_us = server.busy_since_us; server.busy_since_us - started_us < 1000;) {
		turn_done(&server);
		turn_woke(&server);
		turn_share(&server);
	}
	assert_int_equal(n_yields, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_sleep),
		cmocka_unit_test(test_without_sleep),
		cmocka_unit_test(test_without_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
