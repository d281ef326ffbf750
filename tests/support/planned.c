/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "planned.h"

#include <stdio.h>
#include <stdlib.h>

char *planned_lines(const struct hycan_transaction_run_reply *reply)
{
	static const char signs[] = { '?', '+', '-', '~' };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < reply->n_changes; i++) {
		const struct hycan_planned_change *c = &reply->changes[i];

		fprintf(out, "%u %c %s%s%s%s%s\n", c->step, signs[c->action], c->what, c->has_was ? ": " : "", c->was,
		        c->has_becomes ? " -> " : "", c->becomes);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

char *planned(struct hycan *h, step *steps)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct hycan_transaction_run_reply *reply = NULL;
	char *text;

	assert_done(h, hycan_transaction_begin(h));
	steps(h);
	assert_done(h, hycan_transaction_commit(h, &plan, &reply));
	text = planned_lines(reply);
	free(reply);
	return text;
}
