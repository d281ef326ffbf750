/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of sessions, and their end.
 *
 * A session lives as long as its peer, and then as long as it holds anything. Its end is an errand: the ledger says what
 * nobody holds any more, the last thing first, and that is taken away by the row of the schema, slice by slice. One timer
 * rings for the session that is next.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cleanup.h"
#include "giving.h"
#include "job.h"
#include "ledger.h"
#include "log.h"
#include "peer.h"
#include "server.h"
#include "session.h"
#include "session_state.h"
#include "sweep.h"

struct session *session_new(struct server *server, uint64_t subject)
{
	uint8_t token[16];
	struct session *s = calloc(1, sizeof(*s));

	if (!s || getrandom(token, sizeof(token), 0) != sizeof(token)) {
		free(s);
		return NULL;
	}
	/* one number is never used again, not by the next daemon either */
	while (server->last_session == 0)
		if (getrandom(&server->last_session, sizeof(server->last_session), 0) < 0)
			server->last_session = server_now_us();
	s->server = server;
	s->record.id = ++server->last_session;
	s->record.subject = subject;
	for (size_t i = 0; i < sizeof(token); i++)
		sprintf(s->record.token + 2 * i, "%02x", token[i]);
	s->record.lifetime = HYCAN_LIFETIME_PERMANENT;
	s->ends_us = s->leases_us = NEVER;
	LIST_INSERT_HEAD(&server->sessions, s, entry);
	return s;
}

int session_keep(struct session *s)
{
	struct ledger *ledger = s->server->ledger;
	int r = 0;

	if (s->record.grace > 0 || s->record.lifetime == HYCAN_LIFETIME_LEASE) {
		s->is_kept = true;
		r = ledger_keep_session(ledger, s->record.id, &s->record, sizeof(s->record));
	} else if (s->is_kept && ledger_session_count(ledger, s->record.id) == 0) {
		s->is_kept = false;
		ledger_forget_session(ledger, s->record.id);
	} else if (s->is_kept) {
		r = ledger_keep_session(ledger, s->record.id, &s->record, sizeof(s->record));
	}
	return r;
}

/* It is at its end, and not left to another daemon. */
static void forget(struct session *s)
{
	if (s->is_kept && ledger_session_count(s->server->ledger, s->record.id) == 0)
		ledger_forget_session(s->server->ledger, s->record.id);
}

void session_set_replaces(struct session *s, bool replaces)
{
	if (replaces && !s->replaces)
		atomic_fetch_add(&s->server->n_stating, 1);
	if (!replaces && s->replaces)
		atomic_fetch_sub(&s->server->n_stating, 1);
	s->replaces = replaces;
}

static void session_free(struct session *s)
{
	session_set_replaces(s, false);
	losses_end_session(&s->server->losses, s->record.id);
	session_leave_all_netns(s);
	LIST_REMOVE(s, entry);
	explicit_bzero(s->record.token, sizeof(s->record.token));
	free(s);
}

/* --------------------------------------------------------------------------------------------------------- what is next */

/* When one looks again at what somebody is busy with, and whether something may still be given back. */
#define SOON_US  100000u
#define LATER_US 10000000u

/* The timer rings at that time, or before. */
static void ring(struct server *server, uint64_t at_us)
{
	if (at_us >= server->session_rings_us || !server->session_timer)
		return;
	server->session_rings_us = at_us;
	(void)sd_event_source_set_time(server->session_timer, at_us);
	(void)sd_event_source_set_enabled(server->session_timer, SD_EVENT_ONESHOT);
	server->rearm = true;
}

static struct ledger_holder holder_of(const struct session *s)
{
	return (struct ledger_holder){
		.subject = s->record.subject,
		.lifetime = s->record.lifetime,
		.session = s->record.id,
		.seconds = s->record.lifetime == HYCAN_LIFETIME_LEASE ? s->record.seconds : 0,
	};
}

