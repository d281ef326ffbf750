/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking: everything of a kind that the kernel has is marked in the ledger, and what has no mark is gone. */
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

/* What the kernel does not announce is looked at so often, and less often where that takes more than a part of the time. */
#define SILENT_US   2000000
#define SILENT_PART 20

void drift_suspect(struct drift *d, uint32_t kinds)
{
	uint64_t at;

	if (!d->ledger || kinds == 0 || ledger_count(d->ledger) == 0)
		return;
	d->kinds |= kinds;
	at = server_now_us() + PATIENCE_US;
	at = at > d->not_before_us ? at : d->not_before_us;
	/* what is to be repaired may have to wait longer */
	if (d->at_us == 0 || at < d->at_us)
		d->at_us = at;
}

static enum hycan_object_kind kind_of(enum hycan_event_family family)
{
	switch (family) {
	case HYCAN_EVENT_FAMILY_LINK:
		return HYCAN_OBJECT_KIND_LINK;
	case HYCAN_EVENT_FAMILY_ADDRESS:
		return HYCAN_OBJECT_KIND_ADDRESS;
	case HYCAN_EVENT_FAMILY_ROUTE:
		return HYCAN_OBJECT_KIND_ROUTE;
	case HYCAN_EVENT_FAMILY_RULE:
		return HYCAN_OBJECT_KIND_RULE;
	case HYCAN_EVENT_FAMILY_WIREGUARD:
		return HYCAN_OBJECT_KIND_WIREGUARD_PEER;
	case HYCAN_EVENT_FAMILY_OBJECT:
		break;
	}
	return 0;
}

void drift_suspect_thing(struct drift *d, const struct hycan_event *event)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY };
	struct ledger_key key;
	uint64_t owner;

	if (d->ledger && OP_KIND(kind_of(event->family)) & OP_KINDS_HEARD && key_of_event(d->netns, event, &key) &&
	    ledger_whose(d->ledger, &key, &nobody, &owner) != LEDGER_NOBODYS)
		drift_suspect(d, OP_KIND(kind_of(event->family)));
}

bool drift_suspect_silent(struct drift *d)
{
	const uint64_t now = server_now_us();

	if (!d->ledger || !d->looks_at_silent || now < d->silent_at_us)
		return false;
	d->silent_at_us = now + SILENT_US;
	drift_suspect(d, OP_KINDS_SILENT);
	return true;
}

uint64_t drift_time(const struct drift *d)
{
	if (!d->ledger || !d->looks_at_silent)
		return d->at_us;
	return d->at_us && d->at_us < d->silent_at_us ? d->at_us : d->silent_at_us;
}

/* ------------------------------------------------------------------------------------------------------------- looking */

static int mark(enum hycan_object_kind kind, const void *found, void *userdata)
{
	const struct drift *d = userdata;
	struct ledger_key key;

	key_of_found(d->netns, kind, found, &key);
	ledger_mark(d->ledger, &key);
	repair_seen(d->repairs, &key, found);
	return 0;
}

/* Its element is there, and the rules that look it up are not all: it is there for who wants that reported, and does nothing. */
static int mark_idle(enum hycan_object_kind kind, const void *found, void *userdata)
{
	const struct drift *d = userdata;
	struct ledger_key key;

	key_of_found(d->netns, kind, found, &key);
	ledger_mark(d->ledger, &key);
	ledger_touch(d->ledger, &key);
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

/* What one look found. */
struct look {
	struct kernel_monitor *monitor;
	bool whole;        /* our table has all its rules */
	bool repair;       /* there is something to repair */
	struct drift next; /* when to look again, and at what */
};

static void look_at(struct drift *d, struct look *look, enum hycan_object_kind kind)
{
	const bool idle = OP_KIND(kind) & OP_KINDS_IN_TABLE && !look->whole;
	uint64_t began = server_now_us(), again_us;
	size_t n = 0;

	repair_look_begin(d->repairs, d->netns, kind);
	/* what was not read whole is looked at again when something goes */
	if (op_monitor_list(look->monitor, kind, idle ? mark_idle : mark, d) < 0)
		return;
	again_us = repair_look_end(d->repairs, d->netns, kind, began, &look->repair);
	if (again_us) {
		look->next.kinds |= OP_KIND(kind);
		if (look->next.at_us == 0 || again_us < look->next.at_us)
			look->next.at_us = again_us;
	}
	ledger_sweep_lost(d->ledger, d->netns, kind, began, report, &n);
	if (n > 20)
		log_write(LOG_NOTICE, "%zu in all are gone.", n);
}

static void check_table(const struct drift *d, struct look *look)
{
	if (!(d->kinds & OP_KINDS_IN_TABLE) || op_monitor_check_table(look->monitor, &look->whole) < 0)
		look->whole = true;
	if (!look->whole)
		log_write(LOG_NOTICE,
		          "Rules of the table inet hycan are gone, and not by a request: what is in it may do nothing.");
}

bool drift_look(struct drift *d, struct kernel_monitor *monitor, bool busy)
{
	/* what is on others behind those */
	static const enum hycan_object_kind kinds[] = {
		HYCAN_OBJECT_KIND_LINK,       HYCAN_OBJECT_KIND_WIREGUARD_PEER, HYCAN_OBJECT_KIND_ADDRESS,
		HYCAN_OBJECT_KIND_ROUTE,      HYCAN_OBJECT_KIND_RULE,           HYCAN_OBJECT_KIND_FORWARDING,
		HYCAN_OBJECT_KIND_MASQUERADE, HYCAN_OBJECT_KIND_PORT,           HYCAN_OBJECT_KIND_NETWORK,
	};
	size_t counts[LEDGER_KINDS];
	struct look look = { .monitor = monitor };
	uint64_t began = server_now_us(), now;

	if (d->at_us == 0 || began < d->at_us)
		return false;
	if (busy) {
		d->at_us = began + PATIENCE_US;
		return false;
	}
	check_table(d, &look);
	ledger_count_kinds(d->ledger, counts);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (d->kinds & OP_KIND(kinds[i]) && counts[kinds[i]] > 0)
			look_at(d, &look, kinds[i]);
	now = server_now_us();
	if (d->kinds & OP_KINDS_SILENT && d->silent_at_us < now + SILENT_PART * (now - began))
		d->silent_at_us = now + SILENT_PART * (now - began);
	d->kinds = look.next.kinds;
	d->at_us = look.next.at_us;
	d->not_before_us = now + 4 * (now - began);
	return look.repair;
}
