/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the daemon sends back: one frame, a list of frames, or a refusal.
 *
 * The server is trusted to be the system's, and still nothing that it sends is believed: no length, no count, no text.
 * What is no answer at all ends the connection (-EPROTO); a list that grows beyond measure ends only its request
 * (-EMSGSIZE). A frame is read, taken out of the buffer, and only then shown to a callback, which may send, wait, and so
 * come here again.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "messages.h"
#include "request.h"
#include "stream.h"

/* Memory that one answer may take when it is decoded: some small frames become large structures. */
#define ANSWER_MEMORY_MAX ((size_t)512 << 20)

#define BLOCK_ALIGN 16

/* Largest number that the kernel gives an error (MAX_ERRNO, linux/err.h). */
#define ERRNO_MAX 4095

static int breach(struct hycan *h, const char *what)
{
	return failure_set(&h->failure, -EPROTO, "The %s%s does not speak HyCAN's protocol: %s.",
	                   h->private ? "private daemon" : "server at ", h->path, what);
}

static int too_large(struct hycan *h, const struct request *p)
{
	return failure_set(&h->failure, -EMSGSIZE, "The answer to %s is larger than %u MiB; ask for less of it.",
	                   p->operation->name, WIRE_ANSWER_MAX >> 20);
}

static int undecodable(struct hycan *h, const struct request *p, const struct wire_decoder *d)
{
	char reason[sizeof(d->fault.sentence)];

	failure_copy_text(reason, sizeof(reason), d->fault.sentence, strlen(d->fault.sentence));
	return failure_set(&h->failure, -EPROTO, "The answer to %s cannot be read: %s", p->operation->name, reason);
}

/* What the request chose for the connection, if anything, holds from now on, or does not. */
static void note_choice(struct hycan *h, const struct request *p, int result)
{
	struct chosen *chosen = connection_chosen(h, p->operation);

	if (!chosen)
		return;
	chosen->n_asked--;
	if (result != 0)
		return;
	if (*p->token)
		memcpy(h->token, p->token, sizeof(h->token));
	else if (chosen == &h->lifetime && chosen->lost)
		memcpy(h->token, h->greeted, sizeof(h->token));
	chosen->here = true;
	chosen->lost = false;
}

/* Ends the request whose last frame is the first in the buffer. The block goes away behind it unless the callback took it. */
static void deliver(struct hycan *h, struct request *p, int result, void *block, const void *reply, size_t n)
{
	void *outer = h->block;

	note_choice(h, p, result);
	if (result == 0)
		failure_clear(&h->failure);
	stream_consume(h);
	request_unlink(h, p);
	h->block = block;
	request_end(h, p, result, reply, n);
	free(h->block);
	h->block = outer;
}

/* One value after the other, from a frame or from the items of a list. */
struct source {
	const uint8_t *data;
	size_t size; /* of the only one; 0: a list */
	size_t at;
};

static const uint8_t *source_next(struct source *s, size_t *ret_size)
{
	const uint8_t *p;

	if (s->size) {
		*ret_size = s->size - NLMSG_HDRLEN;
		return s->data + NLMSG_HDRLEN;
	}
	memcpy(ret_size, s->data + s->at, sizeof(*ret_size));
	p = s->data + s->at + sizeof(*ret_size);
	s->at += sizeof(*ret_size) + *ret_size;
	return p;
}

