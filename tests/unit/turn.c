/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop leaves the processor when it has had it for long, and not when others had it meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "raw.h"
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

/* The loop itself, serving the one connection of a private server until that ends. */
static void test_while_serving(void **state)
{
	enum { TYPE_HELLO = 0x0101, TYPE_WHOAMI = 0x0103, REQUESTS = 100 };
	static struct raw_frame frame;
	const uint32_t version = 1;
	struct server_options options = { 0 };
	struct server *server = NULL;
	struct raw raw = { 0 };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	raw.fd = pair[0];
	options.private_fd = pair[1];
	assert_int_equal(server_open(&options, &server), 0);
	server->shares = true;
	raw_begin(&raw, &frame, TYPE_HELLO);
	raw_put(&frame, 1, &version, sizeof(version));
	raw_send(&raw, frame.bytes, frame.size);
	for (int i = 0; i < REQUESTS; i++) {
		raw_begin(&raw, &frame, TYPE_WHOAMI);
		raw_send(&raw, frame.bytes, frame.size);
	}
	assert_int_equal(shutdown(raw.fd, SHUT_WR), 0);
	n_yields = 0;
	assert_true(server_run(server) >= 0);
	assert_true(n_yields > 0);
	server_free(&server);
	raw_close(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_sleep),
		cmocka_unit_test(test_without_sleep),
		cmocka_unit_test(test_without_slices),
		cmocka_unit_test(test_while_serving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
