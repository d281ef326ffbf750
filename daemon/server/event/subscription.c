/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One subscription: what it wants to hear, and the frames. Everything here is done by the observer's thread. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "about.h"
#include "key.h"
#include "messages.h"
#include "server.h"
#include "subject.h"
#include "subscription.h"
#include "wire.h"

/* Writes t->event as the next one. False: there is no room, and it was not written. */
static bool write_event(struct subscription *s, struct telling *t, enum hycan_event_what what)
{
	struct nlmsghdr nlh = {
		.nlmsg_type = HYCAN_OPERATION_EVENT_SUBSCRIBE,
		.nlmsg_flags = NLM_F_MULTI,
		.nlmsg_seq = s->record.seq,
		.nlmsg_pid = s->record.port,
	};
	struct wire_fault fault;
	ssize_t n;
	bool told;
	int r;

	t->event.number = s->record.number + 1;
	t->event.what = what;
	n = wire_encode(&structure_event, &t->event, t->frame + sizeof(nlh), sizeof(t->frame) - sizeof(nlh), NULL, NULL, &fault);
	/* the kernel has nothing that a frame could not hold; whatever it may be one day, it is not what others wait for */
	if (n < 0)
		return true;
	nlh.nlmsg_len = (uint32_t)(sizeof(nlh) + (size_t)n);
	memcpy(t->frame, &nlh, sizeof(nlh));
	pthread_mutex_lock(t->lock);
	r = s->ended ? 0 : buffer_append(&s->output, t->frame, nlh.nlmsg_len, SUBSCRIPTION_ROOM);
	if (r == 0 && !s->ended && !s->listed) {
		TAILQ_INSERT_TAIL(t->ready, s, listed_entry);
		s->listed = t->told = true;
	}
	told = r == 0 && !s->ended;
	s->record.number += told;
	pthread_mutex_unlock(t->lock);
	if (told && t->event.has_family)
		statistics_add(&t->statistics.told[t->event.family % STATISTICS_FAMILIES], 1);
	return r == 0;
}

/* Whether so little waits to be read; if not, the loop says when it does. */
static bool has_room(struct subscription *s, struct telling *t, size_t most)
{
	bool room;

	pthread_mutex_lock(t->lock);
	room = buffer_used(&s->output) <= most;
	s->hungry = !room;
	pthread_mutex_unlock(t->lock);
	return room;
}

/* ------------------------------------------------------------------------------------------------------------ filtering */

static bool name_matches(const struct subscription *s, bool has, const char *name)
{
	return has && fnmatch(s->record.name, name, 0) == 0;
}

static bool route_matches(const struct subscription *s, const struct hycan_route *route)
{
	if (name_matches(s, route->has_link, route->link))
		return true;
	for (size_t i = 0; i < route->n_nexthops; i++)
		if (name_matches(s, route->nexthops[i].has_link, route->nexthops[i].link))
			return true;
	return false;
}

/* The identity of links, and of what is told apart by its link, begins with the name; that of a network, and of its names, ends with it. */
static bool object_matches(const struct subscription *s, const struct hycan_object *object)
{
	char name[HYCAN_IFNAME_SIZE] = "";
	const char *last = strrchr(object->identity, ' ');
	size_t n = strcspn(object->identity, " ");

	switch (object->kind) {
	case HYCAN_OBJECT_KIND_LINK:
	case HYCAN_OBJECT_KIND_ADDRESS:
	case HYCAN_OBJECT_KIND_WIREGUARD_PEER:
		if (n >= sizeof(name))
			return false;
		memcpy(name, object->identity, n);
		return name_matches(s, true, name);
	case HYCAN_OBJECT_KIND_NETWORK:
	case HYCAN_OBJECT_KIND_DNS:
	case HYCAN_OBJECT_KIND_DNS_HOST:
		return last && name_matches(s, true, last + 1);
	case HYCAN_OBJECT_KIND_ROUTE:
	case HYCAN_OBJECT_KIND_RULE:
	case HYCAN_OBJECT_KIND_MASQUERADE:
	case HYCAN_OBJECT_KIND_PORT:
	case HYCAN_OBJECT_KIND_FORWARDING:
		return false;
	}
	return false;
}

