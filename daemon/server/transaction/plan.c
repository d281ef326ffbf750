/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would be made and taken is what the row of the schema says. What would be changed is seen by comparing the request
 * with the one that would take it back, where both are of the same operation (difference.h). Of a list that is stated whole
 * the items of both are compared: those that are new, those that are otherwise, and those that are no more.
 *
 * What this file does not do: know any operation.
 */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "difference.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "renames.h"
#include "server.h"
#include "table.h"

/* Room for one value as text. */
#define VALUE_SIZE 512

static void name_object(struct hycan_planned_change *change, const struct ledger_key *key)
{
	int n = snprintf(change->what, sizeof(change->what), "%s ", key_kind_name(key->kind));

	key_format(key, change->what + n, sizeof(change->what) - (size_t)n);
}

/* ----------------------------------------------------------------------------------------------------- what there is */

/* A step, while it is planned. */
struct planning {
	struct plan *plan;
	struct job *job;
	uint32_t step;
	bool has_former;
	union message former;          /* what would take it back, where that is of its own operation: it says what there is */
	bool changes;                  /* what it makes is there, */
	enum difference_absent absent; /* and what this does with what the request does not say of it */
};

static struct hycan_planned_change *add(struct planning *p, enum hycan_change_action action)
{
	return plan_add(p->plan, p->job, p->step, action);
}

/* Whether another request of the same operation is about the same things, as far as the request names them one by one. */
static bool is_about_same(struct job *job, const void *other)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	bool same = true;

	for (size_t i = 0; i < n && same; i++) {
		const struct key_view v = key_view(job, &effects[i]), w = key_view_of(job, &effects[i], other);
		struct ledger_key a, b;

		if (effects[i].n_parts == 0 || effects[i].list >= 0)
			continue;
		key_of(&v, 0, &a);
		key_of(&w, 0, &b);
		same = key_same(&a, &b);
	}
	return same;
}

/* The first one behind the mark that is about the same things. 0 or -ENOBUFS. */
static int find_former(struct planning *p, struct undo_log *undo, struct undo_mark mark)
{
	struct job *job = p->job;
	const struct hycan_structure *s = job->operation->request;
	const uint8_t *first = buffer_first(&undo->frames);
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	struct nlmsghdr nlh;

	for (size_t at = mark.end; at < buffer_used(&undo->frames) && !p->has_former; at += nlh.nlmsg_len) {
		const uint8_t *frame = first + at;

		memcpy(&nlh, frame, sizeof(nlh));
		if (nlh.nlmsg_type != job->operation->number)
			continue;
		if (wire_decode(&decoder, s, frame + sizeof(nlh), undo_log_size(&nlh), &p->former) < 0)
			return -ENOBUFS;
		job->memory.used = decoder.memory.used;
		p->has_former = is_about_same(job, &p->former);
	}
	return 0;
}

/* What was decoded since then goes, with the keys that may be in it. */
static void forget_former(struct planning *p, size_t from, size_t to)
{
	if (!p->job->operation->request->has_secrets)
		return;
	explicit_bzero(&p->former, sizeof(p->former));
	explicit_bzero(p->job->memory.base + from, to - from);
}

/* Whether what an effect makes is there already, perhaps otherwise. */
static bool was_there(struct planning *p, const struct op_effect *effect)
{
	if (effect->kind == HYCAN_OBJECT_KIND_LINK)
		return p->job->op.kept_link;
	return p->has_former && effect->list < 0 && !key_view_of(p->job, effect, &p->former).absent;
}

/* Whether the row says that it changes things of that kind: then what a request does not say of one stays. */
static bool only_changes(const struct hycan_operation *operation, enum hycan_object_kind kind)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);
	bool changes = false;

	for (size_t i = 0; i < n && !changes; i++)
		changes = effects[i].does == OP_CHANGES && effects[i].kind == kind && !effects[i].settled;
	return changes;
}

/* ------------------------------------------------------------------------------------------------- things, one by one */

static int plan_key(struct planning *p, enum hycan_change_action action, const struct ledger_key *key)
{
	struct hycan_planned_change *change = add(p, action);

	if (!change)
		return -ENOBUFS;
	name_object(change, key);
	return 0;
}

