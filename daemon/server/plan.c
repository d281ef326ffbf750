/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would be made and taken is what the row of the schema says. What would be changed is seen by comparing the request
 * with the one that would take it back, where both are of the same operation: “mtu 1500” becomes “mtu 1400”.
 *
 * What this file does not do: know any operation.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "plan.h"
#include "table.h"

/* Room for one value as text. */
#define VALUE_SIZE 512

static struct hycan_planned_change *add(struct plan *plan, struct job *job, uint32_t step, enum hycan_change_action action)
{
	if (plan->n == plan->room) {
		size_t room = plan->room ? 2 * plan->room : 16;
		struct hycan_planned_change *more = wire_memory_take(&job->memory, room * sizeof(*more));

		if (!more)
			return NULL;
		if (plan->n)
			memcpy(more, plan->change, plan->n * sizeof(*more));
		plan->change = more;
		plan->room = room;
	}
	plan->change[plan->n] = (struct hycan_planned_change){ .step = step, .action = action };
	return &plan->change[plan->n++];
}

static void name_object(struct hycan_planned_change *change, const struct ledger_key *key)
{
	int n = snprintf(change->what, sizeof(change->what), "%s ", key_kind_name(key->kind));

	key_format(key, change->what + n, sizeof(change->what) - (size_t)n);
}

/* The things that an effect makes or takes, one by one. */
static int plan_effect(struct plan *plan, struct job *job, uint32_t step, const struct op_effect *effect)
{
	const struct key_view v = key_view(job, effect);
	bool makes = effect->does == OP_MAKES || effect->does == OP_REPLACES;

	for (size_t i = 0; !v.absent && i < v.n_items; i++) {
		struct hycan_planned_change *change;
		struct ledger_key key;

		if (makes && job->op.items_unchanged && job->op.items_unchanged[i])
			continue;
		change = add(plan, job, step, makes ? HYCAN_CHANGE_ACTION_MAKE : HYCAN_CHANGE_ACTION_TAKE);
		if (!change)
			return -ENOBUFS;
		key_of(&v, i, &key);
		name_object(change, &key);
	}
	return 0;
}

static void put_field(const struct hycan_field *field, const void *request, char *text, size_t size)
{
	size_t n = 0, at = strlen(text);
	const void *value = wire_values(field, request, &n);
	char word[VALUE_SIZE];

	if (field->flags & HYCAN_FIELD_LIST || field->type == HYCAN_TYPE_STRUCT)
		snprintf(word, sizeof(word), "of %zu", n);
	else if (n == 0)
		snprintf(word, sizeof(word), "none");
	else
		hycan_value_format(field, value, word, sizeof(word));
	/* a text that is empty would not be seen */
	snprintf(text + at, size - at, "%s%s %s", at ? ", " : "", field->name, *word ? word : "“”");
}

/* Compares by what would stand on the wire: members of a structure that are not set do not count. */
static bool same(const struct hycan_field *field, const void *a, const void *b)
{
	char x[VALUE_SIZE] = "", y[VALUE_SIZE] = "";

	if (field->flags & HYCAN_FIELD_SECRET) {
		size_t n, m;
		const void *p = wire_values(field, a, &n), *q = wire_values(field, b, &m);

		return n == m && (n == 0 || memcmp(p, q, field->size) == 0);
	}
	put_field(field, a, x, sizeof(x));
	put_field(field, b, y, sizeof(y));
	return strcmp(x, y) == 0;
}

/* What the request is about: what policy looks at. */
static void name_request(const struct job *job, char *text, size_t size)
{
	const struct hycan_structure *s = job->operation->request;

	snprintf(text, size, "%s", job->operation->name);
	for (uint16_t i = 0; i < s->n_fields; i++) {
		char word[VALUE_SIZE];
		size_t n = 0, at = strlen(text);
		const void *value = s->field[i].flags & HYCAN_FIELD_LIST ? NULL : wire_values(&s->field[i], &job->request, &n);

		if (value && n && !(s->field[i].flags & (HYCAN_FIELD_OPTIONAL | HYCAN_FIELD_SECRET)))
			snprintf(text + at, size - at, " %s", hycan_value_format(&s->field[i], value, word, sizeof(word)));
	}
}

/* The first request behind the mark that is of the job's own operation, decoded; false: there is none. */
static bool find_former(struct job *job, struct undo_log *undo, struct undo_mark mark, union message *former)
{
	const uint8_t *first = buffer_first(&undo->frames);
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	struct nlmsghdr nlh;

	for (size_t at = mark.end; at < buffer_used(&undo->frames); at += nlh.nlmsg_len) {
		const uint8_t *p = first + at;

		memcpy(&nlh, p, sizeof(nlh));
		if (nlh.nlmsg_type != job->operation->number)
			continue;
		if (wire_decode(&decoder, job->operation->request, p + sizeof(nlh), nlh.nlmsg_len - sizeof(nlh), former) < 0)
			return false;
		job->memory.used = decoder.memory.used;
		/* of several, that of the same thing */
		if (same(&job->operation->request->field[0], &job->request, former))
			return true;
	}
	return false;
}

static int plan_change(struct plan *plan, struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark mark)
{
	struct hycan_planned_change *change = add(plan, job, step, HYCAN_CHANGE_ACTION_CHANGE);
	const struct hycan_structure *s = job->operation->request;
	union message former;

	if (!change)
		return -ENOBUFS;
	name_request(job, change->what, sizeof(change->what));
	if (!find_former(job, undo, mark, &former))
		return 0;
	for (uint16_t i = 0; i < s->n_fields; i++) {
		size_t n = 0;

		(void)wire_values(&s->field[i], &job->request, &n);
		if (n == 0 || same(&s->field[i], &job->request, &former))
			continue;
		put_field(&s->field[i], &former, change->was, sizeof(change->was));
		put_field(&s->field[i], &job->request, change->becomes, sizeof(change->becomes));
	}
	change->has_was = change->was[0];
	change->has_becomes = change->becomes[0];
	if (s->has_secrets)
		explicit_bzero(&former, sizeof(former));
	return 0;
}

static int plan_name(struct plan *plan, struct job *job, uint32_t step, const struct op_effect *effect)
{
	struct hycan_planned_change *change = add(plan, job, step, HYCAN_CHANGE_ACTION_CHANGE);
	const struct key_view v = key_view(job, effect);
	struct ledger_key from, to;

	if (!change)
		return -ENOBUFS;
	key_of(&v, 0, &from);
	(void)key_of_link(&v, 0, &to);
	name_object(change, &from);
	change->has_was = change->has_becomes = true;
	key_format(&from, change->was, sizeof(change->was));
	key_format(&to, change->becomes, sizeof(change->becomes));
	return 0;
}

int plan_step(struct plan *plan, struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark mark)
{
	size_t n, before = plan->n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		bool one = effects[i].n_parts > 0;

		if ((effects[i].does == OP_MAKES && !job->op.unchanged) || (effects[i].does == OP_TAKES && one) ||
		    effects[i].does == OP_REPLACES)
			r = plan_effect(plan, job, step, &effects[i]);
		else if (effects[i].does == OP_RENAMES)
			r = plan_name(plan, job, step, &effects[i]);
	}
	return r < 0 || plan->n > before ? r : plan_change(plan, job, step, undo, mark);
}

int plan_taking(struct plan *plan, struct job *job, uint32_t step, const struct ledger_key *key)
{
	struct hycan_planned_change *change = add(plan, job, step, HYCAN_CHANGE_ACTION_TAKE);

	if (!change)
		return -ENOBUFS;
	name_object(change, key);
	return 0;
}
