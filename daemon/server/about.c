/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers about the server: who a peer is, what was asked for so far, what was made. Objects are listed on a worker. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "about.h"
#include "along.h"
#include "asked.h"
#include "charge.h"
#include "compare.h"
#include "follow.h"
#include "forwards.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "lookup.h"
#include "metrics.h"
#include "namespaces.h"
#include "observer.h"
#include "peer.h"
#include "pending.h"
#include "server.h"
#include "session.h"
#include "subject.h"
#include "subscribe.h"
#include "sweep.h"
#include "transaction.h"

static struct job *job_of(struct op *op)
{
	return (struct job *)op;
}

static int hello(struct op *op, const struct hycan_session_hello_request *request, struct hycan_session_hello_reply *reply)
{
	struct peer *peer = job_of(op)->peer;
	int r = session_begin(peer, request->has_grace ? request->grace : 0);

	if (r < 0)
		return r;
	peer->hello = true;
	snprintf(peer->client, sizeof(peer->client), "%s", request->has_client ? request->client : "");
	memcpy(reply->token, peer->session->record.token, sizeof(reply->token));
	reply->version = HYCAN_PROTOCOL_VERSION;
	snprintf(reply->daemon_version, sizeof(reply->daemon_version), "%s", HYCAN_VERSION);
	reply->max_frame = WIRE_REQUEST_MAX;
	reply->max_fds = WIRE_FDS_MAX;
	return 0;
}

struct rules {
	struct hycan_policy_rule *rule; /* NULL while they are counted */
	size_t n;
};

static int note_rule(uint32_t line, const char *text, void *userdata)
{
	struct rules *rules = userdata;

	if (rules->rule) {
		rules->rule[rules->n].line = line;
		snprintf(rules->rule[rules->n].text, sizeof(rules->rule[rules->n].text), "%s", text);
	}
	rules->n++;
	return 0;
}

static int whoami(struct op *op, struct hycan_session_whoami_reply *reply)
{
	struct job *job = job_of(op);
	const struct identity *who = &job->peer->identity;
	struct rules rules = { 0 };

	reply->uid = subject_uid(who->subject);
	reply->has_cid = subject_is_machine(who->subject);
	reply->cid = reply->has_cid ? subject_cid(who->subject) : 0;
	reply->gid = who->gid;
	reply->pid = who->pid;
	reply->has_user = !reply->has_cid && lookup_name(reply->uid, reply->user, sizeof(reply->user));
	reply->has_netns = true;
	reply->netns = op_scope_inode(op->scope);
	if (job->server->private)
		return 0;
	(void)policy_visit_rules(job->server->policy, who, note_rule, &rules);
	rules.rule = op->memory(op, rules.n * sizeof(*rules.rule));
	if (rules.n && !rules.rule)
		return -ENOMEM;
	rules.n = 0;
	(void)policy_visit_rules(job->server->policy, who, note_rule, &rules);
	reply->rules = rules.rule;
	reply->n_rules = rules.n;
	return charge_tell(op, reply);
}

/* Whether an operation was asked for at all, and which bucket is the last one with something in it. */
static size_t used_buckets(const _Atomic uint64_t *latency)
{
	size_t n = STATISTICS_BUCKETS;

	while (n > 0 && statistics_read(&latency[n - 1]) == 0)
		n--;
	return n;
}