static bool matches(const struct subscription *s, const struct hycan_event *e)
{
	if (!(s->record.families & OP_FAMILY(e->family)))
		return false;
	if (!s->record.name[0])
		return true;
	switch (e->family) {
	case HYCAN_EVENT_FAMILY_LINK:
		return name_matches(s, true, e->link.name);
	case HYCAN_EVENT_FAMILY_ADDRESS:
		return name_matches(s, true, e->address.link);
	case HYCAN_EVENT_FAMILY_ROUTE:
		return route_matches(s, &e->route);
	case HYCAN_EVENT_FAMILY_RULE:
		return name_matches(s, e->rule.has_in_interface, e->rule.in_interface) ||
		       name_matches(s, e->rule.has_out_interface, e->rule.out_interface);
	case HYCAN_EVENT_FAMILY_OBJECT:
		return object_matches(s, &e->object);
	case HYCAN_EVENT_FAMILY_WIREGUARD:
		return name_matches(s, true, e->has_wireguard ? e->wireguard.name : e->peer_of);
	}
	return false;
}

/* Whether the user holds it, or did when the kernel told of it, or asked for the change. */
static bool owner_matches(const struct subscription *s, const struct telling *t, const struct hycan_event *e)
{
	struct ledger_key key;

	if (!s->record.has_owner || e->family == HYCAN_EVENT_FAMILY_OBJECT)
		return true;
	if (e->has_cause && (e->cause.has_uid || e->cause.has_cid) &&
	    (e->cause.has_cid ? subject_of_cid(e->cause.cid) : e->cause.uid) == s->record.owner)
		return true;
	if (!key_of_event(s->netns, e, &key))
		return false;
	if (ledger_is_held_by(t->ledger, &key, s->record.owner))
		return true;
	/* what the ledger has no more, it has told of before; in this order none of it is missed */
	return news_tell(&t->recent, &key, s->record.owner) || news_will_tell(t->news, &key, s->record.owner);
}

/* Whether another name takes a link, with all that is on it, into what is wanted or out of it. */
static bool crosses(const struct subscription *s, const struct hycan_event *e, const char *before)
{
	return s->record.name[0] && before && e->family == HYCAN_EVENT_FAMILY_LINK &&
	       name_matches(s, true, before) != name_matches(s, true, e->link.name);
}

/* -------------------------------------------------------------------------------------------------------------- telling */

void subscription_lose(struct subscription *s, struct telling *t)
{
	if (s->state == SUBSCRIPTION_NEW || s->state == SUBSCRIPTION_LOST)
		return;
	s->state = SUBSCRIPTION_LOST;
	statistics_add(&t->statistics.overflows, 1);
}

/* Tells what is in t->event, if its owner is wanted, too. */
static void tell(struct subscription *s, struct telling *t, enum hycan_event_what what)
{
	if (owner_matches(s, t, &t->event) && !write_event(s, t, what))
		subscription_lose(s, t);
}

void subscription_note_former(struct subscription *s, const struct telling *t)
{
	s->had = matches(s, &t->event);
}

void subscription_tell_left(struct subscription *s, struct telling *t)
{
	if (s->had)
		tell(s, t, HYCAN_EVENT_WHAT_GONE);
	s->had = false;
}

void subscription_change(struct subscription *s, struct telling *t, uint64_t number, const char *before)
{
	const bool told = s->state == SUBSCRIPTION_LIVE || (s->state == SUBSCRIPTION_SNAPSHOT_BEGUN && number <= s->cursor);
	const bool wanted = matches(s, &t->event), had = t->has_former && s->had;

	s->had = told && had && !wanted;
	t->left |= s->had;
	if (!told)
		return;
	if (crosses(s, &t->event, before))
		subscription_lose(s, t);
	else if (wanted)
		tell(s, t, t->has_former && !had ? HYCAN_EVENT_WHAT_NEW : t->event.what);
}

/* Of objects, whose alone is told; NULL: everybody's. */
static const uint64_t *whose(const struct subscription *s)
{
	return s->record.has_owner ? &s->record.owner : s->record.has_viewer ? &s->record.viewer : NULL;
}

/* What a change is from the point of view of one user, or of all. False: none. */
static bool point_of_view(const struct telling *t, const struct ledger_news *news, const uint64_t *whose,
                          enum hycan_event_what *ret_what)
{
	bool before = true, after = true;

	switch (news->change) {
	case LEDGER_CAME:
		*ret_what = HYCAN_EVENT_WHAT_NEW;
		return !whose || news->subject == *whose;
	case LEDGER_WENT:
		*ret_what = HYCAN_EVENT_WHAT_GONE;
		return whose ? news->subject == *whose : !news->again;
	case LEDGER_CHANGED:
		if (whose && news->subject == *whose) {
			before = news->before;
			after = news->after;
		} else if (whose) {
			before = after = ledger_is_held_by(t->ledger, &news->object.key, *whose);
		}
		*ret_what = before && after ? HYCAN_EVENT_WHAT_CHANGED : after ? HYCAN_EVENT_WHAT_NEW : HYCAN_EVENT_WHAT_GONE;
		return before || after;
	}
	return false;
}

