/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a transaction that nobody confirms is taken back.
 *
 * Time and the end of a connection are noticed in the loop, which leaves the work to an errand: one for all of them, which works at
 * whoever's turn it is. One timer rings for the one that is next.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include <systemd/sd-event.h>

#include "cleanup.h"
#include "diary.h"
#include "errand.h"
#include "job.h"
#include "log.h"
#include "namespaces.h"
#include "peer.h"
#include "pending.h"
#include "server.h"
#include "session.h"
#include "subject.h"
#include "undo.h"
#include "waiting.h"

/* Requests of a slice of the errand. */
#define SLICE 32

/* One whose network namespace cannot be come into, but is there, is tried again after so many seconds at the latest. */
#define REST_MAX_S 300u

/* Of those who wait for it there may be many: it is not tried more often than that. */
#define WAKE_US UINT64_C(1000000)

/* Why one is taken back that does not end by itself. */
static const char on_ended[] = "another one that it stands on is";

/* Who made it: whose session it was may go on as another one by now. */
static struct ledger_holder holder_of(const struct pending *p)
{
	struct ledger_holder holder = p->holder;

	holder.session = ledger_adopted_by(p->server->ledger, holder.session);
	return holder;
}

/* Into its network namespace: 0, with none beside the job's own where it is that one. -ENOENT: it is gone; or -errno. */
static int come_there(const struct pending *p, const struct job *job, struct kernel_scope **ret_other)
{
	uint64_t cookie;
	int r = namespaces_find(job->server, p->netns, ret_other);

	if (r == 0 && *ret_other)
		r = op_scope_cookie(*ret_other, &cookie);
	/* it waited while its namespace ended, and another one has got its number */
	return r == 0 && *ret_other && cookie != p->cookie ? -ENOENT : r;
}

/* At most so many requests, the last one first. 0 and how many of them could not be taken back, or -errno where nothing was tried. */
static int take_back(struct pending *p, struct job *job, size_t n, size_t *ret_left)
{
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	const struct undo_cause cause = { .words = p->why,
		                          .subject = p->holder.subject,
		                          .is_told = true,
		                          .since_us = p->began_us,
		                          .until_us = p->ends_us - p->seconds * UINT64_C(1000000) };
	char sentence[UNDO_SENTENCE_SIZE];
	const struct nlmsghdr *frame;
	bool away = false, in_vain = false;
	int r = come_there(p, job, &other);

	if (r < 0)
		return r;
	/* what it was promised is for that, also where nothing else has room any more */
	if (p->is_noted)
		ledger_release(p->server->ledger, p->number);
	/* not in between where something is away for a moment */
	for (size_t i = 0; (i < n || away) && (frame = undo_log_last(&p->undo)); i++) {
		const struct ledger_holder holder = holder_of(p);
		struct kernel_scope *scope = other ? other : job->scope;

		in_vain = away ? in_vain : undo_is_in_vain(job, scope, &holder, &p->undo, &cause);
		away = frame->nlmsg_flags & UNDO_KERNEL;
		r = in_vain && away ? 0 : undo_frame(job, scope, &holder, &p->undo, &cause, &p->patience, sentence);
		if (r != 0 && r != HYCAN_REFUSAL_NOT_FOUND) {
			log_write(LOG_ERR, "A transaction of %s is not taken back in full: %s", subject_say(p->holder.subject).text,
			          *sentence ? sentence : strerror(r < 0 ? -r : EIO));
			++*ret_left;
		}
		undo_log_drop(&p->undo);
		if (r != 0)
			undo_log_drop_owners(&p->undo);
		if (p->is_noted)
			diary_left(p->server->ledger, p->number, p->undo.n);
	}
	return 0;
}

/* Twice as long each time, unless it was woken. */
static uint32_t next_rest(const struct pending *p)
{
	const uint32_t seconds = p->rest_s == 0 ? 1 : p->is_woken ? p->rest_s : 2 * p->rest_s;

	return seconds < REST_MAX_S ? seconds : REST_MAX_S;
}

