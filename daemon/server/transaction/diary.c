/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the notes. A note about a step replaces what was said of the same step before, so that the one that is exact
 * comes behind the one that had to be there in time.
 */
#include <errno.h>
#include <string.h>

#include "diary_note.h"
#include "intent.h"
#include "job.h"
#include "ledger.h"
#include "server.h"
#include "table.h"
#include "wire.h"

/* Most requests are shorter. */
#define SHORT 1024

static bool is_written(const struct job *job)
{
	return job->intent.begun && !job->intent.inner;
}

static int note(const struct job *job, const struct ledger_bytes *parts, size_t n_parts, size_t n_objects)
{
	return ledger_note(job->server->ledger, job->intent.number, parts, n_parts, n_objects, job->is_own);
}

static int note_number(const struct job *job, enum diary_what what, uint32_t number)
{
	const struct diary_head head = { .what = what, .number = number };
	const struct ledger_bytes part = { .bytes = &head, .size = sizeof(head) };

	return is_written(job) ? note(job, &part, 1, 0) : 0;
}

static struct ledger_bytes frames_since(struct undo_log *undo, struct undo_mark since)
{
	const size_t used = buffer_used(&undo->frames);

	return (struct ledger_bytes){
		.bytes = used > since.end ? buffer_first(&undo->frames) + since.end : NULL,
		.size = used > since.end ? used - since.end : 0,
	};
}

static int note_undo(const struct job *job, enum diary_what what, uint32_t step, struct undo_log *undo, struct undo_mark since)
{
	const struct diary_head head = { .what = what, .number = step };
	const struct ledger_bytes parts[] = { { .bytes = &head, .size = sizeof(head) }, frames_since(undo, since) };

	return is_written(job) ? note(job, parts, 2, 0) : 0;
}

int diary_undo(const struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark since)
{
	return note_undo(job, DIARY_UNDO, step, undo, since);
}

int diary_takes_back(const struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark since)
{
	return note_undo(job, DIARY_TAKES_BACK, step, undo, since);
}

/* The request without its keys, in the job's memory. */
static ssize_t encode(struct job *job, const uint8_t **ret_bytes)
{
	const struct hycan_structure *structure = job->operation->request;
	struct wire_fault fault = { 0 };
	union message without;
	ssize_t n = 0;

	memcpy(&without, job->op.settled ? job->op.settled : &job->request, structure->size);
	if (structure->has_secrets)
		n = intent_seal_keys(job, structure, &without);
	for (size_t room = SHORT; n == 0; room *= 4) {
		uint8_t *bytes = wire_memory_take(&job->memory, room);

		n = bytes ? wire_encode(structure, &without, bytes, room, NULL, NULL, &fault) : -ENOMEM;
		*ret_bytes = bytes;
		if (n == -ENOBUFS)
			n = 0;
		else
			break;
	}
	if (structure->has_secrets)
		explicit_bzero(&without, sizeof(without));
	return n;
}

size_t diary_count_items(struct job *job)
{
	size_t n, items = 0;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].list >= 0)
			items = key_view(job, &effects[i]).n_items;
	return items;
}

static enum diary_lets_go how_it_lets_go(struct job *job)
{
	return !job->lets_go ? DIARY_LETS_NOT_GO : record_holds(job) ? DIARY_LETS_GO_OWN : DIARY_LETS_GO_USERS;
}

static int note_step(struct job *job, uint32_t step, bool carried_out, uint64_t duration_us, struct ledger_bytes frames,
                     size_t n_objects)
{
	const struct diary_head head = { .what = DIARY_STEP, .number = step };
	const struct wire_memory before = job->memory;
	struct diary_outcome outcome = {
		.operation = job->operation->number,
		.carried_out = carried_out,
		.unchanged = job->op.unchanged,
		.any_owner = job->any_owner,
		.kept_link = job->op.kept_link,
		.was_gone = job->was_gone,
		.duration_us = duration_us,
	};
	const uint8_t *bytes = NULL;
	ssize_t n;
	int r;

	n = encode(job, &bytes);
	if (n < 0)
		return (int)n;
	outcome.request_size = (uint32_t)n;
	if (carried_out)
		outcome.lets_go = (uint8_t)how_it_lets_go(job);
	outcome.n_items = (uint32_t)diary_count_items(job);
	outcome.has_items_unchanged = job->op.items_unchanged && outcome.n_items > 0;
	outcome.has_items_failed = job->op.items_failed && outcome.n_items > 0;
	{
		const struct ledger_bytes parts[] = {
			{ .bytes = &head, .size = sizeof(head) },
			{ .bytes = &outcome, .size = sizeof(outcome) },
			{ .bytes = job->op.items_unchanged, .size = outcome.has_items_unchanged ? outcome.n_items : 0 },
			{ .bytes = job->op.items_failed, .size = outcome.has_items_failed ? outcome.n_items : 0 },
			{ .bytes = bytes, .size = outcome.request_size },
			frames,
		};

		r = note(job, parts, sizeof(parts) / sizeof(*parts), n_objects);
	}
	job->memory = before;
	return r;
}

int diary_step(struct job *job, uint32_t step, uint64_t duration_us, struct undo_log *undo, struct undo_mark since,
               size_t n_objects)
{
	return is_written(job) ? note_step(job, step, true, duration_us, frames_since(undo, since), n_objects) : 0;
}

int diary_final(struct job *job, uint32_t step)
{
	return is_written(job) ? note_step(job, step, false, 0, (struct ledger_bytes){ 0 }, 0) : 0;
}

int diary_forward(const struct job *job)
{
	return note_number(job, DIARY_FINAL, 0);
}

void diary_was_up(const struct job *job, uint32_t step)
{
	/* without room it is known to this daemon alone */
	(void)note_number(job, DIARY_WAS_UP, step);
}

int diary_done(const struct job *job, bool confirm)
{
	const struct diary_head head = { .what = DIARY_DONE, .number = confirm };
	const uint64_t now_us = server_now_us();
	const struct ledger_bytes parts[] = {
		{ .bytes = &head, .size = sizeof(head) },
		{ .bytes = &now_us, .size = sizeof(now_us) },
	};

	return is_written(job) ? note(job, parts, 2, 0) : 0;
}

void diary_recorded(const struct job *job, uint32_t n)
{
	/* without room the ledger is told once more */
	(void)note_number(job, DIARY_RECORDED, n);
}

void diary_left(struct ledger *ledger, unsigned int number, size_t n)
{
	const struct diary_head head = { .what = DIARY_LEFT, .number = (uint32_t)n };
	const struct ledger_bytes part = { .bytes = &head, .size = sizeof(head) };

	/* without room what is undone is undone once more */
	(void)ledger_note(ledger, number, &part, 1, 0, true);
}
