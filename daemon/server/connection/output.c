/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to a peer: sent as they come, and kept as long as the socket does not take them. */
#include <errno.h>
#include <sys/socket.h>

#include "charge.h"
#include "output.h"
#include "patience.h"
#include "peer.h"
#include "server.h"

/* How much is sent at once of a long answer. */
#define SEND_MAX (1u << 20)

/* Unsent bytes from which on further requests wait. Over its quota a user gets no answer behind one that is not read. */
static size_t output_high(const struct peer *peer)
{
	return charge_is_over(peer) ? 0 : OUTPUT_KEEP;
}

bool output_would_be_high(const struct peer *peer, size_t more)
{
	return buffer_used(&peer->output) + more > output_high(peer);
}

bool output_is_high(const struct peer *peer)
{
	return output_would_be_high(peer, 0);
}

/* Sends bytes, not too many at once; returns how many went, or -errno when the connection is broken. */
static ssize_t send_bytes(struct peer *peer, const void *bytes, size_t size)
{
	ssize_t n;

	do
		n = send(peer->fd, bytes, size < SEND_MAX ? size : SEND_MAX, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n;
}

int output_flush(struct peer *peer)
{
	ssize_t n;

	if (buffer_used(&peer->output) == 0)
		return 0;
	n = send_bytes(peer, buffer_first(&peer->output), buffer_used(&peer->output));
	if (n <= 0)
		return (int)n;
	buffer_consume(&peer->output, (size_t)n, 0);
	/* whoever reads, however slowly, is not dropped */
	if (peer->is_slow)
		patience_set(peer, true);
	return 0;
}

int output_send(struct peer *peer, struct buffer *output)
{
	ssize_t n = 0;
	int r = 0;

	if (buffer_used(output) == 0)
		return 0;
	if (buffer_used(&peer->output) == 0) {
		n = send_bytes(peer, buffer_first(output), buffer_used(output));
		if (n < 0)
			r = (int)n;
	}
	if (r == 0 && (size_t)n < buffer_used(output)) {
		output->begin += (size_t)n;
		if (buffer_used(&peer->output) == 0 && buffer_used(output) > OUTPUT_KEEP) {
			/* a long answer changes hands, it is not copied */
			buffer_release(&peer->output);
			peer->output = *output;
			*output = (struct buffer){ 0 };
			return 0;
		}
		r = buffer_append(&peer->output, buffer_first(output), buffer_used(output), (size_t)2 * WIRE_ANSWER_MAX);
	}
	buffer_consume(output, buffer_used(output), OUTPUT_KEEP);
	return r;
}
