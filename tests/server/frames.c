/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: what the server does with bytes before any operation sees them.
 *
 * Pieces of every size, many requests in one piece, lengths that cannot be, descriptors too many, clients that stop in
 * the middle or do not read. The connection must be in step afterwards wherever that is possible at all.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw.h"
#include "world.h"

enum {
	TYPE_HELLO = 0x0101,
	TYPE_DESCRIBE = 0x0102,
	TYPE_NETNS = 0x0104,
	TYPE_LINK_GET = 0x0302,
	TYPE_LINK_UP = 0x0303,
};

static struct raw_frame frame;

static void link_up_frame(struct raw *raw)
{
	raw_begin(raw, &frame, TYPE_LINK_UP);
	raw_put(&frame, 1, "lo", 3);
}

static void test_hello_first(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_connect(w->socket);
	const uint32_t version = 99;
	struct raw_answer answer;

	link_up_frame(&raw);
	answer = raw_ask(&raw, &frame);
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_HELLO_FIRST);
	raw_begin(&raw, &frame, TYPE_HELLO);
	raw_put(&frame, 1, &version, sizeof(version));
	answer = raw_ask(&raw, &frame);
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_VERSION);
	assert_contains(answer.sentence, "version 99");
	/* a refused hello is none */
	link_up_frame(&raw);
	assert_int_equal(raw_ask(&raw, &frame).refusal, HYCAN_REFUSAL_HELLO_FIRST);
	raw_close(&raw);
}

static void test_byte_by_byte(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket);
	struct raw_answer answer;

	link_up_frame(&raw);
	for (size_t i = 0; i < frame.size; i++)
		raw_send(&raw, frame.bytes + i, 1);
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.seq, raw.seq);
	raw_close(&raw);
}

static void test_pipelined(void **state)
{
	enum { REQUESTS = 20000 };
	struct world *w = *state;
	struct raw raw = raw_open(w->socket);
	uint32_t first = raw.seq + 1, answered = 0;
	size_t size;
	uint8_t *all;

	link_up_frame(&raw);
	size = frame.size;
	all = malloc(REQUESTS * size);
	assert_non_null(all);
	for (size_t i = 0; i < REQUESTS; i++) {
		uint32_t seq = first + (uint32_t)i;

		memcpy(frame.bytes + 8, &seq, sizeof(seq));
		memcpy(all + i * size, frame.bytes, size);
	}
	/* written and read at the same time: whoever writes everything first would wait for the daemon, and it for him */
	for (size_t sent = 0; answered < REQUESTS;) {
		struct pollfd pollfd = { .fd = raw.fd, .events = (short)(POLLIN | (sent < REQUESTS * size ? POLLOUT : 0)) };

		assert_true(poll(&pollfd, 1, 60000) > 0);
		if (pollfd.revents & POLLIN) {
			struct raw_answer answer;

			assert_true(raw_read(&raw, &answer));
			assert_int_equal(answer.error, 0);
			assert_int_equal(answer.seq, first + answered);
			answered++;
		} else if (pollfd.revents & POLLOUT) {
			ssize_t n = send(raw.fd, all + sent, REQUESTS * size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

			assert_true(n > 0);
			sent += (size_t)n;
		}
	}
	free(all);
	raw_close(&raw);
}

static void test_impossible_lengths(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket);
	/* every one is stepped over: the bytes that it claims, or its header */
	static const uint32_t lengths[] = { 17, 18, 19, 21, 30, 255 };
	static const uint8_t zeros[1 << 20];
	struct raw_answer answer;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		raw_begin(&raw, &frame, TYPE_LINK_UP);
		memcpy(frame.bytes, &lengths[i], sizeof(lengths[i]));
		memset(frame.bytes + frame.size, 0xff, 300);
		frame.size = lengths[i];
		answer = raw_ask(&raw, &frame);
		assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);
		assert_int_equal(answer.seq, raw.seq);
		raw_assert_alive(&raw);
	}
	/* one answer for all of a mebibyte of zeros */
	raw_send(&raw, zeros, sizeof(zeros));
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);
	raw_assert_alive(&raw);
	raw_close(&raw);
}

static void test_four_gibibytes(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket), other;
	const uint32_t claimed = 0xfffffffc;
	struct raw_answer answer;

	raw_begin(&raw, &frame, TYPE_LINK_UP);
	memcpy(frame.bytes, &claimed, sizeof(claimed));
	answer = raw_ask(&raw, &frame);
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);
	assert_contains(answer.sentence, "4294967292");
	/* nobody else minds, and whoever claims so much and sends no more is dropped */
	other = raw_open(w->socket);
	raw_assert_alive(&other);
	assert_false(raw_read(&raw, &answer));
	raw_assert_alive(&other);
	raw_close(&other);
	raw_close(&raw);
}