static int status(struct op *op, struct hycan_daemon_status_reply *reply)
{
	const struct server *server = job_of(op)->server;
	struct hycan_operation_statistics *s = op->memory(op, N_OPERATIONS * sizeof(*s));
	size_t n_operations;
	const struct hycan_operation *const *operations = hycan_operations(&n_operations);

	if (!s)
		return -ENOMEM;
	snprintf(reply->version, sizeof(reply->version), "%s", HYCAN_VERSION);
	reply->pid = getpid();
	reply->uptime_ms = (server_now_us() - server->started_us) / 1000;
	reply->clients = (uint32_t)server->n_peers;
	reply->objects = (uint32_t)ledger_count(server->ledger);
	reply->longest_turn_us = server->longest_turn_us;
	reply->operations = s;
	for (size_t i = 0; i < n_operations; i++) {
		const _Atomic uint64_t *latency = server->statistics.operation[i].latency;
		size_t n = used_buckets(latency);
		uint64_t *latency_us;

		if (n == 0)
			continue;
		latency_us = op->memory(op, n * sizeof(*latency_us));
		if (!latency_us)
			return -ENOMEM;
		for (size_t k = 0; k < n; k++)
			latency_us[k] = statistics_read(&latency[k]);
		snprintf(s->name, sizeof(s->name), "%s", operations[i]->name);
		s->done = statistics_read(&server->statistics.operation[i].done);
		s->refused = statistics_read(&server->statistics.operation[i].refused);
		s->failed = statistics_read(&server->statistics.operation[i].failed);
		s->latency_us = latency_us;
		s->n_latency_us = n;
		s++;
		reply->n_operations++;
	}
	return 0;
}

static void health(struct op *op, struct hycan_health_get_reply *reply, int *ret_ledger)
{
	struct server *server = job_of(op)->server;

	snprintf(reply->version, sizeof(reply->version), "%s", HYCAN_VERSION);
	reply->uptime_ms = (server_now_us() - server->started_us) / 1000;
	reply->clients = (uint32_t)server->n_peers;
	reply->objects = (uint32_t)ledger_count(server->ledger);
	*ret_ledger = ledger_check(server->ledger);
}

struct counting {
	uint64_t netns;
	enum hycan_object_kind kind;
	size_t n;
};

static int count_object(const struct ledger_object *object, void *userdata)
{
	struct counting *c = userdata;

	c->n += object->key.kind == c->kind && object->key.netns == c->netns;
	return 0;
}

static size_t count(struct op *op, enum hycan_object_kind kind)
{
	struct counting c = { .netns = op_scope_inode(op->scope), .kind = kind };

	(void)ledger_list(job_of(op)->server->ledger, count_object, &c);
	return c.n;
}

static int going(struct op *op, enum hycan_object_kind kind, const void *request)
{
	struct job *job = job_of(op);
	struct ledger_key key;
	int r;

	if (op->plan)
		return 0;
	key_of_request(op_scope_inode(op->scope), kind, request, &key);
	r = underway_begin(&job->server->underway, &job->intent.things, job, &key);
	return r == 0 ? along_note(job, &key) : r;
}

static void gone(struct op *op, enum hycan_object_kind kind, const void *request)
{
	struct job *job = job_of(op);
	struct ledger_key key;

	if (op->plan)
		return;
	key_of_request(op_scope_inode(op->scope), kind, request, &key);
	ledger_take(job->server->ledger, &key);
	losses_forget(&job->server->losses, &key);
}

static bool is_held(struct op *op, enum hycan_object_kind kind, const void *request)
{
	struct ledger_key key;

	key_of_request(op_scope_inode(op->scope), kind, request, &key);
	return ledger_is_held(job_of(op)->server->ledger, &key);
}

static bool is_stated(struct op *op, enum hycan_object_kind kind, const void *request, uint32_t round)
{
	const struct job *job = job_of(op);
	struct ledger_key key;

	key_of_request(op_scope_inode(op->scope), kind, request, &key);
	return ledger_is_stated(job->server->ledger, &key, &job->holder, round);
}

static enum op_standing standing(struct op *op, enum hycan_object_kind kind, const void *found)
{
	struct job *job = job_of(op);
	struct ledger_key key;
	uint64_t subject = SUBJECT_NOBODY;

