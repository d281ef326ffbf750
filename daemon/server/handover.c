/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left with the service manager, and taken again.
 *
 * Descriptors have no order there, and no names of their own: each is known again by the device and inode of what it
 * leads to. Who a peer is the kernel says of the socket itself, as when it came. What was passed is from a daemon of
 * ours, and yet read as a stranger's: a connection whose state cannot be read is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "array.h"
#include "cleanup.h"
#include "handover.h"
#include "log.h"
#include "op.h"
#include "peer.h"
#include "server.h"
#include "session.h"

#define NAME_PEER  "hycan-peer"
#define NAME_STATE "hycan-state"

/* Descriptors in one message: the kernel's limit (SCM_MAX_FD) is 253. */
#define FDS_AT_ONCE 128

/* The manager has so long to take them. */
#define PATIENCE_US (10 * UINT64_C(1000000))

#define MAGIC UINT32_C(0x48794831)

struct head {
	uint32_t magic;
	uint32_t peer_size; /* another release may know more of a peer */
	uint64_t n_peers;
	uint64_t n_sessions; /* of connections that are gone; behind the peers */
};

struct peer_state {
	struct handover_place socket;
	struct handover_place netns; /* zero: the daemon's own */
	struct handover_place fd[WIRE_FDS_MAX];
	uint64_t fd_position[WIRE_FDS_MAX];
	uint64_t n_fds;
	uint64_t position;
	uint64_t skip;
	uint64_t lost_position;
	uint64_t input; /* bytes of it that follow */
	uint64_t output;
	struct session_record session; /* where hello was done */
	uint8_t protocol;
	/* no bool: that has two values */
	uint8_t hello;
	uint8_t eof;
	uint8_t out_of_step;
	uint8_t fds_lost;
	char client[sizeof(((struct peer *)NULL)->client)];
};

static int place_of(int fd, struct handover_place *ret_place)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_place = (struct handover_place){ .device = st.st_dev, .inode = st.st_ino };
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------- giving */

