/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left with the service manager when a daemon ends, for the next one.
 *
 * Descriptors have no order there, and no names of their own: each is known again by the device and inode of what it
 * leads to. The rest is written into a file in memory, which is left there, too.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "cleanup.h"
#include "handover_state.h"
#include "log.h"
#include "op.h"
#include "server.h"
#include "subscribe.h"

/* Descriptors in one message: the kernel's limit (SCM_MAX_FD) is 253. */
#define FDS_AT_ONCE 128

/* The manager has so long to take them. */
#define PATIENCE_US (10 * UINT64_C(1000000))

int handover_place(int fd, struct handover_place *ret_place)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_place = (struct handover_place){ .device = st.st_dev, .inode = st.st_ino };
	return 0;
}

struct giving {
	int state; /* the file in memory */
	struct statements statements;
	int fds[FDS_AT_ONCE];
	unsigned int n;
	uint64_t n_peers;
	uint64_t n_sessions;
};

static int write_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

static int send_fds(struct giving *g)
{
	int r = g->n ? sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" HANDOVER_PEER, g->fds, g->n) : 1;

	g->n = 0;
	return r < 0 ? r : r == 0 ? -ENOTCONN : 0;
}

static int give_fd(struct giving *g, int fd)
{
	int r = g->n == FDS_AT_ONCE ? send_fds(g) : 0;

	if (r == 0)
		g->fds[g->n++] = fd;
	return r;
}

static int describe(struct peer *peer, struct handover_peer *state, const struct statements *statements)
{
	int r = handover_place(peer->fd, &state->socket);

	if (r == 0 && peer->scope)
		r = handover_place(op_scope_netns(peer->scope), &state->netns);
	for (size_t i = 0; i < peer->n_fds && r == 0; i++) {
		r = handover_place(peer->fds[i], &state->fd[i]);
		state->fd_position[i] = peer->fd_position[i];
	}
	state->n_fds = peer->n_fds;
	state->position = peer->position;
	state->skip = peer->skip;
	state->lost_position = peer->lost_position;
	if (r == 0) {
		r = subscribe_leave(peer, state->subscription);
		state->n_subscriptions = r > 0 ? (uint64_t)r : 0;
		r = r < 0 ? r : 0;
	}
	state->input = buffer_used(&peer->input);
	state->output = buffer_used(&peer->output);
	state->protocol = (uint8_t)peer->protocol;
	state->hello = peer->hello && peer->session;
	if (state->hello)
		state->session = peer->session->record;
	if (state->hello)
		statement_leave(peer->session, statements, &state->statement);
	state->eof = peer->eof;
	state->out_of_step = peer->out_of_step;
	state->fds_lost = peer->fds_lost;
	memcpy(state->client, peer->client, sizeof(state->client));
	return r;
}

static int give_peer(struct giving *g, struct peer *peer)
{
	struct handover_peer state;
	int r;

	memset(&state, 0, sizeof(state));
	r = describe(peer, &state, &g->statements);
	if (r == 0)
		r = give_fd(g, peer->fd);
	if (r == 0 && peer->scope)
		r = give_fd(g, op_scope_netns(peer->scope));
	for (size_t i = 0; i < peer->n_fds && r == 0; i++)
		r = give_fd(g, peer->fds[i]);
	if (r == 0)
		r = write_all(g->state, &state, sizeof(state));
	if (r == 0)
		r = write_all(g->state, buffer_first(&peer->input), buffer_used(&peer->input));
	if (r == 0)
		r = write_all(g->state, buffer_first(&peer->output), buffer_used(&peer->output));
	g->n_peers += r == 0;
	return r;
}

static int give_state(struct giving *g)
{
	const struct handover_head head = {
		.magic = HANDOVER_MAGIC,
		.peer_size = sizeof(struct handover_peer),
		.n_peers = g->n_peers,
		.n_sessions = g->n_sessions,
		.statements = g->statements,
	};
	int r = send_fds(g);

	if (r == 0 && pwrite(g->state, &head, sizeof(head), 0) != sizeof(head))
		r = -EIO;
	if (r < 0)
		return r;
	r = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" HANDOVER_STATE, &g->state, 1);
	return r < 0 ? r : sd_notify_barrier(0, PATIENCE_US);
}

/* Without memory for them connections go on all the same, and object.replace_end is told that nothing was begun. */
static int give_statements(const struct server *server, struct giving *g)
{
	struct buffer objects = { 0 };
	int r = statement_leave_all(server, &g->statements, &objects);

	if (r < 0)
		log_write(LOG_WARNING, "What clients are stating cannot be left with the service manager: %s", strerror(-r));
	r = write_all(g->state, buffer_first(&objects), buffer_used(&objects));
	buffer_release(&objects);
	return r;
}

/* Those whose connection is gone, and which may still be adopted. */
static int give_sessions(struct server *server, struct giving *g)
{
	const struct session *s;
	int r = 0;

	LIST_FOREACH(s, &server->sessions, entry)
	if (!s->peer && r == 0) {
		r = write_all(g->state, &s->record, sizeof(s->record));
		g->n_sessions += r == 0;
	}
	return r;
}

/* A subscription in a namespace that the connection has left is told by its end that events are missing. */
static bool can_be_given(const struct peer *peer)
{
	return !peer->surplus && peer->error == 0 && subscribe_can_leave(peer);
}

void handover_give(struct server *server)
{
	_cleanup_close_ int memory = memfd_create("hycan-handover", MFD_CLOEXEC);
	struct giving g = { .state = memory };
	const struct handover_head room = { 0 };
	struct peer *peer;
	int r = memory < 0 ? -errno : write_all(memory, &room, sizeof(room));

	if (r == 0)
		r = give_statements(server, &g);
	TAILQ_FOREACH(peer, &server->peers, entry)
	if (r == 0 && can_be_given(peer))
		r = give_peer(&g, peer);
	if (r == 0)
		r = give_sessions(server, &g);
	if (g.n_peers + g.n_sessions == 0 && r == 0)
		return;
	if (r == 0)
		r = give_state(&g);
	if (r < 0)
		log_write(LOG_WARNING, "Connections cannot be left with the service manager, and end: %s", strerror(-r));
	else
		log_write(LOG_INFO, "%ju connections are left with the service manager.", (uintmax_t)g.n_peers);
}
