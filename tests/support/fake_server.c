/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake server. Answers are made with the codec of the protocol, so that they are as a daemon's until the test spoils
 * them.
 */
#include "fake_server.h"
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hycan/schema.h>

#include "messages.h"
#include "wire.h"

/* The library sends within a system call of the test; this is for machines that hang. */
#define DEADLINE_MS (10000 * SLOWEST)

void bytes_add(struct bytes *b, const void *data, size_t size)
{
	if (b->room - b->size < size) {
		b->room = (b->room + size) * 2;
		b->data = realloc(b->data, b->room);
		assert_non_null(b->data);
	}
	if (size > 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

void bytes_frame(struct bytes *b, uint16_t type, uint16_t flags, uint32_t seq, const void *payload, size_t size)
{
	struct nlmsghdr nlh = {
		.nlmsg_len = (uint32_t)(sizeof(nlh) + size), .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq
	};

	bytes_add(b, &nlh, sizeof(nlh));
	bytes_add(b, payload, size);
}

void bytes_answer(struct bytes *b, const struct hycan_operation *operation, uint16_t flags, uint32_t seq, const void *reply)
{
	static uint8_t attributes[1 << 20];
	struct wire_fault fault = { 0 };
	ssize_t n = wire_encode(operation->reply, reply, attributes, sizeof(attributes), NULL, NULL, &fault);

	if (n < 0)
		fail_msg("%s", fault.sentence);
	bytes_frame(b, operation->number, flags, seq, attributes, (size_t)n);
}

void bytes_hello(struct bytes *b, uint32_t seq, uint32_t version)
{
	struct hycan_session_hello_reply reply = { .version = version, .max_frame = WIRE_REQUEST_MAX, .max_fds = WIRE_FDS_MAX };

	strcpy(reply.daemon_version, "fake");
	bytes_answer(b, &operation_session_hello, 0, seq, &reply);
}

void bytes_link(struct bytes *b, uint16_t operation, uint16_t flags, uint32_t seq, const char *name)
{
	/* a list answers links themselves, a call one in a field: both are the same to the caller */
	const struct hycan_operation *op = hycan_operation_by_number(operation);
	struct hycan_link_get_reply reply = { .link = { .ifindex = 7, .mtu = 72, .up = true, .has_kind = true } };

	snprintf(reply.link.name, sizeof(reply.link.name), "%s", name);
	strcpy(reply.link.kind, "vcan");
	bytes_answer(b, op, flags, seq, &reply);
}

void bytes_done(struct bytes *b, uint32_t seq)
{
	int code = 0;

	bytes_frame(b, NLMSG_DONE, NLM_F_MULTI, seq, &code, sizeof(code));
}

static void add_attribute(struct bytes *b, uint16_t type, const void *payload, size_t size)
{
	static const char zeros[4];
	struct nlattr nla = { .nla_len = (uint16_t)(sizeof(nla) + size), .nla_type = type };

	bytes_add(b, &nla, sizeof(nla));
	bytes_add(b, payload, size);
	bytes_add(b, zeros, NLA_ALIGN(size) - size);
}

void bytes_error(struct bytes *b, uint32_t seq, int error, uint32_t refusal, const char *message, const char *field)
{
	struct nlmsgerr payload = { .error = error, .msg = { .nlmsg_len = sizeof(struct nlmsghdr), .nlmsg_seq = seq } };
	struct bytes all = { 0 };

	bytes_add(&all, &payload, sizeof(payload));
	if (message)
		add_attribute(&all, WIRE_ERROR_MESSAGE, message, strlen(message) + 1);
	if (refusal)
		add_attribute(&all, WIRE_ERROR_REFUSAL, &refusal, sizeof(refusal));
	if (field)
		add_attribute(&all, WIRE_ERROR_FIELD, field, strlen(field) + 1);
	bytes_frame(b, NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, seq, all.data, all.size);
	bytes_free(&all);
}

int fake_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	unlink(path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

int fake_begin(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->fd = -1;
	strcpy(f->directory, "/tmp/hycan-fake-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/socket", f->directory);
	f->listener = fake_listen(f->path);
	assert_int_equal(hycan_open(&f->h, f->path), 0);
	fake_accept(f);
	*state = f;
	return 0;
}

int fake_end(void **state)
{
	struct fake *f = *state;

	hycan_close(f->h);
	if (f->fd >= 0)
		close(f->fd);
	if (f->listener >= 0)
		close(f->listener);
	unlink(f->path);
	rmdir(f->directory);
	bytes_free(&f->in);
	free(f);
	return 0;
}

void fake_accept(struct fake *f)
{
	struct pollfd pfd = { .fd = f->listener, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, DEADLINE_MS), 1);
	f->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(f->fd >= 0);
	f->in.size = 0;
}

void fake_close(struct fake *f)
{
	hycan_close(f->h);
	f->h = NULL;
}

void fake_hang_up(struct fake *f)
{
	close(f->fd);
	f->fd = -1;
	f->in.size = 0;
}

/* Reads what is there. */
static void receive(struct fake *f)
{
	static uint8_t buffer[1 << 16];
	char control[CMSG_SPACE(sizeof(int) * 8)];
	ssize_t n;

	for (;;) {
		struct iovec iov = { .iov_base = buffer, .iov_len = sizeof(buffer) };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		struct cmsghdr *c;

		n = recvmsg(f->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n <= 0)
			return;
		bytes_add(&f->in, buffer, (size_t)n);
		c = CMSG_FIRSTHDR(&msg);
		if (!c)
			continue;
		f->n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(f->fds, CMSG_DATA(c), f->n_fds * sizeof(int));
		f->fds_end = f->taken + f->in.size;
	}
}

static uint32_t first_length(const struct fake *f)
{
	uint32_t length = 0;

	if (f->in.size >= sizeof(struct nlmsghdr))
		memcpy(&length, f->in.data, sizeof(length));
	return length;
}

bool fake_has_frame(struct fake *f)
{
	receive(f);
	return first_length(f) > 0 && f->in.size >= first_length(f);
}

const struct nlmsghdr *fake_take_frame(struct fake *f)
{
	static struct bytes frame;
	uint32_t length;

	while (!fake_has_frame(f)) {
		struct pollfd pfd = { .fd = f->fd, .events = POLLIN };

		if (poll(&pfd, 1, DEADLINE_MS) != 1 || (pfd.revents & POLLHUP))
			fail_msg("no request arrived; %zu bytes are there", f->in.size);
	}
	length = first_length(f);
	frame.size = 0;
	bytes_add(&frame, f->in.data, length);
	f->in.size -= length;
	f->taken += length;
	memmove(f->in.data, f->in.data + length, f->in.size);
	return (const void *)frame.data;
}

uint32_t fake_take(struct fake *f, uint16_t operation)
{
	const struct nlmsghdr *frame = fake_take_frame(f);

	assert_int_equal(frame->nlmsg_type, operation);
	assert_true(frame->nlmsg_flags & NLM_F_REQUEST);
	return frame->nlmsg_seq;
}

void fake_send(struct fake *f, const void *data, size_t size)
{
	const uint8_t *p = data;
	ssize_t n;

	while (size > 0) {
		n = send(f->fd, p, size, MSG_NOSIGNAL);
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		assert_true(n > 0);
		p += n;
		size -= (size_t)n;
	}
}

void fake_send_bytes(struct fake *f, struct bytes *bytes)
{
	fake_send(f, bytes->data, bytes->size);
	bytes_free(bytes);
}

void fake_greet(struct fake *f)
{
	struct bytes b = { 0 };

	f->hello = fake_take(f, HYCAN_OPERATION_SESSION_HELLO);
	bytes_hello(&b, f->hello, HYCAN_PROTOCOL_VERSION);
	fake_send_bytes(f, &b);
}

void note(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct told *told = userdata;

	told->times++;
	told->result = result;
	told->n = n;
	snprintf(told->message, sizeof(told->message), "%s", hycan_error_message(h));
	assert_true((result == 0) == (reply != NULL));
	assert_true((result == 0) == (told->message[0] == '\0'));
	/* of a list of links, and of a call that answers one */
	if (result == 0 && n > 0)
		memcpy(&told->link, (const struct hycan_link *)reply + n - 1, sizeof(told->link));
}

void settle(struct fake *f)
{
	struct pollfd pfd;

	do {
		hycan_process(f->h);
		pfd = (struct pollfd){ .fd = hycan_fd(f->h), .events = hycan_events(f->h) };
	} while (hycan_fd(f->h) >= 0 && poll(&pfd, 1, 0) > 0);
}

void fake_answer(struct fake *f)
{
	struct bytes b = { 0 };
	const struct nlmsghdr *frame = fake_take_frame(f);

	switch (frame->nlmsg_type) {
	case HYCAN_OPERATION_SESSION_HELLO:
		bytes_hello(&b, frame->nlmsg_seq, HYCAN_PROTOCOL_VERSION);
		break;
	case HYCAN_OPERATION_LINK_GET:
		bytes_link(&b, HYCAN_OPERATION_LINK_GET, 0, frame->nlmsg_seq, "vcan0");
		break;
	case HYCAN_OPERATION_SESSION_NETNS: {
		const uint64_t inode = 4711;

		bytes_answer(&b, hycan_operation_by_number(frame->nlmsg_type), 0, frame->nlmsg_seq, &inode);
		break;
	}
	case HYCAN_OPERATION_SESSION_ADOPT: {
		const uint32_t objects = 1;

		bytes_answer(&b, hycan_operation_by_number(frame->nlmsg_type), 0, frame->nlmsg_seq, &objects);
		break;
	}
	default:
		bytes_error(&b, frame->nlmsg_seq, 0, 0, NULL, NULL);
	}
	fake_send_bytes(f, &b);
}

void fake_serve(struct fake *f)
{
	settle(f);
	while (fake_has_frame(f)) {
		fake_answer(f);
		settle(f);
	}
}

void fake_send_large(struct fake *f, struct told *told)
{
	enum { N = 100000 };
	struct hycan_route *routes = calloc(N, sizeof(*routes));

	assert_non_null(routes);
	for (int i = 0; i < N; i++)
		routes[i].destination.address.family = 2;
	assert_int_equal(hycan_route_load_async(f->h, routes, N, NULL, note, told), 0);
	free(routes);
	hycan_process(f->h);
	assert_true(hycan_events(f->h) & POLLOUT);
}

void fake_thread(struct fake *f, pthread_t *ret_thread, void *(*function)(void *fake))
{
	assert_int_equal(pthread_create(ret_thread, NULL, function, f), 0);
}

void fake_join(pthread_t thread)
{
	assert_int_equal(pthread_join(thread, NULL), 0);
}
