/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a link message, for the files of this room alone. */
#ifndef KERNEL_LINK_READ_H
#define KERNEL_LINK_READ_H

#include <linux/if_link.h>

#include <hycan/types.h>

#include "netlink.h"

/*
 * Begins an RTM_NEWLINK or RTM_DELLINK message about the link of that name. The kernel finds it by name, so no number has
 * to be asked for first. Attributes may follow.
 */
struct nlmsghdr *link_message(struct kernel_scope *scope, uint16_t type, uint16_t flags, const char *name);

/* Begins the message that creates a link: name, and IFLA_LINKINFO, left open, with its kind.. */
struct nlmsghdr *link_message_create(struct kernel_scope *scope, const char *name, const char *kind, struct nlattr **ret_info);

/* Reads what is particular to a CAN controller from IFLA_INFO_DATA (can.c). */
void can_read(const struct nlattr *data, struct hycan_can *ret_can);

#endif
