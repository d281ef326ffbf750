/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The socket as two streams of frames.
 *
 * Out: the frames of the requests, as many as fit in one sendmsg(2). Descriptors must arrive with the first byte of their
 * frame, so such a frame begins a sendmsg() of its own. In: one buffer, which holds whole frames and the beginning of
 * one. It grows as the bytes of a large frame arrive, not as its header promises. What this file does not do: know what
 * is in a frame.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "request.h"
#include "stream.h"

#define INPUT_SIZE ((size_t)64 << 10)

/* Frames in one sendmsg(). */
#define BATCH 64

/* Marks n bytes as sent: whole requests, and the beginning of one. */
static void advance(struct hycan *h, size_t n)
{
	struct request *p = h->unsent;
	struct chosen *chosen;

	while (n > 0) {
		size_t part = p->size - p->sent < n ? p->size - p->sent : n;

		chosen = p->sent == 0 ? connection_chosen(h, p->operation) : NULL;
		if (chosen)
			chosen->n_asked++;
		p->sent += part;
		n -= part;
		if (p->sent < p->size)
			break;
		request_frame_sent(p);
		p = p->next;
	}
	h->unsent = p;
}

/* One sendmsg(). Returns the number of bytes, or -errno. */
static ssize_t send_batch(struct hycan *h)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
	} control;
	struct iovec iov[BATCH];
	struct msghdr msg = { .msg_iov = iov };
	struct request *first = h->unsent;
	ssize_t n;

	for (struct request *p = first; p && msg.msg_iovlen < BATCH; p = p->next) {
		if (p != first && p->n_fds > 0)
			break;
		iov[msg.msg_iovlen].iov_base = p->frame + p->sent;
		iov[msg.msg_iovlen++].iov_len = p->size - p->sent;
	}
	if (first->n_fds > 0 && first->sent == 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * first->n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * first->n_fds);
		memcpy(CMSG_DATA(&control.header), first->fds, sizeof(int) * first->n_fds);
		/* the daemon tells by the bytes that came with them whose descriptors they are */
		msg.msg_iovlen = 1;
	}
	do
		n = sendmsg(h->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Whether it is the descriptors of the first frame that cannot be sent, and not the connection that is at fault. */
static bool blames_descriptors(const struct hycan *h, ssize_t error)
{
	return h->unsent->n_fds > 0 && h->unsent->sent == 0 && error != -EPIPE && error != -ECONNRESET && error != -ENOBUFS &&
	       error != -ENOMEM;
}

int stream_send(struct hycan *h)
{
	ssize_t n;

	while (h->fd >= 0 && h->unsent) {
		n = send_batch(h);
		if (n == -EAGAIN)
			break;
		if (n >= 0) {
			advance(h, (size_t)n);
			continue;
		}
		if (!blames_descriptors(h, n))
			return (int)n;
		request_refuse_descriptors(h, h->unsent, (int)n);
	}
	return 0;
}

/* Room for more bytes: behind the others, in place of those that were read, or in a buffer of twice the size. */
static int input_make_room(struct input *in)
{
	uint8_t *data;
	size_t size;

	if (in->start > 0 && in->start == in->end)
		in->start = in->end = 0;
	if (in->end < in->size && in->size - in->end >= in->size / 4)
		return 0;
	if (in->start > 0) {
		memmove(in->data, in->data + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
		if (in->size - in->end >= in->size / 4)
			return 0;
	}
	size = in->size ? in->size * 2 : INPUT_SIZE;
	data = realloc(in->data, size);
	if (!data)
		return -ENOMEM;
	in->data = data;
	in->size = size;
	return 0;
}

int stream_receive(struct hycan *h, bool wait)
{
	struct input *in = &h->input;
	ssize_t n;
	size_t room;
	int r;

	r = input_make_room(in);
	if (r < 0)
		return r;
	room = in->size - in->end;
	/* descriptors that come with the bytes are none of ours: recv() takes none */
	n = recv(h->fd, in->data + in->end, room, wait ? 0 : MSG_DONTWAIT);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (n == 0)
		return -ECONNRESET;
	in->end += (size_t)n;
	return (size_t)n == room;
}

int stream_frame(const struct hycan *h, const struct nlmsghdr **ret_frame)
{
	const struct input *in = &h->input;
	const struct nlmsghdr *frame = (const void *)(in->data + in->start);
	size_t n = in->end - in->start;

	if (n < sizeof(frame->nlmsg_len))
		return 0;
	if (frame->nlmsg_len < NLMSG_HDRLEN || frame->nlmsg_len % NLMSG_ALIGNTO || frame->nlmsg_len > WIRE_ANSWER_MAX)
		return -EPROTO;
	if (n < frame->nlmsg_len)
		return 0;
	*ret_frame = frame;
	return 1;
}

void stream_consume(struct hycan *h)
{
	struct input *in = &h->input;
	const struct nlmsghdr *frame = (const void *)(in->data + in->start);

	in->start += frame->nlmsg_len;
	if (in->start < in->end)
		return;
	in->start = in->end = 0;
	/* the memory of one large answer is not kept for the small ones */
	if (in->size > INPUT_SIZE * 16) {
		free(in->data);
		*in = (struct input){ 0 };
	}
}
