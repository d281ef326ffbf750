/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate of a scope, and which requests pass it: those that do more than ask. */
#include <linux/genetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <stdio.h>
#include <string.h>

#include "netlink_scope.h"

static bool netfilter_changes(uint16_t type)
{
	/* in front of a batch, which changes something */
	if (type == NFNL_MSG_BATCH_BEGIN)
		return true;
	if (NFNL_SUBSYS_ID(type) == NFNL_SUBSYS_CTNETLINK)
		return NFNL_MSG_TYPE(type) == IPCTNL_MSG_CT_NEW || NFNL_MSG_TYPE(type) == IPCTNL_MSG_CT_DELETE;
	switch (NFNL_MSG_TYPE(type)) {
	case NFT_MSG_GETTABLE:
	case NFT_MSG_GETCHAIN:
	case NFT_MSG_GETRULE:
	case NFT_MSG_GETSET:
	case NFT_MSG_GETSETELEM:
	case NFT_MSG_GETGEN:
	case NFT_MSG_GETOBJ:
	case NFT_MSG_GETFLOWTABLE:
		return false;
	}
	return true;
}

bool netlink_changes(int bus, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *generic = mnl_nlmsg_get_payload(nlh);

	switch (bus) {
	case NETLINK_ROUTE:
		/* neither to be made nor to be replaced: it asks whether there is such a route */
		if (nlh->nlmsg_type == RTM_NEWROUTE && !(nlh->nlmsg_flags & (NLM_F_CREATE | NLM_F_REPLACE)))
			return false;
		/* new, delete, get, set: by fours */
		return (nlh->nlmsg_type & 3) != (RTM_GETLINK & 3);
	case NETLINK_NETFILTER:
		return netfilter_changes(nlh->nlmsg_type);
	case NETLINK_GENERIC:
		return nlh->nlmsg_type != GENL_ID_CTRL && generic->cmd != WG_CMD_GET_DEVICE;
	}
	return true;
}

struct kernel_gate kernel_scope_set_gate(struct kernel_scope *scope, struct kernel_gate gate)
{
	struct kernel_gate before = scope->gate;

	scope->gate = gate;
	return before;
}

enum kernel_sent kernel_scope_sent(struct kernel_scope *scope)
{
	enum kernel_sent sent = scope->sent;

	scope->sent = KERNEL_SENT_NO_CHANGE;
	return sent;
}

int netlink_gate(struct kernel_scope *scope)
{
	int r = scope->gate.change ? scope->gate.change(scope->gate.userdata) : 0;

	scope->held = r > 0;
	return r;
}

int kernel_scope_ask_gate(struct kernel_scope *scope)
{
	return scope->gate.change ? scope->gate.change(scope->gate.userdata) : 0;
}

void netlink_tell(struct kernel_scope *scope, const struct hycan_planned_change *change)
{
	if (scope->gate.held)
		scope->gate.held(change, false, scope->gate.userdata);
}

void netlink_tell_along(struct kernel_scope *scope, const struct hycan_planned_change *change)
{
	if (scope->gate.held)
		scope->gate.held(change, true, scope->gate.userdata);
}

bool netlink_tells(const struct kernel_scope *scope)
{
	return scope->gate.held;
}

void netlink_tell_values(struct hycan_planned_change *change, const char *name, const char *was, const char *becomes)
{
	const size_t w = strlen(change->was), b = strlen(change->becomes);

	snprintf(change->was + w, sizeof(change->was) - w, "%s%s%s", w ? ", " : "", name, was);
	snprintf(change->becomes + b, sizeof(change->becomes) - b, "%s%s%s", b ? ", " : "", name, becomes);
	change->has_was = change->has_becomes = true;
}

bool netlink_is_held(const struct kernel_scope *scope)
{
	return scope->held;
}

bool netlink_is_in_doubt(const struct kernel_scope *scope)
{
	return scope->sent == KERNEL_SENT_IN_DOUBT;
}
