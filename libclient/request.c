/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One request: from the caller's structure to a frame in the list, and its end.
 *
 * The frame is made at once, so that a value that cannot be sent is told to the caller and not to a callback. It lives in
 * the request; only a large one has memory of its own. Descriptors stay the caller's: they are not duplicated, and must
 * be open until the callback. What this file does not do: touch the socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/client.h>
#include <hycan/types.h>

#include "connection.h"
#include "messages.h"
#include "request.h"
#include "transaction.h"

/* First size of a frame that is not small; it grows by doubling. */
#define LARGE_SIZE (64u << 10)

int request_missing(struct hycan *h, const char *field)
{
	if (h) {
		failure_set(&h->failure, -EINVAL, "The field %s is missing.", field);
		failure_copy_text(h->failure.field, sizeof(h->failure.field), field, strlen(field));
	}
	return -EINVAL;
}

int request_text(struct hycan *h, const char *field, char *to, size_t size, const char *text)
{
	size_t n;

	if (!text)
		return request_missing(h, field);
	n = strnlen(text, size);
	if (n >= size) {
		if (h) {
			failure_set(&h->failure, -ENAMETOOLONG, "The field %s has more than %zu bytes.", field, size - 1);
			failure_copy_text(h->failure.field, sizeof(h->failure.field), field, strlen(field));
		}
		return -ENAMETOOLONG;
	}
	memcpy(to, text, n + 1);
	return 0;
}

/* Key material passes through frames. */
static void frame_free(struct request *p)
{
	if (p->frame && p->operation->request->has_secrets)
		explicit_bzero(p->frame, p->size);
	if (p->frame != p->small)
		free(p->frame);
	p->frame = NULL;
}

static void request_free(struct request *p)
{
	frame_free(p);
	free(p->items.data);
	free(p);
}

void request_frame_sent(struct request *p)
{
	frame_free(p);
}

static uint16_t request_flags(const struct hycan *h, const struct hycan_operation *operation)
{
	uint16_t flags = NLM_F_REQUEST | NLM_F_ACK;

	/* of a read, the bit of NLM_F_EXCL means something else: NLM_F_MATCH */
	if (operation->access == HYCAN_ACCESS_WRITE || operation->number == HYCAN_OPERATION_TRANSACTION_RUN)
		flags |= NLM_F_CREATE | (h->exclusive ? NLM_F_EXCL : 0);
	return flags;
}

/* The room behind the header of a frame. */
struct frame_room {
	struct wire_room room;
	struct request *p;
	int error;
};

/* No copy of a secret stays where a frame was before. */
static uint8_t *enlarge(struct request *p, size_t used, size_t size)
{
	uint8_t *frame;

	if (p->frame != p->small && !p->operation->request->has_secrets)
		return realloc(p->frame, size);
	frame = malloc(size);
	if (frame) {
		memcpy(frame, p->frame, used);
		frame_free(p);
	}
	return frame;
}

static bool frame_grow(struct wire_room *room, size_t used, size_t more)
{
	struct frame_room *r = (struct frame_room *)room;
	size_t size = r->p->frame == r->p->small ? LARGE_SIZE : r->p->size * 2;
	uint8_t *frame;

	while (size - NLMSG_HDRLEN - used < more)
		size *= 2;
	if (size > WIRE_REQUEST_MAX) {
		r->error = -EMSGSIZE;
		return false;
	}
	frame = enlarge(r->p, NLMSG_HDRLEN + used, size);
	if (!frame) {
		r->error = -ENOMEM;
		return false;
	}
	r->p->frame = frame;
	r->p->size = size;
	room->bytes = frame + NLMSG_HDRLEN;
	room->size = size - NLMSG_HDRLEN;
	return true;
}

