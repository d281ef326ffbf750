/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two ways to get on: once, as far as it goes without waiting, for a program with a loop; and until one answer is
 * there, for a program without.
 *
 * A blocking call handles whatever comes meanwhile, answers to other requests too, so the two mix. When everything is sent
 * it waits in recv(2) itself with the socket's own timeout: two system calls for a request. What is more than that first
 * wait, poll(2) does with what is left of the time.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "messages.h"
#include "request.h"
#include "stream.h"

/* A server that never stops sending shall not keep the caller's loop. */
#define RECEIVES_MAX 16

/* What a server that closed the connection had still to say. */
#define FAREWELL_MAX 1024

static void lost(struct hycan *h, int result)
{
	if (result == -EPIPE)
		result = -ECONNRESET;
	if (result == -ECONNRESET && h->n_attempts > 0)
		failure_set(&h->failure, result, "The %s%s closed the connection before it said a word.",
		            h->private ? "private daemon" : "server at ", h->path);
	else if (result == -ECONNRESET)
		failure_set(&h->failure, result, "The daemon went away.");
	else
		failure_set(&h->failure, result, "The connection to the daemon broke: %s.", hycan_result_name(result));
	connection_lost(h, result, result == -ECONNRESET);
}

/* Sends, receives and hands out. Returns 0, or -errno when the connection was lost. */
static int process(struct hycan *h, bool wait)
{
	unsigned int connection = h->n_connections;
	int sent, got = 0, r;

	sent = stream_send(h);
	/* a server that closed the connection may have said why */
	for (unsigned int i = 0; i < (sent < 0 ? FAREWELL_MAX : RECEIVES_MAX); i++) {
		if (h->fd < 0 || h->n_connections != connection)
			return 0;
		got = stream_receive(h, wait && i == 0 && !h->unsent);
		if (got < 0)
			break;
		r = answer_all(h);
		if (r != 0 && h->fd >= 0) {
			connection_lost(h, r, false);
			return r < 0 ? r : -refusal_errno(r);
		}
		if (got == 0 && sent == 0)
			break;
	}
	if (got < 0 && got != -EAGAIN)
		sent = got;
	if (sent < 0) {
		lost(h, sent);
		return sent == -EPIPE ? -ECONNRESET : sent;
	}
	return 0;
}

int hycan_process(struct hycan *h)
{
	unsigned int before, n;
	int r;

	if (!h)
		return -EINVAL;
	before = h->n_called;
	r = h->fd >= 0 ? process(h, false) : 0;
	if (r < 0)
		return r;
	/* what the callbacks asked for need not wait for the next round; an error shows there */
	if (h->unsent)
		stream_send(h);
	n = h->n_called - before;
	return n > INT_MAX ? INT_MAX : (int)n;
}

short hycan_events(const struct hycan *h)
{
	if (!h || h->fd < 0)
		return 0;
	return h->unsent ? POLLIN | POLLOUT : POLLIN;
}

void request_answered(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct request_answer *answer = userdata;

	answer->done = true;
	answer->result = result;
	if (result != 0) {
		answer->failure = h->failure;
		return;
	}
	answer->n = n;
	if (h->block) {
		answer->reply = h->block;
		h->block = NULL;
		return;
	}
	if (!answer->to && answer->size > 0) {
		answer->reply = malloc(answer->size);
		if (!answer->reply) {
			answer->result = failure_set(&answer->failure, -ENOMEM, "There is no memory for the answer.");
			return;
		}
		answer->to = answer->reply;
	}
	if (answer->to)
		memcpy(answer->to, reply, answer->size);
}

