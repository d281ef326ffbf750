/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link messages, for the files of this room alone: beginning them and reading them. */
#ifndef KERNEL_LINK_READ_H
#define KERNEL_LINK_READ_H

#include <linux/if_link.h>

#include <hycan/types.h>

#include "link.h"
#include "netlink.h"

/*
 * Begins an RTM_GETLINK, RTM_NEWLINK or RTM_DELLINK message about the link of that name, or about none in particular where
 * name is NULL. The kernel finds it by name, so no number has to be asked for first. Attributes may follow.
 */
struct nlmsghdr *link_message(struct kernel_scope *scope, uint16_t type, uint16_t flags, const char *name);

/* Begins the message that creates a link: name, and IFLA_LINKINFO, left open, with its kind. */
struct nlmsghdr *link_message_create(struct kernel_scope *scope, const char *name, const char *kind, struct nlattr **ret_info);

/*
 * Sends the message that creates the link of that name, and reads what came of it. parent is the name of the link that
 * the new one stands on, or NULL for none.
 */
int link_create(struct kernel_scope *scope, struct nlmsghdr *nlh, const char *name, const char *parent,
                struct hycan_link *ret_link);

/* Asks the kernel to leave out what it need not put together where only the number or the name of a link counts. */
void link_message_brief(struct nlmsghdr *nlh);

/* Sets IFF_UP in a message that changes a link, or clears it. */
void link_message_up(struct nlmsghdr *nlh, bool up);

/* Reads a link message. The names of other links are left out; their numbers are returned, 0 for none. */
void link_read(const struct nlmsghdr *nlh, struct hycan_link *ret_link, uint32_t *ret_parent, uint32_t *ret_master);

/* What IFLA_INFO_DATA of a link message has for a link of that kind; NULL where it is none. */
const struct nlattr *link_read_data(const struct nlmsghdr *nlh, const char *kind);

/* Names of links by number that are kept up to date: an empty table, a link that has that name now, and one that is gone. */
struct kernel_link_names *link_names_new(void);
int link_names_put(struct kernel_link_names *names, uint32_t ifindex, const char *name);
void link_names_drop(struct kernel_link_names *names, uint32_t ifindex);

/* Reads what is particular to a CAN controller from IFLA_INFO_DATA (can.c). */
void can_read(const struct nlattr *data, struct hycan_can *ret_can);

/* Reads what is particular to a VLAN link from IFLA_INFO_DATA (vlan.c). */
void vlan_read(const struct nlattr *data, struct hycan_link *link);

#endif
