/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection: what its socket is watched for, its turns, its end.
 *
 * Requests come in by input.c. Answers are collected while a peer has its turn and sent together (output.c). A peer
 * whose answers are not taken gets no further requests carried out; a peer that keeps us waiting is dropped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arrival.h"
#include "charge.h"
#include "cleanup.h"
#include "input.h"
#include "listeners.h"
#include "log.h"
#include "observer.h"
#include "op.h"
#include "output.h"
#include "patience.h"
#include "peer.h"
#include "pending.h"
#include "server.h"
#include "session.h"
#include "subscribe.h"
#include "turn.h"

static void watch(struct peer *peer, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = peer };
	/* a hang-up is reported even when nothing is watched for, and would keep the loop busy */
	int operation = !events ? EPOLL_CTL_DEL : peer->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (peer->events == events)
		return;
	if (epoll_ctl(peer->server->epoll, operation, peer->fd, &event) == 0)
		peer->events = events;
}

/* Watches what matters now, and notes whether the peer keeps us waiting. */
static void update(struct peer *peer)
{
	bool unsent = buffer_used(&peer->output) > 0;
	bool half = (buffer_used(&peer->input) > 0 || peer->skip > 0) && !peer->job && !peer->is_waiting && !output_is_high(peer);
	bool reads = !peer->eof && !peer->job && !peer->is_waiting && !output_is_high(peer);

	watch(peer, (reads ? EPOLLIN : 0u) | (unsent ? EPOLLOUT : 0u));
	if ((unsent || half) != peer->is_slow || (half && patience_has_progress(peer)))
		patience_set(peer, unsent || half);
}

static void release(struct peer *peer)
{
	pending_lost(peer->server, peer);
	session_lost(peer);
	identity_done(&peer->identity);
	observer_unguard(peer->server->observer, &peer->guard);
	op_scope_free(&peer->scope);
	free(peer);
}

void peer_close(struct peer *peer)
{
	struct server *server = peer->server;

	patience_set(peer, false);
	turn_gone(peer);
	subscribe_forget(peer);
	/* closing the socket takes it out of the epoll set, but not out of what was read from it already */
	for (int i = 0; i < server->n_ready; i++)
		if (server->ready[i].data.ptr == peer)
			server->ready[i].data.ptr = NULL;
	cleanup_close(&peer->fd);
	arrival_close(peer, UINT64_MAX);
	charge_memory(peer, 0);
	charge_peer_gone(peer);
	buffer_release(&peer->input);
	buffer_release(&peer->output);
	TAILQ_REMOVE(&server->peers, peer, entry);
	server->n_peers--;
	listeners_resume(server);
	peer->gone = true;
	if (!peer->job)
		release(peer);
	if (server->private) {
		(void)sd_event_exit(server->event, 0);
		server->rearm = true;
	}
}

/* Events come behind the answers, as long as the peer reads. */
static int send_events(struct peer *peer)
{
	struct buffer events;
	int r = 0;

	while (r == 0 && subscribe_next(peer, &events)) {
		r = output_send(peer, &events);
		buffer_release(&events);
	}
	return r;
}

/* The turn of a peer ends: its answers are sent, and what is next is decided. */
static void end_turn(struct peer *peer, int r)
{
	struct buffer *output = &peer->server->output;

	if (r == 0)
		r = peer->error;
	if (r == 0)
		r = output_send(peer, output);
	buffer_consume(output, buffer_used(output), OUTPUT_KEEP);
	if (r == 0 && !LIST_EMPTY(&peer->subscriptions))
		r = send_events(peer);
	turn_end(peer);
	if (r < 0 || (peer->eof && !peer->job && !peer->is_waiting && buffer_used(&peer->output) == 0)) {
		peer_close(peer);
		return;
	}
	update(peer);
	patience_count_memory(peer);
}

void peer_deliver(struct peer *peer)
{
	end_turn(peer, 0);
}

void peer_continue(struct peer *peer)
{
	int r = output_flush(peer);
	bool unread = peer->unread && !peer->is_waiting;

	peer->unread = peer->unread && !unread;
	if (r == 0 && unread)
		r = input_receive(peer);
	if (r == 0 && !output_is_high(peer))
		input_consume(peer);
	end_turn(peer, r);
}

void peer_job_done(struct peer *peer, struct job *job)
{
	int r;

	peer->job = NULL;
	if (peer->gone) {
		buffer_release(job->output);
		release(peer);
		return;
	}
	if (peer->protocol == PEER_CLASSIC)
		peer->eof = true;
	r = output_send(peer, job->output);
	/* what it wants next comes behind what others have waited for */
	if (r == 0 && buffer_used(&peer->input) > 0)
		turn_wait(peer, TURN_ANOTHER);
	end_turn(peer, r);
}

void peer_ready(struct peer *peer, uint32_t revents)
{
	int r = 0;

	if (revents & EPOLLOUT) {
		peer_continue(peer);
		return;
	}
	if (peer->events & EPOLLIN && turn_was_had(peer)) {
		peer->unread = true;
		turn_wait(peer, TURN_ANOTHER);
		update(peer);
		return;
	}
	if (peer->events & EPOLLIN)
		r = input_receive(peer);
	else if (revents & (EPOLLHUP | EPOLLERR))
		r = -EPIPE;
	if (r == 0 && buffer_used(&peer->input) > 0)
		input_consume(peer);
	end_turn(peer, r);
}

int peer_open(struct server *server, int fd)
{
	struct peer *peer;
	int r;

	peer = calloc(1, sizeof(*peer));
	if (!peer) {
		close(fd);
		return -ENOMEM;
	}
	peer->server = server;
	peer->fd = fd;
	r = identity_from_socket(fd, &peer->identity);
	if (r == 0)
		r = charge_peer(peer);
	if (r == 0)
		watch(peer, EPOLLIN);
	if (r == 0 && !peer->events)
		r = -ENOSPC;
	/* which quota it is, the log has been told */
	if (r < 0 && r != -EUSERS)
		log_write(LOG_WARNING, "A client was not served: %s", strerror(-r));
	if (r < 0) {
		close(fd);
		charge_peer_gone(peer);
		release(peer);
		return r;
	}
	TAILQ_INSERT_TAIL(&server->peers, peer, entry);
	server->n_peers++;
	if (peer->surplus)
		patience_set(peer, true);
	return 0;
}
