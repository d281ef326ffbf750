/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying out one request, and writing its answer.
 *
 * Answers are netlink's: a frame of the operation's number for an answer, several with NLM_F_MULTI and NLMSG_DONE behind
 * them for a list, NLMSG_ERROR for an acknowledgement, a refusal or a failure. This runs in the loop or on a worker, and
 * so touches nothing but the job, and the ledger and the observer, which have locks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "charge.h"
#include "intent.h"
#include "job.h"
#include "names.h"
#include "news.h"
#include "observer.h"
#include "own.h"
#include "policy.h"
#include "record.h"
#include "scribe.h"
#include "server.h"
#include "table.h"
#include "undo_log.h"

/* A list that changes while it is read is read again; a list that changes all the time is given as it was seen. */
#define DUMP_ATTEMPTS 8

/* What was there and is going when it is asked for is asked for again. */
#define RACE_ATTEMPTS 4

/* Most answers fit into this. */
#define ANSWER_ROOM 4096

/* What a job keeps of its memory between requests. */
#define MEMORY_KEEP (256u << 10)

/* From where on the memory may be made of huge pages, where the system has them. */
#define HUGE_FROM (2u << 20)

static void *frame_begin(struct buffer *output, size_t size)
{
	return buffer_reserve(output, sizeof(struct nlmsghdr) + size, WIRE_ANSWER_MAX);
}

static void frame_end_of(struct job *job, uint32_t seq, void *frame, uint16_t type, uint16_t flags, size_t payload)
{
	struct nlmsghdr nlh = {
		.nlmsg_len = (uint32_t)(sizeof(nlh) + payload),
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = seq,
		.nlmsg_pid = job->header.nlmsg_pid,
	};

	memcpy(frame, &nlh, sizeof(nlh));
	buffer_commit(job->output, nlh.nlmsg_len);
}

static void frame_end(struct job *job, void *frame, uint16_t type, uint16_t flags, size_t payload)
{
	frame_end_of(job, job->header.nlmsg_seq, frame, type, flags, payload);
}

/* There is no room for an answer of that size. */
static int refuse_room(struct job *job, size_t size)
{
	if (buffer_used(job->output) + size < WIRE_ANSWER_MAX)
		return -ENOMEM;
	return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL,
	                 "The answer would be larger than %u MiB; ask for a part of it, where the operation has a filter.",
	                 WIRE_ANSWER_MAX >> 20);
}

/* One frame with a structure in it; the room grows until it fits. */
static int answer_structure(struct job *job, const struct hycan_structure *structure, const void *value, uint16_t flags)
{
	struct wire_fault fault = { 0 };

	for (size_t room = ANSWER_ROOM;; room *= 4) {
		uint8_t *frame = frame_begin(job->output, room);
		ssize_t n;

		if (!frame)
			return refuse_room(job, room + sizeof(struct nlmsghdr));
		n = wire_encode(structure, value, frame + sizeof(struct nlmsghdr), room, NULL, NULL, &fault);
		if (n >= 0) {
			frame_end(job, frame, job->operation->number, flags, (size_t)n);
			return 0;
		}
		if (n == -EINVAL)
			return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL, "The answer cannot be sent: %s", fault.sentence);
		if (n != -ENOBUFS)
			return (int)n;
	}
}

int job_end_stream(struct job *job, uint32_t seq)
{
	uint8_t *frame = frame_begin(job->output, sizeof(uint32_t));

	if (!frame)
		return -ENOBUFS;
	memset(frame + sizeof(struct nlmsghdr), 0, sizeof(uint32_t));
	frame_end_of(job, seq, frame, NLMSG_DONE, NLM_F_MULTI, sizeof(uint32_t));
	return 0;
}

static int answer_done(struct job *job)
{
	return job_end_stream(job, job->header.nlmsg_seq);
}

static size_t put_attribute(uint8_t *to, uint16_t type, const void *payload, size_t size)
{
	struct nlattr nla = { .nla_len = (uint16_t)(sizeof(nla) + size), .nla_type = type };

	memset(to, 0, NLA_ALIGN(nla.nla_len));
	memcpy(to, &nla, sizeof(nla));
	memcpy(to + sizeof(nla), payload, size);
	return NLA_ALIGN(nla.nla_len);
}