struct giving {
	int state; /* the file in memory */
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
	int r = g->n ? sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" NAME_PEER, g->fds, g->n) : 1;

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

static int describe(struct peer *peer, struct peer_state *state)
{
	int r = place_of(peer->fd, &state->socket);

	if (r == 0 && peer->scope)
		r = place_of(op_scope_netns(peer->scope), &state->netns);
	for (size_t i = 0; i < peer->n_fds && r == 0; i++) {
		r = place_of(peer->fds[i], &state->fd[i]);
		state->fd_position[i] = peer->fd_position[i];
	}
	state->n_fds = peer->n_fds;
	state->position = peer->position;
	state->skip = peer->skip;
	state->lost_position = peer->lost_position;
	state->input = buffer_used(&peer->input);
	state->output = buffer_used(&peer->output);
	state->protocol = (uint8_t)peer->protocol;
	state->hello = peer->hello && peer->session;
	if (state->hello)
		state->session = peer->session->record;
	state->eof = peer->eof;
	state->out_of_step = peer->out_of_step;
	state->fds_lost = peer->fds_lost;
	memcpy(state->client, peer->client, sizeof(state->client));
	return r;
}

static int give_peer(struct giving *g, struct peer *peer)
{
	struct peer_state state;
	int r;

	memset(&state, 0, sizeof(state));
	r = describe(peer, &state);
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
	const struct head head = {
		.magic = MAGIC,
		.peer_size = sizeof(struct peer_state),
		.n_peers = g->n_peers,
		.n_sessions = g->n_sessions,
	};
	int r = send_fds(g);

	if (r == 0 && pwrite(g->state, &head, sizeof(head), 0) != sizeof(head))
		r = -EIO;
	if (r < 0)
		return r;
	r = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" NAME_STATE, &g->state, 1);
	return r < 0 ? r : sd_notify_barrier(0, PATIENCE_US);
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

/* Events would be missing: a subscriber is told by the end of its connection. */
static bool can_be_given(const struct peer *peer)
{
	return !peer->surplus && peer->error == 0 && LIST_EMPTY(&peer->subscriptions);
}

void handover_give(struct server *server)
{
	_cleanup_close_ int memory = memfd_create("hycan-handover", MFD_CLOEXEC);
	struct giving g = { .state = memory };
	const struct head room = { 0 };
	struct peer *peer;
	int r = memory < 0 ? -errno : write_all(memory, &room, sizeof(room));

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

/* ------------------------------------------------------------------------------------------------------------- taking */

bool handover_keep(struct handover *handover, const char *name, int fd)
{
	if (strcmp(name, NAME_STATE) == 0) {
		cleanup_close(&handover->state);
		handover->state = fd;
		return true;
	}
	if (strcmp(name, NAME_PEER) != 0)
		return false;
	if (array_grow(&handover->fds, handover->n, sizeof(*handover->fds)) < 0) {
		close(fd);
		return true;
	}
	handover->fds[handover->n] = (struct handover_fd){ .fd = fd };
	(void)place_of(fd, &handover->fds[handover->n++].place);
	return true;
}

void handover_done(struct handover *handover)
{
	for (size_t i = 0; i < handover->n; i++)
		cleanup_close(&handover->fds[i].fd);
	cleanup_free(&handover->fds);
	handover->n = 0;
	cleanup_close(&handover->state);
}

static int compare(const void *a, const void *b)
{
	const struct handover_place *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->device == y->device ? 0 : x->device < y->device ? -1 : 1;
}

/* Another descriptor of that place; the manager keeps one of several that are the same. */
static int find(const struct handover *handover, const struct handover_place *place)
{
	const struct handover_fd *found =
		handover->n ? bsearch(place, handover->fds, handover->n, sizeof(*handover->fds), compare) : NULL;

	return found ? fcntl(found->fd, F_DUPFD_CLOEXEC, 3) : -1;
}

struct reading {
	const uint8_t *p;
	size_t left;
};

static const uint8_t *take(struct reading *r, uint64_t size)
{
	const uint8_t *p = r->p;

	if (size > r->left)
		return NULL;
	r->p += size;
	r->left -= size;
	return p;
}

static void check_session(struct session_record *record)
{
	record->token[sizeof(record->token) - 1] = '\0';
	if (record->lifetime < HYCAN_LIFETIME_PERMANENT || record->lifetime > HYCAN_LIFETIME_LEASE)
		record->lifetime = HYCAN_LIFETIME_PERMANENT;
}

static int restore_fds(const struct handover *handover, struct peer *peer, const struct peer_state *state)
{
	_cleanup_close_ int netns = state->netns.inode ? find(handover, &state->netns) : -1;

	if (state->netns.inode && (netns < 0 || op_scope_open_in(netns, &peer->scope) < 0))
		return -EBADF;
	if (peer->scope)
		session_enter(peer, op_scope_inode(peer->scope), netns);
	for (size_t i = 0; i < state->n_fds; i++) {
		peer->fds[i] = find(handover, &state->fd[i]);
		if (peer->fds[i] < 0)
			return -EBADF;
		peer->fd_position[i] = state->fd_position[i];
		peer->n_fds++;
	}
	return 0;
}

static int restore(const struct handover *handover, struct peer *peer, const struct peer_state *state, const uint8_t *input,
                   const uint8_t *output)
{
	int r = state->hello ? session_resume(peer, &state->session) : 0;

	if (r == 0)
		r = restore_fds(handover, peer, state);
	if (r == 0 && state->input > 0)
		r = buffer_append(&peer->input, input, state->input, (size_t)2 * WIRE_REQUEST_MAX);
	if (r == 0 && state->output > 0)
		r = buffer_append(&peer->output, output, state->output, (size_t)2 * WIRE_ANSWER_MAX);
	peer->position = state->position;
	peer->skip = state->skip;
	peer->lost_position = state->lost_position;
	peer->protocol = state->protocol;
	peer->hello = state->hello;
	peer->eof = state->eof;
	peer->out_of_step = state->out_of_step;
	peer->fds_lost = state->fds_lost;
	memcpy(peer->client, state->client, sizeof(peer->client));
	peer->client[sizeof(peer->client) - 1] = '\0';
	return r;
}

/* One peer. -EBADMSG: nothing behind it can be read. */
static int take_peer(struct server *server, const struct handover *handover, struct reading *reading)
{
	const uint8_t *bytes = take(reading, sizeof(struct peer_state)), *input, *output;
	struct peer_state state;
	struct peer *peer;
	int fd;

	if (!bytes)
		return -EBADMSG;
	memcpy(&state, bytes, sizeof(state));
	check_session(&state.session);
	input = take(reading, state.input);
	output = input ? take(reading, state.output) : NULL;
	if (!output || state.n_fds > WIRE_FDS_MAX || state.protocol > PEER_CLASSIC)
		return -EBADMSG;
	fd = find(handover, &state.socket);
	/* it went meanwhile */
	if (fd < 0 || peer_open(server, fd) < 0)
		return 0;
	peer = TAILQ_LAST(&server->peers, peer_list);
	if (restore(handover, peer, &state, input, output) < 0) {
		peer_close(peer);
		return 0;
	}
	peer_continue(peer);
	return 1;
}

static int take_peers(struct server *server, const struct handover *handover, struct reading *reading, uint64_t *ret_n)
{
	const uint8_t *bytes = take(reading, sizeof(struct head));
	struct head head;
	int r = 0;

	if (!bytes)
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (head.magic != MAGIC || head.peer_size != sizeof(struct peer_state))
		return -EPROTO;
	for (uint64_t i = 0; i < head.n_peers && r >= 0; i++) {
		r = take_peer(server, handover, reading);
		*ret_n += r > 0;
	}
	for (uint64_t i = 0; i < head.n_sessions && r >= 0; i++) {
		struct session_record record;

		bytes = take(reading, sizeof(record));
		if (!bytes)
			return -EBADMSG;
		memcpy(&record, bytes, sizeof(record));
		check_session(&record);
		r = session_restore(server, &record);
	}
	return r < 0 ? r : 0;
}

void handover_take(struct server *server)
{
	struct handover *handover = &server->handover;
	struct reading reading = { 0 };
	struct stat st;
	uint64_t n = 0;
	void *map;
	int r;

	if (handover->state < 0 && handover->n == 0)
		return;
	if (handover->n)
		qsort(handover->fds, handover->n, sizeof(*handover->fds), compare);
	/* from now on they are ours alone: what is done with them must not be done again by a third daemon */
	(void)sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" NAME_STATE);
	(void)sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" NAME_PEER);
	if (handover->state >= 0 && fstat(handover->state, &st) == 0 && st.st_size > 0) {
		reading.left = (size_t)st.st_size;
		map = mmap(NULL, reading.left, PROT_READ, MAP_PRIVATE, handover->state, 0);
		if (map != MAP_FAILED) {
			reading.p = map;
			r = take_peers(server, handover, &reading, &n);
			munmap(map, (size_t)st.st_size);
			if (r < 0)
				log_write(LOG_WARNING, "What a former daemon left cannot be read: %s", strerror(-r));
		}
	}
	log_write(LOG_INFO, "%ju connections of a former daemon go on.", (uintmax_t)n);
	handover_done(handover);
}
