/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that wait, and callbacks that do as they like: deadlines, requests and calls inside callbacks, closing.
 */
#include "fake_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void deadlines(void **state)
{
	struct fake *f = *state;
	struct bytes b = { 0 };
	uint32_t seq;

	hycan_set_timeout(f->h, 20);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), -ETIMEDOUT);
	assert_string_equal(hycan_error_message(f->h),
	                    "The daemon did not answer link.up within 20 ms; it may still be carried out.");
	assert_int_equal(hycan_pending(f->h), 1);
	hycan_set_timeout(f->h, 0);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), -ETIMEDOUT);
	fake_greet(f);
	seq = fake_take(f, HYCAN_OPERATION_LINK_UP);
	/* a late answer finds nobody; the next request, whose number is known, gets its own */
	bytes_error(&b, seq, 0, 0, NULL, NULL);
	bytes_error(&b, seq + 1, 0, 0, NULL, NULL);
	bytes_error(&b, seq + 2, -ENOENT, HYCAN_REFUSAL_NOT_FOUND, "Yours.", NULL);
	fake_send_bytes(f, &b);
	hycan_set_timeout(f->h, -1);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_message(f->h), "Yours.");
	assert_int_equal(hycan_pending(f->h), 0);
}

/* What the daemon did not take in time is known not to be carried out. */
static void a_deadline_before_anything_was_sent(void **state)
{
	struct fake *f = *state;
	struct told large = { 0 };

	fake_send_large(f, &large);
	hycan_set_timeout(f->h, 1);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), -ETIMEDOUT);
	assert_string_equal(hycan_error_message(f->h), "The daemon did not take link.up within 1 ms; it was not sent.");
	assert_int_equal(hycan_pending(f->h), 1);
	fake_greet(f);
	while (hycan_events(f->h) & POLLOUT) {
		assert_true(hycan_process(f->h) >= 0);
		(void)fake_has_frame(f);
	}
	fake_take(f, HYCAN_OPERATION_ROUTE_LOAD);
	assert_false(fake_has_frame(f));
	fake_close(f);
}

static void send_again(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct told *told = userdata;

	note(h, result, reply, n, userdata);
	assert_int_equal(hycan_link_up_async(h, "vcan0", send_again, told), -ECANCELED);
}

static void closing_tells_everybody(void **state)
{
	struct fake *f = *state;
	struct told told[3] = { 0 };

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told[0]), 0);
	assert_int_equal(hycan_link_list_async(f->h, NULL, send_again, &told[1]), 0);
	hycan_process(f->h);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told[2]), 0);
	hycan_close(f->h);
	f->h = NULL;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(told[i].times, 1);
		assert_int_equal(told[i].result, -ECANCELED);
	}
}

/* A chain of requests, each sent by the callback of the one before it; userdata counts down. */
static void chain(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	int *left = userdata;

	(void)reply;
	(void)n;
	assert_int_equal(result, 0);
	if (--*left > 0)
		assert_int_equal(hycan_link_up_async(h, "vcan0", chain, left), 0);
}

static void callbacks_send(void **state)
{
	struct fake *f = *state;
	int left = 100;

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", chain, &left), 0);
	fake_serve(f);
	assert_int_equal(left, 0);
}

struct nested {
	struct told told;
	int result;
	char name[16];
};

static void call_inside(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct nested *nested = userdata;
	struct hycan_link link = { 0 };

	note(h, result, reply, n, &nested->told);
	nested->result = hycan_link_get(h, "vcan0", &link);
	strcpy(nested->name, link.name);
}

static void *answer_inside_first(void *userdata)
{
	struct fake *f = userdata;
	struct bytes b = { 0 };
	uint32_t up;

	fake_answer(f);
	fake_answer(f);
	up = fake_take(f, HYCAN_OPERATION_LINK_UP);
	fake_answer(f);
	bytes_error(&b, up, 0, 0, NULL, NULL);
	fake_send_bytes(f, &b);
	return NULL;
}

static void callbacks_wait(void **state)
{
	struct fake *f = *state;
	struct nested nested = { .result = 99 };
	struct told after = { 0 };
	struct pollfd pfd = { .events = POLLIN };
	pthread_t thread;

	assert_int_equal(hycan_link_get_async(f->h, "vcan0", call_inside, &nested), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &after), 0);
	fake_thread(f, &thread, answer_inside_first);
	while (hycan_process(f->h) >= 0 && hycan_pending(f->h) > 0) {
		pfd.fd = hycan_fd(f->h);
		assert_int_equal(poll(&pfd, 1, 10000), 1);
	}
	fake_join(thread);
	assert_int_equal(nested.told.times, 1);
	assert_string_equal(nested.told.link.name, "vcan0");
	assert_int_equal(nested.result, 0);
	assert_string_equal(nested.name, "vcan0");
	assert_int_equal(after.times, 1);
	assert_int_equal(after.result, 0);
}

/* The connection breaks inside a call that a callback makes. */
static void callbacks_wait_and_lose(void **state)
{
	struct fake *f = *state;
	struct nested nested = { .result = 99 };
	struct told after = { 0 };
	struct bytes b = { 0 };

	assert_int_equal(hycan_link_get_async(f->h, "vcan0", call_inside, &nested), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &after), 0);
	hycan_process(f->h);
	bytes_hello(&b, 1, HYCAN_PROTOCOL_VERSION);
	bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, 2, "vcan2");
	fake_send_bytes(f, &b);
	fake_hang_up(f);
	close(f->listener);
	f->listener = -1;
	hycan_process(f->h);
	assert_int_equal(nested.told.times, 1);
	assert_int_equal(nested.told.result, 0);
	assert_true(nested.result < 0);
	assert_int_equal(after.times, 1);
	assert_int_equal(after.result, -ECONNRESET);
	assert_int_equal(hycan_fd(f->h), -1);
	assert_int_equal(hycan_pending(f->h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)
		TEST(deadlines),
		TEST(a_deadline_before_anything_was_sent),
		TEST(closing_tells_everybody),
		TEST(callbacks_send),
		TEST(callbacks_wait),
		TEST(callbacks_wait_and_lose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
