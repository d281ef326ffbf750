/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An order and its answer are one datagram each. Who does not answer, or otherwise than it should, is done with. */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "datagram.h"
#include "supervisor.h"

/* It answers at once, but as a service it may have to be started first. */
#define PATIENCE_MS 40000

static int receive(struct ask *ask, struct answer *ret_answer)
{
	struct pollfd pollfd = { .fd = ask->fd, .events = POLLIN };
	struct answer answer;
	int r;

	do
		r = poll(&pollfd, 1, PATIENCE_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	r = datagram_receive(ask->fd, &answer, sizeof(answer), 0, NULL);
	if (r < 0)
		return r;
	answer.words[sizeof(answer.words) - 1] = '\0';
	*ret_answer = answer;
	return 0;
}

int ask_start(struct ask *ask, const char *program, int patience_ms)
{
	struct answer ready = { 0 };
	int fd, r;
	pid_t pid = datagram_fork(&fd);

	if (pid < 0)
		return pid;
	if (pid == 0)
		supervisor_work(fd, program, patience_ms);
	ask->fd = fd;
	ask->pid = pid;
	r = receive(ask, &ready);
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

int ask(struct ask *ask, const struct order *order, int fd, struct answer *ret_answer)
{
	int r = datagram_send(ask->fd, order, sizeof(*order), fd);

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