/* The refusal that an errno of the kernel amounts to, so that clients need not know both. */
static enum hycan_refusal refusal_of(int error)
{
	switch (error) {
	case ENODEV:
	case ENOENT:
	case ESRCH:
	case EADDRNOTAVAIL:
	case ENXIO:
		return HYCAN_REFUSAL_NOT_FOUND;
	case EEXIST:
		return HYCAN_REFUSAL_EXISTS;
	case EBUSY:
	case EADDRINUSE:
	case ENOTEMPTY:
		return HYCAN_REFUSAL_BUSY;
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return HYCAN_REFUSAL_UNSUPPORTED;
	case ERANGE:
		return HYCAN_REFUSAL_OUT_OF_RANGE;
	case EINVAL:
		return HYCAN_REFUSAL_INVALID;
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
		return HYCAN_REFUSAL_LIMIT;
	}
	return HYCAN_REFUSAL_KERNEL;
}

/* Makes a refusal with a sentence of what the handler passed up from the kernel. */
static void explain_failure(struct job *job)
{
	int error = -job->result;
	const char *words = op_scope_message(job->op.scope);

	if (job->intent.no_room) {
		job->result = op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL,
		                        "%s was not begun, because the daemon cannot write it down: %s.", job->operation->name,
		                        strerror(error));
		return;
	}
	if (error == ENOMEM || error == ENOBUFS || error == EIO) {
		snprintf(job->op.sentence, sizeof(job->op.sentence), "%s failed: %s%s%s", job->operation->name, strerror(error),
		         *words ? ": " : "", words);
		return;
	}
	job->result = op_refuse(&job->op, refusal_of(error), NULL, "The kernel refused %s: %s%s%s%s", job->operation->name, words,
	                        *words ? " (" : "", strerror(error), *words ? ")" : "");
}

int job_explain(struct job *job, int result)
{
	job->result = result;
	if (result < 0)
		explain_failure(job);
	return job->result;
}

/* The sentence, and before it the step of a transaction that it is about. */
static void name_step(const struct job *job, char *text, size_t size)
{
	if (job->step)
		snprintf(text, size, "Step %u of %u, %s: %s", job->step, job->n_steps, job->step_operation->name, job->op.sentence);
	else
		snprintf(text, size, "%s", job->op.sentence);
}

/* The acknowledgement (error 0), the refusal or the failure of the request. */
static int answer_error(struct job *job)
{
	const struct op *op = &job->op;
	int result = job->result;
	struct nlmsgerr error = {
		.error = result > 0 ? -refusal_errno(result) : result,
		.msg = job->header,
	};
	uint8_t *frame = frame_begin(job->output, 1024);
	char sentence[sizeof(op->sentence) + 64];
	uint8_t *p;

	if (!frame)
		return -ENOBUFS;
	p = frame + sizeof(struct nlmsghdr);
	memcpy(p, &error, sizeof(error));
	p += sizeof(error);
	if (result) {
		uint32_t refusal = (uint32_t)result, step = job->step - 1;

		name_step(job, sentence, sizeof(sentence));
		p += put_attribute(p, WIRE_ERROR_MESSAGE, sentence, strlen(sentence) + 1);
		if (job->step)
			p += put_attribute(p, WIRE_ERROR_STEP, &step, sizeof(step));
		if (result > 0)
			p += put_attribute(p, WIRE_ERROR_REFUSAL, &refusal, sizeof(refusal));
		if (result > 0 && op->field)
			p += put_attribute(p, WIRE_ERROR_FIELD, op->field, strlen(op->field) + 1);
		if (result == HYCAN_REFUSAL_DENIED || (result > 0 && job->policy_line))
			p += put_attribute(p, WIRE_ERROR_POLICY_LINE, &job->policy_line, sizeof(job->policy_line));
	}
	frame_end(job, frame, NLMSG_ERROR, NLM_F_CAPPED | (result ? NLM_F_ACK_TLVS : 0),
	          (size_t)(p - frame) - sizeof(struct nlmsghdr));
	return 0;
}

static int job_item(struct op *op, const void *item)
{
	struct job *job = (struct job *)op;

	return answer_structure(job, job->operation->reply, item, NLM_F_MULTI);
}

static void *job_memory(struct op *op, size_t size)
{
	return wire_memory_take(&((struct job *)op)->memory, size);
}

