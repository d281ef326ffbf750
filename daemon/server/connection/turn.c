/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues, and those who rest. */
#include "turn.h"
#include "dispatch.h"
#include "errand.h"
#include "peer.h"
#include "processor.h"
#include "workers.h"

/* Long enough for a dozen short requests, so that what a turn itself costs is little felt. */
#define TURN_US 50

/* So long the loop runs before it lets others have the processor; and after so long without it, they had. */
#define STRETCH_US 100
#define SLEEP_US   10

/* Many who rest are not woken at once: the timer looks so often. */
#define REST_US  100000
#define TIMER_US 10000

/* What the user has had in this round. */
static uint64_t used(const struct server *server, const struct quota_user *user)
{
	return user->round == server->round ? user->used_us : 0;
}

void turn_woke(struct server *server)
{
	server->busy_since_us = server->clock_us = server_now_us();
	/* whoever waits has not had its part of this one */
	if (server->line[TURN_ANOTHER].n_users == 0)
		server->round++;
}

void turn_done(struct server *server)
{
	struct quota_user *user = server->whose_turn;
	uint64_t now_us = server_now_us(), took_us = now_us - server->busy_since_us;

	if (took_us > server->longest_turn_us)
		server->longest_turn_us = took_us;
	if (user) {
		user->used_us = used(server, user) + took_us;
		user->round = server->round;
	}
	server->whose_turn = NULL;
	server->busy_since_us = server->clock_us = now_us;
}

void turn_slept(struct server *server, uint64_t since_us)
{
	if (server->busy_since_us - since_us > SLEEP_US)
		server->alone_since_us = server->busy_since_us;
}

void turn_share(struct server *server)
{
	if (!server->shares || server->busy_since_us - server->alone_since_us < STRETCH_US)
		return;
	processor_yield();
	server->alone_since_us = server->busy_since_us = server->clock_us = server_now_us();
}

static struct quota_user *user_of(struct peer *peer)
{
	return peer->user ? peer->user : &peer->server->nobody;
}

bool turn_is_over(struct peer *peer)
{
	struct server *server = peer->server;

	server->clock_us = server_now_us();
	return server->clock_us - server->busy_since_us > TURN_US;
}

void turn_end(struct peer *peer)
{
	peer->server->whose_turn = user_of(peer);
}

void turn_gone(struct peer *peer)
{
	turn_forget(peer);
	/* nobody is left of that user, and nobody to wait for its sake */
	if (peer->user && peer->user->n_refs == 1 && peer->server->whose_turn == peer->user)
		peer->server->whose_turn = NULL;
}

bool turn_was_had(struct peer *peer)
{
	const struct quota_user *user = user_of(peer);

	return !TAILQ_EMPTY(&user->waiting[TURN_ANOTHER]) || used(peer->server, user) > TURN_US;
}

/* With whom it stands in line. Those who wait for their own are all looked at, in the order in which they came. */
static struct quota_user *stands_with(struct peer *peer, enum turn_queue queue)
{
	return queue == TURN_OWN ? &peer->server->nobody : user_of(peer);
}

void turn_wait(struct peer *peer, enum turn_queue queue)
{
	struct turn_line *line = &peer->server->line[queue];
	struct quota_user *user = stands_with(peer, queue);

	peer->is_waiting = true;
	peer->queue = queue;
	line->n_peers++;
	if (TAILQ_EMPTY(&user->waiting[queue])) {
		TAILQ_INSERT_TAIL(&line->users, user, turn[queue]);
		line->n_users++;
	}
	TAILQ_INSERT_TAIL(&user->waiting[queue], peer, waiting);
}

void turn_forget(struct peer *peer)
{
	struct server *server = peer->server;
	const enum turn_queue queue = peer->queue;
	struct turn_line *line = &server->line[queue];
	struct quota_user *user = stands_with(peer, queue);

	if (!peer->is_waiting)
		return;
	peer->is_waiting = false;
	if (peer->rests_until_us) {
		peer->rests_until_us = 0;
		TAILQ_REMOVE(&server->resting, peer, waiting);
		return;
	}
	line->n_peers--;
	TAILQ_REMOVE(&user->waiting[queue], peer, waiting);
	if (TAILQ_EMPTY(&user->waiting[queue])) {
		TAILQ_REMOVE(&line->users, user, turn[queue]);
		line->n_users--;
	}
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
		turn_wait(peer, TURN_ANOTHER);
	}
	if (peer)
		run_timer(server);
	return 0;
}

