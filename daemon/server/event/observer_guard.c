/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which namespaces are looked after, so that it is noticed what strangers do there (drift.h): who begins with that, and ends. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ledger.h"
#include "log.h"
#include "observed.h"
#include "op.h"
#include "repair.h"

int observer_guard(struct observer *observer, const struct kernel_scope *scope, struct repairs *repairs)
{
	size_t counts[LEDGER_KINDS], n = 0, n_silent = 0;
	struct observed *o;
	int r;

	ledger_count_kinds(observer->telling.ledger, counts);
	for (unsigned int kind = 0; kind < LEDGER_KINDS; kind++) {
		n += OP_KIND(kind) & OP_KINDS_IN_TABLE ? counts[kind] : 0;
		n_silent += OP_KIND(kind) & OP_KINDS_SILENT ? counts[kind] : 0;
	}
	/* there is no thread yet that could look at it */
	r = observed_use(observer, scope, &o);
	if (r < 0)
		return r;
	o->n_guards++;
	observer->own = o->inode;
	observer->repairs = repairs;
	observer->has_table = n > 0;
	observer->has_silent = n_silent > 0 || settings_has_silent(&repairs->settings);
	o->has_table = n > 0;
	o->is_guarded = true;
	return observer->running ? 0 : observer_start(observer);
}

void observer_guard_table(struct observer *observer)
{
	struct observed *o;

	if (!observer || !observer->repairs || atomic_exchange(&observer->has_table, true))
		return;
	pthread_mutex_lock(&observer->lock);
	o = observed_find(observer, observer->own);
	if (o)
		atomic_store(&o->has_table, true);
	pthread_mutex_unlock(&observer->lock);
	observer_raise(observer->wake);
}

void observer_guard_silent(struct observer *observer)
{
	if (observer && observer->repairs && !atomic_exchange(&observer->has_silent, true))
		observer_raise(observer->wake);
}

/* A namespace beside the daemon's own, with one user more, who guards it; under the lock. */
static int use_other(struct observer *observer, const struct kernel_scope *scope, struct observed **ret_observed)
{
	struct observed *o = observed_find(observer, op_scope_inode(scope));
	int r;

	if (o && o->n_guards > 0) {
		o->n_users++;
		*ret_observed = o;
		return 0;
	}
	if (observer->n_others >= OBSERVER_OTHERS_MAX)
		return -ENOSPC;
	r = observed_use(observer, scope, ret_observed);
	observer->n_others += r == 0;
	return r;
}

void observer_guard_other(struct observer *observer, const struct kernel_scope *scope, struct observed **ret_guard)
{
	struct observed *o = NULL;
	bool raise = false;
	int r;

	*ret_guard = NULL;
	if (!observer || !observer->repairs || op_scope_inode(scope) == observer->own)
		return;
	pthread_mutex_lock(&observer->lock);
	r = use_other(observer, scope, &o);
	if (o) {
		raise = o->n_guards++ == 0;
		atomic_store(&o->has_table, true);
		atomic_store(&o->is_guarded, true);
		*ret_guard = o;
	}
	pthread_mutex_unlock(&observer->lock);
	if (r < 0 && !observer->too_many) {
		log_write(LOG_WARNING,
		          "In network namespace %" PRIu64 ", and maybe others, nobody will notice what strangers take away: %s",
		          op_scope_inode(scope), r == -ENOSPC ? "there are too many" : strerror(-r));
		observer->too_many = true;
	}
	if (raise)
		observer_raise(observer->wake);
}

void observer_unguard(struct observer *observer, struct observed **guard)
{
	struct observed *o = *guard;

	*guard = NULL;
	if (!observer || !o)
		return;
	pthread_mutex_lock(&observer->lock);
	o->n_users--;
	if (--o->n_guards == 0) {
		observer->n_others--;
		atomic_store(&o->is_guarded, false);
	}
	pthread_mutex_unlock(&observer->lock);
	observer_raise(observer->wake);
}
