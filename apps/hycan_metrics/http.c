/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP side, by libmicrohttpd in the thread that calls us: it never waits for a client.
 *
 * A client may be slow, or mean. So there are few connections at a time, each with little memory; one that says nothing for
 * a while is dropped by the library, and one that says a byte now and then by us, since each has so long for all of it and
 * one request. A page of the Web whose name leads to this machine for a moment (DNS rebinding) calls it by that name, and is
 * told nothing.
 */
#include <errno.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "page.h"

#define CONNECTIONS 32u
#define MEMORY      ((size_t)8192)
#define SILENCE_S   5u
#define PATIENCE_MS 10000

#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* libmicrohttpd before 0.9.71 has int for it. */
#if MHD_VERSION < 0x00097100
#define MHD_Result int
#else
#define MHD_Result enum MHD_Result
#endif

struct connection {
	int fd; /* -1: none */
	long long ends_ms;
};

struct http {
	struct MHD_Daemon *daemon;
	struct page *page;
	int epoll;
	struct connection connection[CONNECTIONS];
};

static MHD_Result answer(struct MHD_Connection *connection, unsigned int status, const char *text, size_t size, const char *type)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, (void *)text, MHD_RESPMEM_MUST_COPY);
	MHD_Result r;

	if (!response)
		return MHD_NO;
	/* one request a connection */
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static MHD_Result refuse(struct MHD_Connection *connection, unsigned int status, const char *why)
{
	return answer(connection, status, why, strlen(why), "text/plain; charset=utf-8");
}

/* Whether it is called by a name that is always this machine's: localhost, 127.0.0.1 or [::1], with a port or without. */
static bool is_called_well(struct MHD_Connection *connection)
{
	static const char *const names[] = { "localhost", "127.", "[::1]" };
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	size_t length, port;

	if (!host)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		length = strlen(names[i]);
		if (strncasecmp(host, names[i], length) != 0)
			continue;
		/* the rest of an address */
		if (i == 1)
			length += strspn(host + length, "0123456789.");
		port = host[length] == ':' ? 1 + strspn(host + length + 1, "0123456789") : 0;
		if (!host[length + port])
			return true;
	}
	return false;
}

static MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *url, const char *method,
                             const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct http *http = userdata;
	const char *text, *why = "";
	size_t size;

	(void)version;
	(void)upload;
	/* no request of ours has a body: what comes is not read */
	*upload_size = 0;
	*state = http;
	if (!is_called_well(connection))
		return refuse(connection, MHD_HTTP_FORBIDDEN, "Call this machine localhost.\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "There is GET alone.\n");
	if (strcmp(url, "/metrics") != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "There is /metrics alone.\n");
	text = page_get(http->page, &size, &why);
	return text ? answer(connection, MHD_HTTP_OK, text, size, TEXT_TYPE)
	            : refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, why);
}

/* -------------------------------------------------------------------------------------------------------- connections */

static void on_connection(void *userdata, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http *http = userdata;
	struct connection *slot = *state;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (slot)
			slot->fd = -1;
		return;
	}
	for (size_t i = 0; i < CONNECTIONS && info; i++) {
		slot = &http->connection[i];
		if (slot->fd >= 0)
			continue;
		*slot = (struct connection){ .fd = info->connect_fd, .ends_ms = page_now_ms() + PATIENCE_MS };
		*state = slot;
		return;
	}
}

/* Ends those whose time is over; the library sees that, and closes them. Returns when the next one's is, or -1. */
static long long end_the_slow(struct http *http)
{
	long long now = page_now_ms(), next = -1;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &http->connection[i];

		if (c->fd < 0)
			continue;
		if (c->ends_ms <= now) {
			(void)shutdown(c->fd, SHUT_RDWR);
			c->ends_ms = now + PATIENCE_MS;
		}
		if (next < 0 || c->ends_ms - now < next)
			next = c->ends_ms - now;
	}
	return next;
}

/* ------------------------------------------------------------------------------------------------------------- public */

static int bind_to(const struct sockaddr *address, socklen_t size, uint16_t *ret_port)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, r;
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof(bound);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address, size) < 0 || listen(fd, CONNECTIONS) < 0 || getsockname(fd, (struct sockaddr *)&bound, &length) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	/* the port is at the same place in both kinds of addresses */
	memcpy(ret_port, (const char *)&bound + sizeof(bound.ss_family), sizeof(*ret_port));
	*ret_port = (uint16_t)(*ret_port << 8 | *ret_port >> 8);
	return fd;
}

int http_open(const struct sockaddr *address, socklen_t size, struct page *page, struct http **ret_http, uint16_t *ret_port)
{
	struct http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;
	int fd;

	if (!http)
		return -ENOMEM;
	http->page = page;
	for (size_t i = 0; i < CONNECTIONS; i++)
		http->connection[i].fd = -1;
	fd = bind_to(address, size, ret_port);
	if (fd < 0) {
		free(http);
		return fd;
	}
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
	                                MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S,
	                                MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
	                                http, MHD_OPTION_END);
	info = http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		/* with it, the library has closed the socket */
		if (http->daemon)
			MHD_stop_daemon(http->daemon);
		else
			close(fd);
		free(http);
		return -ENOMEM;
	}
	http->epoll = info->epoll_fd;
	*ret_http = http;
	return 0;
}

void http_close(struct http **http)
{
	if (!*http)
		return;
	MHD_stop_daemon((*http)->daemon);
	free(*http);
	*http = NULL;
}

int http_fd(const struct http *http)
{
	return http->epoll;
}

int http_timeout(struct http *http)
{
	long long next = end_the_slow(http);
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(http->daemon, &ms) == MHD_YES && (next < 0 || (long long)ms < next))
		next = (long long)ms;
	return (int)next;
}

void http_run(struct http *http)
{
	(void)MHD_run(http->daemon);
}
