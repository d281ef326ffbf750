/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server that does what none should: impossible lengths, answers to nothing, bytes cut and changed at every place.
 *
 * Whatever it sends, every callback is called exactly once, the program goes on, and the next request connects anew.
 */
#include "fake_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "messages.h"
#include "wire.h"

/* The requests of each test: a call, a list, and a call without an answer, in this order. */
struct asked {
	struct told told[3];
	uint32_t seq[3];
};

static void ask(struct fake *f, struct asked *a)
{
	memset(a, 0, sizeof(*a));
	assert_int_equal(hycan_link_get_async(f->h, "vcan0", note, &a->told[0]), 0);
	assert_int_equal(hycan_link_list_async(f->h, NULL, note, &a->told[1]), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &a->told[2]), 0);
	if (f->fd < 0)
		fake_accept(f);
	assert_int_equal(hycan_process(f->h), 0);
	f->hello = fake_take(f, HYCAN_OPERATION_SESSION_HELLO);
	a->seq[0] = fake_take(f, HYCAN_OPERATION_LINK_GET);
	a->seq[1] = fake_take(f, HYCAN_OPERATION_LINK_LIST);
	a->seq[2] = fake_take(f, HYCAN_OPERATION_LINK_UP);
}

/* All that a good server would answer. */
static void all_answers(struct fake *f, const struct asked *a, struct bytes *b)
{
	bytes_hello(b, f->hello, HYCAN_PROTOCOL_VERSION);
	bytes_link(b, HYCAN_OPERATION_LINK_GET, 0, a->seq[0], "vcan0");
	bytes_link(b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, a->seq[1], "vcan0");
	bytes_link(b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, a->seq[1], "vcan1");
	bytes_done(b, a->seq[1]);
	bytes_error(b, a->seq[2], -ENOENT, HYCAN_REFUSAL_NOT_FOUND, "There is no link “vcan0”.", "name");
}

static void assert_each_told_once(struct fake *f, const struct asked *a)
{
	assert_int_equal(hycan_pending(f->h), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(a->told[i].times, 1);
}

static void assert_broken(struct fake *f, const struct asked *a, const char *what)
{
	assert_each_told_once(f, a);
	assert_int_equal(hycan_fd(f->h), -1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(a->told[i].result, -EPROTO);
		if (!strstr(a->told[i].message, what))
			fail_msg("“%s” does not say “%s”", a->told[i].message, what);
	}
	fake_hang_up(f);
}

/* A frame that no netlink speaker sends. */
static void impossible_lengths(void **state)
{
	static const uint32_t lengths[] = { 0,          1,          4,          15,        17, 18, 19, WIRE_ANSWER_MAX + 4,
		                            0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff };
	struct fake *f = *state;
	struct asked a;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct nlmsghdr nlh = { .nlmsg_len = lengths[i], .nlmsg_type = HYCAN_OPERATION_SESSION_HELLO };

		ask(f, &a);
		fake_send(f, &nlh, sizeof(nlh));
		assert_int_equal(hycan_process(f->h), -EPROTO);
		assert_broken(f, &a, "a frame has an impossible length");
	}
}

/* A frame as large as may be is announced, and never comes: no memory is taken for a promise. */
static void a_promise_takes_no_memory(void **state)
{
	struct fake *f = *state;
	struct nlmsghdr nlh = { .nlmsg_len = WIRE_ANSWER_MAX, .nlmsg_type = HYCAN_OPERATION_SESSION_HELLO };
	struct asked a;

	ask(f, &a);
	nlh.nlmsg_seq = f->hello;
	fake_send(f, &nlh, sizeof(nlh));
	assert_int_equal(hycan_process(f->h), 0);
	assert_int_equal(hycan_pending(f->h), 3);
	fake_hang_up(f);
	assert_int_equal(hycan_process(f->h), -ECONNRESET);
	assert_each_told_once(f, &a);
}

static void zeros(void **state)
{
	struct fake *f = *state;
	static const uint8_t zero[1 << 16];
	struct asked a;

	ask(f, &a);
	fake_send(f, zero, sizeof(zero));
	assert_int_equal(hycan_process(f->h), -EPROTO);
	assert_broken(f, &a, "a frame has an impossible length");
}

