/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in a scope, for the three files that it is made of: scope.c, netlink.c and gate.c. */
#ifndef KERNEL_NETLINK_SCOPE_H
#define KERNEL_NETLINK_SCOPE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "address_news.h"
#include "netlink.h"
#include "rtnetlink_plan.h"
#include "wireguard_plan.h"

#define NETLINK_BUSES (NETLINK_GENERIC + 1)

struct kernel_scope {
	struct mnl_socket *socket[NETLINK_BUSES];
	uint32_t seq;
	int netns; /* the namespace, or -1 for the one the process lives in */
	int home;  /* where the thread goes back to, while it is inside */
	uint64_t inode;
	uint64_t cookie; /* 0: not asked for yet, or the kernel has none */
	struct netlink_census census;
	struct netlink_turn turn;
	struct kernel_gate gate;
	uint32_t names[NETLINK_NAMES];
	bool held; /* the last request */
	struct link_plan plan;
	struct nft_plan *nft_plan;
	struct rtnetlink_plan rtnetlink_plan;
	struct wireguard_planned wireguard_plan;
	struct address_news address_news;
	uint32_t listener; /* the monitor that heard the request begin which is under way, or 0 */
	uint64_t token;    /* and its token */
	enum kernel_sent sent;
	char message[NETLINK_MESSAGE_SIZE];
	_Alignas(NLMSG_ALIGNTO) uint8_t request[NETLINK_BUFFER_SIZE];
	_Alignas(NLMSG_ALIGNTO) uint8_t answer[NETLINK_BUFFER_SIZE];
};

/* The socket of a bus, which is opened where it was not. */
int netlink_socket(struct kernel_scope *scope, int bus, struct mnl_socket **ret_socket);

#endif
