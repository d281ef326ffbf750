/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing answers.
 *
 * They are netlink's: a frame of the operation's number for an answer, several with NLM_F_MULTI and NLMSG_DONE behind them
 * for a list, NLMSG_ERROR for an acknowledgement, a refusal or a failure.
 */
#include "answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "wording.h"

/* Most answers fit into this. */
#define ANSWER_ROOM 4096

static void *frame_begin(struct buffer *output, size_t size)
{
	return buffer_reserve(output, sizeof(struct nlmsghdr) + size, WIRE_ANSWER_MAX);
}

bool answer_has_room(struct job *job)
{
	return frame_begin(job->output, ANSWER_ROOM);
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

int answer_item(struct job *job, const struct hycan_structure *structure, const void *value, uint16_t flags)
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

int answer_end_stream(struct job *job, uint32_t seq)
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
	return answer_end_stream(job, job->header.nlmsg_seq);
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

int answer_explain(struct job *job, int result)
{
	job->result = result;
	if (result < 0)
		explain_failure(job);
	return job->result;
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
	char sentence[WORDING_SENTENCE_SIZE];
	uint8_t *p;

	if (!frame)
		return -ENOBUFS;
	p = frame + sizeof(struct nlmsghdr);
	memcpy(p, &error, sizeof(error));
	p += sizeof(error);
	if (result) {
		uint32_t refusal = (uint32_t)result, step = job->step - 1;

		wording_sentence(job, sentence);
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

void answer_rewind(struct job *job)
{
	job->output->end = job->output->begin + job->mark;
}

void answer_refuse(struct job *job)
{
	answer_rewind(job);
	if (job->result < 0)
		explain_failure(job);
	/* what the kernel says may have any bytes, and what was too long was cut anywhere */
	wire_tidy_text(job->op.sentence);
	job->unanswered = answer_error(job) < 0;
}

int answer_encode_reply(struct job *job, struct hycan_payload *ret_reply)
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

int answer_reply(struct job *job)
{
	const struct hycan_operation *operation = job->operation;

	/* a stream is answered by what comes later */
	if (operation->list)
		return operation->stream ? 0 : answer_done(job);
	return operation->reply->n_fields ? answer_item(job, operation->reply, &job->reply, 0) : answer_error(job);
}
