/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a transaction that nobody confirms is taken back.
 *
 * Time and the end of a connection are noticed in the loop, which leaves the work to an errand. One timer rings for the
 * one that is next.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <systemd/sd-event.h>

#include "cleanup.h"
#include "diary.h"
#include "job.h"
#include "log.h"
#include "peer.h"
#include "pending.h"
#include "recovery.h"
#include "server.h"
#include "session.h"
#include "subject.h"
#include "undo.h"
#include "waiting.h"

/* Requests of a slice of the errand. */
#define SLICE 32

/* At most so many requests, the last one first. Whether there are more. */
static bool take_back(struct pending *p, struct job *job, size_t n)
{
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	const struct undo_cause cause = { .words = p->why, .subject = p->holder.subject };
	char sentence[UNDO_SENTENCE_SIZE];
	const struct nlmsghdr *frame;
	int r = recovery_scope(job->scope, p->netns, &other);

	if (r < 0) {
		log_write(LOG_ERR, "A transaction of %s cannot be taken back in its network namespace: %s",
		          subject_say(p->holder.subject).text, strerror(-r));
		p->n_left += p->undo.n;
		return false;
	}
	/* what it was promised is for that, also where nothing else has room any more */
	if (p->is_noted)
		ledger_release(p->server->ledger, p->number);
	for (size_t i = 0; i < n && (frame = undo_log_last(&p->undo)); i++) {
		r = undo_frame(job, other ? other : job->scope, &p->holder, frame, &cause, &p->patience, sentence);
		if (r != 0 && r != HYCAN_REFUSAL_NOT_FOUND) {
			log_write(LOG_ERR, "A transaction of %s is not taken back in full: %s", subject_say(p->holder.subject).text,
			          *sentence ? sentence : strerror(r < 0 ? -r : EIO));
			p->n_left++;
		}
		undo_log_drop(&p->undo);
		if (p->is_noted)
			diary_left(p->server->ledger, p->number, p->undo.n);
	}
	return undo_log_last(&p->undo);
}

/*
 * In the loop: one and those behind it are taken back. What was put back is held again by whom it was taken from, and a session may be
 * gone since: then it goes once more.
 */
static void over(struct pending *p)
{
	while (p) {
		struct pending *then = p->then;

		if (p->holder.lifetime != HYCAN_LIFETIME_PERMANENT)
			session_end_again(p->server, p->holder.session, p->holder.subject);
		if (!then)
			session_end_given(p->server);
		pending_free(p);
		p = then;
	}
}

void pending_adopt(struct server *server, uint64_t from, uint64_t to)
{
	struct pending *p;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	if (p->holder.session == from)
		p->holder.session = to;
	pthread_mutex_unlock(&pending_lock);
}

void pending_take_back(struct pending *first, struct job *job)
{
	for (struct pending *p = first; p; p = p->then)
		while (take_back(p, job, SLICE))
			;
}

static struct pending *of_errand(struct errand *errand)
{
	return (struct pending *)((char *)errand - offsetof(struct pending, errand));
}

static int run(struct errand *errand, struct job *job)
{
	struct pending *p = of_errand(errand);

	while (p->then && !undo_log_last(&p->undo))
		p = p->then;
	return take_back(p, job, SLICE) || p->then;
}

static void done(struct errand *errand)
{
	over(of_errand(errand));
}

/* In the loop. */
static void end(struct server *server, struct pending *first)
{
	if (!first)
		return;
	log_write(LOG_NOTICE, "A transaction of %s is taken back: %s", subject_say(first->holder.subject).text, first->why);
	if (server->private) {
		pending_take_back(first, &server->job);
		over(first);
		return;
	}
	first->errand.run = run;
	first->errand.done = done;
	errand_add(server, &first->errand);
}

/* ------------------------------------------------------------------------------------------------------------- in time */

static void ring(struct server *server, uint64_t at_us)
{
	(void)sd_event_source_set_time(server->pending_timer, at_us);
	(void)sd_event_source_set_enabled(server->pending_timer, at_us == NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
	server->rearm = true;
}

/* One whose time is over, with all that goes before it; NULL: ret_next_us is when that will be. */
static struct pending *take_due(struct server *server, uint64_t now_us, uint64_t *ret_next_us)
{
	struct pending *p, *first = NULL;

	*ret_next_us = NEVER;
	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	{
		if (p->ends_us <= now_us)
			break;
		if (p->ends_us < *ret_next_us)
			*ret_next_us = p->ends_us;
	}
	if (p) {
		p->why = "nobody confirmed it in time";
		first = pending_take_out(p);
	}
	pthread_mutex_unlock(&pending_lock);
	return first;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	struct pending *first;
	uint64_t next_us;

	(void)source;
	(void)usec;
	while ((first = take_due(server, server_now_us(), &next_us)))
		end(server, first);
	ring(server, next_us);
	return 0;
}

int pending_open_timer(struct server *server)
{
	int r = sd_event_add_time(server->event, &server->pending_timer, CLOCK_MONOTONIC, NEVER, 1000, on_timer, server);

	return r < 0 ? r : sd_event_source_set_enabled(server->pending_timer, SD_EVENT_OFF);
}

/* Its time begins. */
static void begin(struct job *job, struct pending *p)
{
	struct pending *first = NULL;

	pthread_mutex_lock(&pending_lock);
	p->waits = true;
	p->ends_us = server_now_us() + p->seconds * UINT64_C(1000000);
	if (p->peer && job->peer->gone) {
		p->why = "its connection is gone";
		first = pending_take_out(p);
	}
	pthread_mutex_unlock(&pending_lock);
	end(job->server, first);
	/* it finds out what is next */
	ring(job->server, 0);
}

void pending_settle(struct job *job)
{
	if (job->pending)
		begin(job, job->pending);
	over(job->taken_back);
	job->pending = job->taken_back = NULL;
}

void pending_lost(struct server *server, const struct peer *peer)
{
	struct pending *p, *first;

	do {
		first = NULL;
		pthread_mutex_lock(&pending_lock);
		TAILQ_FOREACH(p, &server->pending, entry)
		if (p->waits && p->peer == peer)
			break;
		if (p) {
			p->why = "its connection is gone";
			first = pending_take_out(p);
		}
		pthread_mutex_unlock(&pending_lock);
		end(server, first);
	} while (first);
}

void pending_end_all(struct server *server)
{
	struct pending *p;

	/* those that are being taken back go first */
	errand_do_all(server);
	while ((p = TAILQ_FIRST(&server->pending))) {
		TAILQ_REMOVE(&server->pending, p, entry);
		p->why = "the daemon ends";
		pending_take_back(p, &server->job);
		over(p);
	}
	server->pending_timer = sd_event_source_disable_unref(server->pending_timer);
}
