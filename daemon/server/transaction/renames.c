/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the newest to the oldest; what has a name that another link gave up is another thing than that was. */
#include "renames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "table.h"

struct renaming {
	struct ledger_key from;
	struct ledger_key to;
};

int renames_note(struct job *job)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	struct renames *renames = &job->renames;

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view(job, &effects[i]);
		struct renaming r;

		if (effects[i].does != OP_RENAMES || job->op.unchanged || !key_of_link(&v, 0, &r.to))
			continue;
		key_of(&v, 0, &r.from);
		if (array_grow(&renames->renaming, renames->n, sizeof(*renames->renaming)) < 0)
			return -ENOMEM;
		renames->renaming[renames->n++] = r;
	}
	return 0;
}

/* Whether a thing is that link, or told from others by its name before anything else. */
static bool is_of(const struct ledger_key *key, const struct ledger_key *link)
{
	if (key->netns != link->netns || key->size < link->size || memcmp(key->identity, link->identity, link->size) != 0)
		return false;
	return key->kind == link->kind ? key->size == link->size : key_begins_with_link(key->kind);
}

bool renames_former(const struct job *job, struct ledger_key *key)
{
	for (size_t i = job->renames.n; i > 0; i--) {
		const struct renaming *r = &job->renames.renaming[i - 1];
		const struct ledger_key is = *key;

		if (is_of(key, &r->to)) {
			if (is.size - r->to.size > LEDGER_IDENTITY_MAX - r->from.size)
				return false;
			memcpy(key->identity, r->from.identity, r->from.size);
			memcpy(key->identity + r->from.size, is.identity + r->to.size, is.size - r->to.size);
			key->size = (uint8_t)(is.size - r->to.size + r->from.size);
		} else if (is_of(key, &r->from)) {
			return false;
		}
	}
	return true;
}

void renames_forget(struct job *job)
{
	free(job->renames.renaming);
	job->renames = (struct renames){ 0 };
}
