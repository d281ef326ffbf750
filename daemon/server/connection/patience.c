/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list, the timer and the sum of memory. */
#include <errno.h>

#include "charge.h"
#include "listeners.h"
#include "log.h"
#include "patience.h"
#include "peer.h"
#include "subject.h"

/* Whoever sends so much of one request is not keeping us waiting, however long the rest takes. */
#define PROGRESS (64u << 10)

/* What a descriptor counts that waits for the rest of its request. */
#define MEMORY_OF_FD 1024u

/* The timer looks so often. */
#define PERIOD_US 1000000

static void drop(struct peer *peer, const char *why)
{
	log_write(LOG_NOTICE, "%s (pid %d) %s: dropped", subject_say(peer->identity.subject).text, peer->identity.pid, why);
	peer_close(peer);
}

static void run_timer(struct server *server)
{
	(void)sd_event_source_set_time(server->patience, server_now_us() + PERIOD_US);
	(void)sd_event_source_set_enabled(server->patience, SD_EVENT_ONESHOT);
	server->rearm = true;
}

/* Whoever subscribed to events may read them when it likes: it is told what it missed. */
static bool may_keep_us_waiting(const struct peer *peer)
{
	return !LIST_EMPTY(&peer->subscriptions) && buffer_used(&peer->input) == 0 && peer->skip == 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	uint64_t now = server_now_us();
	struct peer *peer, *next;

	(void)source;
	(void)usec;
	for (peer = TAILQ_FIRST(&server->slow); peer && now - peer->slow_since_us >= SERVER_PATIENCE_US; peer = next) {
		next = TAILQ_NEXT(peer, slow);
		if (!may_keep_us_waiting(peer))
			drop(peer, buffer_used(&peer->output) ? "does not read its answers" : "sent half a request and no more");
	}
	listeners_resume(server);
	if (!TAILQ_EMPTY(&server->slow))
		run_timer(server);
	return 0;
}

int patience_open(struct server *server)
{
	int r = sd_event_add_time(server->event, &server->patience, CLOCK_MONOTONIC, 0, PERIOD_US / 2, on_timer, server);

	return r < 0 ? r : sd_event_source_set_enabled(server->patience, SD_EVENT_OFF);
}

void patience_set(struct peer *peer, bool slow)
{
	struct server *server = peer->server;

	if (peer->is_slow)
		TAILQ_REMOVE(&server->slow, peer, slow);
	peer->is_slow = slow;
	if (!slow)
		return;
	if (sd_event_source_get_enabled(server->patience, NULL) == 0)
		run_timer(server);
	peer->slow_since_us = server_now_us();
	peer->slow_position = peer->position;
	peer->slow_size = buffer_used(&peer->input);
	TAILQ_INSERT_TAIL(&server->slow, peer, slow);
}

bool patience_has_progress(const struct peer *peer)
{
	return peer->position != peer->slow_position || buffer_used(&peer->input) >= peer->slow_size + PROGRESS;
}

void patience_with_listener(struct server *server)
{
	run_timer(server);
}

/* Of those who keep us waiting, and this one, who has most. */
static struct peer *largest(struct peer *peer)
{
	struct peer *other, *found = peer;

	TAILQ_FOREACH(other, &peer->server->slow, slow)
	if (other->memory > found->memory)
		found = other;
	return found;
}

void patience_count_memory(struct peer *peer)
{
	struct server *server = peer->server;
	struct peer *victim = NULL;

	charge_memory(peer, peer->input.room + peer->output.room + peer->n_fds * MEMORY_OF_FD);
	while (server->memory > SERVER_MEMORY_MAX && victim != peer) {
		victim = largest(peer);
		drop(victim, "has too much of the memory for requests sent in part and answers not read");
	}
}
