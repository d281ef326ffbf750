/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.describe: the schema, as data for the client. */
#include <stdio.h>

#include "messages.h"
#include "table.h"

static const char *const access_names[] = {
	[HYCAN_ACCESS_OPEN] = "open",
	[HYCAN_ACCESS_READ] = "read",
	[HYCAN_ACCESS_WRITE] = "write",
};

static const struct hycan_field_description *describe_fields(struct op *op, const struct hycan_structure *structure, size_t *ret_n)
{
	struct hycan_field_description *d = op->memory(op, structure->n_fields * sizeof(*d));

	*ret_n = d ? structure->n_fields : 0;
	for (size_t i = 0; i < *ret_n; i++) {
		const struct hycan_field *f = &structure->field[i];

		snprintf(d[i].name, sizeof(d[i].name), "%s", f->name);
		snprintf(d[i].type, sizeof(d[i].type), "%s", f->type_name);
		snprintf(d[i].summary, sizeof(d[i].summary), "%s", f->summary);
		d[i].required = !(f->flags & HYCAN_FIELD_OPTIONAL);
		d[i].number = f->number;
	}
	return d;
}

int op_session_describe(struct op *op, const struct hycan_session_describe_request *request)
{
	size_t n;
	const struct hycan_operation *const *operations = hycan_operations(&n);
	int r;

	(void)request;
	for (size_t i = 0; i < n; i++) {
		const struct hycan_operation *o = operations[i];
		struct hycan_operation_description d = { .number = o->number, .list = o->list };

		snprintf(d.name, sizeof(d.name), "%s", o->name);
		snprintf(d.policy_class, sizeof(d.policy_class), "%s", o->policy_class);
		snprintf(d.access, sizeof(d.access), "%s", access_names[o->access]);
		snprintf(d.summary, sizeof(d.summary), "%s", o->summary);
		d.request = describe_fields(op, o->request, &d.n_request);
		d.reply = describe_fields(op, o->reply, &d.n_reply);
		r = op->answer(op, &d);
		if (r < 0)
			return r;
	}
	return 0;
}
