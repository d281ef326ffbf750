/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The listening sockets.
 *
 * A file that is there already is replaced only when nobody answers on it and it is a socket of our own user. The new one
 * has its final mode from the moment it exists, and its group before it listens: no client meets it half made.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "cleanup.h"
#include "handover.h"
#include "listen.h"
#include "log.h"
#include "lookup.h"
#include "vsock.h"

#define SOCKET_GROUP "hycan"

static void free_names(char ***names)
{
	for (size_t i = 0; *names && (*names)[i]; i++)
		free((*names)[i]);
	free(*names);
}

int listen_passed(int *ret_fd, int *ret_vsock, struct handover *handover)
{
	_cleanup_(free_names) char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), others = 0, fd = -1, vsock = -1;
	uint32_t port;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (handover_keep(handover, names[i], SD_LISTEN_FDS_START + i))
			continue;
		others++;
		*(vsock_listens(SD_LISTEN_FDS_START + i, &port) == 0 ? &vsock : &fd) = SD_LISTEN_FDS_START + i;
	}
	handover_kept(handover);
	if (others == 0)
		return -ENOENT;
	if (others != 1 + (vsock >= 0) || sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0) {
		log_write(LOG_ERR,
		          "systemd passed %d descriptors; one listening Unix stream socket is expected, and one of vsock may be "
		          "beside it.",
		          others);
		return -EINVAL;
	}
	*ret_fd = fd;
	*ret_vsock = vsock;
	return 0;
}

/* Whether a daemon answers there: its process, or -ECONNREFUSED, -ENOENT, … */
static int living_daemon(const struct sockaddr_un *address, pid_t *ret_pid)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (fd < 0)
		return -errno;
	/* EAGAIN: it lives, and its backlog is full */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno != EAGAIN)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		cred.pid = 0;
	*ret_pid = cred.pid;
	return 0;
}

/* Makes the path free, if it is ours to free. */
static int clear_path(const struct sockaddr_un *address)
{
	const char *path = address->sun_path;
	struct stat st;
	pid_t pid = 0;
	int r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_write(LOG_ERR, "%s is there and is no socket; move it away or choose another path.", path);
		return -EADDRINUSE;
	}
	r = living_daemon(address, &pid);
	if (r == 0 && pid > 0)
		log_write(LOG_ERR, "A daemon (pid %d) serves %s already; stop it first or choose another path.", pid, path);
	else if (r == 0)
		log_write(LOG_ERR,
		          "A daemon serves %s already, which cannot be named: it is in another PID namespace, or too busy to let "
		          "us in; "
		          "stop it first or choose another path.",
		          path);
	if (r == 0)
		return -EADDRINUSE;
	if (r != -ECONNREFUSED || st.st_uid != geteuid()) {
		log_write(LOG_ERR,
		          "%s belongs to uid %u and is not a socket that a dead daemon of uid %u left; remove it or choose another "
		          "path.",
		          path, st.st_uid, geteuid());
		return -EADDRINUSE;
	}
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Whether there is a group to give the socket to. */
static bool find_group(const char *path, id_t *ret_gid)
{
	int r = lookup_id(SOCKET_GROUP, true, ret_gid);

	if (r == -ESRCH)
		log_write(LOG_NOTICE, "There is no group %s: only uid %u can connect to %s.", SOCKET_GROUP, geteuid(), path);
	else if (r < 0)
		log_write(LOG_WARNING, "Group %s cannot be looked up (%s): only uid %u can connect to %s.", SOCKET_GROUP,
		          strerror(-r), geteuid(), path);
	return r == 0;
}

int listen_at(const char *path, int *ret_fd, struct stat *ret_file)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	bool has_group;
	mode_t mask;
	id_t gid = 0;
	int r;

	if (*path == '\0') {
		log_write(LOG_ERR, "The path of the socket is empty; give one, or none for " LISTEN_DEFAULT ".");
		return -EINVAL;
	}
	if (strlen(path) >= sizeof(address.sun_path)) {
		log_write(LOG_ERR, "%s is longer than the %zu bytes of a socket's path.", path, sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	has_group = find_group(path, &gid);
	r = clear_path(&address);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0117);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0) {
		log_write(LOG_ERR, "%s cannot be made: %s", path, strerror(-r));
		return r;
	}
	if (has_group && lchown(path, (uid_t)-1, (gid_t)gid) < 0)
		log_write(LOG_WARNING, "%s cannot be given to group %s: %s", path, SOCKET_GROUP, strerror(errno));
	if (lstat(path, ret_file) < 0 || listen(fd, SOMAXCONN) < 0) {
		r = -errno;
		unlink(path);
		return r;
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}

int listen_vsock(uint32_t port, int *ret_fd)
{
	int r = vsock_listen(port, ret_fd);

	if (r == -EAFNOSUPPORT)
		log_write(LOG_ERR,
		          "This kernel has no vsock; load the module that fits this machine (vmw_vsock_virtio_transport in "
		          "a guest, vhost_vsock on a host), or leave out --vsock.");
	else if (r == -EADDRINUSE)
		log_write(LOG_ERR, "Port %u of vsock is in use; stop who has it, or choose another: --vsock=PORT.", port);
	else if (r < 0)
		log_write(LOG_ERR, "Port %u of vsock cannot be listened on: %s", port, strerror(-r));
	return r;
}

void listen_remove(const char *path, const struct stat *file)
{
	struct stat now;

	if (lstat(path, &now) == 0 && now.st_dev == file->st_dev && now.st_ino == file->st_ino)
		(void)unlink(path);
}
