/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers: what happens to peers, to their requests and to the daemon while slow operations are under way.
 *
 * The test stops the workers' threads as a debugger would (ptrace(2)), so that “meanwhile” lasts as long as it likes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "raw.h"
#include "world.h"

enum {
	TYPE_DESCRIBE = 0x0102,
	TYPE_WHOAMI = 0x0103,
	TYPE_NETNS = 0x0104,
	TYPE_LINK_GET = 0x0302,
	TYPE_LINK_DELETE = 0x0306,
	TYPE_ROUTE_LOAD = 0x0705,
	WORKERS = 3,
};

static struct raw_frame frame;

/* ------------------------------------------------------------------------------------------------- stopping the workers */

static pid_t worker[WORKERS];

static int by_number(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static void find_workers(const struct world *w)
{
	char path[64];
	struct dirent *entry;
	size_t n = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", w->daemon);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks)))
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != w->daemon && n < WORKERS)
			worker[n++] = atoi(entry->d_name);
	closedir(tasks);
	assert_int_equal(n, WORKERS);
	qsort(worker, n, sizeof(*worker), by_number);
}

static void freeze(size_t i)
{
	int status;

	assert_int_equal(ptrace(PTRACE_SEIZE, worker[i], NULL, NULL), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, worker[i], NULL, NULL), 0);
	assert_int_equal(waitpid(worker[i], &status, __WALL), worker[i]);
}

static void thaw(size_t i)
{
	assert_int_equal(ptrace(PTRACE_DETACH, worker[i], NULL, NULL), 0);
}

static void freeze_all(const struct world *w)
{
	find_workers(w);
	for (size_t i = 0; i < WORKERS; i++) {
		/* it waits for work, and holds no lock, which it would do to the end */
		shell_until(20, "grep -q '^%d ' /proc/%d/task/%d/syscall", SYS_futex, w->daemon, worker[i]);
		freeze(i);
	}
}

static void thaw_all(void)
{
	for (size_t i = 0; i < WORKERS; i++)
		thaw(i);
}

/* The loop has read whatever was sent before, and carried out a request or more of it: others have been served. */
static void settle(struct world *w)
{
	struct raw raw = raw_open(w->socket);

	for (size_t i = 0; i < 2; i++) {
		raw_begin(&raw, &frame, TYPE_WHOAMI);
		(void)raw_ask(&raw, &frame);
	}
	raw_close(&raw);
}

/* There is nothing left that the loop has to do, not even that somebody is gone: what it sees next is what comes next. */
static void until_it_sleeps(const struct world *w)
{
#ifdef SYS_epoll_wait
	const int waits = SYS_epoll_wait;
#else
	const int waits = SYS_epoll_pwait;
#endif

	shell_until(20, "grep -q '^%d ' /proc/%d/syscall", waits, w->daemon);
}

/* --------------------------------------------------------------------------------------------------------- requests */

/* A slow operation that is refused as soon as a worker has it. */
static void send_slow(struct raw *raw, const char *name)
{
	raw_begin(raw, &frame, TYPE_LINK_DELETE);
	raw_put(&frame, 1, name, strlen(name) + 1);
	raw_send(raw, frame.bytes, frame.size);
}

static struct raw open_slow(struct world *w, const char *name)
{
	struct raw raw = raw_open(w->socket);

	send_slow(&raw, name);
	return raw;
}

static void assert_answered(struct raw *raw)
{
	struct raw_answer answer;

	assert_true(raw_read(raw, &answer));
	assert_int_equal(answer.seq, raw->seq);
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_NOT_FOUND);
}

static void assert_nothing_to_read(const struct raw *raw)
{
	struct pollfd pollfd = { .fd = raw->fd, .events = POLLIN };

	assert_int_equal(poll(&pollfd, 1, 0), 0);
}

static void assert_logged(const struct world *w, const char *text)
{
	char *log = world_log(w);

	assert_contains(log, text);
	free(log);
}

/* How often the log has what before the first time that it is until, which begins so. */
static size_t logged_before(const struct world *w, const char *what, const char *until)
{
	char *log = world_log(w);
	size_t n = 0;

	for (const char *p = log; (p = strstr(p, what)) && strncmp(p, until, strlen(until)) != 0; p++)
		n++;
	free(log);
	return n;
}

