/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over all names of links that a request has, also those in its lists, which mostly have runs of the same. */
#include <string.h>

#include "job.h"
#include "names.h"
#include "record.h"
#include "wire.h"

struct names {
	struct job *job;
	const char *last; /* looked at before */
};

static int check_structure(struct names *names, const struct hycan_structure *structure, const char *values, size_t n_values);

static int check_field(struct names *names, const struct hycan_field *field, const char *value)
{
	size_t n;
	const char *v = wire_values(field, value, &n);
	int r = 0;

	if (field->type == HYCAN_TYPE_STRUCT)
		return n ? check_structure(names, field->structure, v, n) : 0;
	for (size_t i = 0; i < n && r == 0; i++, v += field->size) {
		if (names->last && strcmp(names->last, v) == 0)
			continue;
		names->last = v;
		r = op_check_link_name(&names->job->op, field->name, v);
	}
	return r;
}

static int check_structure(struct names *names, const struct hycan_structure *structure, const char *values, size_t n_values)
{
	int r = 0;

	for (uint16_t i = 0; i < structure->n_fields && r == 0; i++) {
		const struct hycan_field *field = &structure->field[i];

		if (field->type != HYCAN_TYPE_IFNAME && field->type != HYCAN_TYPE_STRUCT)
			continue;
		for (size_t k = 0; k < n_values && r == 0; k++)
			r = check_field(names, field, values + k * structure->size);
	}
	return r;
}

int names_check(struct job *job)
{
	struct names names = { .job = job };

	/* what was made is to go, whatever it is called by now */
	if (job->is_own)
		return 0;
	/* nobody knows the link by a name: no rule, no owner, no ledger */
	if (!job->by_name && job->holder.subject == 0 && job->operation->access == HYCAN_ACCESS_WRITE &&
	    record_is_empty(job->operation))
		return 0;
	return check_structure(&names, job->operation->request, (const char *)&job->request, 1);
}
