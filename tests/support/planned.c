/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "planned.h"

#include <stdio.h>
#include <stdlib.h>

#include "facts.h"

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

void planned_assert_says(struct world *w, step *steps)
{
	const struct hycan_transaction_run_options options = { .has_plan = true, .plan = true };
	struct facts *expected = calloc(1, sizeof(*expected)), *is = calloc(1, sizeof(*is));
	struct hycan_transaction_run_reply *plan = NULL;
	char *text;

	assert_true(expected && is);
	facts_read(expected);
	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &plan));
	text = planned_lines(plan);
	facts_read(is);
	facts_assert_same(expected, is, text);
	facts_apply(expected, plan);
	assert_done(w->h, hycan_transaction_begin(w->h));
	steps(w->h);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	facts_read(is);
	facts_assert_same(expected, is, text);
	free(text);
	free(plan);
	free(expected);
	free(is);
}
