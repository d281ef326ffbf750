/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking: everything of a family that the kernel has is marked in the ledger, and what has no mark is gone. */
#include <string.h>

#include "drift.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "repair.h"
#include "server.h"
#include "subject.h"

/* So long whoever took it away has to tell the ledger. */
#define PATIENCE_US 200000

void drift_suspect(struct drift *d, uint32_t families)
{
	uint64_t at;

	if (!d->ledger || families == 0 || ledger_count(d->ledger) == 0)
		return;
	d->families |= families;
	at = server_now_us() + PATIENCE_US;
	at = at > d->not_before_us ? at : d->not_before_us;
	/* what is to be repaired may have to wait longer */
	if (d->at_us == 0 || at < d->at_us)
		d->at_us = at;
}

void drift_suspect_thing(struct drift *d, const struct hycan_event *event)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY };
	struct ledger_key key;
	uint64_t owner;

	if (d->ledger && key_of_event(d->netns, event, &key) && ledger_whose(d->ledger, &key, &nobody, &owner) != LEDGER_NOBODYS)
		drift_suspect(d, OP_FAMILY(event->family));
}

/* ------------------------------------------------------------------------------------------------------------- looking */

static int mark(const struct hycan_event *event, void *userdata)
{
	const struct drift *d = userdata;
	struct ledger_key key;

	if (key_of_event(d->netns, event, &key)) {
		ledger_mark(d->ledger, &key);
		repair_seen(d->repairs, &key);
	}
	return 0;
}

static void report(const struct ledger_object *object, void *userdata)
{
	char text[512];
	size_t *n = userdata;

	/* of a thousand that went together, the number is enough */
	if ((*n)++ >= 20)
		return;
	key_format(&object->key, text, sizeof(text));
	log_write(LOG_NOTICE, "%s, which %s had asked for, is gone, and not by a request.", text,
	          subject_say(object->holder.subject).text);
}

/* Sets when to look at that family again, if it is to be, and whether there is something to repair. */
static void look_at(struct drift *d, struct kernel_monitor *monitor, enum hycan_event_family family, enum hycan_object_kind kind,
                    struct drift *next, bool *repair)
{
	uint64_t began = server_now_us(), again_us;
	size_t n = 0;

	if (!(d->families & OP_FAMILY(family)))
		return;
	repair_look_begin(d->repairs, d->netns, kind);
	/* what was not read whole is looked at again when something goes */
	if (op_monitor_list(monitor, family, mark, d) < 0)
		return;
	again_us = repair_look_end(d->repairs, d->netns, kind, began, repair);
	if (again_us) {
		next->families |= OP_FAMILY(family);
		if (next->at_us == 0 || again_us < next->at_us)
			next->at_us = again_us;
	}
	ledger_sweep_lost(d->ledger, d->netns, kind, began, report, &n);
	if (n > 20)
		log_write(LOG_NOTICE, "%zu in all are gone.", n);
}

bool drift_look(struct drift *d, struct kernel_monitor *monitor, bool busy)
{
	uint64_t began = server_now_us(), now;
	struct drift next = { 0 };
	bool repair = false;

	if (d->at_us == 0 || began < d->at_us)
		return false;
	if (busy) {
		d->at_us = began + PATIENCE_US;
		return false;
	}
	look_at(d, monitor, HYCAN_EVENT_FAMILY_LINK, HYCAN_OBJECT_KIND_LINK, &next, &repair);
	look_at(d, monitor, HYCAN_EVENT_FAMILY_ADDRESS, HYCAN_OBJECT_KIND_ADDRESS, &next, &repair);
	look_at(d, monitor, HYCAN_EVENT_FAMILY_ROUTE, HYCAN_OBJECT_KIND_ROUTE, &next, &repair);
	look_at(d, monitor, HYCAN_EVENT_FAMILY_RULE, HYCAN_OBJECT_KIND_RULE, &next, &repair);
	now = server_now_us();
	d->families = next.families;
	d->at_us = next.at_us;
	d->not_before_us = now + 4 * (now - began);
	return repair;
}
