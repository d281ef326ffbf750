/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that are lost, made anew, refused, and not to be trusted.
 */
#include "fake_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire.h"

static void *serve_one_connection(void *userdata)
{
	struct fake *f = userdata;

	fake_accept(f);
	fake_answer(f);
	fake_answer(f);
	return NULL;
}

/* The daemon restarts while nothing is under way: nobody notices. */
static void a_restart_between_calls_goes_unnoticed(void **state)
{
	struct fake *f = *state;
	struct told told = { 0 };
	pthread_t thread;

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told), 0);
	fake_serve(f);
	assert_int_equal(told.times, 1);
	fake_hang_up(f);
	fake_thread(f, &thread, serve_one_connection);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), 0);
	fake_join(thread);
	/* and without waiting */
	fake_hang_up(f);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told), 0);
	settle(f);
	fake_accept(f);
	fake_serve(f);
	assert_int_equal(told.times, 2);
	assert_int_equal(told.result, 0);
}

static void what_was_sent_is_never_repeated(void **state)
{
	struct fake *f = *state;
	struct told told = { 0 }, next = { 0 };

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told), 0);
	hycan_process(f->h);
	fake_greet(f);
	fake_take(f, HYCAN_OPERATION_LINK_UP);
	assert_int_equal(hycan_process(f->h), 0);
	fake_hang_up(f);
	assert_int_equal(hycan_process(f->h), -ECONNRESET);
	assert_int_equal(told.times, 1);
	assert_int_equal(told.result, -ECONNRESET);
	assert_non_null(strstr(told.message, "link.up may have been carried out, and was not repeated."));
	assert_int_equal(hycan_fd(f->h), -1);
	assert_int_equal(hycan_events(f->h), 0);
	assert_int_equal(hycan_pending(f->h), 0);
	assert_int_equal(hycan_process(f->h), 0);
	/* the next request connects anew, with a greeting of its own */
	assert_int_equal(hycan_link_get_async(f->h, "vcan0", note, &next), 0);
	assert_true(hycan_fd(f->h) >= 0);
	fake_accept(f);
	fake_serve(f);
	assert_int_equal(next.result, 0);
	assert_int_equal(next.times, 1);
	assert_int_equal(told.times, 1);
}

static void what_was_not_sent_goes_over_the_new_connection(void **state)
{
	struct fake *f = *state;
	struct told first = { 0 }, large = { 0 }, unsent = { 0 };

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &first), 0);
	fake_serve(f);
	fake_send_large(f, &large);
	assert_int_equal(hycan_link_up_async(f->h, "vcan1", note, &unsent), 0);
	fake_hang_up(f);
	assert_int_equal(hycan_process(f->h), -ECONNRESET);
	assert_int_equal(large.times, 1);
	assert_int_equal(large.result, -ECONNRESET);
	assert_int_equal(unsent.times, 0);
	assert_int_equal(hycan_pending(f->h), 1);
	fake_accept(f);
	fake_serve(f);
	assert_int_equal(unsent.times, 1);
	assert_int_equal(unsent.result, 0);
}

static void a_daemon_that_is_gone_for_good(void **state)
{
	struct fake *f = *state;
	struct told first = { 0 }, large = { 0 }, unsent = { 0 };

	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &first), 0);
	fake_serve(f);
	fake_send_large(f, &large);
	assert_int_equal(hycan_link_up_async(f->h, "vcan1", note, &unsent), 0);
	fake_hang_up(f);
	close(f->listener);
	hycan_process(f->h);
	assert_int_equal(large.result, -ECONNRESET);
	assert_int_equal(unsent.times, 1);
	assert_int_equal(unsent.result, -ECONNREFUSED);
	assert_non_null(strstr(unsent.message, f->path));
	assert_int_equal(hycan_link_up(f->h, "vcan1"), -ECONNREFUSED);
	unlink(f->path);
	assert_int_equal(hycan_link_up(f->h, "vcan1"), -ENOENT);
	assert_non_null(strstr(hycan_error_message(f->h), "No such file or directory"));
	assert_non_null(strstr(hycan_error_message(f->h), "systemctl start hycan-daemon"));
	/* and back again */
	f->listener = fake_listen(f->path);
	assert_int_equal(hycan_link_up_async(f->h, "vcan1", note, &unsent), 0);
	fake_accept(f);
	fake_serve(f);
	assert_int_equal(unsent.times, 2);
	assert_int_equal(unsent.result, 0);
}

