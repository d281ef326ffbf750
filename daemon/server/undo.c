/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out operations in the middle of another job, or of none.
 *
 * What the job was about is kept on the stack meanwhile, and its memory for lists grows behind what is used of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dispatch.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "server.h"
#include "table.h"
#include "undo.h"

static int no_answer(struct op *op, const void *item)
{
	(void)op;
	(void)item;
	return 0;
}

/* Another request takes the place of the one that the job has. */
static void begin(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder,
                  const struct hycan_operation *operation, struct job *ret_outer)
{
	*ret_outer = *job;
	job->operation = operation;
	job->holder = *holder;
	job->is_own = true;
	job->lets_go = job->marks = false;
	job->op.scope = scope;
	job->op.uid = holder->uid;
	job->op.answer = no_answer;
	job->op.exclusive = job->op.exact = false;
	job->op.refusal = 0;
	job->op.field = NULL;
	job->op.sentence[0] = '\0';
	job->n_fds = 0;
}

static void end(struct job *job, struct job *outer, char *ret_sentence)
{
	if (ret_sentence)
		snprintf(ret_sentence, UNDO_SENTENCE_SIZE, "%s", job->op.sentence);
	if (job->operation->request->has_secrets) {
		explicit_bzero(&job->request, sizeof(job->request));
		explicit_bzero(job->memory.base + outer->memory.used, job->memory.used - outer->memory.used);
	}
	/* what it answers with may have grown, and moved */
	outer->own = job->own;
	*job = *outer;
	if (job->operation && job->operation->request->has_secrets)
		explicit_bzero(outer, sizeof(*outer));
}

int undo_carry_out(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder,
                   const struct hycan_operation *operation, const void *request, char *ret_sentence)
{
	struct job outer;
	int r;

	begin(job, scope, holder, operation, &outer);
	memcpy(&job->request, request, operation->request->size);
	r = job_do(job);
	end(job, &outer, ret_sentence);
	return r;
}

int undo_request(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, uint16_t operation,
                 const void *attributes, size_t size, char *ret_sentence)
{
	const struct hycan_operation *row = hycan_operation_by_number(operation);
	struct wire_decoder decoder = { .strict = true };
	struct job outer;
	int r;

	if (!row)
		return HYCAN_REFUSAL_UNKNOWN;
	begin(job, scope, holder, row, &outer);
	decoder.memory = job->memory;
	r = wire_decode(&decoder, row->request, attributes, size, &job->request);
	job->memory.used = decoder.memory.used;
	r = r < 0 ? op_refuse(&job->op, decoder.fault.refusal, decoder.fault.field, "%s", decoder.fault.sentence) : job_do(job);
	end(job, &outer, ret_sentence);
	return r;
}

static void tell(struct job *job, const struct ledger_key *key, const struct undo_cause *cause, int result, uint64_t duration_us)
{
	char text[128];

	job->result = result;
	job->holder.uid = cause->uid;
	dispatch_audit_object(job, (key_format(key, text, sizeof(text)), text), duration_us, cause->words);
}

static const struct ledger_holder nobody = { .lifetime = HYCAN_LIFETIME_PERMANENT };

int undo_key(struct job *job, struct kernel_scope *scope, const struct ledger_key *key, const struct undo_cause *cause,
             char *ret_sentence)
{
	union message request;
	const struct hycan_operation *operation = key_request(key, &request);
	const uint64_t began_us = server_now_us();
	struct job outer;
	int r;

	if (!operation)
		return -EINVAL;
	begin(job, scope, &nobody, operation, &outer);
	memcpy(&job->request, &request, operation->request->size);
	job->op.exact = true;
	r = job_do(job);
	if (r == HYCAN_REFUSAL_NOT_FOUND || r == -ENODEV || r == -ENOENT || r == -ESRCH || r == -EADDRNOTAVAIL)
		r = 0;
	/* also what was gone already, or was found by another name */
	if (r == 0)
		ledger_take(job->server->ledger, key);
	if (cause)
		tell(job, key, cause, r, server_now_us() - began_us);
	end(job, &outer, ret_sentence);
	return r;
}

void undo_done(struct job *job, const struct ledger_key *key, const struct undo_cause *cause, uint64_t duration_us)
{
	union message request;
	const struct hycan_operation *operation = key_request(key, &request);
	struct job outer;

	ledger_take(job->server->ledger, key);
	if (!operation)
		return;
	begin(job, job->op.scope, &nobody, operation, &outer);
	tell(job, key, cause, 0, duration_us);
	end(job, &outer, NULL);
}
