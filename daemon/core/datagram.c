/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors beside bytes are cmsg(3). */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "datagram.h"

/* Room for one descriptor. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

pid_t datagram_fork(int *ret_fd)
{
	_cleanup_close_ int parent = -1, child = -1;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	parent = pair[0];
	child = pair[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	*ret_fd = steal_fd(pid ? &parent : &child);
	return pid;
}

int datagram_send(int fd, const void *bytes, size_t size, int passed)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	union control control = { .bytes = { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (passed >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Takes the first of the descriptors that came; others have no place, but what is there for padding. */
static int take(struct msghdr *message, int *ret_passed)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fds[2] = { -1, -1 };
	size_t n;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(header), n * sizeof(int));
	*ret_passed = fds[0];
	if (n < 2)
		return 0;
	cleanup_close(&fds[1]);
	return -EBADMSG;
}

int datagram_receive(int fd, void *bytes, size_t size, int flags, int *ret_passed)
{
	_cleanup_close_ int passed = -1;
	struct iovec part = { .iov_base = bytes, .iov_len = size };
	union control control;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;
	int r;

	if (ret_passed) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	r = take(&message, &passed);
	if (r < 0)
		return r;
	if ((size_t)n != size || message.msg_flags & MSG_TRUNC || (message.msg_flags & MSG_CTRUNC && !ret_passed))
		return -EBADMSG;
	/* control has room for it, so the process has not */
	if (message.msg_flags & MSG_CTRUNC)
		return -EMFILE;
	if (ret_passed)
		*ret_passed = steal_fd(&passed);
	return 0;
}
