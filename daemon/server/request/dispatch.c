/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a request: find its row, decode it, see whether policy allows it and there is room in the ledger, carry it
 * out, record it, answer, and write it down.
 *
 * Decoding comes before policy, because policy looks at names and networks in the request; it reads nothing but the
 * frame. What this file does not do: know any operation, but that session.hello must be the first.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "charge.h"
#include "classic.h"
#include "dispatch.h"
#include "errand.h"
#include "hands.h"
#include "log.h"
#include "observer.h"
#include "pending.h"
#include "record.h"
#include "server.h"
#include "session.h"
#include "subject.h"
#include "table.h"
#include "wording.h"
#include "workers.h"

/* From so many bytes on, taking a frame apart is slow itself. */
#define LONG_FRAME (128u << 10)

/* Whether something slow is under way: the loop could have to wait for what it has half done. */
static bool is_slow_busy(const struct server *server)
{
	return server->n_busy_slow > 0 || server->n_away > 0;
}

bool dispatch_has_room(const struct server *server, bool slow)
{
	return slow ? server->n_busy_slow < WORKERS_SLOW && server->n_busy < WORKERS
	            : !is_slow_busy(server) || server->n_busy < WORKERS;
}

/* Whether the loop carries it out itself. */
static bool is_loops(const struct server *server, const struct hycan_operation *operation, bool slow)
{
	return operation->runs == HYCAN_RUNS_LOOP || server->private || (!slow && !is_slow_busy(server));
}

struct job *dispatch_free_job(struct server *server)
{
	size_t i = 0;

	while (server->worker[i].busy)
		i++;
	return &server->worker[i].job;
}

void dispatch_give_work(struct server *server, struct job *job)
{
	struct worker *worker = (struct worker *)((char *)job - offsetof(struct worker, job));

	if (job->peer)
		job->peer->job = job;
	workers_give(server, worker);
}

/* Whether it takes a descriptor, where none can be sent. */
static bool lacks_descriptor(const struct job *job)
{
	const struct hycan_structure *s = job->operation->request;

	for (uint16_t i = 0; i < s->n_fields && subject_is_machine(job->peer->identity.subject); i++)
		if (s->field[i].type == HYCAN_TYPE_FD)
			return true;
	return false;
}

static int decode(struct job *job, const void *attributes, size_t size)
{
	struct wire_decoder decoder = {
		.strict = true,
		.memory = job->memory,
		.fds = job->fds,
		.n_fds = job->n_fds,
	};
	int r;

	if (lacks_descriptor(job))
		return op_refuse(&job->op, HYCAN_REFUSAL_UNSUPPORTED, NULL,
		                 "%s takes a file descriptor, and none can be sent over vsock: ask it in that machine, on its Unix "
		                 "socket.",
		                 job->operation->name);
	/* not all that a frame may have came, and yet not all that was sent (MSG_CTRUNC, recvmsg(2)) */
	if (job->fds_lost && job->n_fds < WIRE_FDS_MAX)
		return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL,
		                 "The daemon could not take the file descriptor that came with %s, since it has as many open as it "
		                 "may: ask again later.",
		                 job->operation->name);
	r = wire_decode(&decoder, job->operation->request, attributes, size, &job->request);
	job->memory.used = decoder.memory.used;
	if (r < 0)
		return op_refuse(&job->op, decoder.fault.refusal, decoder.fault.field, "%s", decoder.fault.sentence);
	if (decoder.n_fds_used < job->n_fds || job->fds_lost)
		return op_refuse(&job->op, HYCAN_REFUSAL_MALFORMED, NULL,
		                 "%s takes %zu file descriptors, and more came with the frame.", job->operation->name,
		                 decoder.n_fds_used);
	return 0;
}

static int check_hello(struct job *job)
{
	if (job->peer->hello || job->operation->number == HYCAN_OPERATION_SESSION_HELLO)
		return 0;
	return op_refuse(&job->op, HYCAN_REFUSAL_HELLO_FIRST, NULL,
	                 "%s came before session.hello, which must be the first request of a connection.", job->operation->name);
}

