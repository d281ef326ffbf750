/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams with a descriptor: what comes whole, what is refused, and that nothing of that stays open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "datagram.h"
#include "world.h"

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static void make_pair(int *one, int *other)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*one = pair[0];
	*other = pair[1];
}

static void test_with_and_without_a_descriptor(void **state)
{
	_cleanup_close_ int here = -1, there = -1, passed = -1;
	struct stat sent, received;
	uint64_t number = 0;

	(void)state;
	make_pair(&here, &there);
	assert_int_equal(datagram_send(here, &(uint64_t){ 7 }, sizeof(uint64_t), -1), 0);
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, &passed), 0);
	assert_int_equal(number, 7);
	assert_int_equal(passed, -1);

	assert_int_equal(datagram_send(here, &(uint64_t){ 8 }, sizeof(uint64_t), here), 0);
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, &passed), 0);
	assert_int_equal(number, 8);
	assert_int_equal(fstat(here, &sent), 0);
	assert_int_equal(fstat(passed, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	assert_true(fcntl(passed, F_GETFD) & FD_CLOEXEC);
}

static void test_refused(void **state)
{
	_cleanup_close_ int here = -1, there = -1;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct cmsghdr *header = (struct cmsghdr *)control;
	uint64_t number = 0;
	struct iovec part = { .iov_base = &number, .iov_len = sizeof(number) };
	struct msghdr two = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int passed = -7, n;

	(void)state;
	make_pair(&here, &there);
	n = count_descriptors();
	assert_int_equal(datagram_receive(there, &number, sizeof(number), MSG_DONTWAIT, &passed), -EAGAIN);
	/* shorter, and longer */
	assert_int_equal(datagram_send(here, &number, 4, here), 0);
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, &passed), -EBADMSG);
	assert_int_equal(datagram_send(here, &number, sizeof(number), here), 0);
	assert_int_equal(datagram_receive(there, &number, 4, 0, &passed), -EBADMSG);
	/* a descriptor that nobody wants */
	assert_int_equal(datagram_send(here, &number, sizeof(number), here), 0);
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, NULL), -EBADMSG);
	/* two of them */
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(header), (int[]){ here, there }, 2 * sizeof(int));
	assert_int_equal(sendmsg(here, &two, MSG_NOSIGNAL), sizeof(number));
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, &passed), -EBADMSG);
	assert_int_equal(passed, -7);
	assert_int_equal(count_descriptors(), n);
	/* it is whole behind all that */
	assert_int_equal(datagram_send(here, &(uint64_t){ 9 }, sizeof(uint64_t), -1), 0);
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, NULL), 0);
	assert_int_equal(number, 9);
	cleanup_close(&here);
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, &passed), -EPIPE);
}

/* There is no room for the descriptor: that is another thing than one that nobody wants. */
static void test_without_room(void **state)
{
	_cleanup_close_ int here = -1, there = -1;
	struct rlimit before, none;
	uint64_t number = 0;
	int passed = -7, r;

	(void)state;
	make_pair(&here, &there);
	assert_int_equal(datagram_send(here, &number, sizeof(number), here), 0);
	assert_int_equal(datagram_send(here, &number, sizeof(number), here), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = datagram_receive(there, &number, sizeof(number), 0, &passed);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(passed, -7);
	assert_int_equal(datagram_receive(there, &number, sizeof(number), 0, &passed), 0);
	close(passed);
}

static void test_fork(void **state)
{
	_cleanup_close_ int fd = -1;
	uint64_t number;
	int status;
	pid_t child = datagram_fork(&fd);

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		/* echoes until nobody is there any more */
		while (datagram_receive(fd, &number, sizeof(number), 0, NULL) == 0)
			(void)datagram_send(fd, &number, sizeof(number), -1);
		_exit(7);
	}
	assert_int_equal(datagram_send(fd, &(uint64_t){ 5 }, sizeof(uint64_t), -1), 0);
	assert_int_equal(datagram_receive(fd, &number, sizeof(number), 0, NULL), 0);
	assert_int_equal(number, 5);
	cleanup_close(&fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_with_and_without_a_descriptor),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_without_room),
		cmocka_unit_test(test_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
