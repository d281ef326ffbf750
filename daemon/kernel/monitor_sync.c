/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: reading anew what is in doubt.
 *
 * Several routes may be in one place. What the kernel has still as it was is that, whatever it stands beside by now; of the others in
 * its place, the first that is new is what became of the first that is not found any more. What is left has come, or has gone.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "monitor_state.h"

/* A dump that the kernel changed meanwhile is tried so often. */
#define SYNC_ATTEMPTS 4

/* Those of a place that were found stand behind those that were not yet. The very same of these, or NULL. */
static struct image_entry *find_same(const struct kernel_monitor *m, const struct monitor_message *message)
{
	struct image_entry *first = image_find(&m->image, (uint8_t)message->kind, &message->key), *e = first;

	while (e && e->seen != m->generation) {
		if (image_same(e, message->compact, message->essence))
			return e;
		e = e->behind == first ? NULL : e->behind;
	}
	return NULL;
}

static struct kernel_change change_of(const struct kernel_monitor *m, enum kernel_kind kind)
{
	return (struct kernel_change){
		.kind = kind,
		.origin = m->cause[kind].origin,
		.named = m->cause[kind].named,
		.mark = &m->cause[kind].mark,
	};
}

/* What is new is told when everything is read (settle()). */
static int sync_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct kernel_monitor *m = userdata;
	struct monitor_message message;
	struct image_entry *e;

	if (m->family && *(const uint8_t *)mnl_nlmsg_get_payload(nlh) != m->family)
		return 0;
	if (!monitor_message_read(nlh, m->compact, &message))
		return 0;
	if (message.kind == KERNEL_LINK) {
		struct hycan_link link;
		uint32_t parent, master;

		link_read(message.compact, &link, &parent, &master);
		if (link_names_put(m->names, message.ifindex, link.name) < 0)
			return -ENOMEM;
	}
	e = find_same(m, &message);
	/* as it was, but for what runs down by itself */
	e = e ? image_change(&m->image, e, message.compact, message.essence)
	      : image_add(&m->image, (uint8_t)message.kind, &message.key, message.compact, message.essence);
	if (!e)
		return -ENOMEM;
	e->seen = m->generation;
	image_move_last(&m->image, e);
	return 0;
}

/* What was read and is not told yet, behind that number, is read once more. */
static void forget_new(struct kernel_monitor *m, uint64_t number)
{
	struct image_entry *e, *next;

	for (e = image_after(&m->image, number, NULL); e; e = next) {
		next = TAILQ_NEXT(e, order);
		image_take(&m->image, e);
		image_release(e);
	}
}

/* It is what became of another one, or has come. */
static void settle(struct kernel_monitor *m, enum kernel_kind kind, uint64_t number)
{
	struct image_entry *e, *next, *former;

	for (e = image_after(&m->image, number, NULL); e; e = next) {
		struct kernel_change change = change_of(m, kind);

		next = TAILQ_NEXT(e, order);
		former = image_first(&m->image, e);
		monitor_tell_new(m, &change, e, former->seen == m->generation ? NULL : former);
	}
}

static struct nlmsghdr *dump_message(struct kernel_monitor *m, enum kernel_kind kind)
{
	struct nlmsghdr *nlh = NULL;

	switch (kind) {
	case KERNEL_LINK:
		nlh = link_message(m->scope, RTM_GETLINK, NLM_F_DUMP, NULL);
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		return nlh;
	case KERNEL_ADDRESS:
		nlh = netlink_message(m->scope, RTM_GETADDR, NLM_F_DUMP);
		((struct ifaddrmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg)))->ifa_family = m->family;
		return nlh;
	case KERNEL_ROUTE:
		nlh = netlink_message(m->scope, RTM_GETROUTE, NLM_F_DUMP);
		((struct rtmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtmsg)))->rtm_family = m->family;
		return nlh;
	case KERNEL_RULE:
		nlh = netlink_message(m->scope, RTM_GETRULE, NLM_F_DUMP);
		((struct fib_rule_hdr *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct fib_rule_hdr)))->family = m->family;
		return nlh;
	case KERNEL_FORWARDING:
	case KERNEL_WIREGUARD:
		return nlh;
	}
	return nlh;
}

static int dump(struct kernel_monitor *m, enum kernel_kind kind)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int r = 0;

	m->family = 0;
	if (kind == KERNEL_LINK)
		return netlink_request(m->scope, NETLINK_ROUTE, dump_message(m, kind), sync_answer, m);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		m->family = families[i];
		r = netlink_request(m->scope, NETLINK_ROUTE, dump_message(m, kind), sync_answer, m);
		/* IPv6 comes with its module */
		if (r == -ENOENT || r == -EAFNOSUPPORT || r == -EOPNOTSUPP)
			r = 0;
	}
	return r;
}

static void sweep(struct kernel_monitor *m, enum kernel_kind kind)
{
	struct kernel_change change = change_of(m, kind);
	struct image_entry *e, *next;

	for (e = TAILQ_FIRST(&m->image.entries); e; e = next) {
		next = TAILQ_NEXT(e, order);
		if (e->kind != kind || e->seen == m->generation)
			continue;
		if (kind == KERNEL_LINK)
			monitor_lose_name(m,
			                  (uint32_t)((const struct ifinfomsg *)mnl_nlmsg_get_payload(image_message(e)))->ifi_index);
		monitor_take(m, &change, e);
	}
}

static int sync_kind(struct kernel_monitor *m, enum kernel_kind kind)
{
	const uint64_t last = m->image.last;
	int r = -EINTR;

	if (kind == KERNEL_WIREGUARD)
		return monitor_sync_wireguard(m);
	for (int i = 0; r == -EINTR && i < SYNC_ATTEMPTS; i++) {
		forget_new(m, last);
		m->generation++;
		m->doubts &= ~KERNEL_BIT(kind);
		r = dump(m, kind);
	}
	settle(m, kind, last);
	if (r < 0) {
		m->doubts |= KERNEL_BIT(kind);
		return r;
	}
	sweep(m, kind);
	return 0;
}

int kernel_monitor_sync(struct kernel_monitor *m, kernel_changed *changed, void *userdata)
{
	unsigned int doubts = m->doubts;
	int r = 0;

	m->changed = changed;
	m->userdata = userdata;
	for (unsigned int kind = 0; kind < KERNEL_KINDS && r == 0; kind++)
		if (doubts & KERNEL_BIT(kind))
			r = sync_kind(m, (enum kernel_kind)kind);
	return r;
}