static void test_descriptors(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket);
	const uint32_t index = 0;
	struct raw_answer answer;
	int fds[8];

	for (size_t i = 0; i < 8; i++)
		fds[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	/* one too many for an operation that takes none, for one that takes one, and for any frame */
	for (size_t n = 1; n <= 8; n++) {
		link_up_frame(&raw);
		raw_send_fds(&raw, frame.bytes, frame.size, fds, n);
		assert_true(raw_read(&raw, &answer));
		assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);
		raw_begin(&raw, &frame, TYPE_NETNS);
		raw_put(&frame, 1, &index, sizeof(index));
		raw_send_fds(&raw, frame.bytes, frame.size, fds, n);
		assert_true(raw_read(&raw, &answer));
		assert_int_equal(answer.refusal, n == 1 ? 0 : HYCAN_REFUSAL_MALFORMED);
		raw_assert_alive(&raw);
	}
	/* none where one is needed, and a descriptor that is no namespace */
	raw_begin(&raw, &frame, TYPE_NETNS);
	raw_put(&frame, 1, &index, sizeof(index));
	assert_int_equal(raw_ask(&raw, &frame).refusal, HYCAN_REFUSAL_MALFORMED);
	raw_send_fds(&raw, frame.bytes, frame.size, (int[]){ STDIN_FILENO }, 1);
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_INVALID);
	/* descriptors with the last of three frames in one piece, which come before it in the stream */
	raw_close(&raw);
	raw = raw_open(w->socket);
	link_up_frame(&raw);
	raw_send(&raw, frame.bytes, frame.size);
	raw_send(&raw, frame.bytes, frame.size);
	raw_begin(&raw, &frame, TYPE_NETNS);
	raw_put(&frame, 1, &index, sizeof(index));
	raw_send_fds(&raw, frame.bytes, frame.size, fds, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_true(raw_read(&raw, &answer));
		assert_int_equal(answer.refusal, 0);
	}
	raw_close(&raw);
	for (size_t i = 0; i < 8; i++)
		close(fds[i]);
	/* the daemon kept none of them */
	shell_until(20, "test $(ls -l /proc/%d/fd | grep -c 'net:.[0-9]') -eq 0", w->daemon);
}

static void test_half_a_frame(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket), idle = raw_open(w->socket);
	struct raw_answer answer;

	link_up_frame(&raw);
	raw_send(&raw, frame.bytes, frame.size - 1);
	assert_false(raw_read(&raw, &answer));
	/* whoever asks nothing keeps nobody waiting */
	raw_assert_alive(&idle);
	raw_close(&idle);
	raw_close(&raw);
}

static void test_never_reads(void **state)
{
	struct world *w = *state;
	struct raw deaf = raw_open(w->socket), other = raw_open(w->socket);
	struct pollfd pollfd = { .fd = deaf.fd, .events = POLLOUT };
	char *log;

	raw_begin(&deaf, &frame, TYPE_DESCRIBE);
	for (;;) {
		ssize_t n = send(deaf.fd, frame.bytes, frame.size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			break;
		assert_int_equal(n, frame.size);
	}
	raw_assert_alive(&other);
	/* dropped, not fed */
	pollfd.events = 0;
	assert_int_equal(poll(&pollfd, 1, 60000), 1);
	assert_true(pollfd.revents & POLLHUP);
	log = world_log(w);
	assert_contains(log, "does not read its answers");
	free(log);
	raw_assert_alive(&other);
	raw_close(&other);
	raw_close(&deaf);
}

static void test_half_closed(void **state)
{
	struct world *w = *state;
	struct raw raw = raw_open(w->socket);
	struct raw_answer answer;

	link_up_frame(&raw);
	raw_send(&raw, frame.bytes, frame.size);
	shutdown(raw.fd, SHUT_WR);
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.error, 0);
	assert_false(raw_read(&raw, &answer));
	raw_close(&raw);
}

static void test_thousands(void **state)
{
	enum { CLIENTS = 3000 };
	struct world *w = *state;
	const struct rlimit limit = { CLIENTS + 100, CLIENTS + 100 };
	struct raw *raw = calloc(CLIENTS, sizeof(*raw));

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (size_t i = 0; i < CLIENTS; i++)
		raw[i] = raw_open(w->socket);
	for (size_t i = 0; i < CLIENTS; i++) {
		raw_assert_alive(&raw[i]);
		raw_close(&raw[i]);
	}
	free(raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hello_first, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_byte_by_byte, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_pipelined, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_impossible_lengths, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_four_gibibytes, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_descriptors, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_half_a_frame, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_never_reads, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_half_closed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_thousands, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