static int check_access(struct job *job)
{
	struct policy_verdict verdict;

	/* a private daemon has no more rights than the caller who started it */
	if (job->server->private)
		return 0;
	policy_check(job->policy, &job->peer->identity, job->operation, &job->request, &verdict);
	job->any_owner = verdict.any_owner;
	job->by_name = verdict.conditional;
	if (verdict.allowed)
		return 0;
	job->policy_line = verdict.line;
	return op_refuse(&job->op, HYCAN_REFUSAL_DENIED, verdict.field, "%s", verdict.reason);
}

/* Whether it changes nothing itself, but what becomes of what was changed. */
static bool decides(const struct job *job)
{
	const uint16_t number = job->operation->number;

	return number == HYCAN_OPERATION_TRANSACTION_CONFIRM || number == HYCAN_OPERATION_TRANSACTION_CANCEL ||
	       number == HYCAN_OPERATION_SESSION_ADOPT;
}

static int audit_priority(const struct job *job)
{
	return job_changes(job) || decides(job) || job->result == HYCAN_REFUSAL_DENIED ? LOG_INFO : LOG_DEBUG;
}

static void audit(const struct job *job, const char *object, const char *request, uint64_t duration_us, const char *cause)
{
	/* what is in no namespace may have ended the one that the job had */
	bool is_somewhere = job_changes(job);
	/* who takes back his own transaction may take back another user's on the way */
	const bool is_asked = job->peer && (!*cause || job->peer->identity.subject == job->holder.subject);
	char sentence[WORDING_SENTENCE_SIZE];
	struct log_audit line = {
		.operation = job->operation->name,
		.object = object,
		.request = request,
		.result = wording_result(job),
		.sentence = job->result ? sentence : "",
		.cause = cause,
		.subject = is_asked ? job->peer->identity.subject : job->holder.subject,
		.pid = is_asked ? job->peer->identity.pid : getpid(),
		.netns = is_somewhere && job->op.scope ? op_scope_inode(job->op.scope) : 0,
		.duration_us = duration_us,
	};

	wording_sentence(job, sentence);
	log_audit(audit_priority(job), &line);
}

void dispatch_audit_object(const struct job *job, const char *object, uint64_t duration_us, const char *cause)
{
	audit(job, object, "", duration_us, cause);
}

void dispatch_audit(struct job *job, uint64_t duration_us, const char *cause)
{
	/* of a long list as much as a person reads */
	char object[512], request[2048];

	request[0] = '\0';
	if (!log_enabled(audit_priority(job)))
		return;
	wording_object(job, object, sizeof(object));
	/* others say who one is, or how to find what one had */
	if (job_changes(job))
		wording_request(job, request, sizeof(request));
	audit(job, object, request, duration_us, cause);
}

/* Who has changed something in another namespace may have something there from now on. */
static void guard(struct job *job)
{
	struct peer *peer = job->peer;

	if (peer->scope && !peer->guard && job->result == 0 && op_scope_inode(peer->scope) == op_scope_inode(job->op.scope) &&
	    job_changes(job))
		observer_guard_other(job->server->observer, peer->scope, &peer->guard);
}

void dispatch_finish(struct job *job)
{
	uint64_t duration_us;

	job->server->clock_us = server_now_us();
	duration_us = job->server->clock_us - job->began_us;
	statistics_count(&job->server->statistics, job->operation, job->result, duration_us);
	dispatch_audit(job, duration_us, "");
	if (job->unanswered)
		job->peer->error = -ENOMEM;
	else if (job->peer->protocol == PEER_CLASSIC)
		classic_answer(job);
	session_done(job->peer, &job->holder);
	guard(job);
	pending_settle(job);
	if (job->gave_back)
		session_end_given(job->server);
	job_end(job);
}

