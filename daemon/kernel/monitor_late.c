/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who caused what the kernel announces when the request is done.
 *
 * An IPv6 address is there for good when nobody else on the link has it (duplicate address detection, RFC 4862, 5.4), which takes a second
 * or two; and where that is not looked at, a worker of the kernel says so. Then comes the local route of the address. So whoever adds
 * one says so to the monitor (netlink_expect_address()), and what comes of it is the consequence of that request, whatever else is under
 * way by then.
 *
 * An address is expected until its local route has come, until it goes, and for ten seconds: what comes later, of a link that was not
 * ready before, is the doing of whoever made it so. Of so many that the oldest are forgotten, these are nobody's.
 */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "address_read.h"
#include "attribute.h"
#include "monitor_state.h"

#define PATIENCE_S 10

struct late {
	TAILQ_ENTRY(late) entry;
	struct kernel_expectation expected;
	struct kernel_mark mark;
	time_t until;
};

static time_t now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void forget(struct kernel_monitor *m, struct late *late)
{
	TAILQ_REMOVE(&m->late.list, late, entry);
	m->late.n--;
	free(late);
}

static void forget_old(struct kernel_monitor *m, time_t now)
{
	struct late *late;

	while ((late = TAILQ_FIRST(&m->late.list)) && late->until < now)
		forget(m, late);
}

void monitor_late_forget(struct kernel_monitor *m)
{
	struct late *late;

	while ((late = TAILQ_FIRST(&m->late.list)))
		forget(m, late);
}

static struct late *find(struct kernel_monitor *m, uint32_t ifindex, const uint8_t *address)
{
	struct late *late;

	TAILQ_FOREACH(late, &m->late.list, entry)
	if (late->expected.ifindex == ifindex && memcmp(late->expected.address, address, sizeof(late->expected.address)) == 0)
		return late;
	return NULL;
}

void monitor_late_expect(struct kernel_monitor *m, const struct kernel_expectation *expectation, const struct kernel_mark *mark)
{
	struct late *late = find(m, expectation->ifindex, expectation->address);
	const time_t now = now_s();

	if (late)
		forget(m, late);
	forget_old(m, now);
	if (m->late.n == LATE_MAX)
		forget(m, TAILQ_FIRST(&m->late.list));
	late = malloc(sizeof(*late));
	if (!late)
		return;
	*late = (struct late){ .expected = *expectation, .mark = *mark, .until = now + PATIENCE_S };
	TAILQ_INSERT_TAIL(&m->late.list, late, entry);
	m->late.n++;
}

static struct late *find_address(struct kernel_monitor *m, const struct nlmsghdr *nlh)
{
	struct hycan_link_address a;
	uint32_t ifindex;

	if (!address_read(nlh, &a, &ifindex) || a.address.address.family != AF_INET6)
		return NULL;
	return find(m, ifindex, a.address.address.bytes);
}

/* Of the local route of an address, which one. */
static struct late *find_local_route(struct kernel_monitor *m, const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[RTA_MAX + 1];
	struct hycan_address address;
	uint32_t ifindex;

	if (rtm->rtm_family != AF_INET6 || rtm->rtm_type != RTN_LOCAL || rtm->rtm_dst_len != 128)
		return NULL;
	netlink_parse(nlh, sizeof(*rtm), a, RTA_MAX);
	if (!attribute_address(a[RTA_DST], AF_INET6, &address) || !attribute_u32(a[RTA_OIF], &ifindex))
		return NULL;
	return find(m, ifindex, address.bytes);
}

void monitor_late_blame(struct kernel_monitor *m, const struct nlmsghdr *nlh, struct kernel_change *change)
{
	struct late *late = NULL;

	if (m->late.n == 0)
		return;
	forget_old(m, now_s());
	if (change->kind == KERNEL_ADDRESS)
		late = find_address(m, nlh);
	else if (change->kind == KERNEL_ROUTE)
		late = find_local_route(m, nlh);
	if (!late)
		return;
	m->late.found = late->mark;
	change->origin = KERNEL_DURING;
	change->mark = &m->late.found;
	if (change->kind == KERNEL_ROUTE)
		forget(m, late);
}

void monitor_late_gone(struct kernel_monitor *m, const struct monitor_message *message)
{
	struct late *late = m->late.n > 0 ? find_address(m, message->compact) : NULL;

	if (late)
		forget(m, late);
}
