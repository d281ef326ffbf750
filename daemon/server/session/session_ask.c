/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operations ask of sessions: session.lifetime, session.adopt and session.renew, and the marking of object.replace_begin. */
#include <string.h>

#include "job.h"
#include "ledger.h"
#include "peer.h"
#include "server.h"
#include "session.h"
#include "session_state.h"
#include "subject.h"
#include "sweep.h"

static struct peer *peer_of(struct op *op)
{
	return ((struct job *)op)->peer;
}

int session_lifetime(struct op *op, const struct hycan_session_lifetime_request *request)
{
	struct session_record *record = &peer_of(op)->session->record;
	const struct session_record before = *record;
	int r;

	if (request->lifetime == HYCAN_LIFETIME_LEASE && peer_of(op)->server->private)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "lifetime",
		                 "This daemon is private to its program and ends with it, so nobody would end a lease: start the "
		                 "service (systemctl start hycan-daemon).");
	record->lifetime = request->lifetime;
	record->seconds = request->has_seconds ? request->seconds : 0;
	if (request->has_grace)
		record->grace = request->grace;
	if (request->has_drift)
		record->drift = request->drift;
	r = session_keep(peer_of(op)->session);
	/* who is told that it failed must not hold anything for another time than before */
	if (r < 0)
		*record = before;
	((struct job *)op)->intent.no_room = r < 0;
	return r;
}

static struct session *find(struct server *server, uint64_t subject, const char *token)
{
	struct session *s;

	LIST_FOREACH(s, &server->sessions, entry)
	if (s->record.subject == subject && strcmp(s->record.token, token) == 0)
		break;
	return s;
}

static int refuse_token(struct op *op)
{
	return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "token",
	                 "There is no session of %s with this token: it was another user's, or it ended with its grace and its "
	                 "leases.",
	                 subject_say(op->subject).text);
}

int session_adopt(struct op *op, const char *token, uint32_t *ret_objects)
{
	struct peer *peer = peer_of(op);
	struct session *s = find(peer->server, op->subject, token);
	int r;

	/* one that holds nothing is over, and only waits for its errand */
	if (!s || !session_is_adoptable(s))
		return refuse_token(op);
	if (s->peer && s->peer->job)
		return op_refuse(op, HYCAN_REFUSAL_BUSY, "token", "A request of that connection is being carried out: try again.");
	r = s != peer->session ? session_take_over(peer, s) : 0;
	if (r < 0)
		return r;
	*ret_objects = (uint32_t)ledger_session_count(peer->server->ledger, s->record.id);
	return 0;
}

int session_renew(struct op *op, const char *token)
{
	struct peer *peer = peer_of(op);
	struct session *s = token ? find(peer->server, op->subject, token) : peer->session;

	if (!s)
		return refuse_token(op);
	/* also those that it does not hold just now, and may be given back */
	s->renewed_us = server_now_us();
	ledger_renew(peer->server->ledger, s->record.id, s->renewed_us);
	return 0;
}

int session_replace_begin(struct op *op, const struct hycan_object_replace_begin_request *request)
{
	struct session *s = peer_of(op)->session;

	session_set_replaces(s, true);
	s->replaces_since_us = server_now_us();
	s->kind = request->has_kind ? request->kind : 0;
	s->round = ledger_round(peer_of(op)->server->ledger);
	return 0;
}

int session_replace_end(struct op *op, uint32_t *ret_removed)
{
	struct job *job = (struct job *)op;
	struct session *s = job->peer->session;
	struct sweep_count count;
	int r;

	if (!s->replaces)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, NULL, "Nothing was begun: ask for object.replace_begin first.");
	r = sweep_stale(job, s->kind, s->round, "it was not asked for again before object.replace_end", &count);
	if (r < 0)
		return r;
	/* what stays is held, and goes when it is asked for once more */
	if (count.failed)
		return op_refuse(
			op, HYCAN_REFUSAL_KERNEL, NULL,
			"%u things that were not asked for again could not be taken away, and stay, first %s; %u went. Ask "
			"once more.",
			count.failed, count.first, count.gone);
	if (count.n_lost)
		return op_refuse(op, HYCAN_REFUSAL_KERNEL, NULL, "%s", count.lost);
	losses_end_round(&job->server->losses, &job->holder, op_scope_inode(op->scope), s->kind, s->replaces_since_us);
	session_set_replaces(s, false);
	*ret_removed = count.gone;
	return 0;
}
