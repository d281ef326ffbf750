/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and answers of the library, with a server that does what it should.
 */
#include "fake_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hycan/netlink.h>

#include "messages.h"
#include "wire.h"

static void greeting_travels_with_the_first_request(void **state)
{
	struct fake *f = *state;
	struct hycan_session_hello_request hello;
	struct wire_decoder decoder = { .strict = true };
	const struct nlmsghdr *frame;
	struct told told = { 0 };

	assert_int_equal(hycan_pending(f->h), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told), 0);
	assert_int_equal(hycan_pending(f->h), 1);
	assert_int_equal(hycan_events(f->h), POLLIN | POLLOUT);
	assert_false(fake_has_frame(f));
	assert_int_equal(hycan_process(f->h), 0);
	assert_int_equal(hycan_events(f->h), POLLIN);
	frame = fake_take_frame(f);
	assert_int_equal(frame->nlmsg_type, HYCAN_OPERATION_SESSION_HELLO);
	assert_int_equal(
		wire_decode(&decoder, operation_session_hello.request, frame + 1, frame->nlmsg_len - sizeof(*frame), &hello), 0);
	assert_int_equal(hello.version, HYCAN_PROTOCOL_VERSION);
	assert_true(hello.has_client);
	assert_string_equal(hello.client, program_invocation_short_name);
	/* not a word of the server yet, and the request is here already */
	fake_take(f, HYCAN_OPERATION_LINK_UP);
	assert_int_equal(told.times, 0);
	fake_close(f);
}

static void flags_are_netlinks(void **state)
{
	struct fake *f = *state;

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", NULL, NULL), 0);
	assert_int_equal(hycan_link_get_async(f->h, "vcan0", NULL, NULL), 0);
	hycan_set_exclusive(f->h, true);
	assert_int_equal(hycan_vcan_create_async(f->h, "vcan0", NULL, NULL, NULL), 0);
	assert_int_equal(hycan_link_list_async(f->h, NULL, NULL, NULL), 0);
	assert_int_equal(hycan_process(f->h), 0);
	fake_take(f, HYCAN_OPERATION_SESSION_HELLO);
	assert_int_equal(fake_take_frame(f)->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
	assert_int_equal(fake_take_frame(f)->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(fake_take_frame(f)->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(fake_take_frame(f)->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
}

static void answers_find_their_requests_in_any_order(void **state)
{
	struct fake *f = *state;
	struct told up = { 0 }, get = { 0 }, list = { 0 };
	uint32_t seq_up, seq_get, seq_list;
	struct bytes b = { 0 };

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &up), 0);
	assert_int_equal(hycan_link_get_async(f->h, "vcan0", note, &get), 0);
	assert_int_equal(hycan_link_list_async(f->h, NULL, note, &list), 0);
	assert_int_equal(hycan_process(f->h), 0);
	fake_greet(f);
	seq_up = fake_take(f, HYCAN_OPERATION_LINK_UP);
	seq_get = fake_take(f, HYCAN_OPERATION_LINK_GET);
	seq_list = fake_take(f, HYCAN_OPERATION_LINK_LIST);
	bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, seq_list, "vcan0");
	bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, seq_get, "vcan3");
	bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, seq_list, "vcan1");
	bytes_error(&b, seq_up, 0, 0, NULL, NULL);
	bytes_done(&b, seq_list);
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), 3);
	assert_int_equal(up.times, 1);
	assert_int_equal(up.result, 0);
	assert_int_equal(get.times, 1);
	assert_string_equal(get.link.name, "vcan3");
	assert_int_equal(get.link.mtu, 72);
	assert_string_equal(get.link.kind, "vcan");
	assert_int_equal(list.times, 1);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.link.name, "vcan1");
	assert_int_equal(hycan_pending(f->h), 0);
	assert_int_equal(hycan_process(f->h), 0);
}