	key_of_found(op_scope_inode(op->scope), kind, found, &key);
	switch (ledger_whose(job->server->ledger, &key, &job->holder, &subject)) {
	case LEDGER_NOBODYS:
		if (!losses_has(&job->server->losses, &key, &subject))
			return OP_NOT_OURS;
		return subject == job->holder.subject || op->any_owner ? OP_CALLERS : OP_ANOTHERS;
	case LEDGER_MINE:
	case LEDGER_SHARED:
		return OP_CALLERS;
	case LEDGER_OTHERS:
	case LEDGER_GOING:
		return op->any_owner ? OP_CALLERS : OP_ANOTHERS;
	}
	return OP_NOT_OURS;
}

static bool is_anothers(struct op *op, enum hycan_object_kind kind, const void *found)
{
	struct job *job = job_of(op);
	struct ledger_key key;
	uint64_t subject;

	key_of_found(op_scope_inode(op->scope), kind, found, &key);
	return ledger_whose(job->server->ledger, &key, &job->holder, &subject) == LEDGER_OTHERS;
}

static bool is_others(struct op *op, enum hycan_object_kind kind, const void *found)
{
	struct job *job = job_of(op);
	struct ledger_key key;
	uint64_t subject;

	key_of_found(op_scope_inode(op->scope), kind, found, &key);
	return ledger_is_others(job->server->ledger, &key, job->holder.subject, &subject);
}

static bool let_go_lost(struct op *op, enum hycan_object_kind kind, const void *request)
{
	struct losses *losses = &job_of(op)->server->losses;
	struct ledger_key key;
	uint64_t subject;

	key_of_request(op_scope_inode(op->scope), kind, request, &key);
	if (!losses_has(losses, &key, &subject) || (subject != job_of(op)->holder.subject && !op->any_owner))
		return false;
	return op->plan || losses_forget(losses, &key);
}

static uint64_t moment(struct op *op)
{
	return underway_moment(&job_of(op)->server->underway);
}

static bool was_under_way(struct op *op, uint64_t since, enum hycan_object_kind kind, const void *request)
{
	struct underway *underway = &job_of(op)->server->underway;
	struct ledger_key key;

	if (!request)
		return underway_was_table(underway, since, op_scope_inode(op->scope));
	key_of_request(op_scope_inode(op->scope), kind, request, &key);
	return underway_was(underway, since, &key);
}

static enum op_asked asked(struct op *op, enum hycan_object_kind kind, const void *found)
{
	struct job *job = job_of(op);
	struct ledger_key key;
	enum op_asked asked;

	key_of_found(op_scope_inode(op->scope), kind, found, &key);
	/* the ledger will hear later what an earlier step made of it */
	if (!job->doubt.is && underway_is_by(&job->server->underway, job, &key))
		return OP_ASKED_UNKNOWN;
	asked = asked_of(job->server->ledger, &key, found);
	/* no stranger: that was this request, the first time */
	return asked == OP_ASKED_DIFFERS && (job->doubt.is || job->again) ? OP_ASKED_UNKNOWN : asked;
}

static int asked_for(struct op *op, enum hycan_object_kind kind, const void *request, union message *ret_asked)
{
	struct ledger_key key;

	key_of_request(op_scope_inode(op->scope), kind, request, &key);
	return asked_request(job_of(op), &key, ret_asked);
}

static bool remembers(struct op *op, uint16_t number, const void *request)
{
	return follow_has(job_of(op), hycan_operation_by_number(number), request);
}

struct listing {
	struct op *op;
	struct server *server;
	const struct hycan_object_list_request *request;
	uint64_t now_us;
};

void about_owner(uint64_t subject, struct hycan_object *item)
{
	item->uid = subject_uid(subject);
	item->has_cid = subject_is_machine(subject);
	item->cid = item->has_cid ? subject_cid(subject) : 0;
}

void about_asker(uint64_t subject, struct hycan_event_cause *cause)
{
	cause->has_cid = subject_is_machine(subject);
	cause->has_uid = !cause->has_cid;
	if (cause->has_cid)
		cause->cid = subject_cid(subject);
	else
		cause->uid = subject_uid(subject);
}

