/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks over all names of links that a request has, also those in its lists, which mostly have runs of the same.
 *
 * A long list is gone through once, element by element, and of each only what may be a name is looked at.
 */
#include <string.h>

#include "job.h"
#include "names.h"
#include "record.h"
#include "wire.h"

/* A field with names in it, or in a structure that it is. */
struct named {
	const struct hycan_field *field;
	const char *last; /* looked at before */
};

static bool may_have_names(const struct hycan_field *field)
{
	bool some = field->type == HYCAN_TYPE_IFNAME;

	for (uint16_t i = 0; field->type == HYCAN_TYPE_STRUCT && i < field->structure->n_fields && !some; i++)
		some = may_have_names(&field->structure->field[i]);
	return some;
}

static size_t find_named(const struct hycan_structure *structure, struct named named[static WIRE_FIELDS_MAX])
{
	size_t n = 0;

	for (uint16_t i = 0; i < structure->n_fields; i++)
		if (may_have_names(&structure->field[i]))
			named[n++] = (struct named){ .field = &structure->field[i] };
	return n;
}

static int check_structures(struct op *op, const struct hycan_structure *structure, const char *values, size_t n_values);

static int check_field(struct op *op, struct named *named, const char *structure)
{
	const struct hycan_field *field = named->field;
	size_t n;
	const char *v = wire_values(field, structure, &n);
	int r = 0;

	if (field->type == HYCAN_TYPE_STRUCT)
		return n ? check_structures(op, field->structure, v, n) : 0;
	for (size_t i = 0; i < n && r == 0; i++, v += field->size) {
		if (named->last && strcmp(named->last, v) == 0)
			continue;
		named->last = v;
		r = op_check_link_name(op, field->name, v);
	}
	return r;
}

static int check_structures(struct op *op, const struct hycan_structure *structure, const char *values, size_t n_values)
{
	struct named named[WIRE_FIELDS_MAX];
	size_t n = find_named(structure, named);
	int r = 0;

	for (size_t k = 0; k < n_values && r == 0; k++, values += structure->size)
		for (size_t i = 0; i < n && r == 0; i++)
			r = check_field(op, &named[i], values);
	return r;
}

int names_check(struct job *job)
{
	/* what was made is to go, whatever it is called by now */
	if (job->is_own)
		return 0;
	/* nobody knows the link by a name: no rule, no owner, no ledger */
	if (!job->by_name && job->holder.subject == 0 && job->operation->access == HYCAN_ACCESS_WRITE &&
	    record_is_empty(job->operation))
		return 0;
	return check_structures(&job->op, job->operation->request, (const char *)&job->request, 1);
}