struct job *dispatch_unread(struct peer *peer, const struct nlmsghdr *header)
{
	static const struct hycan_structure nothing = { .name = "a frame" };
	static const struct hycan_operation frame = { .name = "a frame", .request = &nothing, .reply = &nothing };

	job_begin(&peer->server->job, peer, &frame, header);
	return &peer->server->job;
}

void dispatch_refuse(struct job *job, int refusal)
{
	job->result = refusal;
	answer_refuse(job);
	if (job->unanswered)
		job->peer->error = -ENOMEM;
	job->peer = NULL;
}

/* Refuses a frame that names no operation. */
static void refuse_unknown(struct peer *peer, const struct nlmsghdr *header)
{
	struct job *job = dispatch_unread(peer, header);

	dispatch_refuse(job, op_refuse(&job->op, HYCAN_REFUSAL_UNKNOWN, NULL,
	                               "There is no operation 0x%04x in this version; session.describe lists what there is.",
	                               header->nlmsg_type));
}

/* Refuses a request that is over a quota, unread. */
static void refuse_uncharged(struct peer *peer, const struct hycan_operation *operation, const struct nlmsghdr *header)
{
	struct job *job = dispatch_unread(peer, header);

	if (operation)
		statistics_count(&peer->server->statistics, operation, HYCAN_REFUSAL_LIMIT, 0);
	dispatch_refuse(job, charge_refuse(job, 0));
}

/*
 * Whether others stand in that line, whom the peer would overtake. Who comes out of it does not; and who comes out of the one for
 * what may wait for another program stands in that for workers, but nobody the other way round.
 */
static bool is_taken(const struct peer *peer, enum turn_queue queue)
{
	const bool called = peer->server->called == peer && (peer->queue == queue || peer->queue != TURN_PROGRAM);

	return peer->server->line[queue].n_peers > 0 && !called;
}

/* Where the peer has to wait, if it must (DISPATCH_DONE: it need not); and the job, if there is one. */
static enum dispatched find_place(const struct peer *peer, const struct hycan_operation *operation, bool slow, struct job **ret_job)
{
	struct server *server = peer->server;

	*ret_job = NULL;
	if (!is_loops(server, operation, slow) && workers_are_enough(server, peer->identity.subject, slow))
		return DISPATCH_WAIT_OWN;
	if (slow && server->waits[operation->index] && (workers_lack_stand_in(server) || is_taken(peer, TURN_PROGRAM)))
		return DISPATCH_WAIT_PROGRAM;
	if (is_loops(server, operation, slow))
		*ret_job = &server->job;
	else if (dispatch_has_room(server, slow) && !is_taken(peer, slow ? TURN_WORKER_SLOW : TURN_WORKER))
		*ret_job = dispatch_free_job(server);
	if (*ret_job)
		return DISPATCH_DONE;
	return slow ? DISPATCH_WAIT_SLOW : DISPATCH_WAIT;
}

static enum dispatched begin(struct peer *peer, const struct hycan_operation *operation, const struct nlmsghdr *header, bool slow,
                             struct job **ret_job)
{
	const enum dispatched place = find_place(peer, operation, slow, ret_job);
	struct job *job = *ret_job;

	if (!job)
		return place;
	job_begin(job, peer, operation, header);
	job->slow = slow;
	job->policy = policy_ref(peer->server->policy);
	job->began_us = peer->server->clock_us;
	job->op.subject = peer->identity.subject;
	job->holder = session_holder(peer);
	job->drift = peer->session ? peer->session->record.drift : 0;
	job->op.scope = peer->scope ? peer->scope : job->scope;
	return place;
}

int dispatch_judge(struct job *job)
{
	int r;

	job->decoded = true;
	r = check_access(job);
	return r ? r : record_check(job);
}

static int decode_and_judge(struct job *job, const uint8_t *bytes)
{
	int r = decode(job, bytes + sizeof(job->header), job->header.nlmsg_len - sizeof(job->header));

	return r ? r : dispatch_judge(job);
}