/* Nobody comes there. Where that passes, it is tried again: told of once. */
static void say_why_not(const struct pending *p, int r)
{
	const bool rests = r != -ENOENT;

	if (!rests || p->rest_s == 0)
		log_write(LOG_ERR, "A transaction of %s cannot be taken back in its network namespace%s: %s",
		          subject_say(p->holder.subject).text, rests ? " now, and is tried again" : "", strerror(-r));
	if (rests)
		log_write(LOG_DEBUG, "Taking back the transaction of %s rests for %u s.", subject_say(p->holder.subject).text,
		          next_rest(p));
}

/* With the lock: until it is tried again. */
static void rest(struct pending *p)
{
	p->rest_s = next_rest(p);
	p->is_woken = false;
	p->tried_us = server_now_us();
	p->rests_us = p->tried_us + p->rest_s * UINT64_C(1000000);
}

void pending_wake(struct pending *p)
{
	const uint64_t at_us = p->tried_us + WAKE_US;

	if (p->works || p->rests_us <= at_us)
		return;
	p->rests_us = at_us;
	p->is_woken = true;
	atomic_store(&p->server->pending_wakes, true);
}

/* With the lock, which is not held meanwhile. Returns how many requests are not taken back. */
static size_t work(struct pending *p, struct job *job, size_t n)
{
	size_t n_left = 0;
	int r;

	p->works = true;
	pthread_mutex_unlock(&pending_lock);
	r = take_back(p, job, n, &n_left);
	if (r < 0) {
		n_left = p->undo.n;
		say_why_not(p, r);
	}
	if (r == -ENOENT)
		undo_log_release(&p->undo);
	pthread_mutex_lock(&pending_lock);
	p->works = false;
	p->rests_us = 0;
	if (r < 0 && r != -ENOENT)
		rest(p);
	pthread_cond_broadcast(&pending_moved);
	return n_left;
}

static void say_why(const struct pending *p)
{
	log_write(LOG_NOTICE, "A transaction of %s is taken back: %s", subject_say(p->holder.subject).text, p->why);
}

/* Whether it stands on one that is taken back. */
static bool stands_on_ended(const struct pending *p)
{
	const struct pending *other;

	TAILQ_FOREACH(other, &p->server->pending, entry)
	if (other->why && p->on[other->slot])
		return true;
	return false;
}

/* What is carried out just now may have found things as they are before this is taken back: unless it turns out to be about others. */
static void begin_end(struct pending *p, const char *why)
{
	struct pending *other;

	p->waits = false;
	p->why = why;
	owing_end(&p->owing, p->server->quotas);
	TAILQ_FOREACH(other, &p->server->pending, entry)
	if (other->works && !other->is_prepared && other->netns == p->netns)
		other->on[p->slot] = true;
}

void pending_end(struct pending *p, const char *why)
{
	begin_end(p, why);
	/* those that came about before others first, since there may be some on these */
	TAILQ_FOREACH_REVERSE(p, &p->server->pending, pending_list, entry)
	if (p->waits && stands_on_ended(p)) {
		begin_end(p, on_ended);
		say_why(p);
	}
}

/* The last one that stands on it. NULL: none does. */
static struct pending *one_on(const struct pending *p)
{
	struct pending *other;

	TAILQ_FOREACH(other, &p->server->pending, entry)
	if (other->on[p->slot] && (other->works || (other->why && other->undo.n > 0)))
		break;
	return other;
}

/* With the lock: the first one that is to be taken back, or is at work, before it can be; itself where it is its turn. */
static struct pending *first_before(struct pending *p)
{
	struct pending *next = p;

	do {
		p = next;
		next = one_on(p);
		if (!next)
			next = pending_turn(p->server, p->holder.subject, p->netns);
	} while (next && next != p && !next->works);
	return next ? next : p;
}

/* Somebody else is at it. */
static bool is_anothers(const struct pending *next, const struct pending *p)
{
	return next && next != p && (next->works || next->is_asked_for);
}

