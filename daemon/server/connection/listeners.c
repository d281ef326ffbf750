/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who comes: the sockets in the loop, and letting newcomers in. */
#include "listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "listen.h"
#include "patience.h"
#include "peer.h"
#include "server.h"

/* Newcomers that are let in before the others are looked at. */
#define ACCEPTS 4u

static int listen_to_all(struct server *server, int enabled)
{
	int r = 0;

	for (size_t i = 0; i < N_LISTENERS && r >= 0; i++)
		if (server->listener[i])
			r = sd_event_source_set_enabled(server->listener[i], enabled);
	return r;
}

/* Nobody more can be served until somebody goes, or the system has descriptors again: it is tried again after a while. */
static int listen_later(struct server *server)
{
	server->listener_waits = true;
	patience_with_listener(server);
	return listen_to_all(server, SD_EVENT_OFF);
}

void listeners_resume(struct server *server)
{
	if (!server->listener_waits)
		return;
	(void)listen_to_all(server, SD_EVENT_ON);
	server->listener_waits = false;
	server->rearm = true;
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *server = userdata;
	int peer;

	(void)source;
	(void)revents;
	/* one at a time, newcomers would wait for seconds behind a thousand busy peers */
	for (unsigned int i = 0; i < ACCEPTS; i++) {
		if (server->n_peers >= SERVER_PEERS_MAX)
			return listen_later(server);
		peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (peer < 0)
			return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : listen_later(server);
		/* why it is not served, it says itself */
		(void)peer_open(server, peer);
	}
	return 0;
}

static int add_listener(struct server *server, enum listener which, int *fd)
{
	int r;

	/* the one that systemd passes blocks (NonBlocking=, systemd.service(5)) */
	if (fcntl(*fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	r = sd_event_add_io(server->event, &server->listener[which], *fd, EPOLLIN, on_connection, server);
	if (r < 0)
		return r;
	sd_event_source_set_io_fd_own(server->listener[which], 1);
	steal_fd(fd);
	return 0;
}

int listeners_open(struct server *server, const struct server_options *options)
{
	_cleanup_close_ int fd = -1, vsock = -1;
	const char *path = options->socket_path;
	int r = -ENOENT;

	if (!path)
		r = listen_passed(&fd, &vsock, &server->handover);
	if (r == -ENOENT) {
		server->socket_path = strdup(path ? path : LISTEN_DEFAULT);
		if (!server->socket_path)
			return -ENOMEM;
		r = listen_at(server->socket_path, &fd, &server->socket_file);
		if (r < 0) {
			/* it is not ours to remove */
			cleanup_free(&server->socket_path);
			return r;
		}
	}
	if (r == 0)
		r = add_listener(server, LISTENER_UNIX, &fd);
	if (r == 0 && vsock < 0 && options->vsock_port)
		r = listen_vsock(options->vsock_port, &vsock);
	if (r == 0 && vsock >= 0)
		r = add_listener(server, LISTENER_VSOCK, &vsock);
	return r;
}

void listeners_close(struct server *server)
{
	for (size_t i = 0; i < N_LISTENERS; i++) {
		sd_event_source_disable_unref(server->listener[i]);
		server->listener[i] = NULL;
	}
}
