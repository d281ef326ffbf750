/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a connection: opened, lost, begun anew, closed; and the sentence of its last failure.
 *
 * The idea is that a connection may be lost at any time and the program need not care: the next request connects again.
 * What must not happen is that a request is carried out twice, that one meant for another network namespace is carried
 * out in this one, or that what was to be held while connected is held for good. So a request is sent again only when not
 * one byte of it had been handed to the kernel, and after session.netns, session.lifetime or session.adopt nothing is sent
 * over a new connection until the program has asked for that there too.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <hycan/client.h>

#include "connection.h"
#include "messages.h"
#include "request.h"
#include "transaction.h"

#define TIMEOUT_DEFAULT 30000

/* Connections that may be tried, one after the other, before what was not sent fails. */
#define ATTEMPTS_MAX 1

int failure_set(struct failure *failure, int result, const char *sentence, ...)
{
	va_list ap;

	failure->result = result;
	failure->field[0] = '\0';
	failure->step = 0;
	va_start(ap, sentence);
	vsnprintf(failure->message, sizeof(failure->message), sentence, ap);
	va_end(ap);
	return result;
}

void failure_clear(struct failure *failure)
{
	failure->result = 0;
	failure->field[0] = '\0';
	failure->message[0] = '\0';
}

void failure_copy_text(char *to, size_t size, const char *text, size_t length)
{
	size_t n = 0;

	for (; n < length && n + 1 < size && text[n]; n++) {
		unsigned char c = (unsigned char)text[n];

		to[n] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	to[n] = '\0';
}

int64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void connection_apply_timeout(struct hycan *h)
{
	struct timeval tv = { 0 };

	if (h->timeout > 0) {
		tv.tv_sec = h->timeout / 1000;
		tv.tv_usec = h->timeout % 1000 * 1000L;
	}
	if (h->fd >= 0)
		setsockopt(h->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

const char *hycan_token(const struct hycan *h)
{
	return h ? h->token : "";
}

int hycan_open(struct hycan **ret_h, const char *path)
{
	return hycan_open_within(ret_h, path, TIMEOUT_DEFAULT);
}

int hycan_open_within(struct hycan **ret_h, const char *path, int milliseconds)
{
	struct hycan *h;

	h = calloc(1, sizeof(*h));
	*ret_h = h;
	if (!h)
		return -ENOMEM;
	h->fd = -1;
	h->timeout = milliseconds;
	h->max_frame = WIRE_REQUEST_MAX;
	h->automatic = !path;
	if (path && (!*path || strlen(path) >= sizeof(h->path)))
		return failure_set(&h->failure, *path ? -ENAMETOOLONG : -EINVAL,
		                   "“%s” cannot be the path of a socket: it has 1 to %zu bytes.", path, sizeof(h->path) - 1);
	if (path)
		memcpy(h->path, path, strlen(path) + 1);
	return connection_begin(h, true);
}

void hycan_close(struct hycan *h)
{
	if (!h)
		return;
	h->closing = true;
	if (h->fd >= 0 && vsock_is_named(h->path))
		vsock_leave(h->fd);
	failure_set(&h->failure, -ECANCELED, "The connection was closed before the answer came.");
	connection_lost(h, -ECANCELED, false);
	transaction_free(&h->transaction);
	free(h->input.data);
	free(h);
}

int connection_begin(struct hycan *h, bool wait)
{
	int r;

	if (!h->automatic && !*h->path)
		return failure_set(&h->failure, -EINVAL, "This connection has no path that it could connect to.");
	r = connect_daemon(h, wait);
	if (r < 0)
		return r;
	h->chosen = true;
	h->rejected = 0;
	h->n_connections++;
	h->n_attempts++;
	h->max_frame = WIRE_REQUEST_MAX;
	connection_apply_timeout(h);
	r = request_hello(h);
	if (r < 0) {
		close(h->fd);
		h->fd = -1;
		return r;
	}
	failure_clear(&h->failure);
	return 0;
}

struct chosen *connection_chosen(struct hycan *h, const struct hycan_operation *operation)
{
	if (operation->number == HYCAN_OPERATION_SESSION_NETNS)
		return &h->netns;
	if (operation->number == HYCAN_OPERATION_SESSION_LIFETIME || operation->number == HYCAN_OPERATION_SESSION_ADOPT)
		return &h->lifetime;
	return NULL;
}

/* The connection is gone. Whether something was chosen for it, or may have been. */
static bool lose(struct chosen *chosen)
{
	bool was = chosen->here || chosen->n_asked > 0;

	*chosen = (struct chosen){ .lost = chosen->lost || was };
	return was;
}

/* Takes the requests that were begun out of the list; with all, the others too. */
static struct request *take_begun(struct hycan *h, bool all)
{
	struct request *begun = h->first, *keep = NULL;

	if (!all && h->unsent)
		keep = h->unsent->sent > 0 ? h->unsent->next : h->unsent;
	if (keep == begun)
		begun = NULL;
	h->first = keep;
	h->unsent = keep;
	if (!keep)
		h->last = NULL;
	else if (keep->previous) {
		keep->previous->next = NULL;
		keep->previous = NULL;
	}
	return begun;
}

/* Ends each of the requests with the result. One that was not begun says so: nobody need wonder about it. */
static void end_requests(struct hycan *h, struct request *p, const struct failure *reason)
{
	while (p) {
		struct request *next = p->next;

		h->failure = *reason;
		if (reason->result == -ECONNRESET)
			failure_set(&h->failure, -ECONNRESET, "%s %s %s.", reason->message, p->operation->name,
			            p->sent > 0 ? "may have been carried out, and was not repeated" : "was not sent");
		request_end(h, p, reason->result, NULL, 0);
		p = next;
	}
}

void connection_lost(struct hycan *h, int result, bool again)
{
	struct failure reason = h->failure;
	bool netns = lose(&h->netns), lifetime = lose(&h->lifetime);
	struct request *begun;
	int r;

	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	h->input.start = h->input.end = 0;
	/* the greeting belongs to the connection, sent or not */
	if (h->first && h->first->operation == &operation_session_hello && h->first->callback == request_greeted)
		request_drop(h, h->first);
	reason.result = result;
	begun = take_begun(h, !again || netns || lifetime || h->n_attempts > ATTEMPTS_MAX);
	end_requests(h, begun, &reason);
	h->failure = reason;
	/* a callback may have connected already, and then what was left is on its way */
	if (!h->first || h->fd >= 0)
		return;
	r = connection_begin(h, false);
	if (r < 0) {
		reason = h->failure;
		end_requests(h, take_begun(h, true), &reason);
	}
	/* that there is a new connection does not explain what became of the old one */
	h->failure = reason;
}

void hycan_set_timeout(struct hycan *h, int milliseconds)
{
	if (!h)
		return;
	h->timeout = milliseconds;
	connection_apply_timeout(h);
}

void hycan_set_exclusive(struct hycan *h, bool exclusive)
{
	if (h)
		h->exclusive = exclusive;
}

const char *hycan_error_message(const struct hycan *h)
{
	return h ? h->failure.message : "There is no connection: hycan_open() was not called, or had no memory.";
}

const char *hycan_error_field(const struct hycan *h)
{
	return h ? h->failure.field : "";
}

int hycan_error_step(const struct hycan *h)
{
	return h ? h->failure.step - 1 : -1;
}

const char *hycan_result_name(int result)
{
	const char *text;

	if (result == 0)
		return "done";
	if (result > 0)
		return refusal_name(result);
	text = strerrordesc_np(-result);
	return text ? text : "Unknown error";
}

const char *hycan_path(const struct hycan *h)
{
	return h && !h->private ? h->path : "";
}

int hycan_fd(const struct hycan *h)
{
	return h ? h->fd : -1;
}

size_t hycan_pending(const struct hycan *h)
{
	return h ? h->n_pending : 0;
}