/* A peer that goes while a worker has its request, and that the loop knows to be gone: it has not read its answers. */
static void leave_with_a_job(struct world *w)
{
	struct raw raw = raw_open(w->socket);

	/* more than the socket takes, and less than what would stop further requests */
	for (size_t i = 0; i < 7; i++) {
		raw_begin(&raw, &frame, TYPE_DESCRIBE);
		raw_send(&raw, frame.bytes, frame.size);
	}
	send_slow(&raw, "left");
	/* each may take a turn of its own */
	for (size_t i = 0; i < 10; i++)
		settle(w);
	raw_close(&raw);
	clients_wait(w->h, 1);
}

static void test_gone_meanwhile(void **state)
{
	struct world *w = *state;

	freeze_all(w);
	leave_with_a_job(w);
	thaw_all();
	shell_until(20, "grep -q 'link.delete left' %s", w->log);
}

static void test_ended_meanwhile(void **state)
{
	struct world *w = *state;
	struct raw raw;
	int status;

	freeze_all(w);
	leave_with_a_job(w);
	raw = open_slow(w, "stays");
	settle(w);
	kill(w->daemon, SIGTERM);
	thaw_all();
	/* what was carried out is told and written down */
	assert_answered(&raw);
	raw_close(&raw);
	assert_int_equal(waitpid(w->daemon, &status, 0), w->daemon);
	w->daemon = 0;
	assert_int_equal(status, 0);
	assert_logged(w, "link.delete left");
	assert_logged(w, "link.delete stays");
}

/* Whoever waits for us is not someone whom we wait for. */
static void test_longer_than_patience(void **state)
{
	struct world *w = *state;
	struct raw raw[5], half;
	struct raw_answer answer;

	freeze_all(w);
	/* two on workers, three that wait for one */
	for (size_t i = 0; i < 5; i++)
		raw[i] = open_slow(w, "x");
	settle(w);
	half = raw_open(w->socket);
	raw_send(&half, "\x20\0\0", 3);
	assert_false(raw_read(&half, &answer));
	thaw_all();
	for (size_t i = 0; i < 5; i++) {
		assert_answered(&raw[i]);
		raw_close(&raw[i]);
	}
	raw_close(&half);
}

/* One with a hundred slow requests is no reason for another to wait for all of them. */
static void test_in_order(void **state)
{
	enum { MANY = 100 };
	struct world *w = *state;
	struct raw many[2] = { raw_open(w->socket), raw_open(w->socket) }, one;
	struct raw_answer answer;

	freeze_all(w);
	for (size_t i = 0; i < 2; i++) {
		uint8_t *all = malloc(MANY * 64);

		assert_non_null(all);
		raw_begin(&many[i], &frame, TYPE_LINK_DELETE);
		raw_put(&frame, 1, "many", 5);
		for (size_t k = 0; k < MANY; k++)
			memcpy(all + k * frame.size, frame.bytes, frame.size);
		raw_send(&many[i], all, MANY * frame.size);
		free(all);
	}
	settle(w);
	one = open_slow(w, "one");
	settle(w);
	/* one worker for all three: how fast the others would come to run is nobody's merit */
	thaw(0);
	assert_answered(&one);
	thaw(1);
	thaw(2);
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < MANY; k++)
			assert_true(raw_read(&many[i], &answer));
	/* one of each at most */
	assert_in_range(logged_before(w, "link.delete ", "link.delete one"), 1, 2);
	raw_close(&one);
	raw_close(&many[0]);
	raw_close(&many[1]);
}

/* Nor is somebody with a hundred connections. */
static void test_users_in_turn(void **state)
{
	enum { MANY = 100, ALICE = 4242 };
	const struct world_options options = { .policy = "allow * all\n",
		                               .open_to_all = true,
		                               .arguments = { "--worker-patience", "1000000" } };
	struct world *w = *state = world_start(&options);
	static struct raw many[MANY];
	struct raw one;

	freeze_all(w);
	for (size_t i = 0; i < MANY; i++)
		many[i] = open_slow(w, "many");
	settle(w);
	assert_int_equal(seteuid(ALICE), 0);
	one = open_slow(w, "one");
	assert_int_equal(seteuid(0), 0);
	settle(w);
	thaw(0);
	assert_answered(&one);
	thaw(1);
	thaw(2);
	for (size_t i = 0; i < MANY; i++) {
		assert_answered(&many[i]);
		raw_close(&many[i]);
	}
	raw_close(&one);
	/* two that were begun already, and one in turn */
	assert_in_range(logged_before(w, "link.delete ", "link.delete one"), 1, 3);
}

