/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking: everything of a kind that the kernel has is marked in the ledger, and what has no mark is gone. What has changed was
 * told, and only waits for its turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "drift.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "repair.h"
#include "server.h"
#include "setting.h"
#include "subject.h"

/* What the kernel does not announce is looked at so often, and less often where that takes more than a part of the time. */
#define SILENT_PATIENCES 10
#define SILENT_PART      20

/* What could not be read is read again so much later. */
#define RETRY_PATIENCES 5

/* A list that changes while it is read may lack what is there; then it is read again, so often at most. */
#define READINGS_MAX 2

/* Of what was changed so much is told one by one. */
#define CHANGED_MAX 4096

/* How long to wait before one looks again whether a request is done: most are at once. */
#define WAIT_US 2000

/* Whether there are requests under way, which may have made what the ledger does not know yet. */
static bool any_under_way(const struct drift *d)
{
	struct hands_noted noted;

	hands_note(d->hands, &noted);
	return hands_any(&noted);
}

static void suspect_at(struct drift *d, uint32_t kinds, uint64_t at_us)
{
	d->kinds |= kinds;
	/* what is to be repaired may have to wait longer */
	if (d->at_us == 0 || at_us < d->at_us)
		d->at_us = at_us;
}

void drift_suspect(struct drift *d, uint32_t kinds)
{
	uint64_t at;

	/* in that order: what is done is in the ledger */
	if (!d->ledger || kinds == 0 || (!any_under_way(d) && ledger_count(d->ledger) == 0))
		return;
	at = server_now_us() + d->patience_us;
	suspect_at(d, kinds, at > d->not_before_us ? at : d->not_before_us);
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
	struct ledger_key key;

	if (d->ledger && OP_KIND(kind_of(event->family)) & OP_KINDS_HEARD && key_of_event(d->netns, event, &key) &&
	    (any_under_way(d) || ledger_is_held(d->ledger, &key)))
		drift_suspect(d, OP_KIND(kind_of(event->family)));
}

static bool is_noted(const struct drift *d, const struct ledger_key *key)
{
	for (size_t i = d->n_changed; i > 0; i--)
		if (key_same(&d->changed[i - 1], key))
			return true;
	return false;
}

/* It is told at the end of a look. */
static void note(struct drift *d, const struct ledger_key *key)
{
	if (d->n_changed < CHANGED_MAX && !is_noted(d, key) && array_grow(&d->changed, d->n_changed, sizeof(*d->changed)) == 0)
		d->changed[d->n_changed++] = *key;
}

void drift_change_thing(struct drift *d, const struct hycan_event *event, bool named)
{
	const enum hycan_object_kind kind = kind_of(event->family);
	struct ledger_key key;

	if (!d->ledger || !(OP_KIND(kind) & OP_KINDS_HEARD) || !key_of_event(d->netns, event, &key) ||
	    (!any_under_way(d) && !ledger_is_held(d->ledger, &key)))
		return;
	/* that is compared with what was asked for, whoever did it */
	if (repair_drift(d->repairs, &key) == HYCAN_DRIFT_REPAIR)
		drift_suspect(d, OP_KIND(kind));
	if (!named)
		return;
	note(d, &key);
	suspect_at(d, 0, server_now_us() + d->patience_us);
}
	if (d->repairs)
		losses_end_place(&d->repairs->server->losses, d->netns);

void drift_release(struct drift *d)
{
	cleanup_free(&d->changed);
	*d = (struct drift){ 0 };
}

bool drift_suspect_silent(struct drift *d)
{
	const uint64_t now = server_now_us();

	if (!d->ledger || !d->looks_at_silent || now < d->silent_at_us)
		return false;
	d->silent_at_us = now + SILENT_PATIENCES * d->patience_us;
	drift_suspect(d, OP_KINDS_SILENT);
	return true;
}

uint64_t drift_time(const struct drift *d)
{
	/* one look at a time */
	const uint64_t at_us = d->look.step == DRIFT_RESTS ? d->at_us : d->look.at_us;

	if (!d->ledger || !d->looks_at_silent)
		return at_us;
	return at_us && at_us < d->silent_at_us ? at_us : d->silent_at_us;
}

/* ------------------------------------------------------------------------------------------------------------- looking */

static int mark(enum hycan_object_kind kind, const void *found, void *userdata)
{
	struct drift *d = userdata;
	struct ledger_key key;

	key_of_found(d->netns, kind, found, &key);
	ledger_mark(d->ledger, d->look.number, &key);
	repair_seen(d->repairs, &key, found);
	if (!op_found_whole(kind, found))
		note(d, &key);
	return 0;
}

