/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which socket, and whether to trust who listens there.
 *
 * Anybody can put a socket into /tmp, so it is not the path that is trusted but the process that listens: the kernel
 * tells its user (SO_PEERCRED, unix(7)), which must be root or the caller. A socket that is not to be trusted counts as
 * no daemon, so that squatting on a path does not keep a privileged caller from its private daemon. What this file does
 * not do: send or receive.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <hycan/client.h>

#include "connection.h"

#define PATH_SYSTEM "/var/run/hycan_daemon.sock"
#define PATH_TMP    "/tmp/hycan_daemon.sock"

#define HINT_START   "Start the daemon as root: systemctl start hycan-daemon"
#define HINT_MACHINE "The daemon there has to be started with --vsock, or with such a socket from systemd"
#define HINT_ACCESS  "The socket is for root and group hycan: adduser USER hycan, then log in again"

/* What was tried, and why it did not work. */
struct attempts {
	int result;   /* of the one that says most */
	bool machine; /* another one was meant */
	size_t used;
	char text[FAILURE_MESSAGE_SIZE - 256];
};

__attribute__((format(printf, 2, 3))) static void note(struct attempts *a, const char *format, ...)
{
	va_list ap;
	int n;

	if (a->used > 0)
		a->used += (size_t)snprintf(a->text + a->used, sizeof(a->text) - a->used, "; ");
	if (a->used >= sizeof(a->text))
		a->used = sizeof(a->text) - 1;
	va_start(ap, format);
	n = vsnprintf(a->text + a->used, sizeof(a->text) - a->used, format, ap);
	va_end(ap);
	if (n > 0)
		a->used += (size_t)n;
	if (a->used >= sizeof(a->text))
		a->used = sizeof(a->text) - 1;
}

/* The more there is at a path, the more its error says. */
static int rank(int error)
{
	switch (error) {
	case -ENOENT:
		return 1;
	case -ECONNREFUSED:
		return 2;
	case -EPERM:
		return 3;
	case -EACCES:
		return 5;
	}
	return error < 0 ? 4 : 0;
}

/* Whether the socket file is root's or the caller's, so that a closed door is the daemon's own and not a squatter's. */
static bool is_ours(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid());
}

static int open_socket(const char *path, int timeout, bool wait)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval tv = { 0 };
	int fd, e;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0)
		return -errno;
	/* a daemon whose queue of connections is full is waited for, within the deadline (connect(2)) */
	if (wait && timeout >= 0) {
		tv.tv_sec = timeout / 1000;
		tv.tv_usec = timeout % 1000 * 1000L + (timeout == 0);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	}
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		e = errno;
		if (e == EINTR)
			continue;
		close(fd);
		return -e;
	}
	if (!wait)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* Connects to a path. Returns the socket, or -errno with the reason noted. */
static int try_path(struct hycan *h, const char *path, bool wait, struct attempts *a)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);
	bool ours = is_ours(path);
	int fd;

	/* a stranger must not keep us waiting, nor from looking elsewhere */
	fd = open_socket(path, h->timeout, wait && ours);
	if ((fd == -EACCES || fd == -EAGAIN) && !ours) {
		note(a, "%s: neither root's nor yours, and not trusted", path);
		fd = -EPERM;
	} else if (fd == -EAGAIN)
		note(a, "%s: too many connections wait there", path);
	else if (fd < 0)
		note(a, "%s: %s", path, hycan_result_name(fd));
	else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || (peer.uid != 0 && peer.uid != geteuid())) {
		note(a, "%s: its server runs as user %u, neither root nor you, and is not trusted", path, peer.uid);
		close(fd);
		fd = -EPERM;
	}
	if (fd < 0 && rank(fd) > rank(a->result))
		a->result = fd;
	if (fd >= 0) {
		memmove(h->path, path, strlen(path) + 1);
		h->private = false;
	}
	return fd;
}

/* Connects to another machine. It was named by the caller, and the kernels see to it that it is that one. */
static int try_machine(struct hycan *h, const char *name, bool wait, struct attempts *a)
{
	uint32_t cid, port;
	int fd = strlen(name) < sizeof(h->path) ? vsock_parse(name, &cid, &port) : -EINVAL;

	if (fd < 0)
		note(a, "%s: a machine is vsock:CID or vsock:CID:PORT, by numbers", name);
	else if ((fd = vsock_connect(cid, port, h->timeout, wait)) < 0)
		note(a, "%s: port %u of machine %u: %s", name, port, cid, hycan_result_name(fd));
	if (fd < 0) {
		a->result = fd;
		a->machine = true;
		return fd;
	}
	memmove(h->path, name, strlen(name) + 1);
	h->private = false;
	return fd;
}

/* Connects to what the caller or the environment names. */
static int try_named(struct hycan *h, const char *name, bool wait, struct attempts *a)
{
	return vsock_is_named(name) ? try_machine(h, name, wait, a) : try_path(h, name, wait, a);
}

/* The paths, in order. Without HYCAN_DAEMON_SOCKET, a daemon that shuts its door ends the search: it is there. */
static int try_paths(struct hycan *h, bool wait, struct attempts *a)
{
	const char *path = secure_getenv("HYCAN_DAEMON_SOCKET");
	int fd;

	if (path && *path)
		return try_named(h, path, wait, a);
	fd = try_path(h, PATH_SYSTEM, wait, a);
	if (fd >= 0 || fd == -EACCES || fd == -EAGAIN)
		return fd;
	return try_path(h, PATH_TMP, wait, a);
}

/* A daemon of our own, where the caller could do everything itself anyway. */
static int try_private(struct hycan *h, struct attempts *a)
{
	const char *forbidden = getenv("HYCAN_NO_FALLBACK");
	char reason[256];
	int fd;

	if (forbidden && *forbidden && strcmp(forbidden, "0") != 0) {
		note(a, "HYCAN_NO_FALLBACK forbids a private daemon");
		return -1;
	}
	if (!private_allowed()) {
		note(a, "a private daemon would need CAP_NET_ADMIN, which you do not have");
		return -1;
	}
	fd = private_start(reason, sizeof(reason));
	if (fd < 0) {
		note(a, "a private daemon could not be started: %s", reason);
		if (rank(fd) > rank(a->result))
			a->result = fd;
		return fd;
	}
	h->private = true;
	h->path[0] = '\0';
	return fd;
}

/* A program that closed its output must not write to the daemon instead. Returns the descriptor to use, or -errno. */
static int keep_from_standard(int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		moved = -errno;
	close(fd);
	return moved;
}

int connect_daemon(struct hycan *h, bool wait)
{
	struct attempts a = { 0 };
	bool search = h->automatic && !h->chosen;

	if (h->chosen && h->private)
		h->fd = try_private(h, &a);
	else if (!search)
		h->fd = try_named(h, h->path, wait, &a);
	else {
		h->fd = try_paths(h, wait, &a);
		if (h->fd < 0 && a.result != -EACCES && a.result != -EAGAIN && !a.machine)
			h->fd = try_private(h, &a);
	}
	if (h->fd >= 0) {
		h->fd = keep_from_standard(h->fd);
		if (h->fd >= 0)
			return 0;
		a.result = h->fd;
		note(&a, "%s", hycan_result_name(a.result));
	}
	h->fd = -1;
	if (a.result >= 0)
		a.result = -ENOENT;
	return failure_set(&h->failure, a.result, "No HyCAN daemon can be reached: %s. %s.", a.text,
	                   a.machine             ? HINT_MACHINE
	                   : a.result == -EACCES ? HINT_ACCESS
	                                         : HINT_START);
}