/* Frames that are well formed, and no answers. */
static void answers_that_are_none(void **state)
{
	struct fake *f = *state;
	static const uint8_t short_error[8] = { 0 };
	static const struct hycan_link_get_reply nothing;
	int code = -1, positive[5] = { 1 }, beyond[5] = { -4096 };
	struct asked a;

	for (int i = 0; i < 11; i++) {
		const char *what = "it answers what was not asked";
		struct bytes b = { 0 };

		ask(f, &a);
		switch (i) {
		case 0:
			bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, a.seq[2] + 1, "vcan0");
			break;
		case 1:
			bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, 0, "vcan0");
			break;
		case 2:
			what = "the answer to one operation came to another";
			bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, a.seq[1], "vcan0");
			break;
		case 3:
			what = "the answer to one operation came to another";
			bytes_done(&b, a.seq[0]);
			break;
		case 4:
			what = "an acknowledgement came in place of an answer";
			bytes_error(&b, a.seq[0], 0, 0, NULL, NULL);
			break;
		case 5:
			what = "an acknowledgement came in place of an answer";
			bytes_error(&b, a.seq[1], 0, 0, NULL, NULL);
			break;
		case 6:
			what = "a refusal has a wrong length or number";
			bytes_frame(&b, NLMSG_ERROR, 0, a.seq[0], short_error, sizeof(short_error));
			break;
		case 7:
			what = "a refusal has a wrong length or number";
			bytes_frame(&b, NLMSG_ERROR, 0, a.seq[0], positive, sizeof(positive));
			break;
		case 8:
			what = "a refusal has a wrong length or number";
			bytes_frame(&b, NLMSG_ERROR, 0, a.seq[0], beyond, sizeof(beyond));
			break;
		case 9:
			what = "the end of a list has an error in it";
			bytes_frame(&b, NLMSG_DONE, 0, a.seq[1], &code, sizeof(code));
			break;
		case 10:
			what = "the end of a list has a wrong length";
			bytes_frame(&b, NLMSG_DONE, 0, a.seq[1], &nothing, 8);
			break;
		}
		fake_send_bytes(f, &b);
		assert_int_equal(hycan_process(f->h), -EPROTO);
		assert_broken(f, &a, what);
	}
}

/* An answer to a request of which only a part was sent. */
static void an_answer_before_the_question(void **state)
{
	struct fake *f = *state;
	struct told large = { 0 };
	struct bytes b = { 0 };

	fake_send_large(f, &large);
	fake_greet(f);
	/* its number is the one after the greeting's */
	bytes_error(&b, f->hello + 1, -EINVAL, HYCAN_REFUSAL_INVALID, "No.", NULL);
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), -EPROTO);
	assert_int_equal(large.times, 1);
	assert_int_equal(large.result, -EPROTO);
}

/* An answer whose attributes cannot be read spoils its own request and no other. */
static void attributes_that_cannot_be_read(void **state)
{
	struct fake *f = *state;
	/* an attribute that is longer than its frame, one that is shorter than itself, and a link's name without its end */
	static const uint16_t bad[3][4] = { { 64, 1, 0, 0 }, { 2, 1, 0, 0 }, { 8, 2, 0x6161, 0x6161 } };
	struct asked a;

	for (int i = 0; i < 3; i++) {
		struct bytes b = { 0 };

		ask(f, &a);
		bytes_hello(&b, f->hello, HYCAN_PROTOCOL_VERSION);
		bytes_frame(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, a.seq[1], bad[i], 8);
		bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, a.seq[1], "vcan1");
		bytes_done(&b, a.seq[1]);
		bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, a.seq[0], "vcan0");
		bytes_error(&b, a.seq[2], 0, 0, NULL, NULL);
		fake_send_bytes(f, &b);
		assert_int_equal(hycan_process(f->h), 3);
		assert_each_told_once(f, &a);
		assert_int_equal(a.told[0].result, 0);
		assert_int_equal(a.told[1].result, -EPROTO);
		assert_non_null(strstr(a.told[1].message, "The answer to link.list cannot be read"));
		assert_int_equal(a.told[2].result, 0);
		/* a new connection, so that each round begins with a greeting */
		fake_hang_up(f);
		assert_int_equal(hycan_process(f->h), -ECONNRESET);
	}
}

/* What a terminal would act on does not come through, and neither does a text without an end. */
static void sentences_are_made_harmless(void **state)
{
	struct fake *f = *state;
	char endless[3000];
	struct bytes b = { 0 };
	struct asked a;

	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	ask(f, &a);
	bytes_hello(&b, f->hello, HYCAN_PROTOCOL_VERSION);
	bytes_error(&b, a.seq[0], -EINVAL, HYCAN_REFUSAL_INVALID, "no\033[2J\n\x7fway “so”", "na\tme");
	bytes_error(&b, a.seq[1], -EINVAL, HYCAN_REFUSAL_INVALID, endless, endless);
	bytes_error(&b, a.seq[2], -EINVAL, 0x7fffffff, NULL, NULL);
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), 3);
	assert_string_equal(a.told[0].message, "no?[2J??way “so”");
	assert_int_equal(a.told[1].result, HYCAN_REFUSAL_INVALID);
	assert_int_equal(strlen(hycan_error_message(f->h)) < 1024, 1);
	/* a refusal without a number that can be one is an error */
	assert_int_equal(a.told[2].result, -EINVAL);
	assert_string_equal(a.told[2].message, "link.up failed: Invalid argument.");
}

