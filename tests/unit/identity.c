/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a socket, by the kernel's word. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "policy.h"
#include "subject.h"

static void test_identity_of_ourselves(void **state)
{
	struct identity identity;
	gid_t mine[1024];
	int fds[2], n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(identity_from_socket(fds[0], &identity), 0);
	assert_int_equal(identity.subject, geteuid());
	assert_int_equal(identity.gid, getegid());
	assert_int_equal(identity.pid, getpid());
	n = getgroups(sizeof(mine) / sizeof(*mine), mine);
	assert_int_equal(identity.n_groups, n);
	for (int i = 0; i < n; i++)
		assert_true(identity_in_group(&identity, mine[i]));
	assert_true(identity_in_group(&identity, getegid()));
	assert_false(identity_in_group(&identity, 123456));
	identity_done(&identity);
	identity_done(&identity);
	close(fds[0]);
	close(fds[1]);
}

static void connect_as_stranger(const struct sockaddr_un *address, socklen_t size)
{
	gid_t other[] = { 4713, 4712 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char c;

	if (setgroups(2, other) < 0 || setresgid(4711, 4711, 4711) < 0 || setresuid(4711, 4711, 4711) < 0 ||
	    connect(fd, (const struct sockaddr *)address, size) < 0)
		_exit(1);
	/* until the other side has seen us */
	_exit(read(fd, &c, 1) < 0);
}

static void test_identity_of_another_user(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	_cleanup_close_ int listener = -1, fd = -1;
	struct identity identity;
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* an abstract name that the kernel picks */
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	child = fork();
	if (child == 0)
		connect_as_stranger(&address, size);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(identity_from_socket(fd, &identity), 0);
	assert_int_equal(identity.subject, 4711);
	assert_int_equal(identity.gid, 4711);
	assert_int_equal(identity.pid, child);
	assert_int_equal(identity.n_groups, 2);
	assert_true(identity_in_group(&identity, 4712));
	assert_true(identity_in_group(&identity, 4713));
	assert_false(identity_in_group(&identity, 0));
	identity_done(&identity);
	cleanup_close(&fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* No word of the kernel, no identity; and what was there stays untouched. */
static void test_identity_fails_closed(void **state)
{
	_cleanup_close_ int alone = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_close_ int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct identity identity = { .subject = 77 };
	int fds[2];

	(void)state;
	assert_int_equal(identity_from_socket(alone, &identity), -ENODATA);
	assert_int_equal(identity_from_socket(inet, &identity), -ENODATA);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(identity_from_socket(fds[0], &identity), -ENOTSOCK);
	assert_int_equal(identity_from_socket(-1, &identity), -EBADF);
	assert_int_equal(identity.subject, 77);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity_of_ourselves),
		cmocka_unit_test(test_identity_of_another_user),
		cmocka_unit_test(test_identity_fails_closed),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
