/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suspecting, and looking: everything of a kind that the kernel has is marked in the ledger, and what has no mark is gone
 * (drift_judge.c). What has changed was told, and only waits for its turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "asked.h"
#include "cleanup.h"
#include "drift_state.h"
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

void drift_suspect_at(struct drift *d, uint32_t kinds, uint64_t at_us)
{
	d->kinds |= kinds;
	/* what is to be repaired may have to wait longer */
	if (d->at_us == 0 || at_us < d->at_us)
		d->at_us = at_us;
}

/* In that order: what is done is in the ledger. */
static bool may_lack(const struct drift *d)
{
	return d->ledger && (any_under_way(d) || ledger_count(d->ledger) > 0);
}

void drift_suspect(struct drift *d, uint32_t kinds)
{
	uint64_t at;

	if (kinds == 0 || !may_lack(d))
		return;
	at = server_now_us() + d->patience_us;
	drift_suspect_at(d, kinds, at > d->not_before_us ? at : d->not_before_us);
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

/* Those on a link that may have gone without a word: what is in their places may be others. */
static void doubt_routes(struct drift *d, const struct hycan_event *event)
{
	struct ledger_key link;

	key_of_name(d->netns, event->has_link ? event->link.name : event->address.link, &link);
	ledger_doubt_on(d->ledger, &link, HYCAN_OBJECT_KIND_ROUTE);
}

/* A network has its gateway's addresses on its link, as long as that is up. */
static void suspect_network(struct drift *d, const struct hycan_event *event)
{
	const bool lost = event->has_address && event->what == HYCAN_EVENT_WHAT_GONE;
	const bool up = event->has_link && event->what == HYCAN_EVENT_WHAT_CHANGED && event->link.has_vlan_id && event->link.up;
	struct ledger_key link;

	if (!lost && !up)
		return;
	key_of_name(d->netns, lost ? event->address.link : event->link.name, &link);
	if (ledger_is_held(d->ledger, &link) || any_under_way(d))
		drift_suspect(d, OP_KIND(HYCAN_OBJECT_KIND_NETWORK));
}

void drift_hear(struct drift *d, const struct hycan_event *event)
{
	const enum hycan_object_kind kind = kind_of(event->family);
	struct ledger_key key;
	bool held;

	if (!d->ledger)
		return;
	if (drift_taker_hear(d, event))
		doubt_routes(d, event);
	suspect_network(d, event);
	if (event->what != HYCAN_EVENT_WHAT_GONE || !(OP_KIND(kind) & OP_KINDS_HEARD) || !key_of_event(d->netns, event, &key))
		return;
	held = ledger_is_held(d->ledger, &key);
	if (held)
		drift_taker_gone(d, kind, &event->cause);
	/* it may have been another one in its place; or that is there still */
	if (held && kind == HYCAN_OBJECT_KIND_ROUTE)
		ledger_doubt(d->ledger, &key, true);
	if (held || any_under_way(d))
		drift_suspect(d, OP_KIND(kind));
}

void drift_suspect_unheard(struct drift *d, uint32_t kinds)
{
	if (kinds & OP_KIND(HYCAN_OBJECT_KIND_ROUTE))
		drift_taker_unheard(d, may_lack(d));
	drift_suspect(d, kinds);
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
	drift_suspect_at(d, 0, server_now_us() + d->patience_us);
}

void drift_release(struct drift *d)
{
	if (d->repairs)
		losses_end_place(&d->repairs->server->losses, d->netns);
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
	bool differs = false;

	key_of_found(d->netns, kind, found, &key);
	if (!ledger_mark(d->ledger, d->look.number, &key, false) && asked_is_left(d->ledger, &key, found))
		(void)ledger_mark(d->ledger, d->look.number, &key, true);
	repair_seen(d->repairs, &key, found);
	if (OP_KIND(kind) & OP_KINDS_IN_TABLE)
		differs = asked_of(d->ledger, &key, found) == OP_ASKED_DIFFERS;
	if (differs)
		repair_differs(d->repairs, &key);
	if (differs || !op_found_whole(kind, found))
		note(d, &key);
	return 0;
}

/* Its element is there, and the rules that look it up are not all: it is there for who wants that reported, and does nothing. */
static int mark_idle(enum hycan_object_kind kind, const void *found, void *userdata)
{
	const struct drift *d = userdata;
	struct ledger_key key;

	key_of_found(d->netns, kind, found, &key);
	(void)ledger_mark(d->ledger, d->look.number, &key, true);
	ledger_touch(d->ledger, &key);
	return 0;
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
		drift_suspect_at(d, OP_SETTINGS, server_now_us() + RETRY_PATIENCES * d->patience_us);
}

/*
 * Marks what there is of a kind. The kernel lists routes and rules by their position: when one goes meanwhile another may be
 * left out, and nobody says so. So what is missing then is asked for again, and what was there once is there.
 */
static int read_kind(struct drift *d, struct kernel_monitor *monitor, enum hycan_object_kind kind)
{
	const bool idle = OP_KIND(kind) & OP_KINDS_IN_TABLE && !d->look.whole;
	const struct ledger_sight sight = drift_sight(d, kind);
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

static void read_all(struct drift *d, struct kernel_monitor *monitor)
{
	struct drift_look *look = &d->look;
	size_t counts[LEDGER_KINDS];
	uint64_t took_us, now;

	look->began_us = server_now_us();
	look->number = ledger_look(d->ledger);
	check_table(d, monitor);
	ledger_count_kinds(d->ledger, counts);
	for (size_t i = 0; i < DRIFT_KINDS; i++) {
		if (!(look->kinds & OP_KIND(drift_kinds[i])))
			continue;
		/* nothing that was taken along is missed */
		if (counts[drift_kinds[i]] == 0) {
			drift_taker_forget(d, drift_kinds[i]);
			continue;
		}
		if (read_kind(d, monitor, drift_kinds[i]) == 0)
			look->read |= OP_KIND(drift_kinds[i]);
		else
			drift_suspect_at(d, OP_KIND(drift_kinds[i]), server_now_us() + RETRY_PATIENCES * d->patience_us);
	}
	read_settings(d, monitor);
	now = server_now_us();
	took_us = now - look->began_us;
	if (look->kinds & OP_KINDS_SILENT && d->silent_at_us < now + SILENT_PART * took_us)
		d->silent_at_us = now + SILENT_PART * took_us;
	d->not_before_us = now + 4 * took_us;
}

/* What a request that waits is about is looked at later. */
static void put_off(struct drift *d, uint32_t held)
{
	struct drift_look *look = &d->look;

	if (look->kinds & held) {
		drift_suspect_at(d, look->kinds & held, server_now_us() + RETRY_PATIENCES * d->patience_us);
		if (!d->owed.kinds)
			d->owed.by = look->noted;
		d->owed.kinds |= look->kinds & held;
	}
	look->kinds &= ~held;
	look->read &= ~held;
	look->held |= held;
}

/* Whether something was put off already for requests that are done: for later ones it is not, or it would be for ever. */
static bool is_put_off_again(const struct drift *d, uint32_t held)
{
	return d->look.kinds & d->owed.kinds & held & ~hands_hold(d->hands, &d->owed.by);
}

/* Whether those are done that were under way, or wait for another program; else when to ask again. */
static bool others_are_done(struct drift *d)
{
	const uint32_t held = hands_hold(d->hands, &d->look.noted);

	if (held == HANDS_ANY || is_put_off_again(d, held)) {
		d->look.at_us = server_now_us() + WAIT_US;
		return false;
	}
	put_off(d, held);
	return true;
}

static void begin(struct drift *d)
{
	d->look = (struct drift_look){ .step = DRIFT_BEGINS, .kinds = d->kinds };
	drift_taker_begin(d, d->kinds);
	d->kinds = 0;
	d->at_us = 0;
	d->look.moment = underway_moment(&d->repairs->server->underway);
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
	d->owed.kinds &= ~d->look.kinds;
	drift_judge(d, &repair);
	return repair;
}
