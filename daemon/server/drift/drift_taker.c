/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who took away what others went with: an IPv4 address takes those along that came later in its network, of which the kernel tells, and
 * routes, of which it says nothing.
 *
 * All that goes between two looks is told together, so there is one who took it, or nobody can tell which of several. Whoever may be wrong
 * about that blames strangers: of what a request is said to have taken, a person asks no further.
 */
#include "drift_state.h"

static bool is_same(const struct hycan_event_cause *a, const struct hycan_event_cause *b)
{
	return a->origin == b->origin && a->has_request == b->has_request && a->request == b->request && a->pid == b->pid &&
	       a->uid == b->uid && a->cid == b->cid;
}

static void blame(struct drift_taker *taker, const struct hycan_event_cause *cause)
{
	struct hycan_event_cause by = *cause;
	bool stranger;

	if (by.origin == HYCAN_EVENT_ORIGIN_REQUEST)
		by.origin = HYCAN_EVENT_ORIGIN_CONSEQUENCE;
	stranger = by.origin == HYCAN_EVENT_ORIGIN_STRANGER || taker->cause.origin == HYCAN_EVENT_ORIGIN_STRANGER;
	if (taker->is_any && !is_same(&taker->cause, &by))
		by = (struct hycan_event_cause){ .origin = stranger ? HYCAN_EVENT_ORIGIN_STRANGER : HYCAN_EVENT_ORIGIN_UNKNOWN };
	*taker = (struct drift_taker){ .is_any = true, .cause = by };
}

static void pass_on(struct drift_taker *from, struct drift_taker *to)
{
	if (from->is_any)
		blame(to, &from->cause);
	*from = (struct drift_taker){ 0 };
}

static struct drift_takers *takers_of(struct drift *d, enum hycan_object_kind kind)
{
	switch (kind) {
	case HYCAN_OBJECT_KIND_ADDRESS:
		return &d->of_addresses;
	case HYCAN_OBJECT_KIND_ROUTE:
		return &d->of_routes;
	default:
		return NULL;
	}
}

/* What a request does to a link, and to what is on it, it tells the ledger itself. */
static bool takes_routes(const struct hycan_event *event)
{
	const bool by_stranger = event->cause.origin == HYCAN_EVENT_ORIGIN_STRANGER, gone = event->what == HYCAN_EVENT_WHAT_GONE;

	if (event->family == HYCAN_EVENT_FAMILY_LINK)
		return by_stranger && (gone || !event->link.up);
	return event->family == HYCAN_EVENT_FAMILY_ADDRESS && gone &&
	       (by_stranger || event->address.address.address.family == HYCAN_FAMILY_IPV4);
}

bool drift_taker_hear(struct drift *d, const struct hycan_event *event)
{
	const bool takes = takes_routes(event);

	if (takes)
		blame(&d->heard, &event->cause);
	return takes;
}

void drift_taker_gone(struct drift *d, enum hycan_object_kind kind, const struct hycan_event_cause *cause)
{
	struct drift_takers *takers = takers_of(d, kind);

	/* a route that a request takes away goes with nothing, and the request tells the ledger */
	if (takers && (kind == HYCAN_OBJECT_KIND_ADDRESS || cause->origin == HYCAN_EVENT_ORIGIN_STRANGER))
		blame(&takers->since, cause);
}

void drift_taker_unheard(struct drift *d, bool suspected)
{
	if (suspected)
		pass_on(&d->heard, &d->of_routes.since);
	d->heard = (struct drift_taker){ 0 };
}

void drift_mishear(struct drift *d)
{
	const struct hycan_event_cause stranger = { .origin = HYCAN_EVENT_ORIGIN_STRANGER };

	blame(&d->heard, &stranger);
	blame(&d->of_addresses.since, &stranger);
}

void drift_taker_begin(struct drift *d, uint32_t kinds)
{
	if (kinds & OP_KIND(HYCAN_OBJECT_KIND_ADDRESS))
		pass_on(&d->of_addresses.since, &d->of_addresses.before);
	if (kinds & OP_KIND(HYCAN_OBJECT_KIND_ROUTE))
		pass_on(&d->of_routes.since, &d->of_routes.before);
}

void drift_taker_forget(struct drift *d, enum hycan_object_kind kind)
{
	struct drift_takers *takers = takers_of(d, kind);

	if (takers)
		takers->before = (struct drift_taker){ 0 };
}

bool drift_taker_end(struct drift *d, enum hycan_object_kind kind, struct hycan_event_cause *ret_cause)
{
	struct drift_takers *takers = takers_of(d, kind);
	struct drift_taker taker;

	if (!takers)
		return false;
	taker = takers->before;
	drift_taker_forget(d, kind);
	/* the next look may be about that as well */
	if (takers->since.is_any)
		blame(&taker, &takers->since.cause);
	*ret_cause = taker.cause;
	return taker.is_any && taker.cause.origin != HYCAN_EVENT_ORIGIN_STRANGER;
}
