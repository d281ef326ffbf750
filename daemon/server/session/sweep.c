/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking away what nobody holds any more.
 *
 * Each object goes by the row of the schema that takes such a thing away, in the namespace that it is in. What fails for
 * want of memory is tried again for a moment. What cannot be taken away even so is in the log, and stays in the ledger, where somebody
 * holds it: of a session that ends it is a lease from then on, and so tried again when that is over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "forwards.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "namespaces.h"
#include "peer.h"
#include "pending.h"
#include "restate.h"
#include "server.h"
#include "session.h"
#include "subject.h"
#include "sweep.h"
#include "table.h"
#include "undo.h"

/* Objects of a slice; it takes as long as some deletions of a link, since links are deleted together. */
#define SLICE 1024u

/* Failures that an answer names. */
#define FAILURES 64u

/* From so many on. */
#define TOGETHER 4u

/* What could not be taken away when its session ended is tried again after so many seconds. */
#define AGAIN_S 300u

/* Scopes of the namespaces in which there is something to do: mostly it is one. */
struct place {
	struct job *job;
	uint64_t inode;
	struct kernel_scope *other; /* of that namespace, opened for this; NULL: the job's own, or that of the request */
	struct kernel_scope *scope;
	struct undo_cause cause;
	unsigned int kind; /* of which alone things are counted; 0: of all */
	uint32_t n_taken;
	struct hycan_object_clear_reply *reply; /* to somebody who wants to know what could not be taken away; or NULL */
	size_t room;                            /* for failures in it */
	const void *by;                         /* whose it is while it is going, */
	uint64_t marked_us;                     /* and since when */
	const struct ledger_holder *stays;      /* holds what could not be taken away; NULL: who holds it does */
	unsigned int patience;
};

static void place_done(struct place *place)
{
	op_scope_free(&place->other);
}

static int go_to(struct place *place, uint64_t inode)
{
	int r;

	if (place->scope && place->inode == inode)
		return 0;
	op_scope_free(&place->other);
	r = namespaces_find(place->job->server, inode, &place->other);
	place->scope = r < 0 ? NULL : place->other ? place->other : place->job->scope;
	place->inode = inode;
	return r;
}

/* It stays: the log says why, and whoever asked hears of it. */
static void note_failure(struct place *place, const struct ledger_key *key, const char *reason)
{
	struct hycan_object_clear_reply *reply = place->reply;
	struct hycan_uncleared *failure;
	char text[sizeof(failure->identity)];

	key_format(key, text, sizeof(text));
	log_write(LOG_ERR, "“%s” could not be taken away, and stays: %s", text, reason);
	if (!reply)
		return;
	reply->failed++;
	if (!reply->failures || reply->n_failures == place->room)
		return;
	failure = (struct hycan_uncleared *)&reply->failures[reply->n_failures++];
	failure->kind = key->kind;
	failure->netns = key->netns;
	snprintf(failure->identity, sizeof(failure->identity), "%s", text);
	snprintf(failure->reason, sizeof(failure->reason), "%s", reason);
}

/* A reason. */
static const char busy[] = "Another request is busy with it.";

/* How many other things are held that the row names which takes this one away: the link of a network. */
static uint32_t count_along(const struct place *place, const struct ledger_key *key)
{
	const struct op_effect *effects, *taking = op_effect_that_takes(key->kind);
	union message request;
	uint32_t held = 0;
	size_t n = 0;

	effects = taking ? op_effects(taking->operation, &n) : NULL;
	if (n < 2 || place->kind || !key_request(key, &request))
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view_of(place->job, &effects[i], &request);
		struct ledger_key along;

		if (v.absent || effects[i].does != OP_TAKES || effects[i].n_parts == 0 || effects[i].kind == key->kind)
			continue;
		key_of(&v, 0, &along);
		along.netns = key->netns;
		held += ledger_is_held(place->job->server->ledger, &along);
	}
	return held;
}

/* Whether it was in a namespace that has ended: what is gone when one comes to another namespace with that number, went with that one. */
static bool is_former(const struct place *place, const struct ledger_key *key)
{
	return place->other && place->inode == key->netns && ledger_has_gone(place->job->server->ledger, key, place->marked_us);
}

