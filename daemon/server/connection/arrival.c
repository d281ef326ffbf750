/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors belong to the frame in whose bytes they arrived: the kernel ends a read behind the bytes that descriptors
 * came with (unix(7)), so that position is noted with each.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arrival.h"
#include "peer.h"

void arrival_take(struct peer *peer, struct msghdr *msg, uint64_t end)
{
	bool lost = msg->msg_flags & MSG_CTRUNC;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (peer->n_fds == WIRE_FDS_MAX) {
				close(fd);
				lost = true;
				continue;
			}
			peer->fds[peer->n_fds] = fd;
			peer->fd_position[peer->n_fds++] = end;
		}
	}
	if (lost) {
		peer->fds_lost = true;
		peer->lost_position = end;
	}
}

size_t arrival_until(const struct peer *peer, uint64_t position, bool *ret_lost)
{
	size_t n = 0;

	while (n < peer->n_fds && peer->fd_position[n] <= position)
		n++;
	*ret_lost = peer->fds_lost && peer->lost_position <= position;
	return n;
}

void arrival_pass(struct peer *peer, size_t n, bool lost)
{
	if (n) {
		peer->n_fds -= n;
		memmove(peer->fds, peer->fds + n, peer->n_fds * sizeof(*peer->fds));
		memmove(peer->fd_position, peer->fd_position + n, peer->n_fds * sizeof(*peer->fd_position));
	}
	peer->fds_lost = peer->fds_lost && !lost;
}

void arrival_close(struct peer *peer, uint64_t position)
{
	bool lost;
	size_t n = arrival_until(peer, position, &lost);

	for (size_t i = 0; i < n; i++)
		close(peer->fds[i]);
	arrival_pass(peer, n, lost);
}
