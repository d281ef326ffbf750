/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the notes again. They are from a daemon of ours, and yet nothing in them is believed: what makes no sense ends
 * the reading, and what stands before it counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diary_note.h"
#include "intent.h"
#include "job.h"
#include "ledger.h"
#include "wire.h"

struct reading {
	struct diary *diary;
	uint32_t step;         /* the one that is being told of */
	struct undo_mark mark; /* where its undo requests begin */
	bool any;
	struct diary_entry *before; /* the entry in front of the one that was told of last; NULL: there is none */
};

/* Frames of a step, in place of what was said of it. */
static int read_frames(struct reading *reading, uint32_t step, const uint8_t *bytes, size_t size)
{
	struct undo_log *undo = &reading->diary->undo;

	if (!reading->any || step != reading->step)
		reading->mark = undo_log_mark(undo);
	reading->any = true;
	reading->step = step;
	undo_log_rewind(undo, reading->mark);
	return undo_log_append(undo, bytes, size);
}

/* STAILQ_REMOVE() goes through all of them. */
static void remove_behind(struct diary_entries *entries, struct diary_entry *entry)
{
	struct diary_entry *next = STAILQ_NEXT(entry, entry);

	entry->entry.stqe_next = STAILQ_NEXT(next, entry);
	if (!entry->entry.stqe_next)
		entries->stqh_last = &entry->entry.stqe_next;
	free(next);
}

/*
 * In the order of the steps; in place of what was said of the step before. They are told of in that order, some of them once more:
 * so the place is where the last one was.
 */
static void put_entry(struct reading *reading, struct diary_entry *entry)
{
	struct diary_entries *entries = &reading->diary->entries;
	struct diary_entry *before = reading->before && reading->before->step < entry->step ? reading->before : NULL, *next;

	while ((next = before ? STAILQ_NEXT(before, entry) : STAILQ_FIRST(entries)) && next->step < entry->step)
		before = next;
	if (before)
		STAILQ_INSERT_AFTER(entries, before, entry, entry);
	else
		STAILQ_INSERT_HEAD(entries, entry, entry);
	if (next && next->step == entry->step)
		remove_behind(entries, entry);
	reading->before = before;
}

static int read_step(struct reading *reading, uint32_t step, const uint8_t *bytes, size_t size)
{
	struct diary_outcome o;
	struct diary_entry *entry;
	uint64_t more;
	int r;

	if (size < sizeof(o))
		return -EBADMSG;
	memcpy(&o, bytes, sizeof(o));
	bytes += sizeof(o);
	size -= sizeof(o);
	more = (uint64_t)o.n_items * (o.has_items_unchanged + o.has_items_failed) + o.request_size;
	if (o.has_items_unchanged > 1 || o.has_items_failed > 1 || more > size || !hycan_operation_by_number(o.operation))
		return -EBADMSG;
	entry = malloc(sizeof(*entry) + more);
	if (!entry)
		return -ENOMEM;
	*entry = (struct diary_entry){ .step = step, .operation = hycan_operation_by_number(o.operation), .outcome = o };
	memcpy(entry->bytes, bytes, more);
	/* a bool has two values */
	for (size_t i = 0; i < more - o.request_size; i++)
		entry->bytes[i] = entry->bytes[i] != 0;
	put_entry(reading, entry);
	r = read_frames(reading, step, bytes + more, size - more);
	entry->n_undo = reading->diary->undo.n;
	return r;
}

static int read_note(const uint8_t *bytes, size_t size, void *userdata)
{
	struct reading *reading = userdata;
	struct diary *d = reading->diary;
	struct diary_head head;

	if (size < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	bytes += sizeof(head);
	size -= sizeof(head);
	switch ((enum diary_what)head.what) {
	case DIARY_OVER:
		d->over = true;
		return 0;
	case DIARY_UNDO:
		return read_frames(reading, head.number, bytes, size);
	case DIARY_STEP:
		return read_step(reading, head.number, bytes, size);
	case DIARY_DONE:
		d->done = true;
		d->confirm = head.number;
		if (size != sizeof(d->done_us))
			return -EBADMSG;
		memcpy(&d->done_us, bytes, size);
		return 0;
	case DIARY_RECORDED:
		d->recorded = head.number;
		d->n_told = d->undo.n;
		return 0;
	case DIARY_FINAL:
		d->is_final = true;
		return 0;
	case DIARY_TAKES_BACK:
		d->takes_back = true;
		return read_frames(reading, head.number, bytes, size);
	case DIARY_WAS_UP:
		d->was_up = head.number + 1;
		return 0;
	case DIARY_ALONG:
	case DIARY_STATED:
		return 0;
	case DIARY_LEFT:
		while (d->undo.n > head.number)
			undo_log_drop(&d->undo);
		return 0;
	}
	return -EBADMSG;
}

int diary_read(struct ledger *ledger, unsigned int number, struct diary *ret_diary)
{
	struct reading reading = { .diary = ret_diary };

	*ret_diary = (struct diary){ 0 };
	STAILQ_INIT(&ret_diary->entries);
	return ledger_notes(ledger, number, read_note, &reading);
}

void diary_release(struct diary *diary)
{
	struct diary_entry *entry;

	while ((entry = STAILQ_FIRST(&diary->entries))) {
		STAILQ_REMOVE_HEAD(&diary->entries, entry);
		free(entry);
	}
	undo_log_release(&diary->undo);
}

int diary_enter(struct job *job, const struct diary_entry *entry)
{
	const struct diary_outcome *o = &entry->outcome;
	const uint8_t *p = entry->bytes;
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	int r;

	job->operation = entry->operation;
	job->op.exclusive = job->op.exact = job->op.was_up = false;
	job->op.unchanged = o->unchanged;
	job->op.kept_link = o->kept_link;
	job->op.items_unchanged = job->op.items_failed = NULL;
	job->op.settled = NULL;
	job->lets_go = o->lets_go != DIARY_LETS_NOT_GO;
	job->was_gone = o->was_gone;
	job->any_owner = o->any_owner;
	if (o->has_items_unchanged) {
		job->op.items_unchanged = (const bool *)p;
		p += o->n_items;
	}
	if (o->has_items_failed) {
		job->op.items_failed = (const bool *)p;
		p += o->n_items;
	}
	r = wire_decode(&decoder, entry->operation->request, p, o->request_size, &job->request);
	job->memory.used = decoder.memory.used;
	job->decoded = r == 0;
	/* what stands in place of a key is none */
	job->op.sealed = r == 0 && intent_has_keys(entry->operation->request, &job->request);
	if (r < 0 || ((o->has_items_unchanged || o->has_items_failed) && diary_count_items(job) != o->n_items))
		return -EBADMSG;
	return 0;
}