/* Its element is there, and the rules that look it up are not all: it is there for who wants that reported, and does nothing. */
static int mark_idle(enum hycan_object_kind kind, const void *found, void *userdata)
{
	const struct drift *d = userdata;
	struct ledger_key key;

	key_of_found(d->netns, kind, found, &key);
	ledger_mark(d->ledger, d->look.number, &key);
	ledger_touch(d->ledger, &key);
	return 0;
}

/* What is being told one by one. */
struct reporting {
	struct losses *losses;
	size_t n;
};

static void report(const struct ledger_object *object, void *userdata)
{
	struct reporting *reporting = userdata;
	char text[512];

	losses_note(reporting->losses, object);
	/* of a thousand that went together, the number is enough */
	if (reporting->n++ >= 20)
		return;
	key_format(&object->key, text, sizeof(text));
	log_write(LOG_NOTICE, "%s, which %s had asked for, is gone, and not by a request.", text,
	          subject_say(object->holder.subject).text);
}

static void report_changed(struct drift *d, const struct ledger_key *key, size_t *n)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY, .lifetime = HYCAN_LIFETIME_PERMANENT };
	uint64_t owner = SUBJECT_NOBODY;
	char text[512];

	if (!ledger_is_held(d->ledger, key))
		return;
	ledger_touch(d->ledger, key);
	if ((*n)++ >= 20)
		return;
	(void)ledger_whose(d->ledger, key, &nobody, &owner);
	key_format(key, text, sizeof(text));
	log_write(LOG_NOTICE, "%s, which %s had asked for, was changed, and not by a request.", text, subject_say(owner).text);
}

/* What was noted before the look was done, and is to be reported. That it is to be repaired may be known only since then. */
static void judge_changed(struct drift *d)
{
	const size_t n_told = d->look.n_changed;
	size_t n = 0;

	for (size_t i = 0; i < n_told; i++) {
		const struct ledger_key *key = &d->changed[i];

		switch (repair_drift(d->repairs, key)) {
		case HYCAN_DRIFT_REPORT:
			report_changed(d, key, &n);
			break;
		case HYCAN_DRIFT_REPAIR:
			if (!(d->look.read & OP_KIND(key->kind)))
				drift_suspect(d, OP_KIND(key->kind));
			break;
		case HYCAN_DRIFT_IGNORE:
			break;
		}
	}
	if (n > 20)
		log_write(LOG_NOTICE, "%zu in all were changed.", n);
	d->n_changed -= n_told;
	if (d->n_changed > 0)
		memmove(d->changed, d->changed + n_told, d->n_changed * sizeof(*d->changed));
	else
		cleanup_free(&d->changed);
}

static int see_settings(const char *link, const struct op_settings *is, void *userdata)
{
	const struct drift *d = userdata;

	settings_seen(&d->repairs->settings, d->netns, link, is, d->look.began_us);
	return 0;
}

static void read_settings(struct drift *d, struct kernel_monitor *monitor)
{
	if (!(d->look.kinds & OP_SETTINGS) || !settings_has_silent(&d->repairs->settings))
		return;
	settings_look_begin(&d->repairs->settings, d->netns, OP_SETTINGS_SILENT);
	if (op_monitor_list_settings(monitor, see_settings, d) == 0)
		d->look.read |= OP_SETTINGS;
	else
		suspect_at(d, OP_SETTINGS, server_now_us() + RETRY_PATIENCES * d->patience_us);
}

static struct ledger_sight sight_of(const struct drift *d, enum hycan_object_kind kind)
{
	return (struct ledger_sight){
		.look = d->look.number,
		.netns = d->netns,
		.kind = kind,
		.before_us = d->look.began_us,
	};
}

/*
 * Marks what there is of a kind. The kernel lists routes and rules by their position: when one goes meanwhile another may be
 * left out, and nobody says so. So what is missing then is asked for again, and what was there once is there.
 */
static int read_kind(struct drift *d, struct kernel_monitor *monitor, enum hycan_object_kind kind)
{
	const bool idle = OP_KIND(kind) & OP_KINDS_IN_TABLE && !d->look.whole;
	const struct ledger_sight sight = sight_of(d, kind);
	int r = -EINTR;

	repair_look_begin(d->repairs, d->netns, kind);
	for (int i = 0; i < READINGS_MAX; i++) {
		r = op_monitor_list(monitor, kind, idle ? mark_idle : mark, d);
		if (r < 0 && r != -EINTR)
			return r;
		if (r == 0 && !op_monitor_is_behind(monitor))
			return 0;
		if (!ledger_misses(d->ledger, &sight))
			return 0;
	}
	return r;
}

