/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classic HyCAN protocol.
 *
 * A request becomes an operation of the schema and goes the same way as every other, through policy and log; only its
 * answer is written differently. A success is four bytes in one send, a failure a zero byte, an error code, and a message
 * with its length in host byte order. The connection ends behind it. The original client reads one byte of a success and
 * closes at once, so errors of the socket are normal there.
 */
#include <stdio.h>
#include <string.h>

#include "classic.h"
#include "server.h"

enum classic_error {
	CLASSIC_ERROR_VCAN_CHECK = 0,
	CLASSIC_ERROR_LINK_ADD = 4,
	CLASSIC_ERROR_PROTOCOL = 6,
	CLASSIC_ERROR_NOT_FOUND = 7,
	CLASSIC_ERROR_DOWN = 8,
	CLASSIC_ERROR_UP = 9,
};

#define CLASSIC_MESSAGE_MAX 1024u

static const struct hycan_operation *operation_of(uint8_t number)
{
	switch (number) {
	case 1:
		return &operation_vcan_create;
	case 2:
		return &operation_link_up;
	case 3:
		return &operation_link_down;
	}
	return NULL;
}

static enum classic_error error_of(const struct job *job)
{
	switch (job->operation->number) {
	case HYCAN_OPERATION_VCAN_CREATE:
		return job->result == HYCAN_REFUSAL_UNSUPPORTED ? CLASSIC_ERROR_VCAN_CHECK : CLASSIC_ERROR_LINK_ADD;
	case HYCAN_OPERATION_LINK_UP:
		return job->result == HYCAN_REFUSAL_NOT_FOUND ? CLASSIC_ERROR_NOT_FOUND : CLASSIC_ERROR_UP;
	case HYCAN_OPERATION_LINK_DOWN:
		return job->result == HYCAN_REFUSAL_NOT_FOUND ? CLASSIC_ERROR_NOT_FOUND : CLASSIC_ERROR_DOWN;
	}
	return CLASSIC_ERROR_PROTOCOL;
}

static void answer_failure(struct buffer *output, enum classic_error error, const char *message)
{
	size_t size = strlen(message);
	uint16_t length = (uint16_t)(size < CLASSIC_MESSAGE_MAX ? size : CLASSIC_MESSAGE_MAX);
	uint8_t head[4] = { 0, (uint8_t)error };

	memcpy(head + 2, &length, sizeof(length));
	(void)buffer_append(output, head, sizeof(head), WIRE_ANSWER_MAX);
	(void)buffer_append(output, message, length, WIRE_ANSWER_MAX);
}

void classic_answer(struct job *job)
{
	static const uint8_t success[4] = { 1, 0, 0, 0 };
	/* a worker's refusal was moved to the common output already */
	struct buffer *output = job == &job->server->job || !job->peer->job ? &job->server->output : job->output;

	output->end = output->begin;
	if (job->result == 0)
		(void)buffer_append(output, success, sizeof(success), WIRE_ANSWER_MAX);
	else
		answer_failure(output, error_of(job), job->op.sentence);
}

/* Puts the name through the codec, which judges it as it judges every name. */
static bool decode_name(const struct hycan_operation *operation, const uint8_t *name, size_t size, union message *request,
                        struct wire_fault *fault)
{
	struct {
		struct nlattr attribute;
		char name[256];
	} frame = { .attribute = { .nla_len = (uint16_t)(sizeof(frame.attribute) + size + 1), .nla_type = 1 } };
	struct wire_decoder decoder = { .strict = true };
	int r;

	memcpy(frame.name, name, size);
	r = wire_decode(&decoder, operation->request, &frame, NLA_ALIGN(frame.attribute.nla_len), request);
	*fault = decoder.fault;
	return r == 0;
}

enum dispatched classic_request(struct peer *peer, const uint8_t *bytes, size_t size, size_t *ret_taken)
{
	struct buffer *output = &peer->server->output;
	const struct hycan_operation *operation;
	union message request;
	struct wire_fault fault;
	enum dispatched d = DISPATCH_DONE;

	*ret_taken = 0;
	if (size < 2 || size < 2u + bytes[1])
		return DISPATCH_DONE;
	operation = operation_of(bytes[0]);
	if (!operation)
		answer_failure(output, CLASSIC_ERROR_PROTOCOL, "There is no such operation.");
	else if (!decode_name(operation, bytes + 2, bytes[1], &request, &fault))
		answer_failure(output, CLASSIC_ERROR_PROTOCOL, fault.sentence);
	else
		d = dispatch_request(peer, operation, &request);
	if (d == DISPATCH_DONE || d == DISPATCH_ELSEWHERE)
		*ret_taken = 2u + bytes[1];
	return d;
}
