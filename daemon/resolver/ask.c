/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An order and its answer are one datagram each. Who does not answer, or otherwise than it should, is done with. */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "supervisor.h"

/* Longer than the supervisor waits for a dnsmasq. */
#define PATIENCE_MS 40000

static int receive(struct ask *ask, struct answer *ret_answer)
{
	struct pollfd pollfd = { .fd = ask->fd, .events = POLLIN };
	struct answer answer;
	ssize_t n;
	int r;

	do
		r = poll(&pollfd, 1, PATIENCE_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	do
		n = recv(ask->fd, &answer, sizeof(answer), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(answer))
		return n < 0 ? -errno : -EPIPE;
	answer.words[sizeof(answer.words) - 1] = '\0';
	*ret_answer = answer;
	return 0;
}

int ask_start(struct ask *ask, const char *program)
{
	struct answer ready = { 0 };
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ask->pid = fork();
	if (ask->pid == 0)
		supervisor_work(pair[1], program);
	close(pair[1]);
	ask->fd = pair[0];
	if (ask->pid < 0) {
		ask->pid = 0;
		r = -errno;
	} else {
		r = receive(ask, &ready);
	}
	if (r == 0)
		r = ready.result;
	if (r < 0)
		ask_end(ask);
	return r;
}

int ask_connect(struct ask *ask, bool *ret_new)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*ret_new = false;
	if (ask->fd >= 0)
		return 0;
	if (!ask->socket)
		return -EPIPE;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", ask->socket) >= (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	ask->fd = steal_fd(&fd);
	*ret_new = true;
	return 0;
}

static int send_order(struct ask *ask, const struct order *order, int passed)
{
	struct iovec part = { .iov_base = (void *)order, .iov_len = sizeof(*order) };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (passed >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
	}
	return sendmsg(ask->fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int ask(struct ask *ask, const struct order *order, int fd, struct answer *ret_answer)
{
	int r = send_order(ask, order, fd);

	if (r == 0)
		r = receive(ask, ret_answer);
	if (r == 0)
		return ret_answer->result;
	/* what comes later would be taken for the answer to something else */
	cleanup_close(&ask->fd);
	*ret_answer = (struct answer){ .result = -EPIPE };
	return -EPIPE;
}

void ask_end(struct ask *ask)
{
	cleanup_close(&ask->fd);
	while (ask->pid > 0 && waitpid(ask->pid, NULL, 0) < 0 && errno == EINTR)
		;
	ask->pid = 0;
}