/* What its end could not take away goes on with it. */
static void hold_left(struct session *s)
{
	const struct ledger_holder holder = holder_of(s);
	const uint64_t now_us = server_now_us(), ends_us = now_us + holder.seconds * UINT64_C(1000000);

	ledger_hold_left(s->server->ledger, &holder, now_us);
	if (holder.lifetime == HYCAN_LIFETIME_LEASE && ends_us < s->leases_us)
		s->leases_us = ends_us;
}

static int run(struct errand *errand, struct job *job)
{
	struct session *s = (struct session *)((char *)errand - offsetof(struct session, errand));

	/* who stops the service does not come back to end what has time left */
	if (s->server->only_ends) {
		s->connection_ends = true;
		return sweep_session(s, job, NEVER, "the service was stopped", &s->next_lease_us);
	}
	s->swept_us = server_now_us();
	return sweep_session(s, job, s->swept_us, s->connection_ends ? "the client is gone" : "the lease is over",
	                     &s->next_lease_us);
}

static void done(struct errand *errand)
{
	struct session *s = (struct session *)((char *)errand - offsetof(struct session, errand));

	s->ending = false;
	/* it was adopted meanwhile */
	if (s->peer)
		hold_left(s);
	if (s->next_lease_us <= s->swept_us) {
		/* somebody is busy with a thing of it */
		s->next_lease_us = server_now_us() + SOON_US;
		s->ends_us = s->connection_ends && !s->peer && s->ends_us == NEVER ? s->next_lease_us : s->ends_us;
	}
	if (s->next_lease_us < s->leases_us)
		s->leases_us = s->next_lease_us;
	session_settle(s);
}

/*
 * What is left of it when the daemon is killed meanwhile goes with the next one's start, and not a grace later. Who adopts it until then
 * has it as it was.
 */
static void spend_grace(struct session *s)
{
	const uint32_t grace = s->record.grace;

	if (grace == 0)
		return;
	s->record.grace = 0;
	(void)session_keep(s);
	s->record.grace = grace;
}

bool session_is_adoptable(const struct session *s)
{
	const uint64_t now_us = server_now_us();
	const bool has_grace = s->ends_us != NEVER && s->ends_us > now_us;
	struct giving_look look;

	if (s->peer || ledger_session_count(s->server->ledger, s->record.id) > 0)
		return true;
	giving_look(s->server, s->record.id, s->renewed_us, &look);
	return look.n_held > 0 || (look.any && (has_grace || look.lease_ends_us > now_us));
}

void session_settle(struct session *s)
{
	uint64_t now_us = server_now_us(), next_us = s->ends_us < s->leases_us ? s->ends_us : s->leases_us;

	if (s->server->only_ends)
		next_us = s->ends_us = now_us;
	if (s->ending)
		return;
	if (!session_is_adoptable(s)) {
		forget(s);
		session_free(s);
		return;
	}
	if (next_us > now_us) {
		if (!s->peer && next_us > now_us + LATER_US && ledger_session_count(s->server->ledger, s->record.id) == 0)
			next_us = now_us + LATER_US;
		ring(s->server, next_us);
		return;
	}
	s->ending = true;
	s->connection_ends = s->ends_us <= now_us;
	if (s->connection_ends) {
		s->ends_us = NEVER;
		s->is_over = true;
		spend_grace(s);
	}
	s->leases_us = NEVER;
	s->errand.run = run;
	s->errand.done = done;
	errand_add(s->server, &s->errand);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	struct session *s, *next;

	(void)source;
	(void)usec;
	server->session_rings_us = NEVER;
	for (s = LIST_FIRST(&server->sessions); s; s = next) {
		next = LIST_NEXT(s, entry);
		/* whose leases alone may come back has no time of its own */
		if (!s->peer || s->leases_us != NEVER)
			session_settle(s);
	}
	return 0;
}

int session_open_timer(struct server *server)
{
	int r = sd_event_add_time(server->event, &server->session_timer, CLOCK_MONOTONIC, NEVER, 1000, on_timer, server);

	server->session_rings_us = NEVER;
	return r < 0 ? r : sd_event_source_set_enabled(server->session_timer, SD_EVENT_OFF);
}

