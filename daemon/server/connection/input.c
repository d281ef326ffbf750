/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes in, frames to the dispatcher.
 *
 * What a socket has is read into a buffer that all peers share; only what is not a whole frame is kept with the peer, so
 * an idle peer has no buffer at all. What this file does not do: look into a frame further than its length.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "arrival.h"
#include "charge.h"
#include "classic.h"
#include "dispatch.h"
#include "input.h"
#include "op.h"
#include "output.h"
#include "peer.h"
#include "server.h"
#include "subject.h"
#include "turn.h"

/* How much is read at once of a request that does not fit one read. */
#define INPUT_STEP (64u << 10)

/* Where a frame that was not taken waits; TURN_ANOTHER: it was. */
static enum turn_queue waits_for(enum dispatched dispatched)
{
	switch (dispatched) {
	case DISPATCH_WAIT:
		return TURN_WORKER;
	case DISPATCH_WAIT_SLOW:
		return TURN_WORKER_SLOW;
	case DISPATCH_WAIT_PROGRAM:
		return TURN_PROGRAM;
	case DISPATCH_WAIT_OWN:
		return TURN_OWN;
	case DISPATCH_DONE:
	case DISPATCH_ELSEWHERE:
	case DISPATCH_REST:
		break;
	}
	return TURN_ANOTHER;
}

/* A header that no frame can have: refused once, and stepped over. Returns the bytes to step over. */
static uint64_t refuse_header(struct peer *peer, const struct nlmsghdr *header)
{
	bool said = peer->out_of_step;
	struct job *job;
	int r;

	peer->out_of_step = header->nlmsg_len < sizeof(*header);
	if (!said) {
		job = dispatch_unread(peer, header);
		r = op_refuse(&job->op, HYCAN_REFUSAL_MALFORMED, NULL,
		              header->nlmsg_len > WIRE_REQUEST_MAX
		                      ? "A frame of %u bytes is longer than the %u bytes that a request may have."
		                      : "A frame of %u bytes: the length must be a multiple of four, at least 16 and at most %u.",
		              header->nlmsg_len, WIRE_REQUEST_MAX);
		dispatch_refuse(job, r);
	}
	return header->nlmsg_len < sizeof(*header) ? sizeof(*header) : header->nlmsg_len;
}

/* A request whose rest would be over a quota of its user: refused, and stepped over when it comes. */
static void refuse_long(struct peer *peer, const struct nlmsghdr *header, size_t rest)
{
	struct job *job = dispatch_unread(peer, header);

	dispatch_refuse(job, charge_refuse(job, rest));
	peer->skip = header->nlmsg_len;
}

/* One frame, if it is whole. Returns the bytes that it took; 0: more must come, or its turn. */
static size_t consume_frame(struct peer *peer, const uint8_t *bytes, size_t size, enum dispatched *ret_dispatched)
{
	struct nlmsghdr header;
	int fds[WIRE_FDS_MAX];
	size_t n_fds;
	bool lost;

	if (size < sizeof(header))
		return 0;
	memcpy(&header, bytes, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > WIRE_REQUEST_MAX || header.nlmsg_len % NLMSG_ALIGNTO) {
		*ret_dispatched = charge_request(peer) ? DISPATCH_DONE : DISPATCH_REST;
		peer->charged = false;
		peer->skip = refuse_header(peer, &header);
		return peer->skip < size ? (size_t)peer->skip : size;
	}
	peer->out_of_step = false;
	if (header.nlmsg_len > size && !charge_bytes(peer, header.nlmsg_len - size)) {
		refuse_long(peer, &header, header.nlmsg_len - size);
		*ret_dispatched = DISPATCH_REST;
		return size;
	}
	if (header.nlmsg_len > size)
		return 0;
	n_fds = arrival_until(peer, peer->position + header.nlmsg_len, &lost);
	memcpy(fds, peer->fds, n_fds * sizeof(*fds));
	*ret_dispatched = dispatch_frame(peer, &header, bytes, fds, n_fds, lost);
	if (waits_for(*ret_dispatched) != TURN_ANOTHER)
		return 0;
	/* they are the job's now */
	arrival_pass(peer, n_fds, lost);
	return header.nlmsg_len;
}