/* Nor is somebody who always has one more. */
static void test_no_overtaking(void **state)
{
	struct world *w = *state;
	struct raw many[2], one;

	freeze_all(w);
	for (size_t i = 0; i < 2; i++)
		many[i] = open_slow(w, "many");
	settle(w);
	/* nobody reads what comes while the first is under way */
	for (size_t i = 0; i < 2; i++)
		send_slow(&many[i], "many");
	one = open_slow(w, "one");
	settle(w);
	/* else it could find the worker done while it has to do with somebody else, and then those who wait come first anyway */
	until_it_sleeps(w);
	thaw(0);
	assert_answered(&one);
	thaw(1);
	thaw(2);
	for (size_t i = 0; i < 2; i++) {
		struct raw_answer answer;

		for (size_t k = 0; k < 2; k++)
			assert_true(raw_read(&many[i], &answer));
		raw_close(&many[i]);
	}
	raw_close(&one);
	assert_int_equal(logged_before(w, "link.delete ", "link.delete one"), 1);
}

/* When nothing slow is under way any more, the loop does the short ones itself again. */
static void test_back_in_the_loop(void **state)
{
	struct world *w = *state;
	struct raw slow, get[2] = { raw_open(w->socket), raw_open(w->socket) }, later = raw_open(w->socket);

	freeze_all(w);
	slow = open_slow(w, "x");
	settle(w);
	for (size_t i = 0; i < 2; i++) {
		raw_begin(&get[i], &frame, TYPE_LINK_GET);
		raw_put(&frame, 1, "lo", 3);
		raw_send(&get[i], frame.bytes, frame.size);
		settle(w);
		assert_nothing_to_read(&get[i]);
	}
	thaw(0);
	assert_answered(&slow);
	freeze(0);
	raw_assert_alive(&later);
	thaw_all();
	for (size_t i = 0; i < 2; i++) {
		struct raw_answer answer;

		assert_true(raw_read(&get[i], &answer));
		assert_int_equal(answer.type, TYPE_LINK_GET);
		raw_close(&get[i]);
	}
	raw_close(&slow);
	raw_close(&later);
}

