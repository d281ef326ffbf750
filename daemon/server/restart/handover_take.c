/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a former daemon left with the service manager, taken again.
 *
 * Who a peer is the kernel says of the socket itself, as when it came. What was passed is from a daemon of ours, and yet
 * read as a stranger's: a connection whose state cannot be read is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "array.h"
#include "cleanup.h"
#include "handover_state.h"
#include "log.h"
#include "namespaces.h"
#include "op.h"
#include "server.h"
#include "subscribe.h"

/* Of what was left: requests of those who go on already may look for a namespace until it is done. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool handover_keep(struct handover *handover, const char *name, int fd)
{
	if (strcmp(name, HANDOVER_STATE) == 0) {
		cleanup_close(&handover->state);
		handover->state = fd;
		return true;
	}
	if (strcmp(name, HANDOVER_PEER) != 0)
		return false;
	if (array_grow(&handover->fds, handover->n, sizeof(*handover->fds)) < 0) {
		close(fd);
		return true;
	}
	handover->fds[handover->n] = (struct handover_fd){ .fd = fd };
	(void)handover_place(fd, &handover->fds[handover->n++].place);
	return true;
}

void handover_done(struct handover *handover)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < handover->n; i++)
		cleanup_close(&handover->fds[i].fd);
	cleanup_free(&handover->fds);
	handover->n = 0;
	pthread_mutex_unlock(&lock);
	cleanup_close(&handover->state);
}

static int compare(const void *a, const void *b)
{
	const struct handover_place *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->device == y->device ? 0 : x->device < y->device ? -1 : 1;
}

void handover_kept(struct handover *handover)
{
	if (handover->n)
		qsort(handover->fds, handover->n, sizeof(*handover->fds), compare);
}

/* Another descriptor of that place, or -errno; the manager keeps one of several that are the same. */
static int find(const struct handover *handover, const struct handover_place *place)
{
	const struct handover_fd *found =
		handover->n ? bsearch(place, handover->fds, handover->n, sizeof(*handover->fds), compare) : NULL;
	int fd = found ? fcntl(found->fd, F_DUPFD_CLOEXEC, 3) : -1;

	return fd >= 0 ? fd : found ? -errno : -ENOENT;
}

int handover_netns(const struct handover *handover, uint64_t inode, int *ret_netns)
{
	struct stat own;
	int fd;

	if (stat("/proc/self/ns/net", &own) < 0)
		return -errno;
	pthread_mutex_lock(&lock);
	/* namespaces are all in one place */
	fd = find(handover, &(struct handover_place){ .device = own.st_dev, .inode = inode });
	pthread_mutex_unlock(&lock);
	if (fd < 0)
		return fd;
	*ret_netns = fd;
	return 0;
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

static int restore_fds(const struct handover *handover, struct peer *peer, const struct handover_peer *state)
{
	_cleanup_close_ int netns = state->netns.inode ? find(handover, &state->netns) : -1;

	if (state->netns.inode && (netns < 0 || op_scope_open_in(netns, &peer->scope) < 0))
		return -EBADF;
	if (peer->scope && namespaces_enter(peer->server, peer->scope) == 0) {
		(void)session_enter(peer, op_scope_inode(peer->scope), netns);
		namespaces_leave(peer->server, op_scope_inode(peer->scope));
	}
	for (size_t i = 0; i < state->n_fds; i++) {
		peer->fds[i] = find(handover, &state->fd[i]);
		if (peer->fds[i] < 0)
			return -EBADF;
		peer->fd_position[i] = state->fd_position[i];
		peer->n_fds++;
	}
	return 0;
}

/* What stands behind a peer's state. */
struct behind {
	const uint8_t *input;
	const uint8_t *output;
	const struct statements *statements; /* of all */
};

static int restore(const struct handover *handover, struct peer *peer, const struct handover_peer *state,
                   const struct behind *behind)
{
	int r = state->hello ? session_resume(peer, &state->session) : 0;

	if (r == 0 && state->hello)
		statement_resume(peer->session, behind->statements, &state->statement);
	if (r == 0)
		r = restore_fds(handover, peer, state);
	if (r == 0 && state->input > 0)
		r = buffer_append(&peer->input, behind->input, state->input, (size_t)2 * WIRE_REQUEST_MAX);
	if (r == 0 && state->output > 0)
		r = buffer_append(&peer->output, behind->output, state->output, (size_t)2 * WIRE_ANSWER_MAX);
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
	return r < 0 ? r : subscribe_resume(peer, state->subscription, state->n_subscriptions);
}

/* One peer. -EBADMSG: nothing behind it can be read. */
static int take_peer(struct server *server, const struct handover *handover, struct reading *reading,
                     const struct statements *statements)
{
	const uint8_t *bytes = take(reading, sizeof(struct handover_peer));
	struct behind behind = { .statements = statements };
	struct handover_peer state;
	struct peer *peer;
	int fd;

	if (!bytes)
		return -EBADMSG;
	memcpy(&state, bytes, sizeof(state));
	session_check(&state.session);
	behind.input = take(reading, state.input);
	behind.output = behind.input ? take(reading, state.output) : NULL;
	if (!behind.output || state.n_fds > WIRE_FDS_MAX || state.protocol > PEER_CLASSIC ||
	    state.n_subscriptions > SUBSCRIPTIONS_PER_PEER)
		return -EBADMSG;
	fd = find(handover, &state.socket);
	/* it went meanwhile */
	if (fd < 0 || peer_open(server, fd) < 0)
		return 0;
	peer = TAILQ_LAST(&server->peers, peer_list);
	if (restore(handover, peer, &state, &behind) < 0) {
		peer_close(peer);
		return 0;
	}
	peer_continue(peer);
	return 1;
}

static int take_peers(struct server *server, const struct handover *handover, struct reading *reading, uint64_t *ret_n)
{
	const uint8_t *bytes = take(reading, sizeof(struct handover_head));
	struct handover_head head;
	int r = 0;

	if (!bytes)
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (head.magic != HANDOVER_MAGIC || head.peer_size != sizeof(struct handover_peer))
		return -EPROTO;
	bytes = take(reading, head.statements.size);
	if (!bytes)
		return -EBADMSG;
	r = statement_resume_all(server->ledger, &head.statements, bytes);
	for (uint64_t i = 0; i < head.n_peers && r >= 0; i++) {
		r = take_peer(server, handover, reading, &head.statements);
		*ret_n += r > 0;
	}
	for (uint64_t i = 0; i < head.n_sessions && r >= 0; i++) {
		struct session_record record;

		bytes = take(reading, sizeof(record));
		if (!bytes)
			return -EBADMSG;
		memcpy(&record, bytes, sizeof(record));
		session_check(&record);
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
	/* from now on they are ours alone: what is done with them must not be done again by a third daemon */
	(void)sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" HANDOVER_STATE);
	(void)sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" HANDOVER_PEER);
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
	/* the policy may be another one */
	subscribe_review(server);
	log_write(LOG_INFO, "%ju connections of a former daemon go on.", (uintmax_t)n);
	handover_done(handover);
}
