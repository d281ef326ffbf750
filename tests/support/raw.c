/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The raw client. Written against docs/protocol.md and not with the codec that it tests. */
#include "raw.h"
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEADLINE_MS (20000 * SLOWEST)

enum {
	TYPE_HELLO = 0x0101,
	TYPE_LINK_GET = 0x0302,
	ATTRIBUTE_MESSAGE = 1,
	ATTRIBUTE_REFUSAL = 64,
	ATTRIBUTE_FIELD = 65,
};

struct raw raw_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct raw raw = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	assert_true(raw.fd >= 0);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	assert_int_equal(connect(raw.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return raw;
}

struct raw raw_open(const char *path)
{
	static struct raw_frame hello;
	struct raw raw = raw_connect(path);
	const uint32_t version = 1;
	struct raw_answer answer;

	raw_begin(&raw, &hello, TYPE_HELLO);
	raw_put(&hello, 1, &version, sizeof(version));
	answer = raw_ask(&raw, &hello);
	assert_int_equal(answer.type, TYPE_HELLO);
	return raw;
}

void raw_close(struct raw *raw)
{
	close(raw->fd);
	raw->fd = -1;
}

void raw_begin(struct raw *raw, struct raw_frame *frame, uint16_t type)
{
	struct nlmsghdr header = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = ++raw->seq };

	memcpy(frame->bytes, &header, sizeof(header));
	frame->size = sizeof(header);
	raw_end(frame);
}

void raw_put(struct raw_frame *frame, uint16_t type, const void *payload, size_t size)
{
	struct nlattr attribute = { .nla_len = (uint16_t)(sizeof(attribute) + size), .nla_type = type };

	assert_true(frame->size + NLA_ALIGN(sizeof(attribute) + size) <= sizeof(frame->bytes));
	memset(frame->bytes + frame->size, 0, NLA_ALIGN(sizeof(attribute) + size));
	memcpy(frame->bytes + frame->size, &attribute, sizeof(attribute));
	memcpy(frame->bytes + frame->size + sizeof(attribute), payload, size);
	frame->size += NLA_ALIGN(sizeof(attribute) + size);
	raw_end(frame);
}

void raw_end(struct raw_frame *frame)
{
	uint32_t length = (uint32_t)frame->size;

	memcpy(frame->bytes, &length, sizeof(length));
}

void raw_send_fds(struct raw *raw, const void *bytes, size_t size, const int *fds, size_t n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))];
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	while (iov.iov_len > 0) {
		ssize_t n = sendmsg(raw->fd, &msg, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		assert_true(n > 0);
		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len -= (size_t)n;
		msg.msg_controllen = 0;
	}
}

void raw_send(struct raw *raw, const void *bytes, size_t size)
{
	raw_send_fds(raw, bytes, size, NULL, 0);
}

static bool read_exactly(struct raw *raw, void *to, size_t size)
{
	while (size > 0) {
		struct pollfd pollfd = { .fd = raw->fd, .events = POLLIN };
		ssize_t n;

		assert_int_equal(poll(&pollfd, 1, DEADLINE_MS), 1);
		n = recv(raw->fd, to, size, 0);
		if (n <= 0)
			return false;
		to = (char *)to + n;
		size -= (size_t)n;
	}
	return true;
}

static void read_error(const uint8_t *payload, size_t size, struct raw_answer *answer)
{
	size_t at = sizeof(struct nlmsgerr);

	assert_true(size >= at);
	memcpy(&answer->error, payload, sizeof(answer->error));
	while (at + sizeof(struct nlattr) <= size) {
		struct nlattr a;

		memcpy(&a, payload + at, sizeof(a));
		assert_true(a.nla_len >= sizeof(a) && at + a.nla_len <= size);
		if (a.nla_type == ATTRIBUTE_MESSAGE)
			strncpy(answer->sentence, (const char *)payload + at + sizeof(a), sizeof(answer->sentence) - 1);
		if (a.nla_type == ATTRIBUTE_FIELD)
			strncpy(answer->field, (const char *)payload + at + sizeof(a), sizeof(answer->field) - 1);
		if (a.nla_type == ATTRIBUTE_REFUSAL)
			memcpy(&answer->refusal, payload + at + sizeof(a), sizeof(answer->refusal));
		at += NLA_ALIGN(a.nla_len);
	}
}

bool raw_read(struct raw *raw, struct raw_answer *ret_answer)
{
	static uint8_t payload[1 << 20];
	struct nlmsghdr header;

	memset(ret_answer, 0, sizeof(*ret_answer));
	for (;;) {
		if (!read_exactly(raw, &header, sizeof(header)))
			return false;
		assert_true(header.nlmsg_len >= sizeof(header) && header.nlmsg_len - sizeof(header) <= sizeof(payload));
		assert_int_equal(header.nlmsg_len % 4, 0);
		if (!read_exactly(raw, payload, header.nlmsg_len - sizeof(header)))
			return false;
		if (header.nlmsg_type == NLMSG_ERROR)
			read_error(payload, header.nlmsg_len - sizeof(header), ret_answer);
		ret_answer->type = header.nlmsg_type;
		ret_answer->seq = header.nlmsg_seq;
		if (!(header.nlmsg_flags & NLM_F_MULTI) || header.nlmsg_type == NLMSG_DONE)
			return true;
		ret_answer->n_items++;
	}
}

struct raw_answer raw_ask(struct raw *raw, const struct raw_frame *frame)
{
	struct raw_answer answer;

	raw_send(raw, frame->bytes, frame->size);
	if (!raw_read(raw, &answer))
		fail_msg("The daemon closed the connection.");
	return answer;
}

void raw_assert_alive(struct raw *raw)
{
	static struct raw_frame frame;
	struct raw_answer answer;

	raw_begin(raw, &frame, TYPE_LINK_GET);
	raw_put(&frame, 1, "lo", 3);
	answer = raw_ask(raw, &frame);
	if (answer.type != TYPE_LINK_GET || answer.seq != raw->seq)
		fail_msg("link.get was answered by %#x (%s)", answer.type, answer.sentence);
}