static size_t consume_one(struct peer *peer, const uint8_t *bytes, size_t size, enum dispatched *ret_dispatched)
{
	size_t taken;

	*ret_dispatched = DISPATCH_DONE;
	if (peer->skip > 0)
		return peer->skip < size ? (size_t)peer->skip : size;
	if (peer->protocol == PEER_UNKNOWN)
		peer->protocol =
			classic_begins(bytes[0]) && !subject_is_machine(peer->identity.subject) ? PEER_CLASSIC : PEER_NETLINK;
	if (peer->protocol == PEER_NETLINK)
		return consume_frame(peer, bytes, size, ret_dispatched);
	*ret_dispatched = classic_request(peer, bytes, size, &taken);
	/* one request a connection: the answer is the last thing that is sent */
	if (taken && *ret_dispatched == DISPATCH_DONE)
		peer->eof = true;
	return taken;
}

/* Hands whole frames to the dispatcher, as many as may be carried out now. Returns the bytes taken. */
static size_t consume(struct peer *peer, const uint8_t *bytes, size_t size)
{
	struct server *server = peer->server;
	size_t taken = 0;

	while (taken < size && !peer->error && !peer->job && !peer->is_waiting && !(peer->eof && peer->protocol == PEER_CLASSIC)) {
		enum dispatched dispatched;
		size_t n;

		if (output_would_be_high(peer, buffer_used(&server->output))) {
			peer->error = output_send(peer, &server->output);
			if (peer->error < 0 || output_is_high(peer))
				break;
		}
		n = consume_one(peer, bytes + taken, size - taken, &dispatched);
		if (waits_for(dispatched) != TURN_ANOTHER)
			turn_wait(peer, waits_for(dispatched));
		if (n == 0)
			break;
		peer->skip -= peer->skip < n ? peer->skip : n;
		peer->position += n;
		taken += n;
		if (dispatched == DISPATCH_REST && !peer->surplus)
			turn_rest(peer);
		else if (taken < size && !peer->job && turn_is_over(peer))
			turn_wait(peer, TURN_ANOTHER);
	}
	/* descriptors of bytes that were stepped over belong to nobody */
	arrival_close(peer, peer->position);
	return taken;
}

/* How much of a request that came in part is read next: no byte of the one behind it, if that can be known. */
static size_t next_step(const struct peer *peer)
{
	struct nlmsghdr header;
	size_t used = buffer_used(&peer->input);

	if (peer->protocol == PEER_CLASSIC || used < sizeof(header))
		return sizeof(peer->server->scratch);
	memcpy(&header, peer->input.data + peer->input.begin, sizeof(header));
	return header.nlmsg_len > used && header.nlmsg_len - used < INPUT_STEP ? header.nlmsg_len - used : INPUT_STEP;
}

/* Keeps bytes that wait. */
static int keep_input(struct peer *peer, const uint8_t *bytes, size_t size)
{
	return size ? buffer_append(&peer->input, bytes, size, WIRE_REQUEST_MAX) : 0;
}

void input_consume(struct peer *peer)
{
	while (buffer_used(&peer->input) > 0) {
		size_t n = consume(peer, buffer_first(&peer->input), buffer_used(&peer->input));

		if (n == 0)
			break;
		/* nothing, where the queue itself went to a worker */
		if (peer->input.data)
			buffer_consume(&peer->input, n, 0);
	}
}

int input_receive(struct peer *peer)
{
	struct server *server = peer->server;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE((WIRE_FDS_MAX + 1) * sizeof(int))];
	struct iovec iov = { .iov_base = server->scratch, .iov_len = sizeof(server->scratch) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	bool whole = buffer_used(&peer->input) == 0;
	size_t taken = 0;
	ssize_t n;
	int r;

	if (!whole) {
		iov.iov_len = next_step(peer);
		iov.iov_base = buffer_reserve(&peer->input, iov.iov_len, WIRE_REQUEST_MAX + INPUT_STEP);
		if (!iov.iov_base)
			return -ENOBUFS;
	}
	n = recvmsg(peer->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0) {
		peer->eof = true;
		return 0;
	}
	if (msg.msg_controllen || msg.msg_flags & MSG_CTRUNC)
		arrival_take(peer, &msg, peer->position + buffer_used(&peer->input) + (uint64_t)n);
	if (!whole) {
		buffer_commit(&peer->input, (size_t)n);
		return 0;
	}
	taken = consume(peer, server->scratch, (size_t)n);
	r = keep_input(peer, server->scratch + taken, (size_t)n - taken);
	/* there may have been keys in it */
	explicit_bzero(server->scratch, (size_t)n);
	return r;
}