/* Encodes into the memory of p, or into as much as it takes. Returns the size of the frame, or -errno. */
static ssize_t encode(struct request *p, const void *value, struct wire_fault *fault)
{
	struct frame_room r = {
		.room = { .bytes = p->small + NLMSG_HDRLEN, .size = sizeof(p->small) - NLMSG_HDRLEN, .grow = frame_grow },
		.p = p,
	};
	ssize_t n;

	p->frame = p->small;
	p->size = sizeof(p->small);
	n = wire_encode_growing(p->operation->request, value, &r.room, p->fds, &p->n_fds, fault);
	if (n == -ENOBUFS)
		n = r.error;
	return n < 0 ? n : n + (ssize_t)NLMSG_HDRLEN;
}

/* A frame of its own gives back the memory that it does not need, unless a copy of a secret could stay there. */
static void frame_trim(struct request *p, size_t size)
{
	uint8_t *frame;

	if (p->frame != p->small && !p->operation->request->has_secrets) {
		frame = realloc(p->frame, size);
		if (frame)
			p->frame = frame;
	}
	p->size = size;
}

/* Why a value was not encoded, as a sentence. */
static void explain(struct hycan *h, const struct hycan_operation *operation, int error, const struct wire_fault *fault)
{
	if (error == -EMSGSIZE)
		failure_set(&h->failure, error, "%s would be larger than the %zu bytes of a request; ask in parts.",
		            operation->name, h->max_frame);
	else if (error == -ENOMEM)
		failure_set(&h->failure, error, "There is no memory for the request.");
	else
		failure_set(&h->failure, error, "%s", fault->sentence);
	if (fault->field)
		failure_copy_text(h->failure.field, sizeof(h->failure.field), fault->field, strlen(fault->field));
}

/* Returns a request with its frame, or NULL with the reason in h->failure. */
static struct request *request_new(struct hycan *h, const struct hycan_operation *operation, const void *value)
{
	struct wire_fault fault = { 0 };
	struct nlmsghdr nlh = { 0 };
	struct request *p;
	ssize_t n;

	/* not calloc(): the room for small frames need not be cleared */
	p = malloc(sizeof(*p));
	if (!p) {
		explain(h, operation, -ENOMEM, &fault);
		return NULL;
	}
	memset(p, 0, offsetof(struct request, small));
	p->operation = operation;
	n = encode(p, value, &fault);
	if (n >= 0 && (size_t)n > h->max_frame)
		n = -EMSGSIZE;
	if (n < 0) {
		request_free(p);
		explain(h, operation, (int)n, &fault);
		return NULL;
	}
	frame_trim(p, (size_t)n);
	if (++h->seq == 0)
		h->seq = 1;
	p->seq = h->seq;
	nlh.nlmsg_len = (uint32_t)n;
	nlh.nlmsg_type = operation->number;
	nlh.nlmsg_flags = request_flags(h, operation);
	nlh.nlmsg_seq = p->seq;
	memcpy(p->frame, &nlh, sizeof(nlh));
	return p;
}

void request_unlink(struct hycan *h, struct request *p)
{
	if (h->unsent == p)
		h->unsent = p->next;
	if (p->previous)
		p->previous->next = p->next;
	else
		h->first = p->next;
	if (p->next)
		p->next->previous = p->previous;
	else
		h->last = p->previous;
	p->previous = p->next = NULL;
}

void request_drop(struct hycan *h, struct request *p)
{
	request_unlink(h, p);
	if (p->callback != request_greeted)
		h->n_pending--;
	request_free(p);
}

static void call(struct hycan *h, hycan_callback *callback, int result, const void *reply, size_t n, void *userdata)
{
	if (!callback)
		return;
	if (callback != request_greeted)
		h->n_called++;
	callback(h, result, reply, n, userdata);
}

void request_end(struct hycan *h, struct request *p, int result, const void *reply, size_t n)
{
	hycan_callback *callback = p->callback;
	void *userdata = p->userdata;

	if (callback != request_greeted)
		h->n_pending--;
	request_free(p);
	call(h, callback, result, reply, n, userdata);
}