static size_t drop_former(const struct place *place, struct ledger_key *keys, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_former(place, &keys[i]))
			keys[left++] = keys[i];
	return left;
}

/* There is no memory, no descriptor or no room in the ledger's file: that passes. */
static bool may_pass(int r)
{
	return r == -ENOMEM || r == -ENOBUFS || r == -EMFILE || r == -ENFILE || r == -ENOSPC;
}

static int try_to_take(struct place *place, const struct ledger_key *key, char sentence[static UNDO_SENTENCE_SIZE])
{
	int r = go_to(place, key->netns);

	sentence[0] = '\0';
	if (r < 0 || is_former(place, key))
		return r;
	return undo_key(place->job, place->scope, key, &place->cause, sentence);
}

static void take(struct place *place, const struct ledger_key *key)
{
	const uint32_t before = count_along(place, key);
	struct ledger *ledger = place->job->server->ledger;
	const uint64_t began_us = server_now_us();
	char sentence[UNDO_SENTENCE_SIZE];
	int r;

	do
		r = try_to_take(place, key, sentence);
	while (may_pass(r) && undo_try_again(r, &place->patience));
	/* a namespace that nothing leads to any more is gone, with all that was in it */
	if (r == -ENOENT)
		ledger_take_former(ledger, key, began_us);
	else if (r != 0)
		note_failure(place, key, *sentence ? sentence : strerror(r < 0 ? -r : 0));
	/* without memory for that it is its user's for good (ledger_cancel()) */
	if (r != 0 && r != -ENOENT && place->stays)
		(void)ledger_hold(ledger, place->stays, server_now_us(), key, 1, place->by, ledger_stamp(ledger));
	place->n_taken += r == 0 || r == -ENOENT;
	if (before)
		place->n_taken += before - count_along(place, key);
}

static void keys_free(struct ledger_key **keys)
{
	free(*keys);
}

/* A link of the namespace that goes with others; what one needed that was a network's goes with it, by the request that deletes it. */
static bool goes_together(const struct place *place, const struct ledger_key *key)
{
	return key->kind == HYCAN_OBJECT_KIND_LINK && key->netns == place->inode && !forwards_with(place->job->server->ledger, key);
}

static bool is_link(const struct place *place, const struct ledger_key *key, const char *name)
{
	struct ledger_key link;

	key_of_name(place->inode, name, &link);
	return key_same(key, &link);
}

/* Deletes the links of one namespace among them together, if it can be; then they are not among them any more. */
static size_t take_links(struct place *place, struct ledger_key *keys, size_t n)
{
	char(*names)[HYCAN_IFNAME_SIZE] = n >= TOGETHER ? calloc(n, sizeof(*names)) : NULL;
	const uint64_t began_us = server_now_us();
	size_t n_links = 0, n_done = 0, left = 0;

	for (size_t i = 0; names && i < n; i++)
		if (goes_together(place, &keys[i]))
			/* one byte says that there is a name */
			memcpy(names[n_links++], keys[i].identity + 1, keys[i].size - 1u);
	if (n_links < TOGETHER || op_scope_delete_links(place->scope, (const char(*)[HYCAN_IFNAME_SIZE])names, n_links) < 0) {
		free(names);
		return n;
	}
	for (size_t i = 0; i < n; i++)
		if (n_done < n_links && is_link(place, &keys[i], names[n_done])) {
			undo_done(place->job, place->scope, &keys[i], &place->cause, server_now_us() - began_us);
			n_done++;
		} else {
			keys[left++] = keys[i];
		}
	free(names);
	place->n_taken += (uint32_t)n_links;
	return left;
}

/* The last thing first, and links behind everything that may be on them. */
static void take_all(struct place *place, struct ledger_key *keys, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (keys[i].kind == HYCAN_OBJECT_KIND_LINK)
			keys[left++] = keys[i];
		else
			take(place, &keys[i]);
	if (left > 0 && go_to(place, keys[0].netns) == 0)
		left = take_links(place, keys, drop_former(place, keys, left));
	for (size_t i = 0; i < left; i++)
		take(place, &keys[i]);
}

