/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In a transaction that is carried out the ledger knows what was asked for, by its rounds. Of a plan it is told nothing, so
 * what the steps are about is collected here, and compared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "holders.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "plan.h"
#include "prune.h"
#include "server.h"
#include "table.h"

static int add(struct stated *s, const struct ledger_key *key)
{
	int r = array_grow(&s->keys, s->n, sizeof(*s->keys));

	if (r == 0)
		s->keys[s->n++] = *key;
	return r;
}

int prune_note(struct stated *s, struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	struct ledger_key key;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		bool counts = effects[i].n_parts > 0 && effects[i].does != OP_CHANGES && effects[i].does != OP_RENAMES;

		for (size_t k = 0; counts && !v.absent && k < v.n_items && r == 0; k++) {
			key_of(&v, k, &key);
			r = add(s, &key);
		}
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	return key_compare(a, b);
}

struct pruning {
	struct stated *stated;
	struct plan *plan;
	struct job *job;
	uint32_t step;
	uint32_t n;
};

static int plan_one(const struct ledger_key *key, void *userdata)
{
	struct pruning *p = userdata;
	struct ledger_holders holders;

	if (p->stated->n && bsearch(key, p->stated->keys, p->stated->n, sizeof(*key), compare))
		return 0;
	p->n++;
	return plan_letting_go(p->plan, p->job, p->step, key, ledger_list_holders(p->job->server->ledger, key, &holders) > 1);
}

int prune_plan(struct stated *s, struct plan *plan, struct job *job, uint32_t step, uint32_t *ret_n)
{
	struct ledger *ledger = job->server->ledger;
	struct pruning p = { .stated = s, .plan = plan, .job = job, .step = step };
	int r;

	if (s->n)
		qsort(s->keys, s->n, sizeof(*s->keys), compare);
	r = ledger_list_stale(ledger, &job->holder, op_scope_inode(job->op.scope), 0, ledger_round(ledger), plan_one, &p);
	*ret_n = p.n;
	return r;
}

void prune_done(struct stated *s)
{
	free(s->keys);
	*s = (struct stated){ 0 };
}
