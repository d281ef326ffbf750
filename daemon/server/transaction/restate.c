/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of an address the request is noted that makes it; of routes what the kernel told of them. */
#include "restate.h"

#include <errno.h>
#include <string.h>

#include "diary_note.h"
#include "intent.h"
#include "job.h"
#include "ledger.h"
#include "log.h"
#include "observer.h"
#include "op.h"
#include "server.h"
#include "subject.h"
#include "undo.h"
#include "wire.h"

/* Attributes of an address: a name or two, and some numbers. */
#define ADDRESS_BYTES 512

enum restate_what {
	RESTATE_ADDRESS,
	RESTATE_ROUTES,
	RESTATE_GATEWAYS, /* behind routes through which these are reached */
};

int restate_keep(struct job *job, uint32_t round, struct restate *ret_restate)
{
	*ret_restate = (struct restate){ 0 };
	return op_restate_keep(&job->op, round, &ret_restate->kept);
}

/* ------------------------------------------------------------------------------------------------------------- writing */

struct noting {
	struct job *job;
	unsigned int number;
};

static int note(const struct noting *n, enum restate_what what, const void *bytes, size_t size)
{
	const struct diary_head head = { .what = DIARY_STATED, .number = what };
	const struct ledger_bytes parts[] = { { .bytes = &head, .size = sizeof(head) }, { .bytes = bytes, .size = size } };

	return ledger_note(n->job->server->ledger, n->number, parts, 2, 0, n->job->is_own);
}

static const struct hycan_structure *address_request(void)
{
	return hycan_operation_by_number(HYCAN_OPERATION_ADDRESS_ADD)->request;
}

static int note_address(const struct noting *n, const struct hycan_link_address *address)
{
	const struct hycan_address_add_request request = { .link_address = *address };
	uint8_t bytes[ADDRESS_BYTES];
	struct wire_fault fault = { 0 };
	ssize_t size = wire_encode(address_request(), &request, bytes, sizeof(bytes), NULL, NULL, &fault);

	return size < 0 ? (int)size : note(n, RESTATE_ADDRESS, bytes, (size_t)size);
}

static int note_one(const struct op_restated *restated, void *userdata)
{
	return restated->address
	               ? note_address(userdata, restated->address)
	               : note(userdata, restated->gateways ? RESTATE_GATEWAYS : RESTATE_ROUTES, restated->messages, restated->size);
}

int restate_note(struct job *job, struct restate *restate)
{
	struct noting noting = { .job = job, .number = job->intent.number };
	int r = 0;

	if (!restate->kept || !ledger_is_kept(job->server->ledger))
		return 0;
	if (!job->intent.begun) {
		r = intent_beside(job, &restate->number);
		restate->has_intent = r == 0;
		noting.number = restate->number;
	}
	return r ? r : op_restate_tell(restate->kept, note_one, &noting);
}

void restate_end(struct job *job, struct restate *restate)
{
	op_restate_free(&restate->kept);
	if (restate->has_intent)
		ledger_commit(job->server->ledger, restate->number);
	restate->has_intent = false;
}

/* -------------------------------------------------------------------------------------------------------- making again */

int restate_run(struct job *job, const struct restate *restate, uint32_t *ret_lost)
{
	unsigned int patience = UNDO_PATIENCE;
	int r;

	*ret_lost = 0;
	if (!restate->kept)
		return 0;
	observer_mark(job->server->observer, job, true, true);
	do
		r = op_restate(&job->op, restate->kept, ret_lost);
	while (r < 0 && undo_try_again(r, &patience));
	/* whose answer was lost was asked for again here */
	observer_mark(job->server->observer, job, false, op_scope_sent(job->op.scope) != OP_SENT_NO_CHANGE);
	return r;
}

struct reading {
	struct job *job;
	struct restate restate;
};

static int read_address(struct reading *reading, const uint8_t *bytes, size_t size)
{
	struct job *job = reading->job;
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	struct hycan_address_add_request request;
	int r = wire_decode(&decoder, address_request(), bytes, size, &request);

	if (r < 0)
		return r;
	return op_restate_add(&job->op, &(struct op_restated){ .address = &request.link_address }, &reading->restate.kept);
}

/* False: it is a note of another kind. */
static bool read_head(const uint8_t *bytes, size_t size, struct diary_head *ret_head)
{
	if (size < sizeof(*ret_head))
		return false;
	memcpy(ret_head, bytes, sizeof(*ret_head));
	return ret_head->what == DIARY_STATED;
}

static int read_note(const uint8_t *bytes, size_t size, void *userdata)
{
	struct reading *reading = userdata;
	struct op_restated routes;
	struct diary_head head;

	if (!read_head(bytes, size, &head))
		return 0;
	bytes += sizeof(head);
	size -= sizeof(head);
	if (head.number == RESTATE_ADDRESS)
		return read_address(reading, bytes, size);
	routes = (struct op_restated){ .messages = bytes, .size = size, .gateways = head.number == RESTATE_GATEWAYS };
	return op_restate_add(&reading->job->op, &routes, &reading->restate.kept);
}

static int found(const uint8_t *bytes, size_t size, void *userdata)
{
	struct diary_head head;

	(void)userdata;
	return read_head(bytes, size, &head);
}

bool restate_is_noted(struct ledger *ledger, unsigned int number)
{
	return ledger_notes(ledger, number, found, NULL) > 0;
}

void restate_resume(struct job *job, unsigned int number)
{
	struct reading reading = { .job = job };
	uint32_t lost;
	int r;

	if (ledger_notes(job->server->ledger, number, read_note, &reading) < 0)
		log_write(LOG_ERR, "What was away for a moment when the daemon was killed cannot all be read.");
	r = restate_run(job, &reading.restate, &lost);
	if (r)
		log_write(LOG_ERR, "What was away for a moment when the daemon was killed is not all there again: %s",
		          r > 0 ? job->op.sentence : strerror(-r));
	else if (reading.restate.kept)
		log_write(LOG_NOTICE,
		          "What %s had asked for, and was away for a moment when the daemon was killed, is there again.",
		          subject_say(job->holder.subject).text);
	restate_end(job, &reading.restate);
}
