/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One namespace: what the kernel tells, and the subscriptions hear.
 *
 * What is in doubt is read anew at once when the kernel has fallen silent, and never again before as long has passed as
 * reading takes, so that a large table which changes all the time costs half a processor at most.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "about.h"
#include "ledger.h"
#include "log.h"
#include "messages.h"
#include "observed.h"
#include "repair.h"
#include "server.h"

/* Messages of the kernel that are read before others have their turn. */
#define MESSAGES_MAX 512

/* While the kernel goes on telling, what is in doubt waits no longer than this; and not shorter than that before it is read again. */
#define DOUBT_US   200000
#define BETWEEN_US 10000

/* What the kernel does not announce is looked at so often, and less often where that takes more than a part of the time. */
#define LOOK_US   2000000
#define LOOK_PART 20

static void lose(struct observed *o)
{
	struct subscription *s;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	subscription_lose(s, &o->observer->telling);
}

/* Fills in what a thing is, or was, and who changed it. False: nobody hears of that. */
static bool describe(struct observed *o, const struct op_change *change, const struct image_entry *entry)
{
	struct hycan_event *e = &o->observer->telling.event;
	const struct hycan_operation *operation;
	int r;

	memset(e, 0, sizeof(*e));
	r = op_monitor_event(o->monitor, entry, e);
	/* for want of memory nobody hears what it was */
	if (r == -ENOMEM) {
		lose(o);
		drift_mishear(&o->drift);
		drift_suspect(&o->drift, OP_KINDS_HEARD);
	}
	if (r < 0)
		return false;
	e->what = change->what;
	e->has_cause = true;
	e->cause.origin = change->origin;
	if (!change->has_request)
		return true;
	about_asker(change->request.subject, &e->cause);
	e->cause.has_pid = e->cause.has_request = true;
	e->cause.pid = change->request.pid;
	e->cause.request = change->request.seq;
	operation = hycan_operation_by_number(change->request.operation);
	e->cause.has_operation = operation;
	if (operation)
		strncpy(e->cause.operation, operation->name, sizeof(e->cause.operation) - 1);
	return true;
}

/* A route alone is on another link by a change, and so it is for others to hear of. */
static bool may_move(const struct observed *o, const struct op_change *change)
{
	const struct subscription *s;

	if (change->family != HYCAN_EVENT_FAMILY_ROUTE || !change->former)
		return false;
	LIST_FOREACH(s, &o->subscriptions, of_observed)
	if (s->record.name[0])
		return true;
	return false;
}

/* Tells all what is in the event. */
static void tell(struct observed *o, const struct op_change *change, const char *before)
{
	struct subscription *s;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	subscription_change(s, &o->observer->telling, change->number, before);
}

/* What has changed as it was: gone, where it is told that another one is new; or all know whether they wanted it. */
static void tell_former(struct observed *o, const struct op_change *change)
{
	struct telling *t = &o->observer->telling;
	struct subscription *s;

	t->left = false;
	t->has_former = !change->is_one_of_several && may_move(o, change) && describe(o, change, change->former);
	if (t->has_former) {
		LIST_FOREACH(s, &o->subscriptions, of_observed)
		subscription_note_former(s, t);
	}
	if (change->is_one_of_several && describe(o, change, change->former)) {
		t->event.what = HYCAN_EVENT_WHAT_GONE;
		tell(o, change, NULL);
	}
}

static void on_change(const struct op_change *change, void *userdata)
{
	struct observed *o = userdata;
	struct telling *t = &o->observer->telling;
	struct hycan_event *e = &t->event;
	const char *before = NULL;
	struct subscription *s;

	const bool may_be_drift = change->what == HYCAN_EVENT_WHAT_GONE || change->what == HYCAN_EVENT_WHAT_CHANGED;

	if (LIST_EMPTY(&o->subscriptions) && !(o->drift.ledger && may_be_drift))
		return;
	/* subscriptions hear when it is known */
	if (!change->in_doubt)
		tell_former(o, change);
	if (!describe(o, change, change->entry))
		return;
	drift_hear(&o->drift, e);
	if (change->in_doubt)
		return;
	if (change->what == HYCAN_EVENT_WHAT_CHANGED && change->family != HYCAN_EVENT_FAMILY_LINK)
		drift_change_thing(&o->drift, e, change->named);
	if (e->has_link && change->what == HYCAN_EVENT_WHAT_CHANGED)
		before = op_monitor_link_name(o->monitor, e->link.ifindex);
	/* what is on it has another name, too, and nothing of that is announced */
	if (before && strcmp(before, e->link.name) != 0)
		drift_suspect(&o->drift, OP_KINDS_HEARD | OP_KINDS_SILENT);
	if (change->is_one_of_several)
		e->what = HYCAN_EVENT_WHAT_NEW;
	tell(o, change, before);
	if (t->left && describe(o, change, change->former)) {
		LIST_FOREACH(s, &o->subscriptions, of_observed)
		subscription_tell_left(s, t);
	}
}

