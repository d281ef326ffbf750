/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections to another machine: a guest of this host, or the host of this guest (vsock(7)).
 *
 * Who listens there is not known by its user, but by its machine: the kernels see to it that “vsock:3” is the guest with
 * that number and no other. Which program it is in that machine nobody says; only of a port below 1024 it is known that its
 * kernel gave it to a privileged one. So the name that is asked for is all the trust there is, and no such name is ever
 * tried unless somebody gives it. What this file does not do: pass descriptors, which cannot cross.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "connection.h"

#define PREFIX       "vsock:"
#define PORT_DEFAULT 50052u

/* Ports that a kernel gives to privileged processes alone: the daemon there then knows that we are one. */
#define PRIVILEGED_FIRST 512u
#define PRIVILEGED_COUNT 512u

/* So long each of them is the first that is tried: less than a connection takes. */
#define SLOT_NS 32768u

/* Whoever does not want to wait is not kept waiting for a machine that is there and does not answer. */
#define PATIENCE_MS 200

/* The other side has so long to say that a connection has ended there, too. */
#define LEAVE_MS 100

bool vsock_is_named(const char *path)
{
	return strncmp(path, PREFIX, strlen(PREFIX)) == 0;
}

/* A number up to the end or a colon; UINT32_MAX stands for any, and is none. */
static int take_number(const char **text, uint32_t *ret_number)
{
	unsigned long long number;
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(*text, &end, 10);
	if (errno || number >= UINT32_MAX || (*end && *end != ':'))
		return -EINVAL;
	*text = *end ? end + 1 : end;
	*ret_number = (uint32_t)number;
	return *end && !end[1] ? -EINVAL : 0;
}

int vsock_parse(const char *path, uint32_t *ret_cid, uint32_t *ret_port)
{
	const char *text = path + strlen(PREFIX);
	uint32_t cid, port = PORT_DEFAULT;

	if (take_number(&text, &cid) < 0 || (*text && take_number(&text, &port) < 0) || *text || port == 0)
		return -EINVAL;
	*ret_cid = cid;
	*ret_port = port;
	return 0;
}

/*
 * Takes a privileged port, where we may. Where others have them all, any other will do. What the other side still says to a
 * connection that has just ended reaches the next one of that port (vsock_leave()), so the clock chooses: whoever comes soon
 * has another.
 */
static void bind_privileged(int fd)
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY };
	struct timespec now;
	uint64_t first;

	clock_gettime(CLOCK_MONOTONIC, &now);
	first = ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) / SLOT_NS;
	for (unsigned int i = 0; i < PRIVILEGED_COUNT; i++) {
		address.svm_port = PRIVILEGED_FIRST + (unsigned int)((first + i) % PRIVILEGED_COUNT);
		if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno != EADDRINUSE)
			return;
	}
}

/* Waits for a connection that is under way. */
static int finish(int fd, int timeout)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	int error = 0, n;
	socklen_t size = sizeof(error);

	do
		n = poll(&pollfd, 1, timeout);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

void vsock_leave(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	uint8_t rest[4096];

	if (shutdown(fd, SHUT_WR) < 0)
		return;
	while (poll(&pollfd, 1, LEAVE_MS) > 0 && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
	explicit_bzero(rest, sizeof(rest));
}

int vsock_connect(uint32_t cid, uint32_t port, int timeout, bool wait)
{
	const struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;

	if (fd < 0)
		return -errno;
	bind_privileged(fd);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		r = errno == EINPROGRESS ? finish(fd, wait ? timeout : PATIENCE_MS) : -errno;
	if (r == 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