/* What others hold, too, stays. */
static int plan_let_go(struct planning *p, const struct ledger_key *key)
{
	struct hycan_planned_change *change = add(p, HYCAN_CHANGE_ACTION_CHANGE);

	if (!change)
		return -ENOBUFS;
	name_object(change, key);
	change->has_becomes = true;
	snprintf(change->becomes, sizeof(change->becomes), "let go of, others hold it");
	return 0;
}

static int plan_join(struct planning *p, const struct ledger_key *key)
{
	struct hycan_planned_change *change = add(p, HYCAN_CHANGE_ACTION_CHANGE);

	if (!change)
		return -ENOBUFS;
	name_object(change, key);
	change->has_becomes = true;
	snprintf(change->becomes, sizeof(change->becomes), "held, others hold it, too");
	return 0;
}

/* What an effect makes, and was not there. */
static int plan_made(struct planning *p, const struct op_effect *effect)
{
	const struct key_view v = key_view(p->job, effect);
	int r = 0;

	if (was_there(p, effect)) {
		p->changes = true;
		p->absent = only_changes(p->job->operation, effect->kind) ? p->absent : DIFFERENCE_DEFAULT;
		return 0;
	}
	for (size_t i = 0; !v.absent && i < v.n_items && r == 0; i++) {
		struct ledger_key key;

		if (p->job->op.items_unchanged && p->job->op.items_unchanged[i])
			continue;
		key_of(&v, i, &key);
		r = plan_key(p, HYCAN_CHANGE_ACTION_MAKE, &key);
	}
	return r;
}

static int plan_taken(struct planning *p, const struct op_effect *effect)
{
	const struct key_view v = key_view(p->job, effect);
	int r = 0;

	for (size_t i = 0; !v.absent && i < v.n_items && r == 0; i++) {
		struct ledger_key key;

		key_of(&v, i, &key);
		r = p->job->lets_go ? plan_let_go(p, &key) : plan_key(p, HYCAN_CHANGE_ACTION_TAKE, &key);
	}
	return r;
}

/* ----------------------------------------------------------------------------------------------- lists, stated whole */

/* An item that there is. */
struct item {
	struct ledger_key key;
	const void *value;
	bool stays;
};

static int compare_items(const void *a, const void *b)
{
	return key_compare(&((const struct item *)a)->key, &((const struct item *)b)->key);
}

static struct item *find_item(struct item *items, size_t n, const struct ledger_key *key)
{
	struct item like;

	like.key = *key;
	return n ? bsearch(&like, items, n, sizeof(*items), compare_items) : NULL;
}

/* An item that is wanted, and is there, perhaps otherwise. */
static int plan_item(struct planning *p, const struct key_view *v, size_t i, const struct item *item)
{
	const struct hycan_structure *s = v->effect->operation->request->field[v->effect->list].structure;
	struct hycan_planned_change differs = { .step = p->step, .action = HYCAN_CHANGE_ACTION_CHANGE }, *change;

	if (!difference_tell(&p->job->memory, s, NULL, item->value, v->items + i * v->item_size, DIFFERENCE_STAYS, &differs))
		return 0;
	change = add(p, differs.action);
	if (!change)
		return -ENOBUFS;
	*change = differs;
	name_object(change, &item->key);
	return 0;
}

/* Those that are wanted, in their order, and then those that are not. */
static int plan_items(struct planning *p, const struct key_view *v, struct item *items, size_t n)
{
	struct ledger_key key;
	int r = 0;

	for (size_t i = 0; i < v->n_items && r == 0; i++) {
		struct item *item;

		key_of(v, i, &key);
		item = find_item(items, n, &key);
		if (item) {
			item->stays = true;
			r = plan_item(p, v, i, item);
		} else if (!p->job->op.items_unchanged || !p->job->op.items_unchanged[i]) {
			r = plan_key(p, HYCAN_CHANGE_ACTION_MAKE, &key);
		}
	}
	for (size_t i = 0; i < n && r == 0; i++)
		if (!items[i].stays)
			r = plan_key(p, HYCAN_CHANGE_ACTION_TAKE, &items[i].key);
	return r;
}

