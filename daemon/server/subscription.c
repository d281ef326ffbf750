/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One subscription: what it wants to hear, and the frames. Everything here is done by the observer's thread. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "subscription.h"
#include "wire.h"

/* Writes t->event as the next one. False: there is no room, and it was not written. */
static bool write_event(struct subscription *s, struct telling *t, enum hycan_event_what what)
{
	struct nlmsghdr nlh = {
		.nlmsg_type = HYCAN_OPERATION_EVENT_SUBSCRIBE,
		.nlmsg_flags = NLM_F_MULTI,
		.nlmsg_seq = s->seq,
		.nlmsg_pid = s->port,
	};
	struct wire_fault fault;
	ssize_t n;
	int r;

	t->event.number = s->number + 1;
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
	pthread_mutex_unlock(t->lock);
	if (r < 0)
		return false;
	s->number++;
	return true;
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
	return has && fnmatch(s->name, name, 0) == 0;
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

static bool matches(const struct subscription *s, const struct hycan_event *e)
{
	if (!(s->families & OP_FAMILY(e->family)))
		return false;
	if (!s->name[0])
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
	}
	return false;
}

/* Whether another name takes a link, with all that is on it, into what is wanted or out of it. */
static bool crosses(const struct subscription *s, const struct hycan_event *e, const char *before)
{
	return s->name[0] && before && e->family == HYCAN_EVENT_FAMILY_LINK &&
	       name_matches(s, true, before) != name_matches(s, true, e->link.name);
}

/* -------------------------------------------------------------------------------------------------------------- telling */

void subscription_lose(struct subscription *s)
{
	if (s->state != SUBSCRIPTION_NEW)
		s->state = SUBSCRIPTION_LOST;
}

void subscription_change(struct subscription *s, struct telling *t, uint64_t number, const char *before)
{
	bool told = s->state == SUBSCRIPTION_LIVE || (s->state == SUBSCRIPTION_SNAPSHOT_BEGUN && number <= s->cursor);

	if (!told)
		return;
	if (crosses(s, &t->event, before))
		subscription_lose(s);
	else if (matches(s, &t->event) && !write_event(s, t, t->event.what))
		subscription_lose(s);
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

	while (has_room(s, t, SUBSCRIPTION_SNAPSHOT)) {
		entry = op_monitor_next(monitor, s->families, s->cursor, entry, &number);
		if (!entry)
			return true;
		memset(&t->event, 0, sizeof(t->event));
		if (op_monitor_event(monitor, entry, &t->event) == 0 && matches(s, &t->event) &&
		    !write_event(s, t, HYCAN_EVENT_WHAT_PRESENT))
			return false;
		s->cursor = number;
	}
	return false;
}

void subscription_continue(struct subscription *s, struct telling *t, struct kernel_monitor *monitor)
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
	}
	if (s->state == SUBSCRIPTION_SNAPSHOT_BEGUN && write_present(s, t, monitor) && write_alone(s, t, HYCAN_EVENT_WHAT_COMPLETE))
		s->state = SUBSCRIPTION_LIVE;
}

void subscription_free(struct subscription *s)
{
	buffer_release(&s->output);
	free(s);
}