static void test_classic(void **state)
{
	struct world *w = *state;
	struct raw slow[2], classic[4];

	freeze_all(w);
	for (size_t i = 0; i < 2; i++)
		slow[i] = open_slow(w, "x");
	settle(w);
	/* one on the third worker, three that wait */
	for (size_t i = 0; i < 4; i++) {
		classic[i] = raw_connect(w->socket);
		raw_send(&classic[i], "\2\2lo", 4);
		settle(w);
	}
	thaw_all();
	for (size_t i = 0; i < 4; i++) {
		char answer[8];

		assert_int_equal(recv(classic[i].fd, answer, sizeof(answer), MSG_WAITALL), 4);
		assert_memory_equal(answer, "\1\0\0\0", 4);
		raw_close(&classic[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_answered(&slow[i]);
		raw_close(&slow[i]);
	}
}

static void test_netns(void **state)
{
	struct world *w = *state;
	struct raw slow, raw = raw_open(w->socket), gone = raw_open(w->socket);
	const uint32_t index = 0;
	struct raw_answer answer;
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	freeze_all(w);
	slow = open_slow(w, "x");
	settle(w);
	raw_begin(&raw, &frame, TYPE_NETNS);
	raw_put(&frame, 1, &index, sizeof(index));
	raw_send_fds(&raw, frame.bytes, frame.size, &fd, 1);
	raw_send_fds(&gone, frame.bytes, frame.size, &fd, 1);
	settle(w);
	raw_close(&gone);
	thaw_all();
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.type, TYPE_NETNS);
	raw_assert_alive(&raw);
	assert_answered(&slow);
	raw_close(&raw);
	raw_close(&slow);
	close(fd);
	shell_until(20, "test $(ls -l /proc/%d/fd | grep -c 'net:.[0-9]') -eq 0", w->daemon);
}

/* A frame that is long is taken apart on a worker too, and judged by the policy of the moment when it came. */
static void test_long_frame(void **state)
{
	enum { SIZE = 1 << 20 };
	struct world *w = *state;
	struct raw raw = raw_open(w->socket), other = raw_open(w->socket);
	uint8_t *bytes = calloc(1, SIZE);
	struct raw_answer answer;

	assert_non_null(bytes);
	raw_begin(&raw, &frame, TYPE_ROUTE_LOAD);
	/* no attribute at all */
	raw_put(&frame, 1, "\xff\xff\xff\xff", 4);
	memcpy(bytes, frame.bytes, frame.size);
	memcpy(bytes, &(uint32_t){ SIZE }, 4);
	freeze_all(w);
	raw_send(&raw, bytes, SIZE);
	for (size_t i = 0; i < 10; i++)
		settle(w);
	assert_nothing_to_read(&raw);
	free(shell("echo 'deny root route' > %s/policy.conf", w->directory));
	kill(w->daemon, SIGHUP);
	shell_until(20, "grep -q 'policy was read again' %s", w->log);
	thaw_all();
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);

	raw_begin(&raw, &frame, TYPE_ROUTE_LOAD);
	assert_int_equal(raw_ask(&raw, &frame).refusal, HYCAN_REFUSAL_DENIED);
	raw_assert_alive(&other);
	raw_close(&other);
	raw_close(&raw);
	free(bytes);
}

/* Two requests that take long are no reason for others to wait; but for those of the same user, which has its part. */
static void test_long(void **state)
{
	enum { ALICE = 4242 };
	const struct world_options options = { .policy = "allow * all\n",
		                               .open_to_all = true,
		                               .arguments = { "--worker-patience", "1" } };
	struct world *w = *state = world_start(&options);
	struct raw slow[3], one;

	freeze_all(w);
	assert_int_equal(seteuid(ALICE), 0);
	for (size_t i = 0; i < 2; i++)
		slow[i] = open_slow(w, "slow");
	assert_int_equal(seteuid(0), 0);
	settle(w);
	thaw(2);
	one = open_slow(w, "one");
	assert_answered(&one);
	assert_int_equal(seteuid(ALICE), 0);
	slow[2] = open_slow(w, "another");
	assert_int_equal(seteuid(0), 0);
	send_slow(&one, "one");
	assert_answered(&one);
	assert_nothing_to_read(&slow[2]);
	thaw(0);
	thaw(1);
	for (size_t i = 0; i < 3; i++) {
		assert_answered(&slow[i]);
		raw_close(&slow[i]);
	}
	raw_close(&one);
}

/* With a daemon to which nothing takes long. */
static int begin(void **state)
{
	*state = world_start(&(struct world_options){ .arguments = { "--worker-patience", "1000000" } });
	return 0;
}

/* Whatever a test that failed has left stopped goes on. */
static int end(void **state)
{
	for (size_t i = 0; i < WORKERS; i++)
		(void)ptrace(PTRACE_DETACH, worker[i], NULL, NULL);
	return world_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gone_meanwhile, begin, end),
		cmocka_unit_test_setup_teardown(test_ended_meanwhile, begin, end),
		cmocka_unit_test_setup_teardown(test_longer_than_patience, begin, end),
		cmocka_unit_test_setup_teardown(test_in_order, begin, end),
		cmocka_unit_test_teardown(test_users_in_turn, end),
		cmocka_unit_test_setup_teardown(test_no_overtaking, begin, end),
		cmocka_unit_test_setup_teardown(test_back_in_the_loop, begin, end),
		cmocka_unit_test_setup_teardown(test_classic, begin, end),
		cmocka_unit_test_setup_teardown(test_netns, begin, end),
		cmocka_unit_test_setup_teardown(test_long_frame, begin, end),
		cmocka_unit_test_teardown(test_long, end),
	};

	return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