static void check_table(struct drift *d, struct kernel_monitor *monitor)
{
	d->look.whole = true;
	if (d->look.kinds & OP_KINDS_IN_TABLE && op_monitor_check_table(monitor, &d->look.whole) < 0)
		d->look.whole = true;
	if (!d->look.whole)
		log_write(LOG_NOTICE,
		          "Rules of the table inet hycan are gone, and not by a request: what is in it may do nothing.");
}

/* What is on others behind those. */
static const enum hycan_object_kind kinds_in_order[] = {
	HYCAN_OBJECT_KIND_LINK,       HYCAN_OBJECT_KIND_WIREGUARD_PEER, HYCAN_OBJECT_KIND_ADDRESS,
	HYCAN_OBJECT_KIND_ROUTE,      HYCAN_OBJECT_KIND_RULE,           HYCAN_OBJECT_KIND_FORWARDING,
	HYCAN_OBJECT_KIND_MASQUERADE, HYCAN_OBJECT_KIND_PORT,           HYCAN_OBJECT_KIND_NETWORK,
};
#define N_KINDS (sizeof(kinds_in_order) / sizeof(*kinds_in_order))

static void read_all(struct drift *d, struct kernel_monitor *monitor)
{
	struct drift_look *look = &d->look;
	size_t counts[LEDGER_KINDS];
	uint64_t took_us, now;

	look->began_us = server_now_us();
	look->number = ledger_look(d->ledger);
	check_table(d, monitor);
	ledger_count_kinds(d->ledger, counts);
	for (size_t i = 0; i < N_KINDS; i++) {
		if (!(look->kinds & OP_KIND(kinds_in_order[i])) || counts[kinds_in_order[i]] == 0)
			continue;
		if (read_kind(d, monitor, kinds_in_order[i]) == 0)
			look->read |= OP_KIND(kinds_in_order[i]);
		else
			suspect_at(d, OP_KIND(kinds_in_order[i]), server_now_us() + RETRY_PATIENCES * d->patience_us);
	}
	read_settings(d, monitor);
	now = server_now_us();
	took_us = now - look->began_us;
	if (look->kinds & OP_KINDS_SILENT && d->silent_at_us < now + SILENT_PART * took_us)
		d->silent_at_us = now + SILENT_PART * took_us;
	d->not_before_us = now + 4 * took_us;
}

static void judge_kind(struct drift *d, enum hycan_object_kind kind, bool *ret_repair)
{
	const struct ledger_sight sight = sight_of(d, kind);
	uint64_t again_us = repair_look_end(d->repairs, d->netns, kind, d->look.began_us, ret_repair);
	struct reporting reporting = { .losses = &d->repairs->server->losses };

	if (again_us)
		suspect_at(d, OP_KIND(kind), again_us);
	if (ledger_sweep_lost(d->ledger, &sight, report, &reporting))
		drift_suspect(d, OP_KIND(kind));
	if (reporting.n > 20)
		log_write(LOG_NOTICE, "%zu in all are gone.", reporting.n);
}

static void judge_settings(struct drift *d, bool *ret_repair)
{
	bool told = false;
	uint64_t again_us = settings_look_end(&d->repairs->settings, d->netns, d->look.began_us, &told);

	if (told)
		atomic_store(&d->repairs->told, true);
	*ret_repair = *ret_repair || told;
	if (again_us)
		suspect_at(d, OP_SETTINGS, again_us);
}

/* Whether those are done that were under way; else when to ask again. */
static bool others_are_done(struct drift *d)
{
	if (hands_done(d->hands, &d->look.noted))
		return true;
	d->look.at_us = server_now_us() + WAIT_US;
	return false;
}

static void begin(struct drift *d)
{
	d->look = (struct drift_look){ .step = DRIFT_BEGINS, .kinds = d->kinds };
	d->kinds = 0;
	d->at_us = 0;
	hands_note(d->hands, &d->look.noted);
}

bool drift_look(struct drift *d, struct kernel_monitor *monitor)
{
	bool repair = false;

	if (d->look.step == DRIFT_RESTS && (d->at_us == 0 || server_now_us() < d->at_us))
		return false;
	if (d->look.step == DRIFT_RESTS)
		begin(d);
	if (!others_are_done(d))
		return false;
	if (d->look.step == DRIFT_BEGINS) {
		read_all(d, monitor);
		d->look.n_changed = d->n_changed;
		d->look.step = DRIFT_ENDS;
		hands_note(d->hands, &d->look.noted);
		if (!others_are_done(d))
			return false;
	}
	d->look.step = DRIFT_RESTS;
	for (size_t i = 0; i < N_KINDS; i++)
		if (d->look.read & OP_KIND(kinds_in_order[i]))
			judge_kind(d, kinds_in_order[i], &repair);
	if (d->look.read & OP_SETTINGS)
		judge_settings(d, &repair);
	judge_changed(d);
	return repair;
}