static void *slam_the_door(void *userdata)
{
	struct fake *f = userdata;
	int fd;

	while ((fd = accept(f->listener, NULL, NULL)) >= 0)
		close(fd);
	return NULL;
}

/* A server that closes every connection at once does not keep us busy for ever. */
static void a_server_that_slams_the_door(void **state)
{
	struct fake *f = *state;
	pthread_t thread;

	fake_hang_up(f);
	fake_thread(f, &thread, slam_the_door);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), -ECONNRESET);
	assert_true(strlen(hycan_error_message(f->h)) > 0);
	shutdown(f->listener, SHUT_RDWR);
	fake_join(thread);
}

/* Nor one that closes before it is sent a byte. */
static void a_server_that_is_always_faster(void **state)
{
	struct fake *f = *state;
	struct told told = { 0 };
	int connections = 0;

	fake_hang_up(f);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &told), 0);
	for (; told.times == 0; connections++) {
		assert_true(connections < 5);
		assert_int_equal(hycan_process(f->h), -ECONNRESET);
		if (told.times > 0)
			break;
		fake_accept(f);
		fake_hang_up(f);
	}
	assert_int_equal(told.result, -ECONNRESET);
	assert_non_null(strstr(told.message, "link.up was not sent."));
	assert_int_equal(hycan_fd(f->h), -1);
}

/* A namespace that was entered is gone with the connection; nothing may act elsewhere in its place. */
static void a_namespace_is_not_forgotten(void **state)
{
	struct fake *f = *state;
	struct told netns = { 0 }, next = { 0 };

	assert_int_equal(hycan_session_netns_async(f->h, 0, note, &netns), 0);
	fake_serve(f);
	assert_int_equal(netns.result, 0);
	close(f->fds[0]);
	fake_hang_up(f);
	/* not sent, and yet not sent again */
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), 0);
	assert_int_equal(hycan_process(f->h), -ECONNRESET);
	assert_int_equal(next.times, 1);
	assert_int_equal(next.result, -ECONNRESET);
	assert_non_null(strstr(next.message, "link.up was not sent."));
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), -ECONNRESET);
	assert_non_null(strstr(hycan_error_message(f->h), "session.netns"));
	assert_int_equal(next.times, 1);
	assert_int_equal(hycan_session_netns_async(f->h, 0, note, &netns), 0);
	/* until the answer is there, it may still be refused */
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), -ECONNRESET);
	fake_accept(f);
	fake_serve(f);
	close(f->fds[0]);
	assert_int_equal(netns.times, 2);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), 0);
	fake_serve(f);
	assert_int_equal(next.result, 0);
}

/* A namespace that was refused was never entered. */
static void a_namespace_that_was_refused(void **state)
{
	struct fake *f = *state;
	struct told netns = { 0 }, next = { 0 };
	struct bytes b = { 0 };

	assert_int_equal(hycan_session_netns_async(f->h, 0, note, &netns), 0);
	hycan_process(f->h);
	fake_greet(f);
	bytes_error(&b, fake_take(f, HYCAN_OPERATION_SESSION_NETNS), -EACCES, HYCAN_REFUSAL_DENIED, "No.", NULL);
	fake_send_bytes(f, &b);
	assert_int_equal(hycan_process(f->h), 1);
	close(f->fds[0]);
	fake_hang_up(f);
	hycan_process(f->h);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), 0);
	fake_accept(f);
	fake_serve(f);
	assert_int_equal(next.result, 0);
}

static const char token[] = "0123456789abcdef0123456789abcdef";

