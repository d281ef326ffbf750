/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "events.h"

#define DEADLINE_MS 20000

static const char *what_name(enum hycan_event_what what)
{
	switch (what) {
	case HYCAN_EVENT_WHAT_SNAPSHOT:
		return "snapshot";
	case HYCAN_EVENT_WHAT_PRESENT:
		return "present";
	case HYCAN_EVENT_WHAT_COMPLETE:
		return "complete";
	case HYCAN_EVENT_WHAT_NEW:
		return "new";
	case HYCAN_EVENT_WHAT_CHANGED:
		return "changed";
	case HYCAN_EVENT_WHAT_GONE:
		return "gone";
	case HYCAN_EVENT_WHAT_OVERFLOW:
		return "overflow";
	}
	return "?";
}

static const char *origin_name(enum hycan_event_origin origin)
{
	switch (origin) {
	case HYCAN_EVENT_ORIGIN_REQUEST:
		return "request";
	case HYCAN_EVENT_ORIGIN_CONSEQUENCE:
		return "consequence";
	case HYCAN_EVENT_ORIGIN_DAEMON:
		return "daemon";
	case HYCAN_EVENT_ORIGIN_STRANGER:
		return "stranger";
	case HYCAN_EVENT_ORIGIN_UNKNOWN:
		return "unknown";
	case HYCAN_EVENT_ORIGIN_REPAIR:
		return "repair";
	}
	return "?";
}

/* The thing as text; in key what it is known by. */
static void format_thing(const struct hycan_event *e, char *text, size_t size, char *key, size_t key_size)
{
	char a[INET6_ADDRSTRLEN] = "", b[INET6_ADDRSTRLEN] = "";

	if (e->has_link) {
		snprintf(text, size, "link %s%s", e->link.name, e->link.up ? " up" : "");
		snprintf(key, key_size, "link %u ", e->link.ifindex);
	} else if (e->has_address) {
		inet_ntop(e->address.address.address.family, e->address.address.address.bytes, a, sizeof(a));
		snprintf(text, size, "address %s %s/%u", e->address.link, a, e->address.address.length);
		snprintf(key, key_size, "%.*s", (int)key_size - 1, text);
	} else if (e->has_route) {
		const struct hycan_route *r = &e->route;

		inet_ntop(r->destination.address.family, r->destination.address.bytes, a, sizeof(a));
		if (r->has_via)
			inet_ntop(r->via.family, r->via.bytes, b, sizeof(b));
		snprintf(key, key_size, "route %s/%u table %u metric %u", a, r->destination.length, r->table,
		         r->has_metric ? r->metric : 0);
		snprintf(text, size, "%s%s%s%s%s", key, b[0] ? " via " : "", b, r->has_link ? " dev " : "",
		         r->has_link ? r->link : "");
		/* IPv6 has several in one place, told apart by where they lead */
		if (r->destination.address.family == AF_INET6)
			snprintf(key, key_size, "%.*s", (int)key_size - 1, text);
	} else if (e->has_rule) {
		snprintf(text, size, "rule %s %u", e->rule.family == HYCAN_FAMILY_IPV4 ? "ipv4" : "ipv6", e->rule.priority);
		snprintf(key, key_size, "%.*s", (int)key_size - 1, text);
	} else if (e->has_wireguard) {
		snprintf(key, key_size, "wireguard %s", e->wireguard.name);
		snprintf(text, size, "%s port %u mark %u%s", key, e->wireguard.listen_port, e->wireguard.fwmark,
		         e->wireguard.has_public_key ? " key" : "");
	} else if (e->has_wireguard_peer) {
		const struct hycan_wireguard_peer *p = &e->wireguard_peer;

		hycan_key_format(&p->public_key, a, sizeof(a));
		snprintf(key, key_size, "peer %s %.44s", e->peer_of, a);
		snprintf(text, size, "%s keepalive %u allowed %zu%s", key, p->persistent_keepalive,
		         p->n_allowed_ips + (e->has_more_allowed_ips ? e->more_allowed_ips : 0),
		         p->has_preshared_key ? " preshared" : "");
	} else if (e->has_object) {
		snprintf(key, key_size, "object %s %.50s", object_kind_name(e->object.kind), e->object.identity);
		snprintf(text, size, "%s uid %u holders %u", key, e->object.uid, e->object.holders);
	}
}

static void forget_key(struct events *e, const char *key)
{
	for (size_t i = 0; i < e->n_known; i++)
		if (strncmp(e->known[i].key, key, strlen(key)) == 0 &&
		    (e->known[i].key[strlen(key)] == '\0' || e->known[i].key[strlen(key)] == '|')) {
			e->known[i] = e->known[--e->n_known];
			return;
		}
}

static void *grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	*room = *room ? *room * 2 : 64;
	array = reallocarray(array, *room, size);
	assert_non_null(array);
	return array;
}

/* What was known counts no more behind an overflow, and at once there is another snapshot; what is present is told in one alone. */
static void check_order(struct events *e, enum hycan_event_what what)
{
	const bool begins = e->last == 1 || e->overflowed;

	assert_int_equal(what == HYCAN_EVENT_WHAT_SNAPSHOT, begins);
	if (what == HYCAN_EVENT_WHAT_PRESENT || what == HYCAN_EVENT_WHAT_COMPLETE)
		assert_false(e->complete);
	e->overflowed = what == HYCAN_EVENT_WHAT_OVERFLOW;
}