void turn_init(struct server *server)
{
	_Static_assert(N_TURN_QUEUES == QUOTA_QUEUES, "a user has a queue for each line");

	for (size_t queue = 0; queue < N_TURN_QUEUES; queue++)
		TAILQ_INIT(&server->line[queue].users);
	quota_user_init(&server->nobody);
	TAILQ_INIT(&server->resting);
}

int turn_open(struct server *server)
{
	int r = sd_event_add_time(server->event, &server->rest, CLOCK_MONOTONIC, 0, TIMER_US / 2, on_timer, server);

	server->shares = processor_slice(STRETCH_US);
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

/* Whether somebody waits for a worker, and there is one. */
static bool can_go_on(const struct server *server, enum turn_queue queue)
{
	if (server->line[queue].n_peers == 0)
		return false;
	if (queue == TURN_OWN)
		return server->n_own_due > 0;
	if (queue == TURN_PROGRAM && workers_lack_stand_in(server))
		return false;
	return dispatch_has_room(server, queue != TURN_WORKER);
}

bool turn_any(const struct server *server)
{
	return server->line[TURN_ANOTHER].n_users > 0 || can_go_on(server, TURN_WORKER_SLOW) || can_go_on(server, TURN_WORKER) ||
	       can_go_on(server, TURN_PROGRAM) || can_go_on(server, TURN_OWN) || errand_may_go_on(server);
}

/* The user whose turn it is, who stands behind the others from now on; NULL: nobody waits. */
static struct quota_user *next_user(struct server *server, enum turn_queue queue)
{
	struct turn_line *line = &server->line[queue];
	struct quota_user *user = TAILQ_FIRST(&line->users);

	if (!user)
		return NULL;
	TAILQ_REMOVE(&line->users, user, turn[queue]);
	TAILQ_INSERT_TAIL(&line->users, user, turn[queue]);
	return user;
}

static void go_on(struct server *server, struct peer *peer)
{
	turn_forget(peer);
	peer_continue(peer);
	turn_done(server);
	workers_finish(server);
}

static void serve_worker(struct server *server, enum turn_queue queue)
{
	struct peer *peer;

	if (!can_go_on(server, queue))
		return;
	peer = TAILQ_FIRST(&next_user(server, queue)->waiting[queue]);
	server->called = peer;
	go_on(server, peer);
	server->called = NULL;
}

/* What it waits for may be over: then it waits for a worker like others. */
static void serve_own(struct server *server)
{
	if (!can_go_on(server, TURN_OWN))
		return;
	server->n_own_due--;
	go_on(server, TAILQ_FIRST(&server->nobody.waiting[TURN_OWN]));
}

/* One user, until it had its part of the round; it may be gone with its last peer. */
static void serve_user(struct server *server)
{
	struct turn_line *line = &server->line[TURN_ANOTHER];
	struct quota_user *user = next_user(server, TURN_ANOTHER);

	if (!user)
		return;
	if (server->n_in_round == 0 || server->n_in_round > line->n_users) {
		server->round++;
		server->n_in_round = line->n_users;
	}
	server->n_in_round--;
	for (size_t n = line->n_peers; n > 0 && TAILQ_LAST(&line->users, user_list) == user && used(server, user) <= TURN_US; n--)
		go_on(server, TAILQ_FIRST(&user->waiting[TURN_ANOTHER]));
}

void turn_serve(struct server *server)
{
	serve_own(server);
	/* slow requests and errands take turns */
	if (server->errand_waits)
		errand_serve(server);
	/* those who wait for a worker come before those who would just like to go on with a slow operation too */
	serve_worker(server, TURN_PROGRAM);
	serve_worker(server, TURN_WORKER_SLOW);
	server->errand_waits = !TAILQ_EMPTY(&server->errands) && server->n_busy_slow > server->errand_runs;
	errand_serve(server);
	serve_worker(server, TURN_WORKER);
	serve_user(server);
}
