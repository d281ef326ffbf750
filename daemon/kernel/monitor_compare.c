/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor: what a message of the kernel changes in the image, and what is in doubt since. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "forwarding_message.h"
#include "monitor_state.h"
#include "netlink_port.h"

void monitor_suspect(struct kernel_monitor *m, unsigned int kinds)
{
	m->suspects |= kinds & (m->kinds | m->losses) & (KERNEL_BIT(KERNEL_ANNOUNCED) - 1);
}

void monitor_doubt(struct kernel_monitor *m, enum kernel_kind kind, const struct kernel_change *why)
{
	m->doubts |= KERNEL_BIT(kind) & m->kinds;
	monitor_suspect(m, KERNEL_BIT(kind));
	m->cause[kind].origin = why->origin == KERNEL_BY_REQUEST ? KERNEL_DURING : why->origin;
	m->cause[kind].named = why->named;
	if (why->mark)
		m->cause[kind].mark = *why->mark;
	if (kind == KERNEL_WIREGUARD)
		m->wireguard.again = true;
}

static void tell(struct kernel_monitor *m, struct kernel_change *change, enum kernel_change_what what, const struct image_entry *e)
{
	change->what = what;
	change->number = e->number;
	change->entry = e;
	m->changed(change, m->userdata);
}

/* Names of links that are gone stay until their routes and peers are known to be gone, too. */
void monitor_lose_name(struct kernel_monitor *m, uint32_t ifindex)
{
	uint32_t *p;

	if (!((m->kinds | m->losses) & (KERNEL_BIT(KERNEL_ROUTE) | KERNEL_BIT(KERNEL_WIREGUARD)))) {
		link_names_drop(m->names, ifindex);
		return;
	}
	p = reallocarray(m->lost_names, m->n_lost_names + 1, sizeof(*p));
	if (!p)
		return;
	m->lost_names = p;
	m->lost_names[m->n_lost_names++] = ifindex;
}

const struct image_entry *monitor_find_link(const struct kernel_monitor *m, uint32_t ifindex)
{
	struct image_key key = { .size = sizeof(ifindex) };

	memcpy(key.bytes, &ifindex, sizeof(ifindex));
	return image_find(&m->image, KERNEL_LINK, &key);
}

void monitor_drop_lost_names(struct kernel_monitor *m)
{
	for (size_t i = 0; i < m->n_lost_names; i++)
		/* another one may have its number */
		if (!monitor_find_link(m, m->lost_names[i]))
			link_names_drop(m->names, m->lost_names[i]);
	cleanup_free(&m->lost_names);
	m->n_lost_names = 0;
}

static void note_link(struct kernel_monitor *m, const struct monitor_message *message, const struct kernel_change *change)
{
	struct hycan_link link;
	uint32_t parent, master;

	if (message->down || message->gone)
		monitor_doubt(m, KERNEL_ROUTE, change);
	link_read(message->compact, &link, &parent, &master);
	if (message->gone || (link.has_kind && strcmp(link.kind, "wireguard") == 0))
		monitor_doubt(m, KERNEL_WIREGUARD, change);
	if (m->kinds & KERNEL_BIT(KERNEL_WIREGUARD) && change->mark && link.has_kind && strcmp(link.kind, "wireguard") == 0)
		monitor_blame_link(m, change->mark, link.name);
	if (message->gone) {
		monitor_lose_name(m, message->ifindex);
		return;
	}
	if (link_names_put(m->names, message->ifindex, link.name) < 0)
		monitor_doubt(m, KERNEL_LINK, change);
}

void monitor_take(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e)
{
	image_take(&m->image, e);
	tell(m, change, KERNEL_WENT, e);
	image_release(e);
}

void monitor_tell_new(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e, struct image_entry *former)
{
	if (former) {
		change->is_one_of_several = former->behind != e || e->behind != former;
		image_succeed(&m->image, former, e);
	} else if (!change->named && change->origin != KERNEL_BY_REQUEST) {
		monitor_late_blame(m, image_message(e), change);
	}
	change->former = former;
	tell(m, change, former ? KERNEL_CHANGED : KERNEL_CAME, e);
	image_release(former);
}

static void put_new(struct kernel_monitor *m, struct kernel_change *change, const struct monitor_message *message,
                    struct image_entry *former)
{
	struct image_entry *e = image_add(&m->image, (uint8_t)message->kind, &message->key, message->compact, message->essence);

	if (!e) {
		monitor_doubt(m, message->kind, change);
		return;
	}
	e->seen = m->generation;
	monitor_tell_new(m, change, e, former);
}