static int plan_list(struct planning *p, const struct op_effect *effect)
{
	const struct key_view v = key_view(p->job, effect);
	const struct key_view was = p->has_former ? key_view_of(p->job, effect, &p->former) : (struct key_view){ 0 };
	struct item *items = wire_memory_take(&p->job->memory, was.n_items * sizeof(*items));

	if (!items && was.n_items > 0)
		return -ENOBUFS;
	for (size_t i = 0; i < was.n_items; i++) {
		key_of(&was, i, &items[i].key);
		items[i].value = was.items + i * was.item_size;
	}
	if (was.n_items > 0)
		qsort(items, was.n_items, sizeof(*items), compare_items);
	return plan_items(p, &v, items, was.n_items);
}

/* --------------------------------------------------------------------------------------------------------- properties */

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

/* The list whose items are told one by one, or NULL. */
static const struct hycan_field *told_list(const struct hycan_operation *operation)
{
	const struct hycan_field *list = NULL;
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_REPLACES)
			list = &operation->request->field[effects[i].list];
	return list;
}

/* told: the step is in the plan already, so that only what differs is worth a line. */
static int plan_change(struct planning *p, bool told)
{
	struct hycan_planned_change differs = { .step = p->step, .action = HYCAN_CHANGE_ACTION_CHANGE }, *change;
	struct job *job = p->job;
	bool any = p->has_former && difference_tell(&job->memory, job->operation->request, told_list(job->operation), &p->former,
	                                            &job->request, p->absent, &differs);

	if (told && !any)
		return 0;
	change = add(p, differs.action);
	if (!change)
		return -ENOBUFS;
	*change = differs;
	name_request(job, change->what, sizeof(change->what));
	return 0;
}

static int plan_name(struct planning *p, const struct op_effect *effect)
{
	struct hycan_planned_change *change = add(p, HYCAN_CHANGE_ACTION_CHANGE);
	const struct key_view v = key_view(p->job, effect);
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

static int plan_effects(struct planning *p)
{
	const size_t before = p->plan->n;
	size_t n;
	const struct op_effect *effects = op_effects(p->job->operation, &n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (effects[i].does == OP_MAKES && !p->job->op.unchanged)
			r = plan_made(p, &effects[i]);
		else if (effects[i].does == OP_TAKES && effects[i].n_parts > 0)
			r = plan_taken(p, &effects[i]);
		else if (effects[i].does == OP_REPLACES)
			r = plan_list(p, &effects[i]);
		else if (effects[i].does == OP_RENAMES)
			r = plan_name(p, &effects[i]);
	}
	if (r == 0 && (p->changes || p->plan->n == before))
		r = plan_change(p, p->plan->n > before);
	return r;
}

int plan_step(struct plan *plan, struct job *job, uint32_t step, struct undo_log *undo, struct undo_mark mark)
{
	struct planning p = { .plan = plan, .job = job, .step = step, .absent = DIFFERENCE_STAYS };
	const size_t from = job->memory.used, told = plan->n;
	size_t to;
	int r;

	r = find_former(&p, undo, mark);
	to = job->memory.used;
	if (r == 0)
		r = plan_effects(&p);
	if (r == 0)
		r = plan_parts(plan, job, step, told);
	forget_former(&p, from, to);
	return r;
}

int plan_letting_go(struct plan *plan, struct job *job, uint32_t step, const struct ledger_key *key, bool shared)
{
	struct planning p = { .plan = plan, .job = job, .step = step };

	return shared ? plan_let_go(&p, key) : plan_key(&p, HYCAN_CHANGE_ACTION_TAKE, key);
}

static bool joins(struct job *job, const struct ledger_key *key)
{
	struct ledger *ledger = job->server->ledger;
	struct ledger_key former = *key;
	uint64_t owner;

	return renames_former(job, &former) && ledger_is_others(ledger, &former, job->holder.subject, &owner) &&
	       !ledger_is_held_by(ledger, &former, job->holder.subject);
}

int plan_joining(struct plan *plan, struct job *job, uint32_t step, bool *ret_any)
{
	struct planning p = { .plan = plan, .job = job, .step = step };
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	int r = 0;

	*ret_any = false;
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		const bool makes = effects[i].does == OP_MAKES || effects[i].does == OP_REPLACES;
		struct ledger_key key;

		for (size_t k = 0; makes && !v.absent && k < v.n_items && r == 0; k++) {
			key_of(&v, k, &key);
			if (!joins(job, &key))
				continue;
			*ret_any = true;
			r = plan ? plan_join(&p, &key) : 0;
		}
	}
	return r;
}
