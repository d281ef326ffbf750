/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who caused a change.
 *
 * Every message has the port and the sequence number of the request that it comes from, where the kernel knows it. Whoever
 * carries out a request marks its beginning and its end by messages to the monitor's own socket, and these stand among the
 * kernel's in the order in which everything happened.
 */
#include <string.h>

#include "monitor_state.h"
#include "netlink_port.h"

static struct sender *find_sender(struct kernel_monitor *m, uint32_t port)
{
	for (size_t i = 0; i < m->n_senders; i++)
		if (m->sender[i].port == port)
			return &m->sender[i];
	return NULL;
}

/* Somebody who has not begun anything for the longest time makes room. */
static struct sender *add_sender(struct kernel_monitor *m, uint32_t port)
{
	struct sender *oldest = &m->sender[0];

	if (m->n_senders < SENDERS_MAX) {
		oldest = &m->sender[m->n_senders++];
	} else {
		for (size_t i = 1; i < m->n_senders; i++)
			if (m->sender[i].began < oldest->began)
				oldest = &m->sender[i];
	}
	*oldest = (struct sender){ .port = port };
	return oldest;
}

static void take_expectation(struct kernel_monitor *m, uint32_t port, const struct nlmsghdr *nlh)
{
	const struct sender *s = find_sender(m, port);
	struct kernel_expectation expectation;

	memcpy(&expectation, mnl_nlmsg_get_payload(nlh), sizeof(expectation));
	if (expectation.token == m->token && s && s->under_way)
		monitor_late_expect(m, &expectation, &s->mark);
}

void monitor_take_mark(struct kernel_monitor *m, uint32_t port, const struct nlmsghdr *nlh)
{
	struct kernel_mark mark;
	struct sender *s;

	if (nlh->nlmsg_type == NLMSG_NOOP && mnl_nlmsg_get_payload_len(nlh) == sizeof(struct kernel_expectation))
		take_expectation(m, port, nlh);
	if (nlh->nlmsg_type != NLMSG_NOOP || mnl_nlmsg_get_payload_len(nlh) != sizeof(mark))
		return;
	memcpy(&mark, mnl_nlmsg_get_payload(nlh), sizeof(mark));
	if (mark.token != m->token)
		return;
	s = find_sender(m, port);
	if (!s)
		s = add_sender(m, port);
	s->under_way = mark.begin;
	s->mark = mark;
	s->began = ++m->n_marks;
	if (mark.looks & KERNEL_BIT(KERNEL_WIREGUARD))
		monitor_mark_wireguard(m, port, &mark);
}

/* The request that was begun last of those under way. */
static const struct sender *latest_sender(const struct kernel_monitor *m)
{
	const struct sender *latest = NULL;

	for (size_t i = 0; i < m->n_senders; i++)
		if (m->sender[i].under_way && (!latest || m->sender[i].began > latest->began))
			latest = &m->sender[i];
	return latest;
}

enum kernel_origin monitor_find_origin(struct kernel_monitor *m, uint32_t port, const struct kernel_mark **ret_mark)
{
	const struct sender *s = port ? find_sender(m, port) : latest_sender(m);

	*ret_mark = s ? &s->mark : NULL;
	if (!s)
		return netlink_port_is_ours(port) ? KERNEL_BY_US : KERNEL_BY_STRANGER;
	if (!s->under_way)
		return KERNEL_BY_US;
	return port ? KERNEL_BY_REQUEST : KERNEL_DURING;
}