void monitor_add(struct kernel_monitor *m, struct kernel_change *change, const struct monitor_message *message)
{
	put_new(m, change, message, NULL);
}

void monitor_put(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e,
                 const struct monitor_message *message)
{
	if (!image_same(e, message->compact, message->essence)) {
		put_new(m, change, message, e);
		return;
	}
	e = image_change(&m->image, e, message->compact, message->essence);
	if (e)
		e->seen = m->generation;
	else
		monitor_doubt(m, message->kind, change);
}

/* Whether there are several in its place, of which a message does not say which one it means. */
static bool is_ambiguous(const struct image_entry *e)
{
	return e && (e->kind == KERNEL_ROUTE || e->kind == KERNEL_RULE) && !image_is_alone(e);
}

/*
 * A rule is never otherwise than it was: one that comes again is a second one, or was read before it was heard of. So often one may go, and
 * be there still; it may have gone already when that was read, too.
 */
static bool may_be_second(const struct monitor_message *message, struct image_entry *e)
{
	if (message->kind != KERNEL_RULE || !e || (message->gone && e->again == 0))
		return false;
	if (message->gone)
		e->again--;
	else
		e->again++;
	return true;
}

/* Something has gone, or is otherwise, of which nothing is kept, or several: it is what the message says. */
static void tell_loss(struct kernel_monitor *m, struct kernel_change *change, const struct monitor_message *message)
{
	struct image_entry *e = image_add(&m->image, (uint8_t)message->kind, &message->key, message->compact, message->essence);

	if (!e) {
		monitor_suspect(m, KERNEL_BIT(message->kind));
		return;
	}
	image_take(&m->image, e);
	tell(m, change, message->gone ? KERNEL_WENT : KERNEL_CHANGED, e);
	image_release(e);
}

/* It is read anew; that one has gone is told at once, since what is there then may be as it was before. */
static void doubt(struct kernel_monitor *m, struct kernel_change *change, const struct monitor_message *message)
{
	monitor_doubt(m, message->kind, change);
	change->in_doubt = true;
	if (message->kind == KERNEL_ROUTE && message->gone)
		tell_loss(m, change, message);
	change->in_doubt = false;
}

/*
 * Whether another program put something in the place of what was there, or beside it, where both are one. Of IPv6 the kernel
 * says the same where nothing is otherwise.
 */
static bool is_replacement(const struct nlmsghdr *nlh, const struct monitor_message *message)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(message->compact);

	return message->kind == KERNEL_ROUTE && !message->gone &&
	       (nlh->nlmsg_flags & NLM_F_REPLACE || (nlh->nlmsg_flags & NLM_F_APPEND && rtm->rtm_family == AF_INET6));
}

/* A message that the kernel sent by itself. */
void monitor_apply(struct kernel_monitor *m, const struct nlmsghdr *nlh)
{
	struct kernel_change change = { 0 };
	struct monitor_message message;
	struct image_entry *e;
	bool same;

	if (m->losses & KERNEL_BIT(KERNEL_FORWARDING) && forwarding_may_be_off(nlh)) {
		monitor_suspect(m, KERNEL_BIT(KERNEL_FORWARDING));
		return;
	}
	if (!monitor_message_read(nlh, m->compact, &message) || !((m->kinds | m->losses) & KERNEL_BIT(message.kind)))
		return;
	change.kind = message.kind;
	change.origin = monitor_find_origin(m, nlh->nlmsg_pid, &change.mark);
	change.named = nlh->nlmsg_pid && !netlink_port_is_ours(nlh->nlmsg_pid);
	if (m->losses & KERNEL_BIT(message.kind)) {
		if (message.gone || (change.named && is_replacement(nlh, &message)))
			tell_loss(m, &change, &message);
		return;
	}
	e = image_find(&m->image, (uint8_t)message.kind, &message.key);
	same = e && image_same(e, message.compact, message.essence);
	if (may_be_second(&message, e) || is_ambiguous(e) ||
	    (e && !same && message.kind == KERNEL_ROUTE && (message.gone || !(nlh->nlmsg_flags & NLM_F_REPLACE))))
		doubt(m, &change, &message);
	else if (message.gone && e)
		monitor_take(m, &change, e);
	else if (!message.gone && e)
		monitor_put(m, &change, e, &message);
	else if (!message.gone)
		monitor_add(m, &change, &message);
	if (message.kind == KERNEL_LINK)
		note_link(m, &message, &change);
	if (message.kind == KERNEL_ADDRESS && message.gone) {
		/* an IPv4 address takes the routes with it that have it as their source */
		monitor_doubt(m, KERNEL_ROUTE, &change);
		monitor_late_gone(m, &message);
	}
}