/* The same answers, in two parts, cut at every byte; and ended there. */
static void cut_at_every_byte(void **state)
{
	struct fake *f = *state;
	struct asked a;
	size_t size = 1;

	for (size_t cut = 0; cut <= size; cut++) {
		for (int ends = 0; ends < 2; ends++) {
			struct bytes b = { 0 };

			ask(f, &a);
			all_answers(f, &a, &b);
			size = b.size;
			fake_send(f, b.data, cut);
			assert_true(hycan_process(f->h) >= 0);
			if (!ends) {
				fake_send(f, b.data + cut, size - cut);
				settle(f);
				assert_int_equal(a.told[0].result, 0);
				assert_int_equal(a.told[1].result, 0);
				assert_int_equal(a.told[1].n, 2);
				assert_int_equal(a.told[2].result, HYCAN_REFUSAL_NOT_FOUND);
				assert_each_told_once(f, &a);
			}
			fake_hang_up(f);
			assert_int_equal(hycan_process(f->h), -ECONNRESET);
			assert_each_told_once(f, &a);
			bytes_free(&b);
		}
	}
}

/* Every byte in turn gets another value: nothing that comes of it may be worse than an error. */
static void every_byte_changed(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x04, 0x80, 0xff };
	struct fake *f = *state;
	struct asked a;
	size_t size = 1;

	for (size_t at = 0; at < size; at++) {
		for (size_t m = 0; m < sizeof(masks); m++) {
			struct bytes b = { 0 };

			ask(f, &a);
			all_answers(f, &a, &b);
			size = b.size;
			b.data[at] ^= masks[m];
			fake_send_bytes(f, &b);
			settle(f);
			fake_hang_up(f);
			settle(f);
			assert_int_equal(hycan_fd(f->h), -1);
			assert_each_told_once(f, &a);
		}
	}
}

static void versions_that_do_not_fit(void **state)
{
	struct fake *f = *state;
	struct bytes b = { 0 };
	struct asked a;

	ask(f, &a);
	bytes_error(&b, f->hello, -EPROTONOSUPPORT, HYCAN_REFUSAL_VERSION, "The daemon speaks version 2 alone.", "version");
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), -EPROTONOSUPPORT);
	assert_each_told_once(f, &a);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(a.told[i].result, HYCAN_REFUSAL_VERSION);
		assert_non_null(strstr(a.told[i].message, "speaks version 1 of HyCAN's protocol"));
		assert_non_null(strstr(a.told[i].message, "The daemon speaks version 2 alone."));
	}
	fake_hang_up(f);
	/* an old daemon, which does not know better than to greet us */
	ask(f, &a);
	bytes_hello(&b, f->hello, 0);
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), -EPROTONOSUPPORT);
	assert_each_told_once(f, &a);
	assert_int_equal(a.told[0].result, HYCAN_REFUSAL_VERSION);
	assert_non_null(strstr(a.told[0].message, "version 1 of HyCAN's protocol, and the daemon version 0"));
	fake_hang_up(f);
	/* a newer one that accepts us is welcome */
	ask(f, &a);
	bytes_hello(&b, f->hello, 2);
	bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, a.seq[0], "vcan0");
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), 1);
	assert_int_equal(a.told[0].result, 0);
	fake_close(f);
}

/* A daemon that will not serve us may say why before it goes. */
static void a_farewell_is_heard(void **state)
{
	struct fake *f = *state;
	struct bytes b = { 0 };
	struct told told = { 0 };

	bytes_error(&b, 0, -EDQUOT, HYCAN_REFUSAL_LIMIT, "There are 1000 connections already.", NULL);
	fake_send_bytes(f, &b);
	fake_hang_up(f);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told), 0);
	assert_int_equal(hycan_process(f->h), -EDQUOT);
	assert_int_equal(told.times, 1);
	assert_int_equal(told.result, HYCAN_REFUSAL_LIMIT);
	assert_string_equal(told.message, "There are 1000 connections already.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)
		TEST(impossible_lengths),
		TEST(a_promise_takes_no_memory),
		TEST(zeros),
		TEST(answers_that_are_none),
		TEST(an_answer_before_the_question),
		TEST(attributes_that_cannot_be_read),
		TEST(sentences_are_made_harmless),
		TEST(cut_at_every_byte),
		TEST(every_byte_changed),
		TEST(versions_that_do_not_fit),
		TEST(a_farewell_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