/* Watches what the subscriptions want. */
void observed_watch(struct observed *o)
{
	struct subscription *s;
	uint32_t families = 0;
	int r;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	families |= s->record.families;
	if (families == o->watched && o->watching)
		return;
	o->watching = true;
	r = op_monitor_watch(o->monitor, families, o->drift.ledger ? OP_KINDS_HEARD : 0);
	if (r < 0) {
		log_write(LOG_ERR, "What the kernel tells cannot be heard: %s", strerror(-r));
		return;
	}
	/* links are known in any case */
	o->unknown = (o->unknown | (families & ~o->watched)) & families & op_monitor_doubts(o->monitor);
	o->watched = families;
}

/* Begins to notice drift, or ends it, as it is wanted. */
static void guard(struct observed *o)
{
	const bool wanted = atomic_load(&o->is_guarded);
	int r;

	if (wanted != (o->drift.ledger != NULL)) {
		drift_release(&o->drift);
		o->drift = (struct drift){
			.netns = o->inode,
			.hands = &o->observer->hands,
			.patience_us = o->observer->patience_us,
		};
		if (wanted) {
			o->drift.ledger = o->observer->telling.ledger;
			o->drift.repairs = o->observer->repairs;
		}
		o->watching = false;
		observed_watch(o);
		/* what went while nobody listened */
		drift_suspect(&o->drift, OP_KINDS_HEARD | OP_KINDS_IN_TABLE);
	}
	if (!wanted || o->table || o->table_tried || !atomic_load(&o->has_table))
		return;
	o->table_tried = true;
	r = op_nft_watch_open(o->monitor, &o->table);
	/* a kernel without nf_tables has no table, either */
	if (r < 0 && r != -EPROTONOSUPPORT)
		log_write(LOG_WARNING, "Nobody will notice what strangers take out of the table inet hycan: %s", strerror(-r));
	if (r < 0)
		return;
	drift_suspect(&o->drift, OP_KINDS_IN_TABLE);
}

static void hear(struct observed *o)
{
	int r = op_monitor_read(o->monitor, MESSAGES_MAX, on_change, o);

	o->more = r > 0;
	if (r == -ENOBUFS) {
		log_write(LOG_NOTICE, "The kernel told more than was read; everything is read anew.");
		statistics_add(&o->observer->telling.statistics.resyncs, 1);
		o->unknown = o->watched;
		drift_mishear(&o->drift);
		lose(o);
	}
	if (o->drift.ledger && o->table && op_nft_watch_read(o->table))
		drift_suspect(&o->drift, OP_KINDS_IN_TABLE);
	if (op_monitor_doubts(o->monitor) && o->doubt_since_us == 0)
		o->doubt_since_us = server_now_us();
}

/* When to read anew what is in doubt; 0: there is nothing. */
static uint64_t sync_time(const struct observed *o)
{
	uint64_t at;

	if (!op_monitor_doubts(o->monitor))
		return 0;
	at = o->more && !o->unknown ? o->doubt_since_us + DOUBT_US : o->doubt_since_us;
	return at > o->sync_after_us ? at : o->sync_after_us;
}

static void look(struct observed *o)
{
	if (!op_monitor_has_silent(o->monitor) || server_now_us() < o->look_at_us)
		return;
	op_monitor_look(o->monitor);
	if (o->doubt_since_us == 0)
		o->doubt_since_us = server_now_us();
}