static void *serve_links(void *userdata)
{
	struct fake *f = userdata;
	struct bytes b = { 0 };

	fake_greet(f);
	bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, fake_take(f, HYCAN_OPERATION_LINK_GET), "vcan7");
	fake_send_bytes(f, &b);
	bytes_error(&b, fake_take(f, HYCAN_OPERATION_LINK_GET), -ENOENT, HYCAN_REFUSAL_NOT_FOUND, "There is no link “x”.", "name");
	fake_send_bytes(f, &b);
	bytes_error(&b, fake_take(f, HYCAN_OPERATION_LINK_UP), -ENOBUFS, 0, NULL, NULL);
	fake_send_bytes(f, &b);
	bytes_done(&b, fake_take(f, HYCAN_OPERATION_LINK_LIST));
	fake_send_bytes(f, &b);
	return NULL;
}

static void blocking_calls(void **state)
{
	struct fake *f = *state;
	struct hycan_link link = { .ifindex = 99 }, *links = NULL;
	size_t n = 99;
	pthread_t thread;

	fake_thread(f, &thread, serve_links);
	assert_int_equal(hycan_link_get(f->h, "vcan7", &link), 0);
	assert_string_equal(link.name, "vcan7");
	assert_string_equal(hycan_error_message(f->h), "");
	link.ifindex = 99;
	assert_int_equal(hycan_link_get(f->h, "x", &link), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(link.ifindex, 99);
	assert_string_equal(hycan_error_message(f->h), "There is no link “x”.");
	assert_string_equal(hycan_error_field(f->h), "name");
	assert_int_equal(hycan_link_up(f->h, "x"), -ENOBUFS);
	assert_string_equal(hycan_error_message(f->h), "link.up failed: No buffer space available.");
	assert_string_equal(hycan_error_field(f->h), "");
	assert_int_equal(hycan_link_list(f->h, NULL, &links, &n), 0);
	assert_int_equal(n, 0);
	assert_non_null(links);
	free(links);
	assert_string_equal(hycan_error_message(f->h), "");
	fake_join(thread);
}

static void a_list_that_breaks_in_the_middle(void **state)
{
	struct fake *f = *state;
	struct told told = { 0 };
	struct bytes b = { 0 };
	uint32_t seq;

	assert_int_equal(hycan_link_list_async(f->h, NULL, note, &told), 0);
	hycan_process(f->h);
	fake_greet(f);
	seq = fake_take(f, HYCAN_OPERATION_LINK_LIST);
	bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, seq, "vcan0");
	bytes_error(&b, seq, -EIO, HYCAN_REFUSAL_KERNEL, "The kernel's list broke off.", NULL);
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), 1);
	assert_int_equal(told.result, HYCAN_REFUSAL_KERNEL);
	assert_string_equal(told.message, "The kernel's list broke off.");
}

/* Lists in a list, so that one block holds what points into itself. */
static void nested_lists_in_one_block(void **state)
{
	struct fake *f = *state;
	struct hycan_prefix allowed[3] = { 0 };
	struct hycan_wireguard_peer peers[2] = { { .n_allowed_ips = 3, .allowed_ips = allowed }, { .rx_bytes = 5 } };
	struct hycan_wireguard_get_reply reply = { .n_peers = 2, .peers = peers }, *got;
	struct hycan_wireguard_get_request request = { .name = "wg0" };
	struct bytes b = { 0 };
	void *answer;
	size_t n;
	int r;

	for (int i = 0; i < 3; i++)
		assert_int_equal(hycan_prefix_parse("10.0.0.0/8", &allowed[i]), 0);
	strcpy(reply.device.name, "wg0");
	/* the numbers of the first requests are known: the answers can wait for them */
	bytes_hello(&b, 1, HYCAN_PROTOCOL_VERSION);
	bytes_answer(&b, hycan_operation_by_number(HYCAN_OPERATION_WIREGUARD_GET), 0, 2, &reply);
	fake_send_bytes(f, &b);
	r = hycan_call(f->h, hycan_operation_by_name("wireguard.get"), &request, &answer, &n);
	assert_int_equal(r, 0);
	assert_int_equal(n, 1);
	got = answer;
	assert_int_equal(got->n_peers, 2);
	assert_int_equal(got->peers[0].n_allowed_ips, 3);
	assert_int_equal(got->peers[0].allowed_ips[2].length, 8);
	assert_int_equal(got->peers[1].n_allowed_ips, 0);
	assert_int_equal(got->peers[1].rx_bytes, 5);
	free(answer);
}