void about_object(const struct ledger_object *object, uint64_t now_us, struct hycan_object *item)
{
	*item = (struct hycan_object){
		.kind = object->key.kind,
		.netns = object->key.netns,
		.lifetime = object->holder.lifetime,
		.holders = object->n_holders,
		/* made meanwhile */
		.age_ms = object->since_us < now_us ? (now_us - object->since_us) / 1000 : 0,
	};
	about_owner(object->holder.subject, item);
	if (object->deadline_us) {
		item->has_remaining_ms = true;
		item->remaining_ms = object->deadline_us > now_us ? (object->deadline_us - now_us) / 1000 : 0;
	}
	key_format(&object->key, item->identity, sizeof(item->identity));
}

static int list_object(const struct ledger_object *object, void *userdata)
{
	const struct listing *l = userdata;
	struct hycan_object item;

	if (l->request->has_kind && l->request->kind != object->key.kind)
		return 0;
	about_object(object, l->now_us, &item);
	item.has_unconfirmed_ms = pending_has(l->server, &object->key, l->now_us, &item.unconfirmed_ms);
	item.drift = repair_drift(&l->server->repairs, &object->key);
	item.has_drift = item.drift != HYCAN_DRIFT_REPORT;
	return l->op->answer(l->op, &item);
}

static int objects(struct op *op, const struct hycan_object_list_request *request)
{
	struct listing l = { .op = op, .server = job_of(op)->server, .request = request, .now_us = server_now_us() };
	struct ledger *ledger = job_of(op)->server->ledger;

	if (op->subject != 0 || (request->has_mine && request->mine))
		return ledger_list_of(ledger, op->subject, list_object, &l);
	return ledger_list(ledger, list_object, &l);
}

static int enter(struct op *op, struct kernel_scope *scope, int netns)
{
	struct peer *peer = job_of(op)->peer;
	int r = namespaces_enter(peer->server, scope);

	if (r == 0) {
		r = session_enter(peer, op_scope_inode(scope), netns);
		namespaces_leave(peer->server, op_scope_inode(scope));
	}
	/* transactions that went with another namespace are over */
	job_of(op)->takes_turn = true;
	if (r == -EDQUOT)
		return op_refuse(
			op, HYCAN_REFUSAL_LIMIT, "netns",
			"Sessions of %s have acted in %u network namespaces, which is as many as may be: end those that are done.",
			subject_say(op->subject).text, SESSION_NAMESPACES_PER_USER);
	if (r < 0)
		return r;
	observer_unguard(peer->server->observer, &peer->guard);
	op_scope_free(&peer->scope);
	op->scope = peer->scope = scope;
	return 0;
}

const struct op_server about_server = {
	.hello = hello,
	.lifetime = session_lifetime,
	.adopt = session_adopt,
	.renew = session_renew,
	.replace_begin = session_replace_begin,
	.replace_end = session_replace_end,
	.clear = sweep_clear,
	.whoami = whoami,
	.status = status,
	.health = health,
	.metrics = metrics_tell,
	.objects = objects,
	.count = count,
	.going = going,
	.gone = gone,
	.standing = standing,
	.is_anothers = is_anothers,
	.is_others = is_others,
	.is_held = is_held,
	.is_stated = is_stated,
	.let_go_lost = let_go_lost,
	.remembers = remembers,
	.asked_for = asked_for,
	.asked = asked,
	.forwards = forwards_of,
	.compare = compare_table,
	.moment = moment,
	.was_under_way = was_under_way,
	.transaction = transaction_run,
	.confirm = pending_confirm,
	.cancel = pending_cancel,
	.pending = pending_list,
	.subscribe = subscribe_begin,
	.unsubscribe = subscribe_end,
	.enter = enter,
};