int sweep_session(struct session *session, struct job *job, uint64_t now_us, const char *cause, uint64_t *ret_next_us)
{
	const struct ledger_holder leases = {
		.subject = session->record.subject,
		.lifetime = HYCAN_LIFETIME_LEASE,
		.session = session->record.id,
		.seconds = AGAIN_S,
		.is_left = session->is_over,
	};
	_cleanup_(place_done) struct place place = {
		.job = job,
		.cause = { .words = cause, .subject = session->record.subject },
		.by = session,
		.marked_us = server_now_us(),
		/* nobody comes back when the service is stopped */
		.stays = now_us < UINT64_MAX ? &leases : NULL,
		.patience = UNDO_PATIENCE,
	};
	struct ledger *ledger = job->server->ledger;
	_cleanup_(keys_free) struct ledger_key *keys = calloc(SLICE, sizeof(*keys));
	struct ledger_key last;
	size_t n = ledger_session_end(ledger, session->record.id, now_us, &session->connection_ends, session, keys ? keys : &last,
	                              keys ? SLICE : 1, ret_next_us);

	take_all(&place, keys ? keys : &last, n);
	ledger_cancel(ledger, session);
	return n > 0;
}

struct stale {
	struct ledger_key *keys;
	size_t n;
};

static void stale_done(struct stale *stale)
{
	free(stale->keys);
}

static int note(const struct ledger_key *key, void *userdata)
{
	struct stale *stale = userdata;
	int r = array_grow(&stale->keys, stale->n, sizeof(*stale->keys));

	if (r == 0)
		stale->keys[stale->n++] = *key;
	return r;
}

struct sweeping {
	struct place place;
	uint32_t round;
	uint32_t n_released;   /* since others hold them */
	struct restate stated; /* and may go along, */
	bool is_kept;          /* as it was before the first of them went */
};

static void sweeping_done(struct sweeping *s)
{
	restate_end(s->place.job, &s->stated);
}

/* What was asked for, and may go along with something. 0 or -errno. */
static int keep_stated(struct sweeping *s, const struct ledger_key *key)
{
	int r;

	if (s->is_kept || key->kind != HYCAN_OBJECT_KIND_ADDRESS)
		return 0;
	do {
		restate_end(s->place.job, &s->stated);
		r = restate_keep(s->place.job, s->round, &s->stated);
		r = r ? r : restate_note(s->place.job, &s->stated);
	} while (may_pass(r) && undo_try_again(r, &s->place.patience));
	s->is_kept = r == 0;
	return r;
}

/* While it is going nobody else gets it; where it cannot be taken away, it is held as before. */
static int let_go_of_one(const struct ledger_key *key, void *userdata)
{
	struct sweeping *s = userdata;
	struct job *job = s->place.job;
	struct ledger *ledger = job->server->ledger;
	int r;

	s->place.marked_us = server_now_us();
	switch (ledger_let_go_stale(ledger, key, &job->holder, s->round, &s->place)) {
	case LEDGER_MINE:
		r = keep_stated(s, key);
		if (r == 0)
			take(&s->place, key);
		else
			note_failure(&s->place, key, strerror(-r));
		ledger_cancel(ledger, &s->place);
		break;
	case LEDGER_SHARED:
		s->n_released++;
		break;
	case LEDGER_GOING:
		note_failure(&s->place, key, busy);
		break;
	case LEDGER_NOBODYS:
	case LEDGER_OTHERS:
		break;
	}
	return 0;
}

