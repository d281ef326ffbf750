/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two queues, and those who rest. */
#include "turn.h"
#include "dispatch.h"
#include "errand.h"
#include "peer.h"

/* Long enough for some eighty short requests, so that what a turn itself costs is not felt. */
#define TURN_US 250

/* Many who rest are not woken at once: the timer looks so often. */
#define REST_US  100000
#define TIMER_US 10000

void turn_woke(struct server *server)
{
	server->busy_since_us = server_now_us();
}

void turn_done(struct server *server)
{
	uint64_t now_us = server_now_us();

	if (now_us - server->busy_since_us > server->longest_turn_us)
		server->longest_turn_us = now_us - server->busy_since_us;
	server->busy_since_us = now_us;
}

void turn_begin(struct server *server)
{
	server->turn_began_us = server_now_us();
}

bool turn_is_over(const struct server *server)
{
	return server_now_us() - server->turn_began_us > TURN_US;
}

void turn_wait(struct peer *peer, bool slow)
{
	peer->is_waiting = true;
	peer->waits_slow = slow;
	peer->server->n_waiting[slow]++;
	TAILQ_INSERT_TAIL(&peer->server->waiting[slow], peer, waiting);
}

void turn_forget(struct peer *peer)
{
	if (!peer->is_waiting)
		return;
	peer->is_waiting = false;
	if (peer->rests_until_us) {
		peer->rests_until_us = 0;
		TAILQ_REMOVE(&peer->server->resting, peer, waiting);
		return;
	}
	peer->server->n_waiting[peer->waits_slow]--;
	TAILQ_REMOVE(&peer->server->waiting[peer->waits_slow], peer, waiting);
}

static void run_timer(struct server *server)
{
	(void)sd_event_source_set_time(server->rest, server_now_us() + TIMER_US);
	(void)sd_event_source_set_enabled(server->rest, SD_EVENT_ONESHOT);
	server->rearm = true;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	uint64_t now_us = server_now_us();
	struct peer *peer;

	(void)source;
	(void)usec;
	while ((peer = TAILQ_FIRST(&server->resting)) && peer->rests_until_us <= now_us) {
		turn_forget(peer);
		turn_wait(peer, false);
	}
	if (peer)
		run_timer(server);
	return 0;
}

int turn_open(struct server *server)
{
	int r = sd_event_add_time(server->event, &server->rest, CLOCK_MONOTONIC, 0, TIMER_US / 2, on_timer, server);

	return r < 0 ? r : sd_event_source_set_enabled(server->rest, SD_EVENT_OFF);
}

void turn_rest(struct peer *peer)
{
	struct server *server = peer->server;

	if (TAILQ_EMPTY(&server->resting))
		run_timer(server);
	peer->is_waiting = true;
	peer->rests_until_us = server_now_us() + REST_US;
	TAILQ_INSERT_TAIL(&server->resting, peer, waiting);
}

static bool can_go_on(const struct server *server, bool slow)
{
	return server->n_waiting[slow] > 0 && dispatch_has_room(server, slow);
}

bool turn_any(const struct server *server)
{
	return can_go_on(server, true) || can_go_on(server, false) || errand_may_go_on(server);
}

static void serve(struct server *server, bool slow)
{
	for (size_t n = server->n_waiting[slow]; n > 0 && can_go_on(server, slow); n--) {
		struct peer *peer = TAILQ_FIRST(&server->waiting[slow]);

		turn_forget(peer);
		peer_continue(peer);
		turn_done(server);
	}
}

void turn_serve(struct server *server)
{
	/* slow requests and errands take turns */
	if (server->errand_waits)
		errand_serve(server);
	/* those who wait for a worker come before those who would just like to go on with a slow operation too */
	serve(server, true);
	server->errand_waits = !TAILQ_EMPTY(&server->errands) && server->n_busy_slow > server->errand_runs;
	errand_serve(server);
	serve(server, false);
}
