/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which socket is used, and who is trusted there: a squatter in /tmp, doors that are shut, sockets that nobody serves.
 */
#include "fake_server.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRANGER 12345
#define SQUATTER 23456

#define SYSTEM_SOCKET "/run/hycan_daemon.sock"
#define TMP_SOCKET    "/tmp/hycan_daemon.sock"

/* /tmp and /run of our own, in a process of our own; the daemon's executable is kept at hand. */
static void empty_machine(void)
{
	assert_int_equal(mount("tmpfs", "/mnt", "tmpfs", 0, NULL), 0);
	free(shell("cp %s /mnt/hycan_daemon", world_daemon_path()));
	assert_int_equal(mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"), 0);
	assert_int_equal(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0);
	unsetenv("HYCAN_DAEMON_SOCKET");
	unsetenv("HYCAN_NO_FALLBACK");
	setenv("HYCAN_DAEMON_EXECUTABLE", "/mnt/hycan_daemon", 1);
}

static void in_empty_machine(struct world *w, void (*function)(struct world *w))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		assert_int_equal(unshare(CLONE_NEWNS), 0);
		empty_machine();
		function(w);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int listen_as(uid_t uid, const char *path, mode_t mode)
{
	int fd;

	assert_int_equal(seteuid(uid), 0);
	fd = fake_listen(path);
	assert_int_equal(chmod(path, mode), 0);
	assert_int_equal(seteuid(0), 0);
	return fd;
}

static void expect(int result, const char *path, const char *words)
{
	struct hycan *h;
	int r = hycan_open(&h, NULL);

	world_assert_result(h, r, result, __FILE__, __LINE__);
	assert_string_equal(hycan_path(h), path);
	assert_contains(hycan_error_message(h), words);
	hycan_close(h);
}

static void stranger_at_squatted(struct world *w)
{
	(void)w;
	expect(-EPERM, "", TMP_SOCKET ": its server runs as user 23456, neither root nor you, and is not trusted");
}

static void stranger_at_shut_door(struct world *w)
{
	(void)w;
	expect(-EPERM, "", TMP_SOCKET ": neither root's nor yours, and not trusted");
}

static void squatted(struct world *w)
{
	int fd = listen_as(SQUATTER, TMP_SOCKET, 0777);

	setenv("HYCAN_NO_FALLBACK", "1", 1);
	expect(-EPERM, "", TMP_SOCKET ": its server runs as user 23456, neither root nor you, and is not trusted");
	/* and whoever can help himself is not kept from it */
	unsetenv("HYCAN_NO_FALLBACK");
	expect(0, "", "");
	world_as(STRANGER, STRANGER, stranger_at_squatted, w);
	assert_int_equal(chmod(TMP_SOCKET, 0), 0);
	world_as(STRANGER, STRANGER, stranger_at_shut_door, w);
	close(fd);
}

/* A queue that nobody serves: whoever waits in it waits for ever. */
struct queue {
	int fd;
	int waiting[64];
	int n;
};

static struct queue fill_queue_of(uid_t uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = TMP_SOCKET };
	struct queue q = { .fd = listen_as(uid, TMP_SOCKET, 0777) };

	assert_int_equal(listen(q.fd, 0), 0);
	do {
		assert_true(q.n < 64);
		q.waiting[q.n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	} while (connect(q.waiting[q.n++], (const struct sockaddr *)&address, sizeof(address)) == 0);
	assert_int_equal(errno, EAGAIN);
	return q;
}

static void close_queue(struct queue *q)
{
	while (q->n > 0)
		close(q->waiting[--q->n]);
	close(q->fd);
}

static void squatted_with_a_queue(struct world *w)
{
	struct queue q = fill_queue_of(SQUATTER);

	(void)w;
	expect(0, "", "");
	setenv("HYCAN_NO_FALLBACK", "1", 1);
	expect(-EPERM, "", TMP_SOCKET ": neither root's nor yours, and not trusted");
	close_queue(&q);
}

/* A daemon that is too slow is waited for, as long as the caller says. */
static void own_with_a_queue(struct world *w)
{
	struct queue q = fill_queue_of(0);
	struct hycan *h = NULL;

	(void)w;
	/* much less than the library waits if nobody says anything */
	alarm(20);
	assert_int_equal(hycan_open_within(&h, TMP_SOCKET, 50), -EAGAIN);
	alarm(0);
	assert_non_null(strstr(hycan_error_message(h), "too many connections wait there"));
	hycan_close(h);
	close_queue(&q);
}

static void a_full_queue_is_waited_for_within_the_deadline(void **state)
{
	in_empty_machine(*state, own_with_a_queue);
}

static void a_squatter_keeps_nobody_waiting(void **state)
{
	in_empty_machine(*state, squatted_with_a_queue);
}

static void a_squatter_is_not_trusted(void **state)
{
	in_empty_machine(*state, squatted);
}

static void stranger_at_the_daemons_door(struct world *w)
{
	(void)w;
	expect(-EACCES, "", "/var/run/hycan_daemon.sock: Permission denied. The socket is for root and group hycan");
}

static void shut(struct world *w)
{
	int fd = listen_as(0, SYSTEM_SOCKET, 0600), other = listen_as(0, TMP_SOCKET, 0666);

	/* the daemon's own no is final: no search goes on behind it */
	world_as(STRANGER, STRANGER, stranger_at_the_daemons_door, w);
	close(fd);
	close(other);
}

static void a_shut_door_is_a_no(void **state)
{
	in_empty_machine(*state, shut);
}

static void order(struct world *w)
{
	int fd = listen_as(0, SYSTEM_SOCKET, 0600), other = listen_as(0, TMP_SOCKET, 0600);

	(void)w;
	expect(0, "/var/run/hycan_daemon.sock", "");
	setenv("HYCAN_DAEMON_SOCKET", TMP_SOCKET, 1);
	expect(0, TMP_SOCKET, "");
	/* who names a socket means that one */
	setenv("HYCAN_DAEMON_SOCKET", "/nowhere", 1);
	setenv("HYCAN_NO_FALLBACK", "1", 1);
	expect(-ENOENT, "", "/nowhere: No such file or directory");
	unsetenv("HYCAN_DAEMON_SOCKET");
	/* a socket that nobody serves any more is passed by */
	close(fd);
	expect(0, TMP_SOCKET, "");
	close(other);
	expect(-ECONNREFUSED, "", TMP_SOCKET ": Connection refused");
	unsetenv("HYCAN_NO_FALLBACK");
	expect(0, "", "");
}

static void the_order_of_the_search(void **state)
{
	assert_int_equal(symlink("/run", "/var/run") == 0 || errno == EEXIST, 1);
	in_empty_machine(*state, order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
		TEST(a_squatter_is_not_trusted),
		TEST(a_squatter_keeps_nobody_waiting),
		TEST(a_full_queue_is_waited_for_within_the_deadline),
		TEST(a_shut_door_is_a_no),
		TEST(the_order_of_the_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