static void describe_object(struct telling *t, const struct ledger_object *object)
{
	memset(&t->event, 0, sizeof(t->event));
	t->event.has_family = t->event.has_object = true;
	t->event.family = HYCAN_EVENT_FAMILY_OBJECT;
	about_object(object, server_now_us(), &t->event.object);
}

void subscription_news(struct subscription *s, struct telling *t, const struct news_item *item)
{
	struct ledger_object object;
	enum hycan_event_what what;

	/* what comes before the objects of a snapshot is among them */
	if (!(s->record.families & OP_FAMILY(HYCAN_EVENT_FAMILY_OBJECT)) || (s->state != SUBSCRIPTION_LIVE && !s->place))
		return;
	if (!point_of_view(t, &item->news, whose(s), &what))
		return;
	/* as he holds it, or where it is gone by now, as who held it first */
	if (!whose(s) || !ledger_is_held_as(t->ledger, &item->news.object.key, *whose(s), &object))
		object = item->news.object;
	describe_object(t, &object);
	if (whose(s))
		about_owner(*whose(s), &t->event.object);
	t->event.has_cause = true;
	t->event.cause = item->cause;
	if (matches(s, &t->event) && !write_event(s, t, what))
		subscription_lose(s, t);
}

static bool write_alone(struct subscription *s, struct telling *t, enum hycan_event_what what)
{
	memset(&t->event, 0, sizeof(t->event));
	return write_event(s, t, what);
}

/* The things that are there. True: that was all. */
static bool write_present(struct subscription *s, struct telling *t, struct kernel_monitor *monitor)
{
	const struct image_entry *entry = NULL;
	uint64_t number = 0;
	int r;

	while (has_room(s, t, SUBSCRIPTION_SNAPSHOT)) {
		entry = op_monitor_next(monitor, s->record.families, s->cursor, entry, &number);
		if (!entry)
			return true;
		memset(&t->event, 0, sizeof(t->event));
		r = op_monitor_event(monitor, entry, &t->event);
		/* without memory it would be missing */
		if (r == -ENOMEM)
			subscription_lose(s, t);
		if (r == -ENOMEM || (r == 0 && matches(s, &t->event) && owner_matches(s, t, &t->event) &&
		                     !write_event(s, t, HYCAN_EVENT_WHAT_PRESENT)))
			return false;
		s->cursor = number;
	}
	return false;
}

/* The same of what the ledger has. */
static bool write_objects(struct subscription *s, struct telling *t)
{
	struct ledger_object object;

	if (!(s->record.families & OP_FAMILY(HYCAN_EVENT_FAMILY_OBJECT)))
		return true;
	if (!s->place)
		s->place = ledger_place(t->ledger);
	while (s->place && has_room(s, t, SUBSCRIPTION_SNAPSHOT)) {
		if (!ledger_next(t->ledger, s->place, whose(s), &object))
			return true;
		describe_object(t, &object);
		/* there is room for it */
		if (matches(s, &t->event))
			(void)write_event(s, t, HYCAN_EVENT_WHAT_PRESENT);
	}
	return false;
}

static void go_on(struct subscription *s, struct telling *t, struct kernel_monitor *monitor)
{
	if (s->state == SUBSCRIPTION_LOST) {
		/* whoever could not keep up gets the beginning when everything else is read */
		if (!has_room(s, t, 0) || !write_alone(s, t, HYCAN_EVENT_WHAT_OVERFLOW))
			return;
		s->state = SUBSCRIPTION_NEW;
	}
	if (s->state == SUBSCRIPTION_NEW) {
		if (!write_alone(s, t, HYCAN_EVENT_WHAT_SNAPSHOT))
			return;
		s->state = SUBSCRIPTION_SNAPSHOT_BEGUN;
		s->cursor = 0;
		ledger_place_free(t->ledger, &s->place);
	}
	if (s->state == SUBSCRIPTION_SNAPSHOT_BEGUN && write_present(s, t, monitor) && write_objects(s, t) &&
	    write_alone(s, t, HYCAN_EVENT_WHAT_COMPLETE)) {
		s->state = SUBSCRIPTION_LIVE;
		ledger_place_free(t->ledger, &s->place);
	}
}

void subscription_continue(struct subscription *s, struct telling *t, struct kernel_monitor *monitor)
{
	go_on(s, t, monitor);
	/* what it was told of that makes it begin again when it is read; if it is by now, at once */
	if (s->state == SUBSCRIPTION_LOST && has_room(s, t, 0))
		go_on(s, t, monitor);
}

void subscription_free(struct subscription *s, struct ledger *ledger)
{
	ledger_place_free(ledger, &s->place);
	buffer_release(&s->output);
	free(s);
}
