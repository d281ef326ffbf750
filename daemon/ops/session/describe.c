/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.describe: the schema, as data for the client. */
#include <string.h>

#include "messages.h"
#include "table.h"

static const char *const access_names[] = {
	[HYCAN_ACCESS_OPEN] = "open",
	[HYCAN_ACCESS_READ] = "read",
	[HYCAN_ACCESS_WRITE] = "write",
};

/* Of a thousand texts snprintf() would take a tenth of a millisecond, which others wait. */
static void copy(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

static const struct hycan_field_description *describe_fields(struct op *op, const struct hycan_structure *structure, size_t *ret_n)
{
	struct hycan_field_description *d = op->memory(op, structure->n_fields * sizeof(*d));

	*ret_n = d ? structure->n_fields : 0;
	for (size_t i = 0; i < *ret_n; i++) {
		const struct hycan_field *f = &structure->field[i];

		copy(d[i].name, sizeof(d[i].name), f->name);
		copy(d[i].type, sizeof(d[i].type), f->type_name);
		/* some need no more words than their type */
		copy(d[i].summary, sizeof(d[i].summary), f->summary ? f->summary : f->type_name);
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

		copy(d.name, sizeof(d.name), o->name);
		copy(d.policy_class, sizeof(d.policy_class), o->policy_class);
		copy(d.access, sizeof(d.access), access_names[o->access]);
		copy(d.summary, sizeof(d.summary), o->summary);
		d.request = describe_fields(op, o->request, &d.n_request);
		d.reply = describe_fields(op, o->reply, &d.n_reply);
		r = op->answer(op, &d);
		if (r < 0)
			return r;
	}
	return 0;
}