void request_greeted(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	const struct hycan_session_hello_reply *hello = reply;
	char sentence[FAILURE_MESSAGE_SIZE - 128];

	(void)n;
	(void)userdata;
	h->n_attempts = 0;
	h->rejected = result;
	if (result == HYCAN_REFUSAL_VERSION) {
		failure_copy_text(sentence, sizeof(sentence), h->failure.message, strlen(h->failure.message));
		failure_set(&h->failure, result, "This program speaks version %d of HyCAN's protocol, which the daemon refuses: %s",
		            HYCAN_PROTOCOL_VERSION, sentence);
	}
	if (result != 0)
		return;
	if (hello->version < HYCAN_PROTOCOL_VERSION)
		h->rejected = failure_set(&h->failure, HYCAN_REFUSAL_VERSION,
		                          "This program speaks version %d of HyCAN's protocol, and the daemon version %u; "
		                          "restart the daemon after an update.",
		                          HYCAN_PROTOCOL_VERSION, hello->version);
	memcpy(h->greeted, hello->token, sizeof(h->greeted));
	/* of what was lost one knows by the former token alone */
	if (!h->lifetime.lost)
		memcpy(h->token, h->greeted, sizeof(h->token));
	if (hello->max_frame >= NLMSG_HDRLEN && hello->max_frame < WIRE_REQUEST_MAX)
		h->max_frame = hello->max_frame;
}

/* A blocking call gives up. What was not begun is taken back, so that it is known not to happen. */
static int give_up(struct hycan *h, struct request_answer *answer)
{
	struct request *p = h->first;

	while (p && (p->callback != request_answered || p->userdata != answer))
		p = p->next;
	failure_set(&h->failure, -ETIMEDOUT, "The daemon did not answer in time.");
	if (p && p->sent == 0) {
		failure_set(&h->failure, -ETIMEDOUT, "The daemon did not take %s within %d ms; it was not sent.",
		            p->operation->name, h->timeout);
		request_drop(h, p);
	} else if (p) {
		failure_set(&h->failure, -ETIMEDOUT, "The daemon did not answer %s within %d ms; it may still be carried out.",
		            p->operation->name, h->timeout);
		p->callback = NULL;
	}
	return -ETIMEDOUT;
}

/* Milliseconds until the deadline, as poll() wants them. */
static int remaining(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - clock_now();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int request_wait(struct hycan *h, int sent, struct request_answer *answer)
{
	int64_t deadline;
	bool first = true;

	if (sent < 0)
		return sent;
	/* a step of a transaction: what it answers is in the answer to that */
	if (h->kept) {
		if (answer->to)
			memset(answer->to, 0, answer->size);
		return 0;
	}
	deadline = h->timeout < 0 ? -1 : clock_now() + h->timeout;
	process(h, h->timeout != 0);
	while (!answer->done) {
		struct pollfd pfd = { .fd = h->fd, .events = hycan_events(h) };

		if (h->fd < 0 || (deadline >= 0 && !first && remaining(deadline) == 0))
			return give_up(h, answer);
		first = false;
		poll(&pfd, 1, remaining(deadline));
		process(h, false);
	}
	if (answer->result == 0)
		failure_clear(&h->failure);
	else
		h->failure = answer->failure;
	return answer->result;
}

int hycan_wait(struct hycan *h, int milliseconds)
{
	struct pollfd pfd;
	int r;

	if (!h)
		return -EINVAL;
	/* what came with an earlier answer is here already */
	r = hycan_process(h);
	if (r != 0 || h->fd < 0)
		return r;
	pfd = (struct pollfd){ .fd = h->fd, .events = hycan_events(h) };
	r = poll(&pfd, 1, milliseconds);
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r == 0 ? 0 : hycan_process(h);
}

int hycan_call(struct hycan *h, const struct hycan_operation *operation, const void *request, void **ret_reply, size_t *ret_n)
{
	struct request_answer answer = { .size = operation ? operation->reply->size : 0 };
	int r;

	if (h && operation && operation->stream)
		return failure_set(&h->failure, -EINVAL, "%s has no end that could be waited for; send it with a callback.",
		                   operation->name);
	if (operation && operation->reply->n_fields == 0)
		answer.size = 0;
	r = request_wait(h, hycan_send(h, operation, request, request_answered, &answer), &answer);
	if (r != 0)
		return r;
	if (ret_n)
		*ret_n = answer.n;
	if (ret_reply)
		*ret_reply = answer.reply;
	else
		free(answer.reply);
	return 0;
}