/* Nor is a lifetime: what was to be held while connected would be so for good. */
static void a_lifetime_is_not_forgotten(void **state)
{
	struct fake *f = *state;
	struct told lifetime = { 0 }, next = { 0 };

	assert_int_equal(hycan_session_adopt_async(f->h, token, note, &lifetime), 0);
	fake_serve(f);
	assert_int_equal(lifetime.result, 0);
	fake_hang_up(f);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), 0);
	assert_int_equal(hycan_process(f->h), -ECONNRESET);
	assert_int_equal(next.times, 1);
	assert_int_equal(next.result, -ECONNRESET);
	assert_non_null(strstr(next.message, "link.up was not sent."));
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), -ECONNRESET);
	assert_non_null(strstr(hycan_error_message(f->h), "session.lifetime"));
	assert_string_equal(hycan_token(f->h), token);
	/* with a namespace, too, which says nothing about how long */
	assert_int_equal(hycan_session_netns_async(f->h, 0, note, &next), 0);
	fake_accept(f);
	fake_serve(f);
	close(f->fds[0]);
	assert_int_equal(next.result, 0);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), -ECONNRESET);
	/* who knows what was held asks for it by its token */
	assert_string_equal(hycan_token(f->h), token);
	assert_int_equal(hycan_session_lifetime_async(f->h, HYCAN_LIFETIME_CONNECTION, NULL, note, &lifetime), 0);
	fake_serve(f);
	assert_int_equal(lifetime.times, 2);
	assert_int_equal(lifetime.result, 0);
	assert_string_not_equal(hycan_token(f->h), token);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), 0);
	fake_serve(f);
	assert_int_equal(next.result, 0);
}

/* Both are asked for again in whatever order; an answer that did not come counts as a choice. */
static void a_session_is_adopted_again(void **state)
{
	struct fake *f = *state;
	struct told adopt = { 0 }, netns = { 0 }, next = { 0 };

	assert_int_equal(hycan_session_netns_async(f->h, 0, note, &netns), 0);
	fake_serve(f);
	close(f->fds[0]);
	assert_int_equal(hycan_session_adopt_async(f->h, token, note, &adopt), 0);
	hycan_process(f->h);
	fake_take(f, HYCAN_OPERATION_SESSION_ADOPT);
	fake_hang_up(f);
	assert_int_equal(hycan_process(f->h), -ECONNRESET);
	assert_int_equal(adopt.result, -ECONNRESET);
	assert_string_not_equal(hycan_token(f->h), token);
	assert_int_equal(hycan_session_adopt_async(f->h, token, note, &adopt), 0);
	fake_accept(f);
	fake_serve(f);
	assert_int_equal(adopt.result, 0);
	assert_string_equal(hycan_token(f->h), token);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), -ECONNRESET);
	assert_non_null(strstr(hycan_error_message(f->h), "session.netns"));
	assert_int_equal(hycan_session_netns_async(f->h, 0, note, &netns), 0);
	fake_serve(f);
	close(f->fds[0]);
	assert_int_equal(hycan_link_up_async(f->h, "vcan0", note, &next), 0);
	fake_serve(f);
	assert_int_equal(next.result, 0);
}

/* The steps of a transaction are kept meanwhile: none of them is left out. */
static void a_transaction_is_kept_whole(void **state)
{
	struct fake *f = *state;
	struct told lifetime = { 0 }, next = { 0 };

	assert_int_equal(hycan_session_lifetime_async(f->h, HYCAN_LIFETIME_CONNECTION, NULL, note, &lifetime), 0);
	fake_serve(f);
	assert_int_equal(hycan_transaction_begin(f->h), 0);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), 0);
	fake_hang_up(f);
	assert_int_equal(hycan_link_get_async(f->h, "vcan0", note, &next), 0);
	assert_int_equal(hycan_process(f->h), -ECONNRESET);
	assert_int_equal(hycan_link_up(f->h, "vcan1"), 0);
	assert_int_equal(hycan_transaction_commit(f->h, NULL, NULL), -ECONNRESET);
	assert_non_null(strstr(hycan_error_message(f->h), "transaction.run was not sent."));
}

