/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subscriptions, as the loop sees them.
 *
 * The observer fills the buffer of a subscription; the loop takes it when the peer has little to read, and sends it like
 * any answer. So what a peer that does not read costs is its own output and the buffer, and it loses events in there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "log.h"
#include "messages.h"
#include "observer.h"
#include "peer.h"
#include "server.h"
#include "subject.h"
#include "subscribe.h"
#include "turn.h"

/* Subscriptions of one user who is not root. */
#define PER_USER 256u

/* Peers that get events before the loop looks at everything else. */
#define TURN 64

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *server = userdata;
	struct subscription *s;

	(void)source;
	(void)fd;
	(void)revents;
	repair_serve(&server->repairs);
	for (int i = 0; i < TURN && (s = observer_take(server->observer)); i++) {
		s->stalled = true;
		peer_deliver(s->peer);
		turn_done(server);
	}
	return 0;
}

int subscribe_open(struct server *server)
{
	int r = observer_open(server->event_buffer, server->drift_patience_us, server->ledger, &server->observer);

	if (r < 0)
		return r;
	r = sd_event_add_io(server->event, &server->events, observer_fd(server->observer), EPOLLIN, on_events, server);
	return r < 0 ? r : 0;
}

bool subscribe_next(struct peer *peer, struct buffer *ret_output)
{
	struct subscription *s;

	if (buffer_used(&peer->output) > SUBSCRIPTION_ROOM)
		return false;
	LIST_FOREACH(s, &peer->subscriptions, of_peer)
	{
		if (!s->stalled)
			continue;
		s->stalled = false;
		*ret_output = observer_take_output(peer->server->observer, s);
		return true;
	}
	return false;
}

static void end(struct subscription *s)
{
	LIST_REMOVE(s, of_peer);
	observer_end(s->peer->server->observer, s);
}

void subscribe_forget(struct peer *peer)
{
	struct subscription *s;

	while ((s = LIST_FIRST(&peer->subscriptions)))
		end(s);
}

static const struct kernel_scope *scope_of(const struct peer *peer)
{
	return peer->scope ? peer->scope : peer->server->job.scope;
}

bool subscribe_can_leave(const struct peer *peer)
{
	const struct subscription *s;

	LIST_FOREACH(s, &peer->subscriptions, of_peer)
	if (s->netns != op_scope_inode(scope_of(peer)))
		return false;
	return true;
}

int subscribe_leave(struct peer *peer, struct subscription_record *records)
{
	struct subscription *s;
	int n = 0, r = 0;

	LIST_FOREACH(s, &peer->subscriptions, of_peer)
	{
		struct subscription_record *record = &records[n++];
		struct buffer output;

		output = observer_leave(peer->server->observer, s);
		*record = s->record;
		if (r == 0 && buffer_used(&output) > 0)
			r = buffer_append(&peer->output, buffer_first(&output), buffer_used(&output), (size_t)2 * WIRE_ANSWER_MAX);
		buffer_release(&output);
	}
	return r < 0 ? r : n;
}

static int begin(struct peer *peer, const struct kernel_scope *scope, const struct subscription_record *record)
{
	struct subscription *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->peer = peer;
	s->netns = op_scope_inode(scope);
	s->record = *record;
	/* it has told already what is not true any more */
	s->state = record->number > 0 ? SUBSCRIPTION_LOST : SUBSCRIPTION_NEW;
	r = observer_begin(peer->server->observer, scope, s);
	if (r < 0) {
		free(s);
		return r;
	}
	LIST_INSERT_HEAD(&peer->subscriptions, s, of_peer);
	return 0;
}

int subscribe_resume(struct peer *peer, const struct subscription_record *records, size_t n)
{
	int r = 0;

	/* the list is in the order in which they began, the last one first */
	for (size_t i = n; i > 0 && r == 0; i--) {
		struct subscription_record record = records[i - 1];

		record.name[sizeof(record.name) - 1] = '\0';
		r = begin(peer, scope_of(peer), &record);
	}
	return r;
}

/* ------------------------------------------------------------------------------------------------------------- who may */

/* The operation that shows what events of a family show. */
static const struct hycan_operation *shown_by(enum hycan_event_family family)
{
	switch (family) {
	case HYCAN_EVENT_FAMILY_LINK:
		return &operation_link_list;
	case HYCAN_EVENT_FAMILY_ADDRESS:
		return &operation_address_list;
	case HYCAN_EVENT_FAMILY_ROUTE:
		return &operation_route_list;
	case HYCAN_EVENT_FAMILY_RULE:
		return &operation_rule_list;
	case HYCAN_EVENT_FAMILY_OBJECT:
		return &operation_object_list;
	case HYCAN_EVENT_FAMILY_WIREGUARD:
		return &operation_wireguard_get;
	}
	return NULL;
}

static const enum hycan_event_family families[] = {
	HYCAN_EVENT_FAMILY_LINK, HYCAN_EVENT_FAMILY_ADDRESS, HYCAN_EVENT_FAMILY_ROUTE,
	HYCAN_EVENT_FAMILY_RULE, HYCAN_EVENT_FAMILY_OBJECT,  HYCAN_EVENT_FAMILY_WIREGUARD,
};

/* Interfaces of WireGuard are shown one by one, so policy may look at the name: then one name has to be wanted. */
static bool may_see(const struct policy *policy, const struct peer *peer, enum hycan_event_family family, const char *name,
                    struct policy_verdict *verdict)
{
	union message request = { 0 };