int sweep_stale(struct job *job, unsigned int kind, uint32_t round, const char *cause, struct sweep_count *ret_count)
{
	struct hycan_uncleared first = { 0 };
	struct hycan_object_clear_reply reply = { .failures = &first };
	_cleanup_(sweeping_done) struct sweeping s = {
		.place = {
			.job = job,
			.inode = op_scope_inode(job->op.scope),
			.scope = job->op.scope,
			.cause = { .words = cause, .subject = job->op.subject },
			.kind = kind,
			.reply = &reply,
			.room = 1,
			.patience = UNDO_PATIENCE,
		},
		.round = round,
	};
	int r = ledger_list_stale(job->server->ledger, &job->holder, s.place.inode, kind, round, let_go_of_one, &s);
	uint32_t n_lost;
	int lost = restate_run(job, &s.stated, &n_lost);

	if (r < 0)
		return r;
	*ret_count = (struct sweep_count){ .gone = s.place.n_taken + s.n_released, .failed = reply.failed, .n_lost = n_lost };
	if (lost != 0)
		snprintf(ret_count->lost, sizeof(ret_count->lost), "%s", lost > 0 ? job->op.sentence : strerror(-lost));
	if (lost != 0)
		log_write(LOG_ERR, "%s", ret_count->lost);
	snprintf(ret_count->first, sizeof(ret_count->first), "“%.*s”: %.*s", 120, first.identity, 300, first.reason);
	return 0;
}

struct clearing {
	struct place place;
	const uint64_t *subject; /* NULL: everybody's */
	bool dry;
	struct stale links; /* which go behind everything that may be on them */
};

static void clearing_done(struct clearing *c)
{
	stale_done(&c->links);
	place_done(&c->place);
}

/* Whether it is to be taken away now. */
static bool clears(struct clearing *c, const struct ledger_key *key)
{
	enum ledger_stand stand = ledger_clear(c->place.job->server->ledger, key, c->subject, c->dry, &c->place);

	if (stand == LEDGER_GOING)
		note_failure(&c->place, key, busy);
	c->place.reply->released += stand == LEDGER_SHARED;
	c->place.n_taken += c->dry && stand == LEDGER_MINE;
	return !c->dry && stand == LEDGER_MINE;
}

static int clear_one(const struct ledger_key *key, void *userdata)
{
	struct clearing *c = userdata;

	if (key->kind == HYCAN_OBJECT_KIND_LINK)
		return note(key, &c->links);
	c->place.marked_us = server_now_us();
	if (clears(c, key)) {
		take(&c->place, key);
		ledger_cancel(c->place.job->server->ledger, &c->place);
	}
	return 0;
}

static void clear_links(struct clearing *c)
{
	struct ledger_key *keys = c->links.keys;

	for (size_t at = 0; at < c->links.n;) {
		size_t n = 0, first = at;

		c->place.marked_us = server_now_us();
		for (; at < c->links.n && n < SLICE; at++)
			if (clears(c, &keys[at]))
				keys[first + n++] = keys[at];
		take_all(&c->place, keys + first, n);
		ledger_cancel(c->place.job->server->ledger, &c->place);
	}
}

int sweep_clear(struct op *op, const struct hycan_object_clear_request *request, struct hycan_object_clear_reply *reply)
{
	struct job *job = (struct job *)op;
	const uint64_t subject = request->has_cid ? subject_of_cid(request->cid) : request->has_uid ? request->uid : op->subject;
	_cleanup_(clearing_done) struct clearing c = {
		.place = {
			.job = job,
			.inode = op_scope_inode(op->scope),
			.scope = op->scope,
			.cause = { .words = "object.clear was asked for", .subject = op->subject },
			.kind = request->has_kind ? request->kind : 0,
			.reply = reply,
			.room = FAILURES,
			.patience = UNDO_PATIENCE,
		},
		.subject = request->has_all && request->all && !request->has_uid && !request->has_cid ? NULL : &subject,
		.dry = request->has_dry_run && request->dry_run,
	};
	bool any = false;
	/* a successor goes on with it, and finds what is left */
	int r = c.dry ? 0 : intent_now(job);

	/* what they took away is there again, and goes with the rest */
	if (r == 0 && !c.dry && !c.place.kind)
		r = pending_clear(op, c.subject, &any);
	reply->failures = op->memory(op, FAILURES * sizeof(*reply->failures));
	if (r == 0)
		r = ledger_list_last_first(job->server->ledger, c.subject, c.place.kind, clear_one, &c);
	if (r == 0)
		clear_links(&c);
	if (!c.dry)
		losses_clear(&job->server->losses, c.subject, c.place.kind);
	reply->removed = c.place.n_taken;
	op->unchanged = !c.dry && !any && reply->removed + reply->released == 0;
	return r;
}
