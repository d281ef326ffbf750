/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large requests and large answers: in parts where they fit, with an error where they are beyond measure.
 */
#include "fake_server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "wire.h"

/* Far more than a socket holds at once: it goes out in parts, while answers come in. */
static void a_large_request_goes_out_in_parts(void **state)
{
	enum { N = 50000 };
	struct fake *f = *state;
	struct hycan_route *routes = calloc(N, sizeof(*routes));
	struct wire_decoder decoder = { .strict = true };
	struct hycan_route_load_request request;
	const struct nlmsghdr *frame;
	struct told told = { 0 };

	assert_non_null(routes);
	for (int i = 0; i < N; i++) {
		routes[i].destination = (struct hycan_prefix){ .length = 32 };
		routes[i].destination.address.family = 2;
		memcpy(routes[i].destination.address.bytes, &i, sizeof(i));
	}
	assert_int_equal(hycan_route_load_async(f->h, routes, N, NULL, note, &told), 0);
	free(routes);
	hycan_process(f->h);
	assert_int_equal(hycan_events(f->h), POLLIN | POLLOUT);
	fake_greet(f);
	while (!fake_has_frame(f))
		assert_true(hycan_process(f->h) >= 0);
	assert_int_equal(hycan_events(f->h), POLLIN);
	frame = fake_take_frame(f);
	assert_int_equal(frame->nlmsg_type, HYCAN_OPERATION_ROUTE_LOAD);
	decoder.memory.size = N * sizeof(struct hycan_route);
	decoder.memory.base = malloc(decoder.memory.size);
	assert_int_equal(wire_decode(&decoder, hycan_operation_by_name("route.load")->request, frame + 1,
	                             frame->nlmsg_len - sizeof(*frame), &request),
	                 0);
	assert_int_equal(request.n_routes, N);
	for (int i = 0; i < N; i++)
		assert_memory_equal(request.routes[i].destination.address.bytes, &i, sizeof(i));
	free(decoder.memory.base);
	fake_close(f);
}

static void a_request_beyond_the_limit_is_not_sent(void **state)
{
	enum { N = 1500000 };
	struct fake *f = *state;
	struct hycan_route *routes = calloc(N, sizeof(*routes));

	assert_non_null(routes);
	for (int i = 0; i < N; i++)
		routes[i].destination.address.family = 2;
	assert_int_equal(hycan_route_load_async(f->h, routes, N, NULL, NULL, NULL), -EMSGSIZE);
	assert_non_null(strstr(hycan_error_message(f->h), "route.load would be larger than"));
	free(routes);
}

/* More than an answer may have: the list ends with an error, the connection lives on. */
static void a_list_without_measure(void **state)
{
	enum { FRAME = 1 << 20 };
	struct fake *f = *state;
	struct bytes frame = { 0 }, b = { 0 };
	uint8_t *filler = calloc(1, FRAME);
	struct told list = { 0 }, after = { 0 };
	uint32_t seq;

	assert_non_null(filler);
	assert_int_equal(hycan_link_list_async(f->h, NULL, note, &list), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &after), 0);
	hycan_process(f->h);
	fake_greet(f);
	seq = fake_take(f, HYCAN_OPERATION_LINK_LIST);
	bytes_frame(&frame, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, seq, filler, FRAME);
	for (unsigned int i = 0; i < (WIRE_ANSWER_MAX / FRAME) + 4; i++) {
		for (size_t at = 0; at < frame.size; at += 1 << 15) {
			fake_send(f, frame.data + at, frame.size - at < 1 << 15 ? frame.size - at : 1 << 15);
			assert_true(hycan_process(f->h) >= 0);
		}
		assert_int_equal(list.times, i * (FRAME + 8ull) + FRAME + 8 > WIRE_ANSWER_MAX);
	}
	assert_int_equal(list.result, -EMSGSIZE);
	bytes_done(&b, seq);
	bytes_error(&b, fake_take(f, HYCAN_OPERATION_LINK_UP), 0, 0, NULL, NULL);
	fake_send_bytes(f, &b);
	settle(f);
	assert_int_equal(list.times, 1);
	assert_int_equal(after.times, 1);
	assert_int_equal(after.result, 0);
	assert_int_equal(hycan_pending(f->h), 0);
	free(filler);
	bytes_free(&frame);
}

/* Small frames that become large structures: the measure is what they become. */
static void a_list_that_grows_when_it_is_read(void **state)
{
	struct fake *f = *state;
	struct bytes b = { 0 };
	struct told list = { 0 };
	size_t n = ((size_t)600 << 20) / sizeof(struct hycan_link), sent = 0;
	uint32_t seq;

	assert_int_equal(hycan_link_list_async(f->h, NULL, note, &list), 0);
	hycan_process(f->h);
	fake_greet(f);
	seq = fake_take(f, HYCAN_OPERATION_LINK_LIST);
	while (sent < n) {
		for (int i = 0; i < 1000; i++, sent++)
			bytes_frame(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, seq, NULL, 0);
		fake_send_bytes(f, &b);
		assert_true(hycan_process(f->h) >= 0);
	}
	bytes_done(&b, seq);
	fake_send_bytes(f, &b);
	settle(f);
	assert_int_equal(list.times, 1);
	assert_int_equal(list.result, -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)
		TEST(a_large_request_goes_out_in_parts),
		TEST(a_request_beyond_the_limit_is_not_sent),
		TEST(a_list_without_measure),
		TEST(a_list_that_grows_when_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