size_t pending_take_back(struct pending *p, const char *why, struct job *job)
{
	const struct timespec until = pending_patience();
	bool is_left = false;
	struct pending *next;
	size_t n_left = 0;

	p->is_asked_for = true;
	pending_end(p, why);
	do {
		next = p->undo.n > 0 ? first_before(p) : NULL;
		/* behind a wait it may be there no more */
		if (is_anothers(next, p))
			is_left = !pending_wait(next, &until);
		else if (next && next->rests_us)
			is_left = true;
		else
			/* its network namespace ended meanwhile, and all that is left with it */
			n_left += next ? work(next, job, SIZE_MAX) : 1;
	} while (next && next != p && !is_left);
	p->is_asked_for = false;
	return is_left ? n_left + p->undo.n : n_left;
}

/* In the loop, with the lock: one ends by itself. */
static void end(struct pending *p, const char *why)
{
	pending_end(p, why);
	say_why(p);
}

/* ------------------------------------------------------------------------------------------------------------ at work */

/* With the lock: one that is to be worked at, and nobody does. */
static struct pending *next_turn(const struct server *server)
{
	const uint64_t now_us = server_now_us();
	struct pending *p;

	TAILQ_FOREACH(p, &server->pending, entry)
	if (p->why && !p->works && !p->is_asked_for && p->rests_us <= now_us && p->undo.n > 0 && first_before(p) == p)
		break;
	return p;
}

/* Takes out of the list what is taken back, and has no earlier one that still is. */
static void take_out(struct server *server, struct pending_list *over)
{
	struct pending *p, *next;

	for (p = TAILQ_FIRST(&server->pending); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (!p->why || p->is_asked_for || pending_turn(server, p->holder.subject, p->netns))
			continue;
		pending_take_out(p);
		TAILQ_INSERT_TAIL(over, p, entry);
	}
}

/*
 * What was put back is held again by whom it was taken from, and a session may be gone since: then it goes once more.
 */
static void finish(struct server *server, struct pending_list *over)
{
	struct pending *p;

	if (TAILQ_EMPTY(over))
		return;
	while ((p = TAILQ_FIRST(over))) {
		const struct ledger_holder holder = holder_of(p);

		TAILQ_REMOVE(over, p, entry);
		pending_free(p);
		if (holder.lifetime != HYCAN_LIFETIME_PERMANENT)
			session_end_again(server, holder.session, holder.subject);
	}
	session_end_given(server);
}