static void a_call_without_an_answer_gives_none(void **state)
{
	struct fake *f = *state;
	struct hycan_link_up_request request = { .name = "vcan0" };
	struct bytes b = { 0 };
	void *answer = &b;
	size_t n = 7;

	bytes_hello(&b, 1, HYCAN_PROTOCOL_VERSION);
	bytes_error(&b, 2, 0, 0, NULL, NULL);
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_call(f->h, hycan_operation_by_name("link.up"), &request, &answer, &n), 0);
	assert_null(answer);
	assert_int_equal(n, 1);
}

/* A daemon that is newer: fields that this library does not know, and an answer where there was none. */
static void what_a_newer_daemon_adds_is_stepped_over(void **state)
{
	struct fake *f = *state;
	struct {
		struct nlattr nla;
		uint32_t value;
	} unknown = { { 8, 200 }, 7 };
	struct told up = { 0 }, get = { 0 };
	struct bytes b = { 0 };
	uint32_t length;

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &up), 0);
	assert_int_equal(hycan_link_get_async(f->h, "vcan0", note, &get), 0);
	hycan_process(f->h);
	fake_greet(f);
	bytes_frame(&b, HYCAN_OPERATION_LINK_UP, 0, fake_take(f, HYCAN_OPERATION_LINK_UP), &unknown, sizeof(unknown));
	fake_send_bytes(f, &b);
	bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, fake_take(f, HYCAN_OPERATION_LINK_GET), "vcan0");
	bytes_add(&b, &unknown, sizeof(unknown));
	length = (uint32_t)b.size;
	memcpy(b.data, &length, sizeof(length));
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), 2);
	assert_int_equal(up.result, 0);
	assert_int_equal(get.result, 0);
	assert_string_equal(get.link.name, "vcan0");
}