void request_end_early(struct hycan *h, struct request *p, int result)
{
	hycan_callback *callback = p->callback;

	free(p->items.data);
	p->items = (struct items){ 0 };
	p->callback = NULL;
	call(h, callback, result, NULL, 0, p->userdata);
}

void request_refuse_descriptors(struct hycan *h, struct request *p, int error)
{
	failure_set(&h->failure, error, "A descriptor of %s cannot be sent: %s. It must be open until the answer is there.",
	            p->operation->name, hycan_result_name(error));
	request_unlink(h, p);
	request_end(h, p, error, NULL, 0);
}

/* Answers mostly come in the order of the requests, so the first one looked at is mostly the right one. */
struct request *request_find(struct hycan *h, uint32_t seq)
{
	/* what was not sent cannot have an answer */
	for (struct request *p = h->first; p && p != h->unsent; p = p->next)
		if (p->seq == seq)
			return p;
	return NULL;
}

int request_hello(struct hycan *h)
{
	struct hycan_session_hello_request hello = { .version = HYCAN_PROTOCOL_VERSION, .has_client = true };
	struct request *p;

	for (size_t i = 0; program_invocation_short_name[i] && i + 1 < sizeof(hello.client); i++) {
		unsigned char c = (unsigned char)program_invocation_short_name[i];

		hello.client[i] = c > 0x20 && c < 0x7f ? (char)c : '?';
	}
	p = request_new(h, &operation_session_hello, &hello);
	if (!p)
		return h->failure.result;
	p->callback = request_greeted;
	p->next = h->first;
	if (h->first)
		h->first->previous = p;
	else
		h->last = p;
	h->first = p;
	h->unsent = p;
	return 0;
}

uint32_t hycan_sequence(const struct hycan *h)
{
	return h ? h->seq : 0;
}

/* Something that it is about was chosen for a connection that was lost. */
static int refuse_lost(struct hycan *h, const struct hycan_operation *operation)
{
	return failure_set(&h->failure, -ECONNRESET,
	                   "The connection was lost, and with it %s had chosen; ask for that again, or open another connection. "
	                   "%s was not sent.",
	                   h->netns.lost ? "the network namespace that session.netns"
	                                 : "how long things are held, as session.lifetime or session.adopt",
	                   operation->name);
}

int hycan_send(struct hycan *h, const struct hycan_operation *operation, const void *request, hycan_callback *callback,
               void *userdata)
{
	struct request *p;
	int r;

	if (!h)
		return -EINVAL;
	if (!operation || !request)
		return failure_set(&h->failure, -EINVAL, "hycan_send() needs an operation and its request.");
	if (h->closing)
		return failure_set(&h->failure, -ECANCELED, "The connection is being closed.");
	h->kept = h->transaction && operation->access == HYCAN_ACCESS_WRITE;
	if (h->kept && callback && callback != request_answered)
		return failure_set(&h->failure, -EINVAL, "A request that is a step of a transaction has no callback of its own.");
	if (h->kept)
		return transaction_keep(h, operation, request);
	if ((h->netns.lost || h->lifetime.lost) && !connection_chosen(h, operation))
		return refuse_lost(h, operation);
	p = request_new(h, operation, request);
	if (!p)
		return h->failure.result;
	if (h->fd < 0) {
		r = connection_begin(h, callback == request_answered);
		if (r < 0) {
			request_free(p);
			return r;
		}
	}
	p->callback = callback;
	p->userdata = userdata;
	if (operation->number == HYCAN_OPERATION_SESSION_ADOPT)
		memcpy(p->token, ((const struct hycan_session_adopt_request *)request)->token, sizeof(p->token));
	p->previous = h->last;
	if (h->last)
		h->last->next = p;
	else
		h->first = p;
	h->last = p;
	if (!h->unsent)
		h->unsent = p;
	h->n_pending++;
	failure_clear(&h->failure);
	return 0;
}