static void learn(struct events *e, const struct hycan_event *event, const char *text, const char *key)
{
	if (event->has_object && event->what != HYCAN_EVENT_WHAT_PRESENT)
		e->objects_changed = true;
	switch (event->what) {
	case HYCAN_EVENT_WHAT_SNAPSHOT:
		e->n_known = 0;
		e->objects_changed = false;
		e->n_snapshots++;
		e->complete = false;
		return;
	case HYCAN_EVENT_WHAT_COMPLETE:
		e->complete = true;
		return;
	case HYCAN_EVENT_WHAT_OVERFLOW:
		e->n_overflows++;
		return;
	case HYCAN_EVENT_WHAT_GONE:
		forget_key(e, key);
		return;
	case HYCAN_EVENT_WHAT_CHANGED:
		forget_key(e, key);
		break;
	case HYCAN_EVENT_WHAT_PRESENT:
	case HYCAN_EVENT_WHAT_NEW:
		/* while a snapshot is told, what changes is told beside it */
		if (event->has_object && (e->objects_changed || event->what == HYCAN_EVENT_WHAT_NEW))
			forget_key(e, key);
		break;
	}
	e->known = grow(e->known, e->n_known, &e->known_room, sizeof(*e->known));
	snprintf(e->known[e->n_known++].key, sizeof(e->known->key), "%s|%s", key, text);
}

static void on_event(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	const struct hycan_event *event = reply;
	struct events *e = userdata;
	char text[240] = "", key[160] = "", cause[140] = "", line[600];

	(void)h;
	if (result != 0 || n == 0) {
		e->ended = true;
		e->result = result;
		return;
	}
	assert_int_equal(n, 1);
	/* none is left out */
	assert_int_equal(event->number, e->last + 1);
	e->last = event->number;
	check_order(e, event->what);
	format_thing(event, text, sizeof(text), key, sizeof(key));
	if (event->has_cause) {
		int at = snprintf(cause, sizeof(cause), " by %s", origin_name(event->cause.origin));

		if (event->cause.has_uid)
			at += snprintf(cause + at, sizeof(cause) - (size_t)at, " %u %s", event->cause.uid, event->cause.operation);
		if (event->cause.has_pid && event->cause.has_request)
			snprintf(cause + at, sizeof(cause) - (size_t)at, " pid %d request %u", event->cause.pid,
			         event->cause.request);
	}
	learn(e, event, text, key);
	snprintf(line, sizeof(line), "%s%s%s%s", what_name(event->what), text[0] ? " " : "", text, cause);
	e->line = grow(e->line, e->n_lines, &e->line_room, sizeof(*e->line));
	e->line[e->n_lines++] = strdup(line);
}

void events_begin(struct events *e, struct hycan *h, const struct hycan_event_subscribe_options *options)
{
	memset(e, 0, sizeof(*e));
	e->h = h;
	assert_int_equal(hycan_event_subscribe(h, options, on_event, e), 0);
	e->request = hycan_sequence(h);
}

void events_begin_complete(struct events *e, struct hycan *h, const struct hycan_event_subscribe_options *options)
{
	events_begin(e, h, options);
	events_until(e, "complete");
}

void events_end(struct events *e)
{
	if (!e->ended)
		assert_done(e->h, hycan_event_unsubscribe(e->h, e->request));
	for (size_t i = 0; i < e->n_lines; i++)
		free(e->line[i]);
	free(e->line);
	free(e->known);
	memset(e, 0, sizeof(*e));
}

static void show(const struct events *e, const char *wanted)
{
	for (size_t i = e->n_lines > 40 ? e->n_lines - 40 : 0; i < e->n_lines; i++)
		fprintf(stderr, "  %s%s\n", i < e->at ? "(before) " : "", e->line[i]);
	fail_msg("no event “%s”; result %d “%s”", wanted, e->result, hycan_error_message(e->h));
}

const char *events_until(struct events *e, const char *format, ...)
{
	int64_t deadline = now_ms() + DEADLINE_MS * SLOWEST;
	size_t n_lines = e->n_lines;
	char wanted[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(wanted, sizeof(wanted), format, ap);
	va_end(ap);
	for (;;) {
		for (; e->at < e->n_lines; e->at++)
			if (strncmp(e->line[e->at], wanted, strlen(wanted)) == 0)
				return e->line[e->at++];
		/* on a busy machine much takes long, but not for nothing to come at all */
		if (e->n_lines != n_lines)
			deadline = now_ms() + DEADLINE_MS * SLOWEST;
		n_lines = e->n_lines;
		if (e->ended || now_ms() >= deadline)
			show(e, wanted);
		hycan_wait(e->h, 100);
	}
}

void events_settle(struct events *e, int milliseconds)
{
	size_t n;

	do {
		n = e->n_lines;
		hycan_wait(e->h, milliseconds);
	} while (e->n_lines != n);
}

bool events_heard(const struct events *e, const char *prefix)
{
	for (size_t i = e->at; i < e->n_lines; i++)
		if (strncmp(e->line[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

void events_forget(struct events *e)
{
	e->at = e->n_lines;
}

bool events_know(const struct events *e, const char *prefix)
{
	for (size_t i = 0; i < e->n_known; i++) {
		const char *text = strchr(e->known[i].key, '|') + 1;

		if (strncmp(text, prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

size_t events_count(const struct events *e, const char *family)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_known; i++)
		n += strncmp(strchr(e->known[i].key, '|') + 1, family, strlen(family)) == 0;
	return n;
}