void dispatch_on_worker(struct job *job)
{
	if (job->errand) {
		errand_on_worker(job);
		return;
	}
	if (buffer_used(&job->frame) > 0)
		job->result = decode_and_judge(job, buffer_first(&job->frame));
	if (job->result)
		answer_refuse(job);
	else
		job_carry_out(job);
}

static void carry_out_here(struct job *job)
{
	const bool reads = job->operation->access == HYCAN_ACCESS_READ;

	if (!reads)
		observer_working(job->server->observer, HAND_OF_LOOP, true);
	job_carry_out(job);
	if (!reads)
		observer_working(job->server->observer, HAND_OF_LOOP, false);
}

/* Carries out a job that is decoded and allowed; result above 0: it is refused already. */
static enum dispatched carry_out(struct job *job, int result)
{
	struct server *server = job->server;

	if (result == 0 && job != &server->job) {
		dispatch_give_work(server, job);
		return DISPATCH_ELSEWHERE;
	}
	if (result == 0) {
		carry_out_here(job);
	} else {
		job->result = result;
		answer_refuse(job);
	}
	/* a refusal that a worker's job was taken for is answered from here */
	if (job != &server->job) {
		if (buffer_append(&server->output, buffer_first(job->output), buffer_used(job->output), WIRE_ANSWER_MAX) < 0)
			job->unanswered = true;
		buffer_consume(job->output, buffer_used(job->output), 0);
	}
	dispatch_finish(job);
	return DISPATCH_DONE;
}

/* Whether the peer's queue is a long frame and nothing else, so that it can be given away as it is. */
static bool is_long(struct peer *peer, const struct nlmsghdr *header, const uint8_t *bytes)
{
	return header->nlmsg_len >= LONG_FRAME && bytes == buffer_first(&peer->input) &&
	       header->nlmsg_len == buffer_used(&peer->input);
}

enum dispatched dispatch_frame(struct peer *peer, const struct nlmsghdr *header, const uint8_t *bytes, const int *fds, size_t n_fds,
                               bool fds_lost)
{
	const struct hycan_operation *operation = hycan_operation_by_number(header->nlmsg_type);
	bool whole = is_long(peer, header, bytes), slow = whole || (operation && operation->runs == HYCAN_RUNS_SLOW);
	bool charged = charge_request(peer);
	enum dispatched place;
	struct job *job;
	int r;

	if (!operation || !charged) {
		peer->charged = false;
		if (charged)
			refuse_unknown(peer, header);
		else
			refuse_uncharged(peer, operation, header);
		for (size_t i = 0; i < n_fds; i++)
			close(fds[i]);
		return charged ? DISPATCH_DONE : DISPATCH_REST;
	}
	place = begin(peer, operation, header, slow, &job);
	if (!job)
		return place;
	peer->charged = false;
	memcpy(job->fds, fds, n_fds * sizeof(*fds));
	job->n_fds = n_fds;
	job->fds_lost = fds_lost;
	r = check_hello(job);
	if (r == 0 && whole && job != &peer->server->job) {
		job->frame = peer->input;
		peer->input = (struct buffer){ 0 };
		dispatch_give_work(peer->server, job);
		return DISPATCH_ELSEWHERE;
	}
	return carry_out(job, r ? r : decode_and_judge(job, bytes));
}

enum dispatched dispatch_request(struct peer *peer, const struct hycan_operation *operation, const void *request)
{
	const struct nlmsghdr header = { .nlmsg_type = operation->number };
	bool slow = operation->runs == HYCAN_RUNS_SLOW;
	struct job *job;
	const enum dispatched place = begin(peer, operation, &header, slow, &job);

	if (!job)
		return place;
	memcpy(&job->request, request, operation->request->size);
	if (!charge_request(peer))
		return carry_out(job, charge_refuse(job, 0));
	peer->charged = false;
	return carry_out(job, dispatch_judge(job));
}