	if (peer->server->private)
		return true;
	if (family == HYCAN_EVENT_FAMILY_WIREGUARD)
		snprintf(request.wireguard_get_request.name, sizeof(request.wireguard_get_request.name), "%s", name);
	policy_check(policy, &peer->identity, shown_by(family), &request, verdict);
	if (!verdict->allowed)
		return false;
	if (!verdict->conditional || (name[0] && !strpbrk(name, "*?[\\")))
		return true;
	snprintf(verdict->reason, sizeof(verdict->reason),
	         "Of WireGuard you may see some interfaces alone: subscribe to one by its name.");
	return false;
}

static bool may_hear_all(const struct peer *peer)
{
	const struct subscription *s;
	struct policy_verdict verdict;

	LIST_FOREACH(s, &peer->subscriptions, of_peer)
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (s->record.families & OP_FAMILY(families[i]) &&
		    !may_see(peer->server->policy, peer, families[i], s->record.name, &verdict))
			return false;
	return true;
}

void subscribe_review(struct server *server)
{
	struct peer *peer, *next;

	for (peer = TAILQ_FIRST(&server->peers); peer; peer = next) {
		next = TAILQ_NEXT(peer, entry);
		if (may_hear_all(peer))
			continue;
		log_write(LOG_NOTICE, "%s (pid %d) may not hear any more what it subscribed to: dropped",
		          subject_say(peer->identity.subject).text, peer->identity.pid);
		peer_close(peer);
	}
}

/* The families that are wanted and allowed, or the refusal. */
static int find_families(struct job *job, const struct hycan_event_subscribe_request *request, uint32_t *ret_families)
{
	struct policy_verdict verdict = { 0 };
	uint32_t wanted = 0, found = 0;

	for (size_t i = 0; request->has_families && i < request->n_families; i++)
		wanted |= OP_FAMILY(request->families[i]);
	if (request->has_families && wanted == 0)
		return op_refuse(&job->op, HYCAN_REFUSAL_INVALID, "families",
		                 "There are no families in the list; leave it out for all.");
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (wanted && !(wanted & OP_FAMILY(families[i])))
			continue;
		if (may_see(job->policy, job->peer, families[i], request->has_name ? request->name : "", &verdict))
			found |= OP_FAMILY(families[i]);
		else if (wanted)
			break;
	}
	if (found == 0 || (wanted && found != wanted)) {
		job->policy_line = verdict.line;
		return op_refuse(&job->op, HYCAN_REFUSAL_DENIED, "families", "Events show what lists show. %s", verdict.reason);
	}
	*ret_families = found;
	return 0;
}

static size_t count(const struct peer *peer)
{
	const struct subscription *s;
	size_t n = 0;

	LIST_FOREACH(s, &peer->subscriptions, of_peer)
	n++;
	return n;
}

static int check_limits(struct job *job)
{
	const struct server *server = job->server;
	const struct peer *peer;
	size_t n = 0;

	if (count(job->peer) >= SUBSCRIPTIONS_PER_PEER)
		return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL, "A connection has %u subscriptions at most.",
		                 SUBSCRIPTIONS_PER_PEER);
	if (observer_count(server->observer) >= OBSERVER_SUBSCRIPTIONS_MAX)
		return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL, "The daemon has %u subscriptions, which is the most.",
		                 OBSERVER_SUBSCRIPTIONS_MAX);
	if (job->op.subject == 0)
		return 0;
	TAILQ_FOREACH(peer, &server->peers, entry)
	n += peer->identity.subject == job->op.subject ? count(peer) : 0;
	if (n >= PER_USER)
		return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL, "A user has %u subscriptions at most.", PER_USER);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ requests */

int subscribe_begin(struct op *op, const struct hycan_event_subscribe_request *request)
{
	struct job *job = (struct job *)op;
	struct subscription_record record = {
		.seq = job->header.nlmsg_seq,
		.port = job->header.nlmsg_pid,
		.has_owner = request->has_owner || request->has_owner_cid,
		.owner = request->has_owner_cid ? subject_of_cid(request->owner_cid) : request->owner,
		.has_viewer = op->subject != 0 && !job->server->private,
		.viewer = op->subject,
	};
	uint32_t wanted = 0;
	int r;

	r = check_limits(job);
	if (r == 0 && record.has_owner && record.owner != op->subject && op->subject != 0 && !job->server->private)
		r = op_refuse(op, HYCAN_REFUSAL_DENIED, request->has_owner_cid ? "owner_cid" : "owner",
		              "What others hold is told to root alone; you are %s.", subject_say(op->subject).text);
	if (r == 0)
		r = find_families(job, request, &wanted);
	if (r)
		return r;
	record.families = wanted;
	if (request->has_name)
		snprintf(record.name, sizeof(record.name), "%s", request->name);
	return begin(job->peer, op->scope, &record);
}

int subscribe_end(struct op *op, uint32_t request)
{
	struct job *job = (struct job *)op;
	struct subscription *s;

	LIST_FOREACH(s, &job->peer->subscriptions, of_peer)
	if (s->record.seq == request)
		break;
	if (!s)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "subscription",
		                 "This connection has no subscription that request %u began.", request);
	end(s);
	return answer_end_stream(job, request);
}