/* ------------------------------------------------------------------------------------------------------------- of peers */

int session_begin(struct peer *peer, uint32_t grace)
{
	struct session *s = peer->session ? peer->session : session_new(peer->server, peer->identity.subject);

	if (!s)
		return -ENOMEM;
	s->record.grace = grace;
	s->peer = peer;
	peer->session = s;
	return session_keep(s);
}

/* Its connection is gone: the grace begins. */
void session_detach(struct session *s)
{
	s->peer = NULL;
	session_set_replaces(s, false);
	s->ends_us = server_now_us() + s->record.grace * UINT64_C(1000000);
	session_settle(s);
}

void session_lost(struct peer *peer)
{
	struct session *s = peer->session;

	peer->session = NULL;
	if (s)
		session_detach(s);
}

struct ledger_holder session_holder(const struct peer *peer)
{
	return peer->session ? holder_of(peer->session)
	                     : (struct ledger_holder){ .subject = peer->identity.subject, .lifetime = HYCAN_LIFETIME_PERMANENT };
}

void session_done(struct peer *peer, const struct ledger_holder *holder)
{
	struct session *s = peer->session;
	uint64_t ends_us;

	if (holder->lifetime != HYCAN_LIFETIME_LEASE || !s)
		return;
	ends_us = server_now_us() + holder->seconds * UINT64_C(1000000);
	if (ends_us < s->leases_us)
		s->leases_us = ends_us;
	session_settle(s);
}

void session_end_all(struct server *server)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&server->sessions); s; s = next) {
		next = LIST_NEXT(s, entry);
		if (!s->peer)
			s->ends_us = 0;
		session_settle(s);
	}
	errand_do_all(server);
	while ((s = LIST_FIRST(&server->sessions))) {
		forget(s);
		session_free(s);
	}
}

void session_leave_all(struct server *server)
{
	struct session *s;

	while ((s = LIST_FIRST(&server->sessions)))
		session_free(s);
}

/*
 * A connection that is there, and whose session is another's now, begins anew: where it is, and with the lifetime that it has
 * asked for. Nobody was told a token of it, so it has no grace.
 */
static int begin_anew(struct peer *peer)
{
	struct session *before = peer->session, *s = session_new(peer->server, before->record.subject);
	_cleanup_close_ int netns = -1;
	int r;

	if (!s)
		return -ENOMEM;
	s->record.lifetime = before->record.lifetime;
	s->record.seconds = before->record.seconds;
	s->record.drift = before->record.drift;
	r = session_keep(s);
	if (r < 0) {
		forget(s);
		session_free(s);
		return r;
	}
	s->peer = peer;
	peer->session = s;
	if (peer->scope && session_netns(peer->server, op_scope_inode(peer->scope), &netns) == 0)
		(void)session_enter(peer, op_scope_inode(peer->scope), netns);
	return 0;
}

int session_take_over(struct peer *peer, struct session *s)
{
	struct session *own = peer->session;
	int r = s->peer ? begin_anew(s->peer) : 0;

	if (r < 0)
		return r;
	/* what is not gone yet stays: its end may have begun on a worker */
	if (s->is_over)
		(void)session_keep(s);
	s->connection_ends = false;
	s->is_over = false;
	hold_left(s);
	ledger_adopt(peer->server->ledger, own->record.id, s->record.id);
	losses_adopt(&peer->server->losses, own->record.id, s->record.id);
	s->leases_us = s->leases_us < own->leases_us ? s->leases_us : own->leases_us;
	s->peer = peer;
	peer->session = s;
	own->peer = NULL;
	/* what the connection made, and makes, is there: it stays in its namespace */
	(void)session_enter_all(peer, own);
	/* what was being stated was so by another program, or about less */
	session_set_replaces(s, false);
	s->ends_us = NEVER;
	session_settle(own);
	return 0;
}