int job_open(struct job *job, struct server *server, struct buffer *output)
{
	memset(job, 0, sizeof(*job));
	job->server = server;
	job->output = output ? output : &job->own;
	job->op.answer = job_item;
	job->op.memory = job_memory;
	job->op.claim = own_claim;
	job->op.came_about = scribe_told;
	job->memory.base = mmap(NULL, JOB_MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (job->memory.base == MAP_FAILED) {
		job->memory.base = NULL;
		return -errno;
	}
	job->memory.size = JOB_MEMORY_SIZE;
	/* a hundred thousand routes touch thousands of pages; what every request needs stays in small ones */
	(void)madvise(job->memory.base + HUGE_FROM, JOB_MEMORY_SIZE - HUGE_FROM, MADV_HUGEPAGE);
	/* keys pass through; none may end up in a core dump */
	(void)madvise(job->memory.base, JOB_MEMORY_SIZE, MADV_DONTDUMP);
	return op_scope_open(&job->scope);
}

void job_close(struct job *job)
{
	if (job->memory.base)
		munmap(job->memory.base, JOB_MEMORY_SIZE);
	op_scope_free(&job->scope);
	buffer_release(&job->own);
	buffer_release(&job->frame);
	job->memory.base = NULL;
}

void job_begin(struct job *job, struct peer *peer, const struct hycan_operation *operation, const struct nlmsghdr *header)
{
	job->peer = peer;
	job->operation = operation;
	job->header = *header;
	job->mark = buffer_used(job->output);
	job->memory.used = 0;
	/* a request that is refused before it is decoded is wiped all the same: by job_end() */
	memset(&job->request, 0, operation->request->size);
	job->policy_line = 0;
	job->decoded = false;
	job->result = 0;
	job->op.settled = NULL;
	job->intent.no_room = false;
	job->again = job->retold = false;
	job->slow = false;
	job->unanswered = false;
	job->doubt = (struct doubt){ 0 };
	job->fds_lost = false;
	job->step = 0;
	job->pending = NULL;
	job->is_own = job->is_nobodys = job->any_owner = job->lets_go = job->marks = false;
	job->by_name = true;
	job->op.undo = NULL;
	job->undo = NULL;
	job->op.exclusive = header->nlmsg_flags & NLM_F_EXCL;
	job->op.exact = false;
	job->op.refusal = 0;
	job->op.field = NULL;
	job->op.sentence[0] = '\0';
}

/* Takes back what was answered so far. */
static void rewind_answer(struct job *job)
{
	job->output->end = job->output->begin + job->mark;
}

void job_answer_error(struct job *job)
{
	rewind_answer(job);
	if (job->result < 0)
		explain_failure(job);
	/* what the kernel says may have any bytes, and what was too long was cut anywhere */
	wire_tidy_text(job->op.sentence);
	job->unanswered = answer_error(job) < 0;
}

int job_encode_reply(struct job *job, struct hycan_payload *ret_reply)
{
	struct wire_fault fault = { 0 };
	struct wire_memory before = job->memory;
	size_t room = 4096;
	ssize_t n;

	for (;; room *= 4) {
		uint8_t *to = wire_memory_take(&job->memory, room);

		if (!to)
			return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL, "There is no memory for the answer.");
		n = wire_encode(job->operation->reply, &job->reply, to, room, NULL, NULL, &fault);
		if (n >= 0) {
			*ret_reply = (struct hycan_payload){ .data = to, .size = (size_t)n };
			return n > WIRE_PAYLOAD_MAX ? op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL,
			                                        "The answer is larger than a step's may be.")
			                            : 0;
		}
		if (n == -EINVAL)
			return op_refuse(&job->op, HYCAN_REFUSAL_LIMIT, NULL, "The answer cannot be sent: %s", fault.sentence);
		if (n != -ENOBUFS)
			return (int)n;
		job->memory = before;
	}
}

bool job_found_gone(struct job *job, int result)
{
	bool gone = result == HYCAN_REFUSAL_NOT_FOUND || result == -ENODEV || result == -ENOENT || result == -ESRCH ||
	            result == -EADDRNOTAVAIL;

	return gone && record_count(job) == 0;
}

/* One call of the handler. */
static int call(struct job *job)
{
	const struct hycan_operation *operation = job->operation;
	int r, written;

	if (operation->list)
		rewind_answer(job);
	if (operation->reply->size && !operation->list)
		memset(&job->reply, 0, operation->reply->size);
	job->op.unchanged = job->op.kept_link = false;
	job->op.items_unchanged = job->op.items_failed = NULL;
	job->op.settled = NULL;
	r = op_call(operation, &job->op, &job->request, &job->reply);
	written = scribe_wait(job);
	return r == 0 ? written : r;
}