/* In the loop: the timer finds out itself what is next. */
static void ring(struct server *server, uint64_t at_us)
{
	(void)sd_event_source_set_time(server->pending_timer, at_us);
	(void)sd_event_source_set_enabled(server->pending_timer, at_us == NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
	server->rearm = true;
}

static int run(struct errand *errand, struct job *job)
{
	struct pending *p;
	int more = 0;

	(void)errand;
	pthread_mutex_lock(&pending_lock);
	p = next_turn(job->server);
	if (p) {
		(void)work(p, job, SLICE);
		more = p->undo.n > 0 && !p->rests_us;
	}
	pthread_mutex_unlock(&pending_lock);
	return more;
}

/* In the loop: ends those that are taken back, and sees to those that are to be. */
static void serve(struct server *server)
{
	struct pending_list over = TAILQ_HEAD_INITIALIZER(over);
	struct pending *next;

	pthread_mutex_lock(&pending_lock);
	while ((next = next_turn(server)) && server->private)
		(void)work(next, &server->job, SIZE_MAX);
	take_out(server, &over);
	pthread_mutex_unlock(&pending_lock);
	finish(server, &over);
	if (!next || server->takes_back)
		return;
	server->takes_back = true;
	errand_add(server, &server->taking_back);
}

static void done(struct errand *errand)
{
	struct server *server = (struct server *)((char *)errand - offsetof(struct server, taking_back));

	server->takes_back = false;
	serve(server);
	/* some may rest now */
	ring(server, 0);
}

/* ------------------------------------------------------------------------------------------------------------- in time */

/* When one ends by itself, or has rested. Those whose time has come are seen to already. */
static uint64_t next_time(const struct server *server, uint64_t now_us)
{
	uint64_t next_us = NEVER;
	const struct pending *p;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	{
		const uint64_t at_us = p->waits ? p->ends_us : p->works ? 0 : p->rests_us;

		if (at_us > now_us && at_us < next_us)
			next_us = at_us;
	}
	pthread_mutex_unlock(&pending_lock);
	return next_us;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	const uint64_t now_us = server_now_us();
	struct server *server = userdata;
	struct pending *p;

	(void)source;
	(void)usec;
	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	if (p->waits && p->ends_us <= now_us)
		end(p, "nobody confirmed it in time");
	pthread_mutex_unlock(&pending_lock);
	serve(server);
	ring(server, next_time(server, now_us));
	return 0;
}

void pending_awake(struct server *server)
{
	if (atomic_exchange(&server->pending_wakes, false))
		ring(server, 0);
}

int pending_open_timer(struct server *server)
{
	int r = sd_event_add_time(server->event, &server->pending_timer, CLOCK_MONOTONIC, NEVER, 1000, on_timer, server);

	if (r >= 0 && getrandom(server->pending_key, sizeof(server->pending_key), 0) != sizeof(server->pending_key))
		r = -EIO;
	server->taking_back = (struct errand){ .run = run, .done = done };
	return r < 0 ? r : sd_event_source_set_enabled(server->pending_timer, SD_EVENT_OFF);
}

/* Its time begins. */
static void begin(struct job *job, struct pending *p)
{
	pthread_mutex_lock(&pending_lock);
	p->works = false;
	p->waits = true;
	p->ends_us = server_now_us() + p->seconds * UINT64_C(1000000);
	if (p->peer && job->peer->gone)
		end(p, "its connection is gone");
	else if (stands_on_ended(p))
		end(p, on_ended);
	pthread_cond_broadcast(&pending_moved);
	pthread_mutex_unlock(&pending_lock);
	/* it finds out what is next */
	ring(job->server, 0);
}

void pending_settle(struct job *job)
{
	if (job->pending)
		begin(job, job->pending);
	job->pending = NULL;
	if (job->takes_turn) {
		serve(job->server);
		ring(job->server, 0);
	}
	job->takes_turn = false;
}

void pending_lost(struct server *server, const struct peer *peer)
{
	bool any = false;
	struct pending *p;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	if (p->waits && p->peer == peer) {
		end(p, "its connection is gone");
		any = true;
	}
	pthread_mutex_unlock(&pending_lock);
	serve(server);
	if (any)
		ring(server, 0);
}

void pending_end_place(struct server *server, uint64_t netns)
{
	struct pending *p;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	{
		if (p->netns != netns || p->works)
			continue;
		if (p->waits)
			log_write(LOG_NOTICE, "A transaction of %s is gone with its network namespace.",
			          subject_say(p->holder.subject).text);
		undo_log_release(&p->undo);
		/* else a successor would take it back in the one that has that number by then */
		if (p->is_noted)
			ledger_commit(server->ledger, p->number);
		p->is_noted = p->waits = false;
		p->why = "its network namespace is gone";
	}
	pthread_cond_broadcast(&pending_moved);
	pthread_mutex_unlock(&pending_lock);
}

void pending_hurry(struct server *server)
{
	pthread_mutex_lock(&pending_lock);
	server->pending_hurries = true;
	pthread_cond_broadcast(&pending_moved);
	pthread_mutex_unlock(&pending_lock);
}

/* What cannot be taken back now either stays noted: its successor does that. */
static void leave_rest(struct server *server)
{
	struct pending *p;

	while ((p = TAILQ_FIRST(&server->pending))) {
		TAILQ_REMOVE(&server->pending, p, entry);
		p->is_noted = false;
		pending_free(p);
	}
}

void pending_end_all(struct server *server)
{
	struct pending *p;

	pthread_mutex_lock(&pending_lock);
	TAILQ_FOREACH(p, &server->pending, entry)
	{
		if (p->waits)
			pending_end(p, "the daemon ends");
		p->rests_us = 0;
	}
	pthread_mutex_unlock(&pending_lock);
	serve(server);
	errand_do_all(server);
	leave_rest(server);
	server->pending_timer = sd_event_source_disable_unref(server->pending_timer);
}