/* Decodes n values into an array. Without memory for their lists it only finds out how much that is. */
static int decode_all(struct wire_decoder *d, const struct hycan_structure *structure, struct source source, size_t n,
                      uint8_t *array)
{
	size_t size;
	int r;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *attributes = source_next(&source, &size);

		r = wire_decode(d, structure, attributes, size, array + i * structure->size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* An array of n values with everything that they point to behind it, in one block. */
static int decode_block(struct hycan *h, const struct request *p, struct source source, size_t n, void **ret_block)
{
	const struct hycan_structure *structure = p->operation->reply;
	struct wire_decoder d = { 0 };
	size_t array_size;
	uint8_t *block, *larger;

	if (n > ANSWER_MEMORY_MAX / (structure->size ? structure->size : 1))
		return too_large(h, p);
	array_size = (n * structure->size + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1);
	/* an empty array is a block too, so that it can be told from no answer */
	block = malloc(array_size ? array_size : BLOCK_ALIGN);
	if (!block)
		return failure_set(&h->failure, -ENOMEM, "There is no memory for the answer to %s.", p->operation->name);
	if (decode_all(&d, structure, source, n, block) < 0) {
		free(block);
		return undecodable(h, p, &d);
	}
	if (d.memory.used > ANSWER_MEMORY_MAX - array_size) {
		free(block);
		return too_large(h, p);
	}
	if (d.memory.used > 0) {
		larger = realloc(block, array_size + d.memory.used);
		if (!larger) {
			free(block);
			return failure_set(&h->failure, -ENOMEM, "There is no memory for the answer to %s.", p->operation->name);
		}
		block = larger;
		d.memory = (struct wire_memory){ .base = block + array_size, .size = d.memory.used };
		if (decode_all(&d, structure, source, n, block) < 0) {
			free(block);
			return undecodable(h, p, &d);
		}
	}
	*ret_block = block;
	return 0;
}

/* The answer to a call. */
static void answer_call(struct hycan *h, struct request *p, const struct nlmsghdr *frame)
{
	const struct hycan_structure *structure = p->operation->reply;
	struct source source = { .data = (const void *)frame, .size = frame->nlmsg_len };
	struct wire_decoder d = { 0 };
	union message value;
	void *block = NULL;
	int r = 0;

	if (structure->has_lists || structure->size > sizeof(value))
		r = decode_block(h, p, source, 1, &block);
	else if (decode_all(&d, structure, source, 1, (uint8_t *)&value) < 0)
		r = undecodable(h, p, &d);
	deliver(h, p, r, block, r < 0 ? NULL : block ? block : &value, r == 0);
}

/* One frame of a stream: it is shown, and the request goes on. */
static void answer_event(struct hycan *h, struct request *p, const struct nlmsghdr *frame)
{
	struct source source = { .data = (const void *)frame, .size = frame->nlmsg_len };
	hycan_callback *callback = p->callback;
	void *userdata = p->userdata, *block = NULL, *outer = h->block;
	int r;

	r = callback ? decode_block(h, p, source, 1, &block) : 0;
	stream_consume(h);
	if (r < 0) {
		request_end_early(h, p, r);
		return;
	}
	if (!callback)
		return;
	failure_clear(&h->failure);
	h->block = block;
	h->n_called++;
	/* the request may be gone when the callback returns */
	callback(h, 0, block, 1, userdata);
	free(h->block);
	h->block = outer;
}

/* Adds a frame to those of the list. */
static int keep_item(struct hycan *h, struct request *p, const struct nlmsghdr *frame)
{
	struct items *items = &p->items;
	size_t size = frame->nlmsg_len - NLMSG_HDRLEN, larger;
	uint8_t *data;

	if (items->used + sizeof(size) + size > WIRE_ANSWER_MAX)
		return too_large(h, p);
	if (items->size - items->used < sizeof(size) + size) {
		larger = (items->size + sizeof(size) + size) * 2;
		data = realloc(items->data, larger);
		if (!data)
			return failure_set(&h->failure, -ENOMEM, "There is no memory for the answer to %s.", p->operation->name);
		items->data = data;
		items->size = larger;
	}
	memcpy(items->data + items->used, &size, sizeof(size));
	memcpy(items->data + items->used + sizeof(size), (const uint8_t *)frame + NLMSG_HDRLEN, size);
	items->used += sizeof(size) + size;
	items->n++;
	return 0;
}

/* One frame of a list. A list that cannot be kept is told at once; what still comes of it finds nobody who waits. */
static void answer_item(struct hycan *h, struct request *p, const struct nlmsghdr *frame)
{
	int r = p->callback ? keep_item(h, p, frame) : 0;

	stream_consume(h);
	if (r < 0)
		request_end_early(h, p, r);
}

/* The end of a list. */
static int answer_done(struct hycan *h, struct request *p, const struct nlmsghdr *frame)
{
	struct source source = { .data = p->items.data };
	size_t n = p->items.n;
	void *block = NULL;
	int r = 0, code;

	if (frame->nlmsg_len != NLMSG_HDRLEN + sizeof(code))
		return breach(h, "the end of a list has a wrong length");
	memcpy(&code, (const uint8_t *)frame + NLMSG_HDRLEN, sizeof(code));
	if (code != 0)
		return breach(h, "the end of a list has an error in it");
	if (p->callback && !p->operation->stream)
		r = decode_block(h, p, source, n, &block);
	deliver(h, p, r, block, block, r == 0 ? n : 0);
	return 0;
}

/* The sentence, the field and the code of a refusal; what is malformed among them ends the reading. */
static void read_refusal(struct hycan *h, const uint8_t *p, size_t left, uint32_t *ret_refusal)
{
	size_t size, length;
	uint32_t step;
	uint16_t type;

	while ((length = wire_attribute(p, left, &type, &size)) > 0) {
		const uint8_t *payload = p + sizeof(struct nlattr);

		switch (type) {
		case WIRE_ERROR_MESSAGE:
			/* an empty sentence explains less than ours */
			if (size > 0 && *payload)
				failure_copy_text(h->failure.message, sizeof(h->failure.message), (const char *)payload, size);
			break;
		case WIRE_ERROR_FIELD:
			failure_copy_text(h->failure.field, sizeof(h->failure.field), (const char *)payload, size);
			break;
		case WIRE_ERROR_STEP:
			if (size == sizeof(step)) {
				memcpy(&step, payload, sizeof(step));
				h->failure.step = step < INT_MAX ? (int)step + 1 : 0;
			}
			break;
		case WIRE_ERROR_REFUSAL:
			if (size == sizeof(*ret_refusal))
				memcpy(ret_refusal, payload, sizeof(*ret_refusal));
			break;
		}
		p += length;
		left -= length;
	}
}

/*
 * Reads an error frame. Returns 0; *ret_result is 0 for an acknowledgement, else a refusal or -errno, with the sentence in
 * h->failure.
 */
static int read_error(struct hycan *h, const struct nlmsghdr *frame, const char *name, int *ret_result)
{
	const struct nlmsgerr *error = (const void *)((const uint8_t *)frame + NLMSG_HDRLEN);
	size_t payload = frame->nlmsg_len - NLMSG_HDRLEN, offset = sizeof(*error);
	uint32_t refusal = 0;

	*ret_result = 0;
	if (payload < sizeof(*error) || error->error > 0 || error->error < -ERRNO_MAX)
		return breach(h, "a refusal has a wrong length or number");
	*ret_result = error->error;
	if (error->error == 0)
		return 0;
	failure_set(&h->failure, error->error, "%s failed: %s.", name, hycan_result_name(error->error));
	if (!(frame->nlmsg_flags & NLM_F_CAPPED) && error->msg.nlmsg_len > NLMSG_HDRLEN)
		offset += NLMSG_ALIGN((size_t)error->msg.nlmsg_len - NLMSG_HDRLEN);
	if ((frame->nlmsg_flags & NLM_F_ACK_TLVS) && offset <= payload)
		read_refusal(h, (const uint8_t *)error + offset, payload - offset, &refusal);
	if (refusal > 0 && refusal <= INT16_MAX)
		*ret_result = (int)refusal;
	h->failure.result = *ret_result;
	return 0;
}

/* An acknowledgement, a refusal, or a failure. */
static int answer_error(struct hycan *h, struct request *p, const struct nlmsghdr *frame)
{
	static const char nothing[MESSAGE_SIZE_MAX];
	int result, r;

	r = read_error(h, frame, p->operation->name, &result);
	if (r < 0)
		return r;
	if (result != 0) {
		deliver(h, p, result, NULL, NULL, 0);
		return 0;
	}
	if (p->operation->list || p->operation->reply->n_fields > 0)
		return breach(h, "an acknowledgement came in place of an answer");
	deliver(h, p, 0, NULL, nothing, 1);
	return 0;
}

/* A frame that answers no request: the daemon ends the connection, and says why. */
static int answer_farewell(struct hycan *h, const struct nlmsghdr *frame)
{
	int result, r;

	r = read_error(h, frame, "The connection", &result);
	if (r < 0)
		return r;
	return result != 0 ? result : breach(h, "it acknowledges what was not asked");
}

static int answer(struct hycan *h, const struct nlmsghdr *frame)
{
	struct request *p;

	if (frame->nlmsg_type == NLMSG_ERROR && frame->nlmsg_seq == 0)
		return answer_farewell(h, frame);
	p = request_find(h, frame->nlmsg_seq);
	if (!p)
		return breach(h, "it answers what was not asked");
	if (frame->nlmsg_type == NLMSG_ERROR)
		return answer_error(h, p, frame);
	if (frame->nlmsg_type == NLMSG_DONE && p->operation->list)
		return answer_done(h, p, frame);
	if (frame->nlmsg_type != p->operation->number)
		return breach(h, "the answer to one operation came to another");
	if (p->operation->stream)
		answer_event(h, p, frame);
	else if (p->operation->list)
		answer_item(h, p, frame);
	else
		answer_call(h, p, frame);
	return 0;
}

int answer_all(struct hycan *h)
{
	const struct nlmsghdr *frame;
	int r;

	while ((r = stream_frame(h, &frame)) > 0) {
		r = answer(h, frame);
		if (r != 0)
			return r;
		/* a daemon that does not greet us has no answers for us either */
		if (h->rejected != 0)
			return h->rejected;
	}
	return r < 0 ? breach(h, "a frame has an impossible length") : 0;
}