static void only_root_and_oneself_are_trusted(void **state)
{
	struct fake *f = *state;
	struct hycan *h;

	if (geteuid() != 0)
		skip();
	close(f->listener);
	/* the kernel notes who listens when listen() is called */
	assert_int_equal(chown(f->directory, 12345, 0), 0);
	unlink(f->path);
	assert_int_equal(seteuid(12345), 0);
	f->listener = fake_listen(f->path);
	assert_int_equal(hycan_open(&h, f->path), 0);
	hycan_close(h);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(hycan_open(&h, f->path), -EPERM);
	assert_non_null(strstr(hycan_error_message(h), "its server runs as user 12345, neither root nor you, and is not trusted"));
	assert_int_equal(hycan_fd(h), -1);
	assert_int_equal(hycan_link_up(h, "vcan0"), -EPERM);
	hycan_close(h);
	close(f->listener);
	f->listener = fake_listen(f->path);
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_int_equal(seteuid(12345), 0);
	assert_int_equal(hycan_open(&h, f->path), 0);
	hycan_close(h);
	assert_int_equal(seteuid(0), 0);
}

static void paths(void **state)
{
	struct fake *f = *state;
	char long_path[200];
	struct hycan *h;

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(hycan_open(&h, long_path), -ENAMETOOLONG);
	assert_int_equal(hycan_link_up(h, "vcan0"), -EINVAL);
	hycan_close(h);
	assert_int_equal(hycan_open(&h, ""), -EINVAL);
	hycan_close(h);
	assert_int_equal(hycan_open(&h, "/nowhere/at/all"), -ENOENT);
	assert_non_null(strstr(hycan_error_message(h), "/nowhere/at/all"));
	hycan_close(h);
	assert_int_equal(setenv("HYCAN_DAEMON_SOCKET", f->path, 1), 0);
	assert_int_equal(hycan_open(&h, NULL), 0);
	assert_string_equal(hycan_path(h), f->path);
	hycan_close(h);
	assert_int_equal(setenv("HYCAN_DAEMON_SOCKET", "/nowhere/at/all", 1), 0);
	assert_int_equal(setenv("HYCAN_NO_FALLBACK", "1", 1), 0);
	assert_int_equal(hycan_open(&h, NULL), -ENOENT);
	assert_non_null(strstr(hycan_error_message(h), "/nowhere/at/all: No such file or directory"));
	assert_non_null(strstr(hycan_error_message(h), "HYCAN_NO_FALLBACK"));
	assert_string_equal(hycan_path(h), "");
	/* one that was never reached is searched for again */
	assert_int_equal(setenv("HYCAN_DAEMON_SOCKET", f->path, 1), 0);
	assert_int_equal(hycan_link_up_async(h, "vcan0", NULL, NULL), 0);
	assert_string_equal(hycan_path(h), f->path);
	hycan_close(h);
	unsetenv("HYCAN_DAEMON_SOCKET");
	unsetenv("HYCAN_NO_FALLBACK");
}

/* A program without an output that prints all the same must not print into the connection. */
static void an_output_that_was_closed_is_not_the_daemon(void **state)
{
	struct fake *f = *state;
	int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), fd, r;
	struct hycan *h;

	assert_true(kept >= 0);
	close(STDIN_FILENO);
	r = hycan_open(&h, f->path);
	fd = hycan_fd(h);
	dup2(kept, STDIN_FILENO);
	close(kept);
	assert_int_equal(r, 0);
	assert_true(fd > STDERR_FILENO);
	hycan_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)
		TEST(a_restart_between_calls_goes_unnoticed),
		TEST(what_was_sent_is_never_repeated),
		TEST(what_was_not_sent_goes_over_the_new_connection),
		TEST(a_daemon_that_is_gone_for_good),
		TEST(a_server_that_slams_the_door),
		TEST(a_server_that_is_always_faster),
		TEST(a_namespace_is_not_forgotten),
		TEST(a_namespace_that_was_refused),
		TEST(a_lifetime_is_not_forgotten),
		TEST(a_session_is_adopted_again),
		TEST(a_transaction_is_kept_whole),
		TEST(only_root_and_oneself_are_trusted),
		TEST(paths),
		TEST(an_output_that_was_closed_is_not_the_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
