/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the kernel's words for changes to the schema's. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/monitor.h"
#include "kernel/nat.h"
#include "kernel/nft_watch.h"
#include "observe.h"

int op_monitor_open(const struct kernel_scope *scope, int receive_buffer, uint64_t token, struct kernel_monitor **ret_monitor)
{
	return kernel_monitor_open(scope, receive_buffer, token, ret_monitor);
}

void op_monitor_free(struct kernel_monitor **monitor)
{
	kernel_monitor_free(monitor);
}

int op_monitor_fd(const struct kernel_monitor *monitor)
{
	return kernel_monitor_fd(monitor);
}

uint32_t op_monitor_port(const struct kernel_monitor *monitor)
{
	return kernel_monitor_port(monitor);
}

bool op_monitor_is_behind(const struct kernel_monitor *monitor)
{
	struct pollfd told = { .fd = kernel_monitor_fd(monitor), .events = POLLIN };

	return poll(&told, 1, 0) != 0;
}

static enum hycan_event_family family_of(enum kernel_kind kind)
{
	switch (kind) {
	case KERNEL_LINK:
		return HYCAN_EVENT_FAMILY_LINK;
	case KERNEL_ADDRESS:
		return HYCAN_EVENT_FAMILY_ADDRESS;
	case KERNEL_ROUTE:
		return HYCAN_EVENT_FAMILY_ROUTE;
	case KERNEL_RULE:
		return HYCAN_EVENT_FAMILY_RULE;
	case KERNEL_WIREGUARD:
		return HYCAN_EVENT_FAMILY_WIREGUARD;
	case KERNEL_FORWARDING:
		/* nobody subscribes to it */
		return 0;
	}
	return HYCAN_EVENT_FAMILY_LINK;
}

static unsigned int kinds_of(uint32_t families)
{
	unsigned int kinds = 0;

	for (unsigned int kind = 0; kind < KERNEL_KINDS; kind++)
		if (families & OP_FAMILY(family_of((enum kernel_kind)kind)))
			kinds |= KERNEL_BIT(kind);
	return kinds;
}

static uint32_t families_of(unsigned int kinds)
{
	uint32_t families = 0;

	for (unsigned int kind = 0; kind < KERNEL_KINDS; kind++)
		if (kinds & KERNEL_BIT(kind))
			families |= OP_FAMILY(family_of((enum kernel_kind)kind));
	return families;
}

static enum hycan_object_kind object_of(enum kernel_kind kind)
{
	switch (kind) {
	case KERNEL_LINK:
		return HYCAN_OBJECT_KIND_LINK;
	case KERNEL_ADDRESS:
		return HYCAN_OBJECT_KIND_ADDRESS;
	case KERNEL_ROUTE:
		return HYCAN_OBJECT_KIND_ROUTE;
	case KERNEL_RULE:
		return HYCAN_OBJECT_KIND_RULE;
	case KERNEL_FORWARDING:
		return HYCAN_OBJECT_KIND_FORWARDING;
	case KERNEL_WIREGUARD:
		return HYCAN_OBJECT_KIND_WIREGUARD_PEER;
	}
	return HYCAN_OBJECT_KIND_LINK;
}

int op_monitor_watch(struct kernel_monitor *monitor, uint32_t families, uint32_t losses)
{
	unsigned int kinds = 0;

	for (unsigned int kind = 0; kind < KERNEL_ANNOUNCED; kind++)
		if (losses & OP_KIND(object_of((enum kernel_kind)kind)))
			kinds |= KERNEL_BIT(kind);
	return kernel_monitor_watch(monitor, kinds_of(families), kinds);
}

uint32_t op_monitor_doubts(const struct kernel_monitor *monitor)
{
	return families_of(kernel_monitor_doubts(monitor));
}

uint32_t op_monitor_suspects(struct kernel_monitor *monitor)
{
	const unsigned int suspects = kernel_monitor_suspects(monitor);
	uint32_t kinds = 0;

	for (unsigned int kind = 0; kind < KERNEL_KINDS; kind++)
		if (suspects & KERNEL_BIT(kind))
			kinds |= OP_KIND(object_of((enum kernel_kind)kind));
	/* networks need them */
	return kinds & (OP_KIND(HYCAN_OBJECT_KIND_FORWARDING) | OP_KIND(HYCAN_OBJECT_KIND_ADDRESS))
	               ? kinds | OP_KIND(HYCAN_OBJECT_KIND_NETWORK)
	               : kinds;
}

static enum hycan_event_what what_of(enum kernel_change_what what)
{
	switch (what) {
	case KERNEL_CAME:
		return HYCAN_EVENT_WHAT_NEW;
	case KERNEL_CHANGED:
		return HYCAN_EVENT_WHAT_CHANGED;
	case KERNEL_WENT:
		return HYCAN_EVENT_WHAT_GONE;
	}
	return HYCAN_EVENT_WHAT_CHANGED;
}

static enum hycan_event_origin origin_of(enum kernel_origin origin)
{
	switch (origin) {
	case KERNEL_BY_REQUEST:
		return HYCAN_EVENT_ORIGIN_REQUEST;
	case KERNEL_DURING:
		return HYCAN_EVENT_ORIGIN_CONSEQUENCE;
	case KERNEL_BY_US:
		return HYCAN_EVENT_ORIGIN_DAEMON;
	case KERNEL_BY_STRANGER:
		return HYCAN_EVENT_ORIGIN_STRANGER;
	case KERNEL_BY_SOMEBODY:
		return HYCAN_EVENT_ORIGIN_UNKNOWN;
	}
	return HYCAN_EVENT_ORIGIN_STRANGER;
}