/*
 * What was in doubt came about, since it was asked for once more: what is there was made now, and what is not there was
 * taken away now. Returns what became of the request.
 */
static int settle_doubt(struct job *job, int r)
{
	bool gone = job->doubt.gone || job_found_gone(job, r);

	job->doubt.gone = gone && job->doubt.n_claimed > 0;
	if (gone) {
		job->op.settled = NULL;
		r = 0;
	}
	if (r == 0) {
		job->op.unchanged = false;
		job->op.items_unchanged = job->op.items_failed;
	}
	return r;
}

int job_perform(struct job *job)
{
	bool change = job->operation->access == HYCAN_ACCESS_WRITE, exclusive = job->op.exclusive;
	const struct undo_mark before = job->undo ? undo_log_mark(job->undo) : (struct undo_mark){ 0 };
	int r = names_check(job);

	if (r == 0)
		r = own_check(job);
	if (r != 0)
		return r == OP_LETS_GO ? 0 : r;
	r = -EINTR;
	job->recorded = 0;
	job->doubt = (struct doubt){ 0 };
	(void)op_scope_sent(job->op.scope);
	if (change)
		observer_mark(job->server->observer, job, true);
	for (int i = 0; r == -EINTR && i < DUMP_ATTEMPTS; i++) {
		enum op_sent sent;

		/* what was there before a change that is in doubt was said the first time */
		if (job->undo && !job->doubt.is)
			undo_log_rewind(job->undo, before);
		r = call(job);
		sent = op_scope_sent(job->op.scope);
		if (sent == OP_SENT_IN_DOUBT || (sent == OP_SENT_CHANGE && r == -EINTR)) {
			job->doubt.is = true;
			/* what is there already now may be what was made */
			job->op.exclusive = false;
			r = -EINTR;
		}
	}
	if (job->doubt.is)
		r = settle_doubt(job, r);
	job->op.exclusive = exclusive;
	if (change)
		observer_mark(job->server->observer, job, false);
	return job->lets_go ? 0 : r;
}

int job_do(struct job *job)
{
	const struct hycan_operation *operation = job->operation;
	bool writes = operation->access == HYCAN_ACCESS_WRITE, again = true;
	int r = 0;

	news_act(job, true);
	if (writes)
		intent_begin(job);
	for (int i = 0; again && i < RACE_ATTEMPTS; i++) {
		job->stamp = ledger_stamp(job->server->ledger);
		r = job_perform(job);
		/* whatever becomes of the answer, it is done */
		again = r == 0 && writes && record_done(job) == -EAGAIN;
	}
	/* what was not taken away after all */
	own_cancel(job);
	if (writes)
		intent_end(job);
	news_act(job, false);
	return r == -EINTR && operation->list ? 0 : r;
}

static int answer(struct job *job)
{
	const struct hycan_operation *operation = job->operation;

	/* a stream is answered by what comes later */
	if (operation->list)
		return operation->stream ? 0 : answer_done(job);
	return operation->reply->n_fields ? answer_structure(job, operation->reply, &job->reply, 0) : answer_error(job);
}

void job_carry_out(struct job *job)
{
	/* who cannot be told that it is done must not be told that it failed: the room comes first */
	int r = frame_begin(job->output, ANSWER_ROOM) ? job_do(job) : -ENOMEM;
	bool done = r == 0 && job->operation->access == HYCAN_ACCESS_WRITE;

	if (r == 0)
		r = answer(job);
	job->result = r;
	if (r && done) {
		rewind_answer(job);
		job->unanswered = true;
	} else if (r) {
		job_answer_error(job);
	}
}

void job_end(struct job *job)
{
	bool secrets = job->operation->request->has_secrets;

	if (secrets)
		explicit_bzero(&job->request, job->operation->request->size);
	/* pages that go back to the kernel need no wiping */
	if ((job->memory.used <= MEMORY_KEEP || madvise(job->memory.base, JOB_MEMORY_SIZE, MADV_DONTNEED) < 0) && secrets)
		explicit_bzero(job->memory.base, job->memory.used);
	buffer_release(&job->frame);
	charge_objects_done(job);
	policy_free(&job->policy);
	for (size_t i = 0; i < job->n_fds; i++)
		close(job->fds[i]);
	job->n_fds = 0;
	job->peer = NULL;
}