static void sync_doubts(struct observed *o)
{
	const uint32_t silent = op_monitor_doubts(o->monitor) & OP_FAMILY(HYCAN_EVENT_FAMILY_WIREGUARD);
	uint64_t began = server_now_us(), now, look_at_us;
	int r;

	r = op_monitor_sync(o->monitor, on_change, o);
	now = server_now_us();
	if (r < 0 && r != -EINTR)
		log_write(LOG_WARNING, "What the kernel has could not be read: %s", strerror(-r));
	else
		/* what changes all the time was read as well as can be; what is not compared yet was not */
		o->unknown &= op_monitor_doubts(o->monitor) & OP_FAMILY(HYCAN_EVENT_FAMILY_WIREGUARD);
	if (silent && o->silent_began_us == 0)
		o->silent_began_us = began;
	if (silent && !(op_monitor_doubts(o->monitor) & OP_FAMILY(HYCAN_EVENT_FAMILY_WIREGUARD))) {
		o->silent_us = o->silent_began_us;
		o->silent_began_us = 0;
	}
	look_at_us = now + (LOOK_PART * (now - began) > LOOK_US ? LOOK_PART * (now - began) : LOOK_US);
	if (silent && look_at_us > o->look_at_us)
		o->look_at_us = look_at_us;
	o->doubt_since_us = op_monitor_doubts(o->monitor) ? now : 0;
	o->sync_after_us = now + BETWEEN_US + (now - began);
}

static void continue_subscriptions(struct observed *o)
{
	struct subscription *s;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	if (s->state != SUBSCRIPTION_LIVE && !(s->record.families & o->unknown))
		subscription_continue(s, &o->observer->telling, o->monitor);
}

static bool has_silent(const struct observer *observer)
{
	size_t counts[LEDGER_KINDS], n = 0;

	ledger_count_kinds(observer->telling.ledger, counts);
	for (unsigned int kind = 0; kind < LEDGER_KINDS; kind++)
		n += OP_KIND(kind) & OP_KINDS_SILENT ? counts[kind] : 0;
	return n > 0 || (observer->repairs && settings_has_silent(&observer->repairs->settings));
}

/* Whoever has nothing any more that nobody announces is left in peace. */
static void check_silent(struct observer *observer)
{
	if (has_silent(observer))
		return;
	atomic_store(&observer->has_silent, false);
	/* what came meanwhile was told before that, or after */
	if (has_silent(observer))
		atomic_store(&observer->has_silent, true);
}

void observed_serve(struct observed *o)
{
	uint64_t at;

	guard(o);
	hear(o);
	look(o);
	at = sync_time(o);
	if (at && at <= server_now_us())
		sync_doubts(o);
	drift_suspect_unheard(&o->drift, op_monitor_suspects(o->monitor));
	o->drift.looks_at_silent = atomic_load(&o->observer->has_silent);
	if (drift_suspect_silent(&o->drift))
		check_silent(o->observer);
	if (drift_look(&o->drift, o->monitor))
		observer_raise(o->observer->notify);
	continue_subscriptions(o);
}

void observed_free(struct observed **observed)
{
	struct observed *o = *observed;

	if (!o)
		return;
	drift_release(&o->drift);
	op_nft_watch_free(&o->table);
	op_monitor_free(&o->monitor);
	free(o);
	*observed = NULL;
}

void observed_tell_news(struct observed *o, const struct news_list *items, bool lost)
{
	const struct news_item *item;
	struct subscription *s;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	{
		if (lost && s->record.families & OP_FAMILY(HYCAN_EVENT_FAMILY_OBJECT))
			subscription_lose(s, &o->observer->telling);
		STAILQ_FOREACH(item, items, entry)
		subscription_news(s, &o->observer->telling, item);
	}
}

bool observed_wants_news(const struct observed *o)
{
	const struct subscription *s;

	LIST_FOREACH(s, &o->subscriptions, of_observed)
	if (s->record.has_owner || s->record.families & OP_FAMILY(HYCAN_EVENT_FAMILY_OBJECT))
		return true;
	return false;
}

bool observed_is_quiet(const struct observed *o)
{
	/* what the kernel does not announce is told when it is looked at next */
	if (op_monitor_has_silent(o->monitor) && o->silent_us < o->observer->silent_news_us)
		return false;
	return !o->more && !op_monitor_doubts(o->monitor);
}

/* Milliseconds until something is to be done that nobody tells. */
int observed_wait_time(const struct observed *o, int before)
{
	uint64_t at = o->more ? 1 : sync_time(o), drift_at = drift_time(&o->drift), now;
	int ms;

	if (drift_at && (at == 0 || drift_at < at))
		at = drift_at;
	if (op_monitor_has_silent(o->monitor) && (at == 0 || o->look_at_us < at))
		at = o->look_at_us;
	if (at == 0)
		return before;
	now = server_now_us();
	ms = at <= now ? 0 : (int)((at - now + 999) / 1000);
	return before < 0 || ms < before ? ms : before;
}