struct listener {
	op_changed *changed;
	void *userdata;
};

static void translate(const struct kernel_change *from, void *userdata)
{
	const struct listener *l = userdata;
	struct op_change change = {
		.what = what_of(from->what),
		.family = family_of(from->kind),
		.origin = origin_of(from->origin),
		.named = from->named,
		.is_one_of_several = from->is_one_of_several,
		.in_doubt = from->in_doubt,
		.number = from->number,
		.entry = from->entry,
		.former = from->former,
	};

	change.has_request = from->mark && (from->origin == KERNEL_BY_REQUEST || from->origin == KERNEL_DURING);
	if (change.has_request && from->mark->repair)
		change.origin = HYCAN_EVENT_ORIGIN_REPAIR;
	if (change.has_request)
		change.request = (struct op_request){
			.subject = from->mark->subject,
			.pid = from->mark->pid,
			.operation = (uint16_t)from->mark->operation,
			.seq = (uint32_t)from->mark->request,
		};
	l->changed(&change, l->userdata);
}

int op_monitor_read(struct kernel_monitor *monitor, size_t max, op_changed *changed, void *userdata)
{
	struct listener l = { changed, userdata };

	return kernel_monitor_read(monitor, max, translate, &l);
}

int op_monitor_sync(struct kernel_monitor *monitor, op_changed *changed, void *userdata)
{
	struct listener l = { changed, userdata };

	return kernel_monitor_sync(monitor, translate, &l);
}

const struct image_entry *op_monitor_next(const struct kernel_monitor *monitor, uint32_t families, uint64_t number,
                                          const struct image_entry *hint, uint64_t *ret_number)
{
	return kernel_monitor_next(monitor, kinds_of(families), number, hint, ret_number);
}

bool op_monitor_has_silent(const struct kernel_monitor *monitor)
{
	return kernel_monitor_has_silent(monitor);
}

void op_monitor_look(struct kernel_monitor *monitor)
{
	kernel_monitor_look(monitor);
}

static void fill_wireguard(const struct kernel_wireguard_thing *thing, struct hycan_event *event)
{
	event->has_wireguard = !thing->is_peer;
	event->has_wireguard_peer = event->has_peer_of = thing->is_peer;
	if (!thing->is_peer) {
		event->wireguard = thing->device;
		return;
	}
	event->wireguard_peer = thing->peer;
	memcpy(event->peer_of, thing->peer_of, sizeof(event->peer_of));
	event->has_more_allowed_ips = thing->more_allowed_ips > 0;
	event->more_allowed_ips = thing->more_allowed_ips;
}

int op_monitor_event(struct kernel_monitor *monitor, const struct image_entry *entry, struct hycan_event *event)
{
	struct kernel_thing thing;
	int r = kernel_monitor_decode(monitor, entry, &thing);

	if (r < 0)
		return r;
	event->has_family = true;
	event->family = family_of(thing.kind);
	switch (thing.kind) {
	case KERNEL_LINK:
		event->has_link = true;
		event->link = thing.link;
		return 0;
	case KERNEL_ADDRESS:
		event->has_address = true;
		event->address = thing.address;
		return 0;
	case KERNEL_ROUTE:
		event->has_route = true;
		event->route = thing.route;
		return 0;
	case KERNEL_RULE:
		event->has_rule = true;
		event->rule = thing.rule;
		return 0;
	case KERNEL_FORWARDING:
		return -ENODATA;
	case KERNEL_WIREGUARD:
		fill_wireguard(&thing.wireguard, event);
		return 0;
	}
	return 0;
}

int op_monitor_check_table(struct kernel_monitor *monitor, bool *ret_whole)
{
	return kernel_nat_check(kernel_monitor_scope(monitor), ret_whole);
}

int op_scope_renew_table(struct kernel_scope *scope, bool *ret_renewed)
{
	return kernel_nat_renew(scope, ret_renewed);
}

int op_nft_watch_open(struct kernel_monitor *monitor, struct kernel_nft_watch **ret_watch)
{
	return kernel_nft_watch_open(kernel_monitor_scope(monitor), ret_watch);
}

void op_nft_watch_free(struct kernel_nft_watch **watch)
{
	kernel_nft_watch_free(watch);
}

int op_nft_watch_fd(const struct kernel_nft_watch *watch)
{
	return kernel_nft_watch_fd(watch);
}

bool op_nft_watch_read(struct kernel_nft_watch *watch)
{
	return kernel_nft_watch_read(watch);
}

const char *op_monitor_link_name(const struct kernel_monitor *monitor, uint32_t ifindex)
{
	return kernel_monitor_link_name(monitor, ifindex);
}

/* The kinds that an operation may change, and the kernel does not announce. */
static uint32_t looks_of(uint16_t operation)
{
	return operation >> 8 == HYCAN_OPERATION_WIREGUARD_SET >> 8 ? KERNEL_BIT(KERNEL_WIREGUARD) : 0;
}

void op_scope_mark(struct kernel_scope *scope, uint32_t port, uint64_t token, const struct op_request *request, bool begin)
{
	struct kernel_mark mark = {
		.token = token,
		.request = request->seq,
		.subject = request->subject,
		.pid = request->pid,
		.operation = request->operation,
		.begin = begin,
		.repair = request->repair,
		.looks = looks_of(request->operation),
		.changed = request->changed,
		.about_peers = request->about_peers,
		.has_peer = request->has_peer,
	};

	memcpy(mark.link, request->link, sizeof(mark.link));
	memcpy(mark.peer, request->peer, sizeof(mark.peer));
	kernel_scope_mark(scope, port, &mark);
}