static void values_that_cannot_be_sent(void **state)
{
	struct fake *f = *state;
	struct hycan_route route = { 0 };
	struct hycan_link_list_options options = { .has_kind = true };
	struct told told = { 0 };

	assert_int_equal(hycan_link_up_async(f->h, NULL, note, &told), -EINVAL);
	assert_string_equal(hycan_error_message(f->h), "The field name is missing.");
	assert_string_equal(hycan_error_field(f->h), "name");
	assert_int_equal(hycan_link_up_async(f->h, "sixteen-bytes-ok", note, &told), -ENAMETOOLONG);
	assert_string_equal(hycan_error_field(f->h), "name");
	assert_int_equal(hycan_route_add_async(f->h, NULL, note, &told), -EINVAL);
	assert_string_equal(hycan_error_field(f->h), "route");
	assert_int_equal(hycan_route_add_async(f->h, &route, note, &told), -EINVAL);
	assert_string_equal(hycan_error_field(f->h), "destination");
	assert_int_equal(hycan_route_load_async(f->h, NULL, 3, NULL, note, &told), -EINVAL);
	assert_string_equal(hycan_error_field(f->h), "routes");
	memset(options.kind, 'x', sizeof(options.kind));
	assert_int_equal(hycan_link_list_async(f->h, &options, note, &told), -EINVAL);
	assert_string_equal(hycan_error_field(f->h), "kind");
	assert_int_equal(hycan_session_netns_async(f->h, -1, note, &told), -EINVAL);
	assert_string_equal(hycan_error_field(f->h), "netns");
	assert_int_equal(hycan_send(f->h, NULL, NULL, note, &told), -EINVAL);
	assert_int_equal(hycan_call(f->h, NULL, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(hycan_pending(f->h), 0);
	assert_int_equal(told.times, 0);
	/* none of it touched the connection */
	hycan_process(f->h);
	fake_take(f, HYCAN_OPERATION_SESSION_HELLO);
	assert_false(fake_has_frame(f));
}

static void nothing_is_asked_of_no_connection(void **state)
{
	(void)state;
	assert_int_equal(hycan_link_up(NULL, "vcan0"), -EINVAL);
	assert_int_equal(hycan_process(NULL), -EINVAL);
	assert_int_equal(hycan_fd(NULL), -1);
	assert_int_equal(hycan_events(NULL), 0);
	assert_int_equal(hycan_pending(NULL), 0);
	assert_string_equal(hycan_path(NULL), "");
	assert_string_equal(hycan_error_field(NULL), "");
	assert_true(strlen(hycan_error_message(NULL)) > 0);
	hycan_set_timeout(NULL, 1);
	hycan_set_exclusive(NULL, true);
	hycan_close(NULL);
	hycan_netlink_close(NULL);
	assert_int_equal(hycan_netlink_up(NULL), -EINVAL);
	assert_null(hycan_netlink_connection(NULL));
	assert_true(strlen(hycan_netlink_error_message(NULL)) > 0);
}

static void results_have_names(void **state)
{
	(void)state;
	assert_string_equal(hycan_result_name(0), "done");
	assert_string_equal(hycan_result_name(HYCAN_REFUSAL_NOT_FOUND), "not_found");
	assert_string_equal(hycan_result_name(4711), "failed");
	assert_string_equal(hycan_result_name(-ENOENT), "No such file or directory");
	assert_string_equal(hycan_result_name(-4711), "Unknown error");
}

static void descriptors_go_with_their_frame(void **state)
{
	struct fake *f = *state;
	int pipes[2], same[2];
	struct told told = { 0 }, bad = { 0 };
	char c = 0;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", NULL, NULL), 0);
	assert_int_equal(hycan_session_netns_async(f->h, pipes[1], note, &told), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan1", NULL, NULL), 0);
	/* one that is not open fails alone */
	assert_int_equal(hycan_session_netns_async(f->h, 4000, note, &bad), 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan2", NULL, NULL), 0);
	assert_int_equal(hycan_process(f->h), 1);
	assert_int_equal(bad.times, 1);
	assert_int_equal(bad.result, -EBADF);
	fake_greet(f);
	fake_take(f, HYCAN_OPERATION_LINK_UP);
	fake_take(f, HYCAN_OPERATION_SESSION_NETNS);
	assert_int_equal(f->n_fds, 1);
	/* with its bytes, and none that follow: so the daemon knows whose they are */
	assert_int_equal(f->fds_end, f->taken);
	fake_take(f, HYCAN_OPERATION_LINK_UP);
	fake_take(f, HYCAN_OPERATION_LINK_UP);
	same[0] = pipes[0];
	same[1] = f->fds[0];
	assert_int_equal(write(same[1], "x", 1), 1);
	assert_int_equal(read(same[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	/* the caller's own is the caller's still */
	assert_int_equal(close(pipes[1]), 0);
	close(pipes[0]);
	close(f->fds[0]);
	fake_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)
		TEST(greeting_travels_with_the_first_request),
		TEST(flags_are_netlinks),
		TEST(answers_find_their_requests_in_any_order),
		TEST(blocking_calls),
		TEST(a_list_that_breaks_in_the_middle),
		TEST(nested_lists_in_one_block),
		TEST(a_call_without_an_answer_gives_none),
		TEST(what_a_newer_daemon_adds_is_stepped_over),
		TEST(values_that_cannot_be_sent),
		cmocka_unit_test(nothing_is_asked_of_no_connection),
		cmocka_unit_test(results_have_names),
		TEST(descriptors_go_with_their_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
