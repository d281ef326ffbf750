/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library when the machine does not play along: memory that is refused at every place in turn, signals in the middle
 * of every system call, and a socket that takes and gives one byte at a time.
 */
#include "fake_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

/* How many more allocations succeed; negative: all. */
static int allocations = -1;

/* The socket takes and gives one byte at a time, and every other call is interrupted. */
static bool dribbles;

static bool refused(void)
{
	if (allocations < 0)
		return false;
	if (allocations == 0)
		return true;
	allocations--;
	return false;
}

/* The names are the linker's (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
ssize_t __real_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

void *__wrap_malloc(size_t size)
{
	return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refused() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return refused() ? NULL : __real_realloc(p, size);
}

static bool interrupted(void)
{
	static unsigned int calls;

	if (dribbles && ++calls % 2) {
		errno = EINTR;
		return true;
	}
	return false;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
	return interrupted() ? -1 : __real_recv(fd, buffer, dribbles ? 1 : size, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr copy = *msg;
	struct iovec one = msg->msg_iov[0];

	if (interrupted())
		return -1;
	if (dribbles) {
		one.iov_len = 1;
		copy.msg_iov = &one;
		copy.msg_iovlen = 1;
	}
	return __real_sendmsg(fd, &copy, flags);
}

/* What a server that knows the first numbers can say in advance: a greeting, a link, a list, a device with its peers. */
static void answer_in_advance(struct fake *f)
{
	struct hycan_prefix allowed = { .address = { .family = 2 }, .length = 8 };
	struct hycan_wireguard_peer peer = { .n_allowed_ips = 1, .allowed_ips = &allowed };
	struct hycan_wireguard_get_reply device = { .n_peers = 1, .peers = &peer };
	struct bytes b = { 0 };

	bytes_hello(&b, 1, HYCAN_PROTOCOL_VERSION);
	bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, 2, "vcan0");
	bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, 3, "vcan0");
	bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, 3, "vcan1");
	bytes_done(&b, 3);
	bytes_answer(&b, hycan_operation_by_number(HYCAN_OPERATION_WIREGUARD_GET), 0, 4, &device);
	bytes_error(&b, 5, 0, 0, NULL, NULL);
	fake_send_bytes(f, &b);
}

static void noted(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	(void)h;
	(void)result;
	(void)reply;
	(void)n;
	++*(int *)userdata;
}

/* Everything that takes memory, without waiting. Returns how many were sent; counts what was told. */
static int ask_everything(struct hycan *h, int *told, bool *ret_short)
{
	enum { N = 200 };
	static struct hycan_route routes[N];
	int sent = 0, r[4];

	for (int i = 0; i < N; i++)
		routes[i].destination.address.family = 2;
	r[0] = hycan_link_get_async(h, "vcan0", noted, told);
	r[1] = hycan_link_list_async(h, NULL, noted, told);
	r[2] = hycan_wireguard_get_async(h, "wg0", noted, told);
	r[3] = hycan_route_load_async(h, routes, N, NULL, noted, told);
	for (int i = 0; i < 4; i++) {
		sent += r[i] == 0;
		*ret_short |= r[i] == -ENOMEM;
		assert_true(r[i] == 0 || r[i] == -ENOMEM);
	}
	return sent;
}

/*
 * One connection, with so many allocations that succeed until everything is asked, and so many while it is answered;
 * negative: all. Returns whether there were too few. Whatever happens, what was sent is told, once.
 */
static bool converse(struct fake *f, int while_asking, int while_answered)
{
	struct hycan *h = NULL;
	int told = 0, sent = 0, r;
	bool is_short;

	allocations = while_asking;
	r = hycan_open(&h, f->path);
	is_short = r < 0;
	assert_true(r == 0 || r == -ENOMEM);
	assert_true(h || r == -ENOMEM);
	if (h && r < 0) {
		assert_true(strlen(hycan_error_message(h)) > 0);
		/* it was connected, and then there was no memory for the greeting */
		allocations = -1;
		fake_accept(f);
		fake_hang_up(f);
	}
	if (r == 0) {
		sent = ask_everything(h, &told, &is_short);
		allocations = -1;
		fake_accept(f);
		answer_in_advance(f);
		allocations = while_answered;
		hycan_process(h);
		is_short |= allocations == 0;
		fake_hang_up(f);
	}
	allocations = -1;
	hycan_close(h);
	assert_int_equal(told, sent);
	return is_short;
}

static void memory_is_refused_at_every_place(void **state)
{
	struct fake *f = *state;
	int asking = 0, answered = 0;

	fake_hang_up(f);
	while (converse(f, asking, -1))
		asking++;
	while (converse(f, -1, answered))
		answered++;
	/* that many places there are at least */
	assert_true(asking > 5);
	assert_true(answered > 3);
}

static void *serve_dribbling(void *userdata)
{
	struct fake *f = userdata;
	struct bytes b = { 0 };

	fake_greet(f);
	bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, 2, "vcan0");
	bytes_link(&b, HYCAN_OPERATION_LINK_LIST, NLM_F_MULTI, 2, "vcan1");
	bytes_done(&b, 2);
	assert_int_equal(fake_take(f, HYCAN_OPERATION_LINK_LIST), 2);
	fake_send_bytes(f, &b);
	bytes_error(&b, fake_take(f, HYCAN_OPERATION_LINK_UP), -ENOENT, HYCAN_REFUSAL_NOT_FOUND, "No.", NULL);
	fake_send_bytes(f, &b);
	return NULL;
}

static void one_byte_at_a_time(void **state)
{
	struct fake *f = *state;
	struct hycan_link *links;
	pthread_t thread;
	size_t n;

	dribbles = true;
	fake_thread(f, &thread, serve_dribbling);
	assert_int_equal(hycan_link_list(f->h, NULL, &links, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(links[1].name, "vcan1");
	free(links);
	assert_int_equal(hycan_link_up(f->h, "vcan0"), HYCAN_REFUSAL_NOT_FOUND);
	fake_join(thread);
	dribbles = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory_is_refused_at_every_place, fake_begin, fake_end),
		cmocka_unit_test_setup_teardown(one_byte_at_a_time, fake_begin, fake_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
